"""A host that is too slow: the newest is recognised, what nobody waits for is not, and diagnostics say so."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from avatar_ros.asr.base import AsrSettings, Hypothesis
from avatar_ros.asr.stage import AsrStage
from avatar_ros.core.clock import VirtualClock, ns_from_s
from avatar_ros.core.lateness import Lateness
from avatar_ros.core.types import AudioFrame

FRAME = 1600  # samples: 0.1 s


class SlowRecogniser:
    """Each second of sound takes `live` s, and the end of an utterance `judge` s a second of it."""

    def __init__(self, clock: VirtualClock, live: float, judge: float) -> None:
        self.clock, self.live, self.judge = clock, live, judge
        self.sound_s = 0.0
        self.abandoned = 0

    def load(self) -> None: ...

    def close(self) -> None: ...

    def start(self) -> SlowRecogniser:
        self.sound_s = 0.0
        return self

    def accept(self, pcm) -> None:
        self.sound_s += len(pcm) / 16000
        self.clock.advance(self.live * len(pcm) / 16000)

    def partial(self) -> Hypothesis:
        return Hypothesis()

    def finish(self) -> Hypothesis:
        self.clock.advance(self.judge * self.sound_s)
        return Hypothesis("what time is it", 1.0)

    def abandon(self) -> None:
        self.abandoned += 1


class Host:
    """Sound comes as time passes, work waits for its turn. offset_s: the microphone's clock is another host's."""

    def __init__(self, live: float, judge: float, offset_s: float = 0.0) -> None:
        self.clock = VirtualClock(1000.0)
        self.recogniser = SlowRecogniser(self.clock, live, judge)
        self.stage = AsrStage(self.recogniser, AsrSettings(hear_patience_s=5.0), self.clock)
        self.offset_s = offset_s
        self.coming: deque[tuple[float, AudioFrame]] = deque()
        self.queue: deque[AudioFrame] = deque()
        self.transcripts: list[tuple[int, float]] = []  # utterance, how long after its end
        self.ends_s: dict[int, float] = {}

    def ask(self, utterance: int, at_s: float, sound_s: float = 2.0, session: str = "local") -> None:
        frames = round(sound_s * 10)
        for i in range(frames):
            began_s = 1000.0 + at_s + i * 0.1
            frame = AudioFrame(
                session, utterance, i * FRAME, pcm=np.ones(FRAME, np.int16), last=i == frames - 1,
                steady_ns=ns_from_s(began_s + self.offset_s),
            )  # fmt: skip
            self.coming.append((began_s + 0.1, frame))
        self.ends_s[utterance] = 1000.0 + at_s + sound_s

    def arrive(self) -> None:
        while self.coming and self.coming[0][0] <= self.clock.now_s() + 1e-9:
            at_s, frame = self.coming.popleft()
            self.stage.foresee("mic/utterance", frame, at_s)
            self.queue.append(frame)

    def run(self) -> None:
        """What comes during a piece of work is foreseen before the next."""
        while self.coming or self.queue:
            self.arrive()
            if not self.queue:
                self.clock.advance(max(0.0, self.coming[0][0] - self.clock.now_s()))
                continue
            for out in self.stage.push("mic/utterance", self.queue.popleft(), self.clock.now_s()):
                if out.message.final:
                    number = out.message.utterance
                    self.transcripts.append((number, self.clock.now_s() - self.ends_s[number]))


@pytest.mark.parametrize("offset_s", [0.0, 5000.0, -900.0])
def test_a_fast_host_hears_everything_whatever_the_microphones_clock(offset_s):
    host = Host(live=0.3, judge=0.1, offset_s=offset_s)
    for number in range(1, 11):
        host.ask(number, at_s=3.0 * number)
    host.run()
    assert [number for number, _ in host.transcripts] == list(range(1, 11))
    status = host.stage.status()
    assert "warning" not in status and status["given_up"] == "0" and float(status["real_time_factor"]) < 1.0


@pytest.mark.parametrize(("live", "judge"), [(1.5, 1.0), (4.0, 3.0), (30.0, 0.0), (0.5, 20.0)])
@pytest.mark.parametrize("gap_s", [0.3, 1.5, 8.0])
def test_no_transcript_comes_after_the_patience_and_no_backlog_grows(live, judge, gap_s):
    host = Host(live, judge)
    for number in range(1, 31):
        host.ask(number, at_s=number * (2.0 + gap_s))
    host.run()
    assert all(delay_s <= 5.0 for _, delay_s in host.transcripts)
    assert host.clock.now_s() - host.ends_s[30] < 5.0 + max(live / 10, judge * 2) + 0.2, "the queue was let go"
    status = host.stage.status()
    assert int(status["given_up"]) == 30 - len(host.transcripts)
    assert "too slow" in status["warning"]


def test_a_host_that_manages_some_hears_the_newest():
    """Twice as slow as speech: alone each is understood in time, and of two in a row the second."""
    host = Host(live=1.8, judge=0.2)
    host.ask(1, at_s=0.0)
    host.ask(2, at_s=10.0)
    host.ask(3, at_s=12.3)
    host.run()
    assert [number for number, _ in host.transcripts] == [1, 3]


def test_a_node_that_was_stopped_answers_what_can_still_be_answered():
    host = Host(live=0.3, judge=0.1)
    host.ask(1, at_s=0.0)
    host.run()
    host.ask(2, at_s=10.0)
    host.ask(3, at_s=15.0)
    host.clock.advance(1017.5 - host.clock.now_s())  # 2 ended 5.5 s ago, 3 half a second ago
    host.run()
    assert [number for number, _ in host.transcripts] == [1, 3]


def test_what_waited_while_the_model_was_loaded_is_not_recognised_first():
    host = Host(live=0.3, judge=0.1)
    for number in range(1, 6):
        host.ask(number, at_s=3.0 * number)
    for _ in range(200):  # frames come, and wait for the worker
        host.clock.advance(0.1)
        host.arrive()
    host.run()
    assert [number for number, _ in host.transcripts] == [5]


def test_vad_that_was_restarted_numbers_anew():
    host = Host(live=0.3, judge=0.1)
    for number, at_s in ((7, 0.0), (8, 4.0), (1, 9.0), (2, 13.0), (8, 18.0)):
        host.ask(number, at_s)
        host.run()
    assert [number for number, _ in host.transcripts] == [7, 8, 1, 2, 8]


def test_a_slow_spell_passes():
    host = Host(live=30.0, judge=1.0)
    host.ask(1, at_s=0.0)
    host.run()
    assert "too slow" in host.stage.status()["warning"]
    host.recogniser.live, host.recogniser.judge = 0.2, 0.1
    for number in range(2, 10):
        host.ask(number, at_s=host.clock.now_s() - 1000.0 + 1.0)
        host.run()
    assert [number for number, _ in host.transcripts] == list(range(2, 10))
    host.stage.status()
    assert "warning" not in host.stage.status()


def test_work_that_does_not_come_back_is_warned_of_meanwhile():
    host = Host(live=0.0, judge=0.0)
    seen: list[str] = []

    def finish() -> Hypothesis:
        host.clock.advance(20.0)
        seen.append(host.stage.status().get("warning", ""))
        return Hypothesis("late", 1.0)

    host.recogniser.finish = finish
    host.ask(1, at_s=0.0)
    host.run()
    assert "too slow" in seen[0]
    assert not host.transcripts


def test_frames_that_nobody_dated_are_recognised():
    stage = AsrStage(SlowRecogniser(VirtualClock(), 9.0, 9.0), AsrSettings(), VirtualClock())
    frame = AudioFrame(utterance=1, pcm=np.ones(16000, np.int16), last=True)
    stage.foresee("mic/utterance", frame, 0.0)
    assert [out.message.text for out in stage.push("mic/utterance", frame, 100.0)] == ["what time is it"]


def test_lateness_follows_clocks_that_drift():
    lateness = Lateness()
    for second in range(0, 200_000, 100):
        assert lateness.of(second * (1 - 5e-5), second) < 0.1
    assert lateness.of(190_000.0, 200_000.0) > 5.0
