"""What is played, sample by sample."""

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction, PlaybackState
from avatar_ros.core.errors import SpeakerError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Mark, SpeechChunk
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.playback import Playback

RATE = 24000
PLAYING, PAUSED = PlaybackState.PLAYING, PlaybackState.PAUSED
STARVED, ENDED = PlaybackState.STARVED, PlaybackState.ENDED


def ramp(count, start=0):
    return (np.arange(start, start + count) % 20000 + 1).astype(np.int16)


def chunk(first=0, count=4800, turn=1, epoch=0, end=False, **more):
    return SpeechChunk(
        epoch=epoch, turn=turn, first_sample=first, pcm=ramp(count, first), turn_end=end, sentence_end=end, **more
    )


def order(action, turn=1, epoch=0):
    return Interrupt(epoch=epoch, turn=turn, action=action)


@pytest.fixture
def playback():
    return Playback(SpeakerSettings())


def start(playback, **kwargs):
    playback.allow((kwargs.get("epoch", 0), kwargs.get("turn", 1)))
    assert playback.offer(chunk(**kwargs))


def states(playback):
    out = [(event.key[1], event.state, event.sample) for event in playback.events]
    playback.events.clear()
    return out


def test_plays_what_was_offered_sample_by_sample_and_ends(playback):
    start(playback, end=True)
    out = np.concatenate([playback.render(480, 1.0 + i * 0.02) for i in range(12)])
    np.testing.assert_array_equal(out[:4800], ramp(4800))
    assert not out[4800:].any()
    assert [(e.state, e.sample, round(e.at_s, 6)) for e in playback.events] == [(PLAYING, 0, 1.0), (ENDED, 4800, 1.2)]


