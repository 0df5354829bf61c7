"""Sound that is aligned to its text: speech of espeak-ng, whose own phone times tell what is right."""

import importlib.util

import numpy as np
import pytest

from avatar_ros.core.types import Mark
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.encode import encode, load_encoder
from avatar_ros.encoder.mark_frames import frames_from_stretches, stretches
from avatar_ros.encoder.phone_encoder import PhoneEncoder
from avatar_ros.encoder.phone_settings import PhoneSettings
from avatar_ros.speech.phones import PHONE_COUNT, SIL
from avatar_ros.speech.pocketsphinx_acoustic import installed_model
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="needs espeakng-loader"),
    pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx"),
]
PLAIN = "The baker bought a brown box of apples for the people on the bridge."
WRONG = "Nine silly cats sat still in thick yellow sand, licking eight teaspoons."


@pytest.fixture(scope="module")
def voice():
    made = TTS_BACKENDS.make("espeak", TtsSettings())
    made.load()
    yield made
    made.close()


@pytest.fixture(scope="module")
def encoder():
    made = load_encoder()
    yield made
    made.close()


class Spoken:
    """What espeak-ng makes of a text, and how much of it an encoder finds."""

    def __init__(self, voice, encoder, text):
        (part,) = voice.speak(text, "en-US")
        self.pcm, self.rate_hz = np.asarray(part.pcm), part.sample_rate_hz
        self._encoder = encoder
        marks = [
            Mark(kind=m.kind, text=m.text, start_sample=round(m.start_s * self.rate_hz),
                 end_sample=round(m.end_s * self.rate_hz))
            for m in part.marks
        ]  # fmt: skip
        self._parts, unknown = stretches(marks, self.rate_hz)
        assert not unknown

    def features(self, text):
        self._encoder.load()  # each time a voice that was never heard
        return encode(self.pcm, self.rate_hz, text, encoder=self._encoder)

    def agreement(self, text):
        """Share of frames, silence aside, whose likeliest class is the one that is spoken."""
        found = self.features(text)[:, :PHONE_COUNT]
        truth = frames_from_stretches(self._parts, 0, len(found))
        clear = (truth.argmax(axis=1) != SIL) & (truth.max(axis=1) > 0.5)
        return float((found.argmax(axis=1) == truth.argmax(axis=1))[clear].mean())


def test_text_helps_and_a_wrong_text_does_little_harm(voice):
    """One model with and without the text: our network, which has heard espeak's voices, would know them without."""
    encoder = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="acoustic"))
    spoken = Spoken(voice, encoder, PLAIN)
    free, aligned = spoken.agreement(""), spoken.agreement(PLAIN)
    assert aligned > free + 0.05
    assert spoken.agreement(WRONG) > free - 0.1
    encoder.close()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1990", "1990"),  # as espeak-ng reads it, which is not the usual way
        ("1990", "nineteen ninety"),
        ("1990", "nineteen hundred and ninety"),
        ("1990", "one thousand nine hundred ninety"),
        ("2026", "twenty twenty six"),
        ("2026", "two thousand and twenty six"),
    ],
)
def test_digits_are_found_in_whichever_way_they_are_read(voice, encoder, written, read):
    """As well as if they had been written so: the wrong reading costs 0.1 and more."""
    text = "The tower was built in {} and has 105 rooms."
    spoken = Spoken(voice, encoder, text.format(read))
    in_words = read if read != written else "nineteen hundred ninety"
    wanted = spoken.agreement(text.format(in_words).replace("105", "one hundred five"))
    assert spoken.agreement(text.format(written)) > wanted - 0.04


def test_a_text_with_words_of_another_script_is_aligned_only_where_they_are_few(voice, encoder):
    spoken = Spoken(voice, encoder, PLAIN)
    free = spoken.features("")
    few, many = PLAIN.replace("baker", "пекарь"), "Пекарь купил для друзей яблоки: a brown box of apples for people."
    assert np.abs(spoken.features(few) - free).max() > 0.5
    np.testing.assert_array_equal(spoken.features(many), free)
