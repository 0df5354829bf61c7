"""Where the speech in an utterance is, by loudness."""

import numpy as np
import pytest

from avatar_ros.asr.confidence import Segment, silent_share
from avatar_ros.asr.utterance_levels import SpeechSpan

RATE = 16000


def tone(seconds, amplitude):
    return (amplitude * np.sin(np.arange(round(seconds * RATE)) * 0.3)).astype(np.int16)


def fed(*parts, block=512):
    span, sound = SpeechSpan(), np.concatenate(parts)
    for first in range(0, len(sound), block):
        span.add(sound[first : first + block])
    return span


def test_speech_between_silences_is_kept_with_a_margin():
    span = fed(tone(0.5, 30), tone(1.0, 8000), tone(0.6, 30))
    assert span.first_sample == pytest.approx(0.25 * RATE, abs=320)
    assert span.last_sample == pytest.approx(1.75 * RATE, abs=320)


@pytest.mark.parametrize(("silence_s", "fell_silent"), [(0.1, False), (0.3, True)])
def test_silence_is_noticed_when_it_has_lasted(silence_s, fell_silent):
    assert fed(tone(0.5, 8000), tone(silence_s, 30)).fell_silent is fell_silent


def test_more_speech_ends_the_silence():
    span = fed(tone(0.5, 8000), tone(0.3, 30))
    assert span.add(tone(0.1, 8000))
    assert not span.fell_silent
    assert not span.add(tone(0.1, 30))


@pytest.mark.parametrize("sound", [np.zeros(RATE, np.int16), tone(1.0, 20), np.zeros(0, np.int16)])
def test_what_is_nowhere_loud_holds_no_speech(sound):
    span = fed(sound)
    assert not span.fell_silent
    assert span.last_sample <= span.first_sample


def test_the_size_of_the_pieces_does_not_matter():
    parts = tone(0.5, 30), tone(1.0, 8000), tone(0.6, 30)
    spans = [fed(*parts, block=block) for block in (160, 320, 512, 100000)]
    assert len({(span.first_sample, span.last_sample, span.loudest) for span in spans}) == 1


def test_the_share_of_silence_counts_frames():
    loop = [Segment("SIL", 0, 59, -1.0), Segment("AA", 60, 79, -1.0), Segment("+NSN+", 80, 99, -1.0)]
    assert silent_share(loop) == pytest.approx(0.8)
    assert silent_share([]) == 1.0