def test_block_size_changes_nothing():
    outs = []
    for size in (1, 7, 480, 10000):
        playback = Playback(SpeakerSettings())
        start(playback, end=True)
        playback.offer(chunk(turn=2, count=100, end=True))
        playback.allow((0, 2))
        outs.append(np.concatenate([playback.render(size, i * size / RATE) for i in range(-(-6000 // size))])[:6000])
    for out in outs[1:]:
        np.testing.assert_array_equal(out, outs[0])


def test_waits_for_lips(playback):
    playback.offer(chunk())
    assert not playback.render(480, 0).any()
    playback.allow((0, 1))
    assert playback.render(480, 0.02).any()


def test_waits_for_enough_sound_but_not_where_the_sentence_is_over(playback):
    start(playback, count=100)
    assert not playback.render(480, 0).any()
    playback.offer(chunk(first=100, count=100, end=True))
    assert playback.render(480, 0.02)[:200].all()


def test_turn_without_sound_ends_at_once(playback):
    playback.offer(SpeechChunk(turn=1, turn_end=True))
    playback.render(480, 0)
    assert states(playback) == [(1, ENDED, 0)]
    assert playback.current is None


def test_pause_fades_within_10_ms_and_resume_goes_on_where_it_stopped(playback):
    start(playback, count=24000)
    playback.render(1000, 0)
    playback.order(order(InterruptAction.PAUSE))
    faded = playback.render(1000, 0.1)
    assert faded[0] > 0 and not faded[240:].any()
    assert (np.diff(faded[:240].astype(int) / ramp(240, 1000)) < 0.01).all()
    assert states(playback) == [(1, PLAYING, 0), (1, PAUSED, 1240)]
    playback.order(order(InterruptAction.RESUME))
    out = playback.render(1000, 0.2)
    np.testing.assert_array_equal(out[240:], ramp(760, 1240 + 240))
    assert 0 < out[0] < 1240
    assert states(playback) == [(1, PLAYING, 1240)]


def test_resume_within_the_fade_plays_on(playback):
    start(playback, count=24000)
    playback.render(1000, 0)
    playback.order(order(InterruptAction.PAUSE))
    playback.render(100, 0.1)
    playback.order(order(InterruptAction.RESUME))
    playback.render(2000, 0.2)
    np.testing.assert_array_equal(playback.render(10, 0.3), ramp(10, 3100))
    assert states(playback) == [(1, PLAYING, 0)]


def test_pause_before_the_first_sound_holds_it(playback):
    playback.order(order(InterruptAction.PAUSE))
    start(playback)
    assert not playback.render(480, 0).any()
    playback.order(order(InterruptAction.RESUME))
    assert playback.render(480, 0).any()


def test_pause_of_a_turn_does_not_hold_later_ones(playback):
    playback.order(order(InterruptAction.PAUSE, turn=1))
    start(playback, turn=2)
    assert playback.render(480, 0).any()


def test_cancel_fades_and_ends_and_voids(playback):
    start(playback, count=24000)
    playback.render(1000, 0)
    playback.order(order(InterruptAction.CANCEL))
    faded = playback.render(1000, 0.1)
    assert faded[0] > 0 and not faded[240:].any()
    assert states(playback) == [(1, PLAYING, 0), (1, ENDED, 1240)]
    assert not playback.offer(chunk(first=24000))
    assert playback.current is None


@pytest.mark.parametrize("before", [InterruptAction.PAUSE, None])
def test_cancel_of_a_paused_or_starved_turn_ends_it_where_it_is(playback, before):
    start(playback, count=4800)
    playback.render(1000 if before else 6000, 0)
    if before:
        playback.order(order(before))
        playback.render(1000, 0.1)
    playback.events.clear()
    playback.order(order(InterruptAction.CANCEL))
    assert not playback.render(1000, 0.3).any()
    assert states(playback) == [(1, ENDED, 1240 if before else 4800)]


def test_cancel_before_the_first_sound_ends_the_turn_unheard(playback):
    playback.offer(chunk())
    playback.order(order(InterruptAction.CANCEL))
    playback.render(10, 0)
    assert states(playback) == [(1, ENDED, 0)]


def test_cancel_drops_waiting_turns_up_to_it_only(playback):
    for turn in (1, 2, 3):
        start(playback, turn=turn, end=True)
    playback.order(order(InterruptAction.CANCEL, turn=2))
    out = playback.render(5000, 0)
    np.testing.assert_array_equal(out[:4800], ramp(4800))
    assert [s[:2] for s in states(playback)] == [(1, ENDED), (3, PLAYING), (3, ENDED)]


def test_ten_interruptions_in_a_row_leave_the_next_turn_whole(playback):
    for turn in range(1, 11):
        start(playback, turn=turn)
        playback.render(500, turn)
        for action in (InterruptAction.PAUSE, InterruptAction.CANCEL, InterruptAction.RESUME):
            playback.order(order(action, turn=turn))
    playback.render(500, 11)
    start(playback, turn=11, end=True)
    np.testing.assert_array_equal(playback.render(4800, 12), ramp(4800))


def test_duck_lowers_by_15_db_without_a_jump_and_resume_restores(playback):
    start(playback, count=24000)
    playback.render(1000, 0)
    playback.order(order(InterruptAction.DUCK))
    out = playback.render(3000, 0)
    gain = out.astype(float) / ramp(3000, 1000)
    assert gain[-1] == pytest.approx(10 ** (-15 / 20), abs=0.001)
    assert (np.abs(np.diff(gain)) < 0.002).all()
    playback.order(order(InterruptAction.RESUME))
    playback.render(3000, 0)
    np.testing.assert_array_equal(playback.render(10, 0), ramp(10, 7000))


def test_starves_and_goes_on(playback):
    start(playback, count=4800)
    playback.render(6000, 0)
    playback.offer(chunk(first=4800, count=4800, end=True))
    playback.render(6000, 0.25)
    assert states(playback) == [(1, PLAYING, 0), (1, STARVED, 4800), (1, PLAYING, 4800), (1, ENDED, 9600)]
    assert playback.starved == 1


def test_starving_turn_can_be_given_up(playback):
    start(playback, count=4800)
    playback.render(6000, 0)
    assert playback.is_starving
    playback.give_up()
    playback.render(10, 1)
    assert states(playback)[-1] == (1, ENDED, 4800)


def test_new_turn_waits_for_the_end_of_the_old_one(playback):
    start(playback, turn=1)
    playback.render(100, 0)
    start(playback, turn=2, end=True)
    playback.render(10000, 0.1)
    assert states(playback)[-1] == (1, STARVED, 4800)
    playback.offer(SpeechChunk(turn=1, first_sample=4800, turn_end=True))
    np.testing.assert_array_equal(playback.render(4800, 1), ramp(4800))


def test_old_turn_is_refused(playback):
    start(playback, turn=2)
    playback.render(100, 0)
    assert not playback.offer(chunk(turn=1))


def test_new_epoch_ends_the_turns_of_the_old_one_even_paused(playback):
    start(playback, turn=7)
    playback.render(100, 0)
    playback.order(order(InterruptAction.PAUSE, turn=7))
    playback.render(1000, 0)
    start(playback, epoch=1, turn=1)
    assert playback.render(1000, 1).any()
    assert states(playback)[-2:] == [(7, ENDED, 340), (1, PLAYING, 0)]


def test_gap_becomes_silence_and_doubled_sound_is_dropped(playback):
    start(playback, count=2400)
    playback.offer(chunk(first=2600, count=2400))
    playback.offer(chunk(first=4000, count=2000, end=True))
    out = playback.render(6000, 0)
    expected = ramp(6000)
    expected[2400:2600] = 0
    np.testing.assert_array_equal(out, expected)
    playback.render(1, 1)
    assert (playback.lost, playback.doubled) == (200, 1000)


def test_comes_in_in_the_middle_of_a_turn(playback):
    start(playback, first=48000, count=4800)
    np.testing.assert_array_equal(playback.render(4800, 0)[300:], ramp(4500, 48300))
    assert states(playback) == [(1, PLAYING, 48000)]


def test_wrong_rate_is_refused(playback):
    with pytest.raises(SpeakerError, match="22050") as caught:
        playback.offer(SpeechChunk(turn=1, sample_rate_hz=22050, pcm=ramp(10)))
    assert caught.value.code == "speaker_rate"


def test_clock_names_sentence_and_progress(playback):
    playback.allow((0, 1))
    playback.offer(chunk(count=12000, sentence=0, text="x" * 15))
    event = _clock_at(playback, 6000)
    assert (event.sentence, event.progress) == (0, pytest.approx(0.25))  # 15 characters: about a second
    playback.offer(SpeechChunk(turn=1, first_sample=12000, sentence=0, sentence_end=True))
    marks = (Mark(start_sample=0, end_sample=36000),)
    playback.offer(chunk(first=12000, count=12000, sentence=1, text="y", marks=marks))
    event = _clock_at(playback, 12000)
    assert (event.sentence, event.progress) == (1, pytest.approx(0.25))


def _clock_at(playback, count):
    playback.render(count, 5.0)
    return playback.clock(5.0 + count / RATE)
