"""That the voice does what every voice must do, and that its parameter is heard."""

from __future__ import annotations

import numpy as np
import pytest
from droid_voice import RATE_HZ, DroidSettings, DroidVoice

from avatar_ros.testing import contracts
from avatar_ros.tts.base import TtsSettings


def test_it_is_a_voice() -> None:
    contracts.check_voice(DroidVoice(TtsSettings(), DroidSettings()))


@pytest.mark.parametrize("pitch_hz", [120.0, 240.0])
def test_its_pitch_is_heard(pitch_hz: float) -> None:
    voice = DroidVoice(TtsSettings(), DroidSettings(pitch_hz=pitch_hz, letter_s=0.3))
    (part,) = voice.speak("a", "en-US")
    spectrum = np.abs(np.fft.rfft(part.pcm))
    assert np.argmax(spectrum) * RATE_HZ / len(part.pcm) == pytest.approx(pitch_hz, abs=5.0)
