"""The speaker as its neighbours see it: clocks, played sound, waiting for lips."""

from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction, Layer, PlaybackState
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Expression, PlaybackClock, SpeechChunk
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.fake import FakeSpeaker
from avatar_ros.speaker.null import LATENCY_S
from avatar_ros.speaker.stage import SpeakerStage

RATE = 24000


class Bench:
    """The stage on a fake device, and a clock moved by hand."""

    def __init__(self, **settings):
        self.settings = SpeakerSettings(backend="fake", **settings)
        self.speaker = FakeSpeaker(self.settings)
        self.stage = SpeakerStage(self.settings, self.speaker)
        self.stage.load()
        self.now_s = 100.0
        self.out = []  # (when published, message)
        self.keep(self.stage.tick(self.now_s))

    def keep(self, outs):
        self.out += [(self.now_s, out.message) for out in outs]

    def send(self, message, topic="speech/audio"):
        self.keep(self.stage.push(topic, message, self.now_s))

    def order(self, action, turn=1):
        self.keep(self.stage.interrupt(Interrupt(turn=turn, action=action), self.now_s))

    def run(self, seconds):
        for _ in range(round(seconds / 0.01)):
            self.now_s += 0.01
            self.keep(self.stage.tick(self.now_s))

    def clocks(self):
        return [(at_s, m) for at_s, m in self.out if isinstance(m, PlaybackClock)]

    def states(self):
        found = [m.state for _, m in self.clocks()]
        return [state for i, state in enumerate(found) if not i or state is not found[i - 1]]

    def played(self):
        return np.concatenate([m.pcm for _, m in self.out if not isinstance(m, PlaybackClock)])


def speech(count=RATE, turn=1, **more):
    return SpeechChunk(turn=turn, pcm=np.full(count, 1000, np.int16), **more)


def test_plays_at_once_when_the_lips_are_there():
    bench = Bench()
    bench.run(0.05)
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech())
    sent_s = bench.now_s
    bench.run(0.02)
    published_s, clock = bench.clocks()[0]
    assert published_s - sent_s < 0.011
    assert clock.steady_ns * 1e-9 - sent_s <= LATENCY_S + 0.01


def test_first_sound_waits_for_lips_only_so_long():
    bench = Bench()
    bench.send(speech())
    bench.run(0.25)
    assert not bench.clocks()
    bench.run(0.1)
    assert bench.states() == [PlaybackState.PLAYING]


def test_idle_expressions_are_no_lips():
    bench = Bench()
    bench.send(Expression(turn=1, layer=2), "motion/expression")
    bench.send(speech())
    bench.run(0.1)
    assert not bench.clocks()


def test_clock_agrees_with_what_the_device_played():
    bench = Bench()
    bench.send(Expression(turn=1), "motion/expression")
    pcm = (np.arange(RATE) % 30000 + 1).astype(np.int16)
    bench.send(SpeechChunk(turn=1, pcm=pcm, turn_end=True))
    bench.run(1.2)
    given = np.concatenate([block for _, block in bench.speaker.played])
    for _, clock in bench.clocks():
        if clock.state is PlaybackState.PLAYING:
            assert given[round((clock.steady_ns * 1e-9 - 100.0) * RATE)] == pcm[clock.sample]


def test_clock_beats_25_times_a_second_and_ends_when_the_last_sample_was_heard():
    bench = Bench()
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(turn_end=True, sentence_end=True))
    start_s = bench.clocks()[0][1].steady_ns * 1e-9 if bench.clocks() else bench.now_s
    bench.run(1.5)
    clocks = bench.clocks()
    assert 22 <= len(clocks) <= 30
    end_s, end = clocks[-1]
    assert (end.state, end.sample) == (PlaybackState.ENDED, RATE)
    assert end.steady_ns * 1e-9 == pytest.approx(start_s + 1.0, abs=0.03)
    assert 0 <= end_s - end.steady_ns * 1e-9 <= 0.02


def test_played_is_continuous_and_is_what_the_device_got():
    bench = Bench()
    bench.run(0.3)
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(5000, turn_end=True))
    bench.run(1.0)
    frames = [m for _, m in bench.out if not isinstance(m, PlaybackClock)]
    ends = [frame.first_sample + len(frame.pcm) for frame in frames]
    assert [frame.first_sample for frame in frames[1:]] == ends[:-1]
    given = np.concatenate([pcm for _, pcm in bench.speaker.played])
    np.testing.assert_array_equal(bench.played(), given[: ends[-1]])
    assert np.count_nonzero(bench.played()) == 5000
    assert all(len(frame.pcm) == 480 for frame in frames if frame.pcm.any())
    for before, after in pairwise(frames):
        assert after.steady_ns - before.steady_ns == pytest.approx(len(before.pcm) / RATE * 1e9, abs=2e4)


def test_pause_is_silent_within_a_block_and_resumes_at_its_sample():
    bench = Bench()
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(3 * RATE, turn_end=True))
    bench.run(0.5)
    bench.order(InterruptAction.PAUSE)
    paused_s = bench.now_s
    bench.run(0.3)
    last_s = max(at_s + len(pcm) / RATE for at_s, pcm in bench.speaker.played if pcm.any())
    assert last_s - paused_s < 0.06
    sample = bench.clocks()[-1][1].sample
    bench.order(InterruptAction.RESUME)
    bench.run(0.05)
    assert bench.states() == [PlaybackState.PLAYING, PlaybackState.PAUSED, PlaybackState.PLAYING]
    resumed = next(m for _, m in bench.clocks()[::-1] if m.state is PlaybackState.PAUSED)
    assert resumed.sample == sample


