"""A voice's own phone times in IPA are the lips' times, in any language: nothing is recognised, nothing aligned."""

import importlib.util

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.core.types import Mark
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.encode import encode
from avatar_ros.encoder.phone_encoder import PhoneEncoder
from avatar_ros.encoder.phone_settings import PhoneSettings
from avatar_ros.speech.phones import PHONE_CLASSES, PHONE_COUNT
from avatar_ros.testing.settings import make
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.piper_marks import marks as piper_marks
from avatar_ros.tts.piper_marks import places
from avatar_ros.tts.piper_text import Phrase

BILABIALS = [PHONE_CLASSES.index(name) for name in ("P", "B", "M")]
TEXTS = {
    "de-DE": "Mama packt im Zimmer ihre bunte Mappe.",
    "fr-FR": "Ma maman pose le beau bol.",
    "es-ES": "Mi mapa y mi pasaporte.",
    "pl-PL": "Mama ma dobry pomysł.",
    "hi-IN": "मेरा नाम प्रिया है।",
    "ja-JP": "まめ、ぱん、ばら。",
    "zh-CN": "妈妈跑步。",
}


class Deaf(PhoneEncoder):
    """It cannot hear: whoever asks it to is found out."""

    def source(self, grid, text, locale):
        raise AssertionError("a sentence with marks was listened to")


@pytest.fixture(scope="module")
def voice():
    if importlib.util.find_spec("espeakng_loader") is None:
        pytest.skip("needs espeakng_loader")
    made = make(TTS_BACKENDS, TtsSettings)
    made.load()
    yield made
    made.close()


@pytest.mark.parametrize("locale", TEXTS)
def test_espeaks_marks_are_the_lips_times(voice, locale):
    parts = list(voice.speak(TEXTS[locale], locale))
    rate_hz, pcm = parts[0].sample_rate_hz, np.concatenate([part.pcm for part in parts])
    marks = [
        Mark(text=mark.text, start_sample=round(mark.start_s * rate_hz), end_sample=round(mark.end_s * rate_hz))
        for part in parts
        for mark in part.marks
        if mark.kind is MarkKind.PHONE
    ]
    encoder = Deaf(EncoderSettings(), PhoneSettings())
    frames = encode(pcm, rate_hz, TEXTS[locale], marks, encoder=encoder, locale=locale)[:, :PHONE_COUNT]
    assert not encoder.unknown_marks
    closures = [mark for mark in marks if mark.text[:1] in ("p", "b", "m")]
    assert len(closures) > 2
    shut = frames[:, BILABIALS].sum(axis=1)
    for mark in closures:
        quarter_s = (mark.start_sample + (mark.end_sample - mark.start_sample) / 4) / rate_hz
        assert shut[round(quarter_s * 100)] > 0.5, mark
    told = {round(mark.start_sample / rate_hz * 100 + offset) for mark in closures for offset in range(-2, 40)}
    assert not [at for at in np.flatnonzero(shut > 0.5) if at not in told]


@pytest.mark.parametrize("ipa", ["bˈɪtə ˈapfəl mʊt", "mˈamɑ̃ pˈoz bˈo", "pˈapa bˈebe mˈama"])
def test_pipers_marks_are_the_lips_times(ipa):
    """Symbols of 80 ms each with blanks of 20 ms, as a voice's network gives them in frames of 10 ms."""
    said = Phrase(tuple(ipa), (-1,) * len(ipa), ())
    frames = [2, 2, *(length for _ in ipa for length in (8, 2)), 2]
    rate_hz = 22050
    marks = [
        Mark(text=mark.text, start_sample=round(mark.start_s * rate_hz), end_sample=round(mark.end_s * rate_hz))
        for mark in piper_marks(said, places(frames, [1] * len(ipa)), 0.01)
        if mark.kind is MarkKind.PHONE
    ]
    encoder = Deaf(EncoderSettings(), PhoneSettings())
    pcm = np.zeros(round(sum(frames) * 0.01 * rate_hz), np.int16)
    shut = encode(pcm, rate_hz, ipa, marks, encoder=encoder)[:, BILABIALS].sum(axis=1)
    assert not encoder.unknown_marks and len(marks) > 8
    for mark in marks:
        middle = shut[round((0.7 * mark.start_sample + 0.3 * mark.end_sample) / rate_hz * 100)]
        assert (middle > 0.5) == (mark.text[:1] in ("p", "b", "m")), mark
