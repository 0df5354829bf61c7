"""The convolutional half of a speech transformer, streaming: sound in, features at the transformer's rate out.

Each feature is computed once, with the sound that it shares with its neighbours. The statistics of the first group norm
span all sound so far and not what is to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np

from ..core.arrays import F32
from ..core.interpolation import between
from ..core.rates import LISTENING_RATE_HZ
from .neural_model import Manifest, NeuralModel, Statistics

FEATURE_RATE_HZ = 50.0
#: Group norm and loudness remember this much sound.
MEMORY_S = 20.0


@dataclass
class VoiceStatistics:
    """What is known of the voice: it lasts from turn to turn, as one voice speaks them all."""

    norm: Statistics
    level: Statistics

    @classmethod
    def unknown(cls, manifest: Manifest) -> VoiceStatistics:
        """Before any sound."""
        return cls(Statistics.empty(manifest.channels), Statistics.empty(1))


class FeatureStream:
    """Sound in, convolutional features out, each once; feature k stands over samples 320 k to 320 k + 400."""

    def __init__(self, model: NeuralModel, voice: VoiceStatistics) -> None:
        self._model, self._voice = model, voice
        self._hop, self._field = model.manifest.hop_samples, model.manifest.field_samples
        self._sound: F32 = np.zeros(0, np.float32)
        self._levelled_samples = 0  # samples of _sound that the level has taken in
        self.count = 0

    def push(self, sound: F32) -> F32:
        """Take samples [N] (±1); the features [T, C] that they complete."""
        self._sound = np.concatenate([self._sound, sound])
        ready = (len(self._sound) - self._field) // self._hop + 1
        if ready < 1:
            return np.zeros((0, self._model.manifest.features), np.float32)
        part = self._sound[: (ready - 1) * self._hop + self._field]
        out = self._model.front(self._normalised(part), self._counted(), self._voice.norm)
        self._voice.norm.forget(MEMORY_S * LISTENING_RATE_HZ / self._model.manifest.first_stride)
        self._levelled_samples = len(part) - ready * self._hop
        self._sound = self._sound[ready * self._hop :]
        self.count += ready
        return out

    def _counted(self) -> int:
        """Outputs of the first convolution over the overlap: they are in the statistics already."""
        manifest = self._model.manifest
        overlap = self._field - self._hop
        return (overlap - manifest.first_kernel) // manifest.first_stride + 1 if self.count else 0

    def _normalised(self, part: F32) -> F32:
        """The sound at mean 0 and variance 1 of all that was heard, where the model was trained so."""
        if not self._model.manifest.normalise_sound:
            return part
        level, fresh = self._voice.level, part[self._levelled_samples :]
        level.count = level.count + np.float32(len(fresh))
        level.total = level.total + fresh.sum(dtype=np.float32)
        level.squares = level.squares + (fresh * fresh).sum(dtype=np.float32)
        mean = level.total / level.count
        variance = np.maximum(level.squares / level.count - mean * mean, 0)
        level.forget(MEMORY_S * LISTENING_RATE_HZ)
        # 1e-7: as Hugging Face's feature extractor has it.
        return np.asarray((part - mean) / np.sqrt(variance + 1e-7), np.float32)


class FrameRate:
    """Features at 50 a second to features at the transformer's rate, between two neighbours on a straight line."""

    def __init__(self, rate_hz: float) -> None:
        self._step = FEATURE_RATE_HZ / rate_hz
        self._held: F32 | None = None
        self._origin = 0  # number of the feature in _held[0]
        self._next = 0

    def push(self, features: F32) -> F32:
        """Features [T, C] to features [T', C]; frame j stands at feature j · 50 / rate."""
        if self._step == 1.0:
            return features
        held = features if self._held is None else np.concatenate([self._held, features])
        last = self._origin + len(held) - 1
        count = max(0, floor(last / self._step + 1e-9) + 1 - self._next)
        out = between(held, (self._next + np.arange(count)) * self._step - self._origin)
        self._next += count
        drop = min(max(0, floor(self._next * self._step) - self._origin), len(held) - 1)
        self._held = held[max(0, drop) :]
        self._origin += max(0, drop)
        return out
