"""When an utterance starts and stops, from probabilities alone."""

import pytest

from avatar_ros.vad.base import VadSettings
from avatar_ros.vad.segmenter import Segmenter, VoiceStarted, VoiceStopped

STEP_S = 0.1
SETTINGS = VadSettings(
    start_threshold=0.6, stop_threshold=0.4, min_speech_s=0.2, stop_silence_s=0.5, max_utterance_s=3.0
)


def run(segmenter, probabilities, **options):
    """Index and event of each step that gave one."""
    events = [segmenter.step(STEP_S, p, **options) for p in probabilities]
    return [(i, event) for i, event in enumerate(events) if event is not None]


def test_speech_starts_after_the_minimum_and_stops_after_the_wait():
    events = run(Segmenter(SETTINGS), [0, 0.9, 0.9, 0.9, 0, 0, 0, 0, 0, 0])
    assert [i for i, _ in events] == [2, 8]
    assert events[0][1] == VoiceStarted(pytest.approx(0.2))
    assert events[1][1] == VoiceStopped(pytest.approx(0.5))


def test_a_click_starts_nothing():
    assert run(Segmenter(SETTINGS), [0.9, 0.1] * 10) == []


def test_between_the_thresholds_speech_goes_on_but_does_not_start():
    assert run(Segmenter(SETTINGS), [0.5] * 10) == []
    events = run(Segmenter(SETTINGS), [0.9, 0.9] + [0.5] * 10)
    assert [type(event) for _, event in events] == [VoiceStarted]


def test_a_short_pause_does_not_end_it():
    events = run(Segmenter(SETTINGS), [0.9, 0.9, 0, 0, 0, 0, 0.9, 0, 0, 0, 0])
    assert [type(event) for _, event in events] == [VoiceStarted]


def test_too_long_is_cut_and_goes_on_at_once():
    segmenter = Segmenter(SETTINGS)
    events = run(segmenter, [0.9] * 40)
    assert [i for i, _ in events] == [1, 29]
    assert events[1][1] == VoiceStopped(0.0, cut=True)
    ended = run(segmenter, [0] * 10)
    assert ended == [(4, VoiceStopped(pytest.approx(0.5)))]


def test_a_cut_in_a_pause_goes_on_too_and_the_wait_goes_on_with_it():
    speech = [0.9] * 27
    assert [i for i, _ in run(Segmenter(SETTINGS), speech + [0] * 4 + [0.9] * 20)] == [1, 29]
    events = run(Segmenter(SETTINGS), speech + [0] * 6)
    assert [i for i, _ in events] == [1, 29, 31]
    assert [event for _, event in events[1:]] == [VoiceStopped(0.0, cut=True), VoiceStopped(pytest.approx(0.5))]


def test_sound_that_is_background_by_now_is_not_gone_on_with():
    segmenter = Segmenter(SETTINGS)
    events = run(segmenter, [0.9] * 5) + run(segmenter, [0.9] * 40, loud_enough=False)
    assert [type(event) for _, event in events] == [VoiceStarted, VoiceStopped]
    assert not events[1][1].cut


def test_a_stream_that_ends_at_the_cut_leaves_nothing_open():
    segmenter = Segmenter(SETTINGS)
    assert run(segmenter, [0.9] * 30)[-1][1].cut
    assert segmenter.stop() == VoiceStopped(0.0)
    assert segmenter.stop() is None


def test_soft_sound_starts_nothing_but_continues():
    assert run(Segmenter(SETTINGS), [0.9] * 5, loud_enough=False) == []
    segmenter = Segmenter(SETTINGS)
    run(segmenter, [0.9, 0.9])
    run(segmenter, [0.9] * 8, loud_enough=False)
    assert segmenter.speaking


def test_the_wait_can_be_changed_while_it_is_silent_and_is_reset_with_the_next_utterance():
    segmenter = Segmenter(SETTINGS)
    run(segmenter, [0.9, 0.9, 0.0])
    segmenter.wait_s = 0.2
    assert [type(event) for _, event in run(segmenter, [0.0])] == [VoiceStopped]
    run(segmenter, [0.9, 0.9])
    assert segmenter.wait_s == SETTINGS.stop_silence_s


def test_stop_ends_what_is_open_once():
    segmenter = Segmenter(SETTINGS)
    assert segmenter.stop() is None
    run(segmenter, [0.9, 0.9])
    assert isinstance(segmenter.stop(), VoiceStopped)
    assert segmenter.stop() is None


FADING = VadSettings(start_threshold=0.6, stop_threshold=0.4, min_speech_s=0.2, stop_silence_s=0.5, fade_s=0.3)


def fading(segmenter, windows):
    """windows: (probability, whether it faded)."""
    events = [segmenter.step(STEP_S, probability, faded=faded) for probability, faded in windows]
    return [(i, event) for i, event in enumerate(events) if event is not None]


def test_what_fades_away_before_silence_belongs_to_the_silence():
    loud, faded, silent = (0.9, False), (0.9, True), (0.0, True)
    events = fading(Segmenter(FADING), [loud] * 4 + [faded] * 2 + [silent] * 4)
    assert [(i, type(event)) for i, event in events] == [(1, VoiceStarted), (8, VoiceStopped)]
    assert events[1][1].silence_s == pytest.approx(0.5)


def test_a_soft_sound_inside_a_word_does_not_count_as_silence():
    segmenter = Segmenter(FADING)
    fading(segmenter, [(0.9, False)] * 4 + [(0.9, True)] * 3 + [(0.9, False)])
    assert segmenter.silence_s == 0


def test_somebody_who_goes_on_softly_is_not_cut_off():
    segmenter = Segmenter(FADING)
    assert [type(event) for _, event in fading(segmenter, [(0.9, False)] * 4 + [(0.9, True)] * 20)] == [VoiceStarted]
    assert segmenter.silence_s == 0
