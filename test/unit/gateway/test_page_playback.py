"""A page as loudspeaker: its reports within bounds, its echo's reference exact."""

import numpy as np

from avatar_ros.core.enums import PlaybackState
from avatar_ros.core.types import SpeechChunk
from avatar_ros.gateway.page_messages import ClockReport
from avatar_ros.gateway.page_playback import PagePlayback
from avatar_ros.gateway.turn_numbers import TurnNumbers

KEY = (7, 3)
PLAYING, PAUSED, ENDED = PlaybackState.PLAYING, PlaybackState.PAUSED, PlaybackState.ENDED
VOICE = np.arange(4800, dtype=np.int16)


def playing() -> PagePlayback:
    page = PagePlayback("web_1")
    for first in range(0, 4800, 960):
        text = "One two three four." if first == 0 else ""
        page.sound(KEY, SpeechChunk("web_1", *KEY, first_sample=first, pcm=VOICE[first : first + 960], text=text))
    return page


def told(page, sample, at_s, now_s=None, state=PLAYING, gain=1.0):
    outs = list(page.report(KEY, ClockReport(1, sample, at_s, state, gain), at_s, at_s if now_s is None else now_s))
    topics = ("speech/playback", "speech/played")
    return {topic: [out.message for out in outs if out.topic == topic] for topic in topics}


def test_a_report_becomes_the_clock_of_its_turn():
    (clock,) = told(playing(), 960, 100.0)["speech/playback"]
    assert (clock.session, clock.epoch, clock.turn, clock.sample) == ("web_1", 7, 3, 960)
    assert clock.state is PLAYING and clock.steady_ns == 100_000_000_000
    assert 0 < clock.sentence_progress < 1


def test_a_page_cannot_have_heard_what_was_not_sent():
    (clock,) = told(playing(), 10**9, 100.0)["speech/playback"]
    assert clock.sample == 4800


def test_a_clock_that_was_mapped_wrongly_counts_for_now():
    (clock,) = told(playing(), 960, 500.0, now_s=100.0)["speech/playback"]
    assert clock.steady_ns == 100_000_000_000


def test_the_reference_is_what_was_heard_sample_for_sample():
    page = playing()
    told(page, 0, 100.0)
    frames = told(page, 960, 100.04)["speech/played"] + told(page, 2400, 100.1, state=PAUSED)["speech/played"]
    assert np.concatenate([frame.pcm for frame in frames]).tolist() == VOICE[:2400].tolist()
    assert [frame.first_sample for frame in frames] == [0, 960]
    assert frames[1].steady_ns == round((100.1 - 1440 / 24000) * 1e9)


def test_a_softened_voice_is_softer_in_the_reference():
    page = playing()
    (frame,) = told(page, 960, 100.0, gain=0.5)["speech/played"]
    assert np.abs(frame.pcm - VOICE[:960] / 2).max() <= 1


def test_what_has_ended_is_not_told_of_again():
    page = playing()
    told(page, 4800, 100.0, state=ENDED)
    assert not any(told(page, 960, 100.1).values())


def test_a_page_that_is_away_holds_its_turn_and_ends_it_with_the_session():
    page = playing()
    told(page, 960, 100.0)
    (held,) = page.lost(101.0)
    assert held.message.state is PAUSED and held.message.sample == 960
    assert not list(page.lost(101.1)), "no more than twice a second"
    (ended,) = page.ended(102.0)
    assert ended.message.state is ENDED
    assert not list(page.ended(103.0))


def test_turns_get_numbers_in_their_order():
    turns = TurnNumbers()
    assert [turns.number((5, 1)), turns.number((5, 2)), turns.number((6, 1))] == [1, 2, 3]
    assert turns.number((5, 2)) == 2 and turns.key(2) == (5, 2) and turns.number((5, 0)) == 0
    assert turns.number_up_to((5, 2**32 - 1)) == 2 and turns.number_up_to((4, 9)) == 0
    assert turns.number((5, 7)) == 0, "it was passed over"


def test_numbers_go_on_when_old_turns_are_forgotten():
    turns = TurnNumbers()
    assert [turns.number((1, turn)) for turn in range(1, 1001)] == list(range(1, 1001))
    assert turns.key(1000) == (1, 1000) and turns.key(1) is None and turns.number((1, 1)) == 0
