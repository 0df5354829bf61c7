"""Silence before the first sound is taken away, and marks move with the sound."""

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.tts.base import Part, VoiceMark
from avatar_ros.tts.decode import _SILENT_FRAME, mp3
from avatar_ros.tts.trim_leading_silence import KEPT_S, MOST_S, trim_leading_silence

RATE = 1000


def parts(pcm, *marks, length=24):
    pieces = np.array_split(np.asarray(pcm, np.int16), max(1, len(pcm) // length))
    return [Part(piece, RATE, marks if i == 0 else ()) for i, piece in enumerate(pieces)]


def sound(given):
    return np.concatenate([part.pcm for part in given]) if given else np.zeros(0, np.int16)


def voice(seconds):
    return np.full(round(seconds * RATE), 5000)


@pytest.mark.parametrize("lead_s", [0.0, 0.003, KEPT_S, 0.02, 0.046, 0.2, 0.49])
@pytest.mark.parametrize("length", [7, 24, 10_000])
def test_sound_begins_just_before_it_is_heard(lead_s, length):
    lead = np.tile([60, -60, 0], 1000)[: round(lead_s * RATE)]  # softer than -50 dBFS
    given = list(trim_leading_silence(parts([*lead, *voice(0.3)], length=length)))
    kept = min(len(lead), round(KEPT_S * RATE))
    np.testing.assert_array_equal(sound(given), [*lead[len(lead) - kept :], *voice(0.3)])


def test_marks_move_with_the_sound_and_none_is_lost():
    first, second = (VoiceMark(MarkKind.WORD, text, 0.1 * i, 0.1 * i + 0.05) for i, text in enumerate(("um", "one"), 1))
    given = list(trim_leading_silence(parts([*np.zeros(round((0.1 + KEPT_S) * RATE)), *voice(0.5)], first, second)))
    assert not any(part.marks for part in given[1:])
    assert [(mark.text, round(mark.start_s, 3), round(mark.end_s, 3)) for mark in given[0].marks] == [
        ("um", 0.0, 0.05),
        ("one", 0.1, 0.15),
    ]


def test_late_marks_move_too():
    late = VoiceMark(MarkKind.WORD, "late", 0.5, 0.6)
    lead = np.zeros(round((0.1 + KEPT_S) * RATE))
    given = list(trim_leading_silence([*parts([*lead, *voice(0.5)]), Part(np.zeros(5, np.int16), RATE, (late,))]))
    assert given[-1].marks[0].start_s == pytest.approx(0.4)


def test_a_voice_that_is_silent_for_longer_means_it():
    given = list(trim_leading_silence(parts([*np.zeros(2 * RATE), *voice(0.1)])))
    assert len(sound(given)) == round((2 - MOST_S + 0.1) * RATE)


def test_nothing_and_silence_give_nothing():
    assert not list(trim_leading_silence([]))
    assert not list(trim_leading_silence(parts(np.zeros(300))))


def test_pauses_within_are_kept():
    pcm = [*voice(0.1), *np.zeros(400), *voice(0.1)]
    np.testing.assert_array_equal(sound(list(trim_leading_silence(parts(pcm)))), pcm)


def test_the_frame_that_warms_the_decoder_is_a_frame():
    pytest.importorskip("av", reason="PyAV is not installed")
    heard = list(mp3([_SILENT_FRAME * 4]))
    assert {part.sample_rate_hz for part in heard} == {24000}
    assert len(sound(heard)) == 4 * 576 and not sound(heard).any()
