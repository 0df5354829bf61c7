"""What every voice detector must do, alone and in the vad stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Pcm
from ...core.rates import LISTENING_RATE_HZ
from ...core.stage import Stage
from ...core.topics import Message
from ...core.types import AudioFrame
from ...vad.base import WINDOW_SAMPLES, VadSettings, VoiceDetector
from ...vad.stage import VadStage
from .common import run, silence

_NS_PER_SAMPLE = 1_000_000_000 // LISTENING_RATE_HZ


def listen(stage: Stage, pcm: Pcm, frame_samples: int = 320) -> list[Message]:
    """What the stage says of a microphone's sound, int16 mono at LISTENING_RATE_HZ, from one nanosecond on."""
    out: list[Message] = []
    for first in range(0, len(pcm), frame_samples):
        sound = pcm[first : first + frame_samples]
        frame = AudioFrame(first_sample=first, pcm=sound, steady_ns=1 + first * _NS_PER_SAMPLE)
        out += [item.message for item in stage.push("mic/audio", frame, first / LISTENING_RATE_HZ)]
    return out


def probabilities_are_probabilities(detector: VoiceDetector) -> None:
    """0 to 1 for any sound, and what one stream hears changes nothing for another."""
    first, second = detector.stream(), detector.stream()
    loud = np.random.default_rng(1).integers(-9000, 9000, (20, WINDOW_SAMPLES)).astype(np.int16)
    alone = [first.probability(window, WINDOW_SAMPLES * i) for i, window in enumerate(loud)]
    for i, window in enumerate(loud):
        first.probability(-window, 0)
        again = second.probability(window, WINDOW_SAMPLES * i)
        assert again == alone[i], "what one stream heard changed another's probability"
    assert all(0.0 <= p <= 1.0 for p in alone), f"no probabilities: {alone}"


def silence_and_noise_are_no_speech(detector: VoiceDetector) -> None:
    """A quiet room, no sound at all, and steady noise."""
    for pcm in (silence(3.0), np.zeros(3 * LISTENING_RATE_HZ, np.int16), (silence(3.0) * 130).astype(np.int16)):
        assert listen(VadStage(detector, VadSettings()), pcm) == [], "speech was found where there is none"


DETECTOR: tuple[Callable[[VoiceDetector], None], ...] = (
    probabilities_are_probabilities,
    silence_and_noise_are_no_speech,
)


def check_detector(detector: VoiceDetector) -> None:
    """All that the vad stage relies on. detector: not loaded yet."""
    run(detector, DETECTOR)