def test_standing_clock_is_repeated():
    bench = Bench()
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(4800))
    bench.run(3.0)
    assert sum(m.state is PlaybackState.STARVED for _, m in bench.clocks()) >= 5


def test_starving_for_long_ends_the_turn_with_a_reason():
    bench = Bench(starve_limit_s=1.0)
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(4800))
    bench.run(1.5)
    assert bench.states()[-1] is PlaybackState.ENDED
    assert "stayed away" in bench.stage.status()["last_problem"]


def test_cancel_ends_and_next_turn_plays():
    bench = Bench()
    for turn in (1, 2):
        bench.send(Expression(turn=turn), "motion/expression")
    bench.send(speech(RATE))
    bench.run(0.3)
    bench.order(InterruptAction.CANCEL)
    bench.run(0.1)
    bench.send(speech(turn=1, first_sample=RATE))
    assert bench.stage.status()["ignored_chunks"] == "1"
    bench.send(speech(RATE, turn=2, turn_end=True))
    bench.run(0.3)
    assert bench.states() == [PlaybackState.PLAYING, PlaybackState.ENDED, PlaybackState.PLAYING]
    assert bench.clocks()[-1][1].turn == 2


def test_other_sessions_are_ignored():
    bench = Bench()
    bench.send(SpeechChunk(session="other", turn=1, pcm=np.ones(RATE, np.int16), turn_end=True))
    bench.keep(bench.stage.interrupt(Interrupt(session="other", turn=9, action=InterruptAction.CANCEL), bench.now_s))
    bench.send(speech(turn_end=True))
    bench.run(1.5)
    assert bench.states()[-1] is PlaybackState.ENDED
    assert all(m.session == "local" for _, m in bench.clocks())


def test_turn_without_sound_ends_at_once():
    bench = Bench()
    bench.send(SpeechChunk(turn=1, turn_end=True))
    bench.run(0.05)
    assert bench.states() == [PlaybackState.ENDED]


def test_deactivated_it_is_silent_forgets_its_turns_and_keeps_nothing():
    bench = Bench()
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(3 * RATE))
    bench.run(0.5)
    bench.keep(bench.stage.deactivate(bench.now_s))
    assert bench.states() == [PlaybackState.PLAYING, PlaybackState.ENDED]
    assert 0 < bench.clocks()[-1][1].sample < RATE
    played = len(bench.speaker.played)
    for _ in range(100):  # a device that is still open would be asked for sound here
        bench.now_s += 0.01
        bench.speaker.pump(bench.now_s)
    assert len(bench.speaker.played) == played and not bench.stage._rendered
    bench.keep(bench.stage.tick(bench.now_s))
    assert not bench.stage._playback.current, "the old turn must not go on"
    bench.send(Expression(turn=2), "motion/expression")
    bench.send(speech(RATE // 2, turn=2, turn_end=True))
    bench.run(1.0)
    assert [(m.turn, m.state) for _, m in bench.clocks()][-1] == (2, PlaybackState.ENDED)


def test_deactivated_before_anything_was_said_it_says_nothing():
    bench = Bench()
    bench.run(0.1)
    assert list(bench.stage.deactivate(bench.now_s)) == []


def test_null_device_does_not_drift_nor_hurry_after_a_stall():
    bench = Bench()
    bench.run(20.0)
    assert sum(len(pcm) for _, pcm in bench.speaker.played) == pytest.approx((20 + LATENCY_S) * RATE, abs=2)
    bench.now_s += 60.0
    bench.run(1.0)
    assert sum(len(pcm) for _, pcm in bench.speaker.played) == pytest.approx((21 + 2 * LATENCY_S) * RATE, abs=500)


def test_the_volume_may_be_changed_while_it_speaks_without_a_jump():
    from avatar_ros.core.settings import retune

    bench = Bench(volume=0.5)
    bench.send(Expression(turn=1), "motion/expression")
    bench.send(speech(turn_end=True))
    bench.run(0.4)
    retune(bench.settings, {"volume": 1.0})
    bench.run(0.4)
    retune(bench.settings, {"volume": 0.0})
    bench.run(0.8)
    heard = bench.played().astype(int)
    loud = heard[heard.nonzero()[0][0] : heard.nonzero()[0][-1]]
    assert loud.max() == 1000 and np.count_nonzero(loud == 500) > 0.2 * RATE
    assert abs(np.diff(loud)).max() <= 5, "what is sent to the card, and is the echo's reference, has no click"
    assert not heard[heard.nonzero()[0][-1] + 1 :].any()


def test_lips_wake_it_only_while_sound_waits_for_them():
    stage = Bench().stage
    lips = {"motion/expression"}
    assert stage.drowsy() == set()  # the first turn's lips may come in a moment
    stage.foresee("speech/audio", SpeechChunk(epoch=1, turn=1), 100.0)
    assert stage.drowsy() == set()
    first = Expression(epoch=1, turn=1)
    assert stage.heeds("motion/expression", first)
    list(stage.push("motion/expression", first, 100.0))
    assert not stage.heeds("motion/expression", first)
    assert not stage.heeds("motion/expression", Expression(epoch=1, turn=2, layer=Layer.IDLE))
    assert stage.heeds("motion/expression", Expression(epoch=1, turn=2))  # prepared while the first is heard
    assert stage.drowsy() == lips
    stage.foresee("speech/audio", SpeechChunk(epoch=1, turn=2), 100.0)
    assert stage.drowsy() == set()
    list(stage.push("motion/expression", Expression(epoch=1, turn=2), 100.0))
    assert stage.drowsy() == lips
