"""Backends `wav2vec2`, `hubert` and `lam`: hidden states of a speech transformer, on onnxruntime.

They need a folder made by tools/export_encoder.py (wav2vec2, hubert) or tools/export_lam_a2e.py (lam). INT8 on the
CPU, FP16 on CUDA. What is cached from step to step and what is computed again: neural_stream.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from ..core.errors import ConfigError, EncoderError
from ..core.levels import FULL_SCALE
from ..core.loading import boundary
from ..core.paths import share_file
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import SpeechChunk
from ..speech.resample import Resampler
from .base import EncoderSettings, TurnStream
from .frame_rms import FrameRms
from .neural_features import VoiceStatistics
from .neural_model import NeuralModel
from .neural_settings import NeuralSettings
from .neural_stream import HiddenStream, Steps
from .sources import check_rate

#: Sound before the first frames of a turn, s: sooner than a whole hop, so that lips can start with the voice.
FIRST_S = 0.1


class NeuralEncoder:
    """See base.Encoder. Subclasses say which kind of model they take."""

    kind = ""
    dim = 0
    rate_hz = 0.0

    def __init__(self, settings: EncoderSettings, own: NeuralSettings) -> None:
        self._settings = settings
        self._own = own
        self._model: NeuralModel | None = None

    def load(self) -> None:
        """Open the model's files and run them once. The voice is unknown again."""
        own, name = self._own, self._settings.backend
        if not own.model:
            raise ConfigError(
                "model_missing", f"encoder '{name}' needs the parameter '{name}.model': a folder that "
                "tools/export_encoder.py or tools/export_lam_a2e.py wrote",
            )  # fmt: skip
        model = NeuralModel(share_file(own.model), device=own.device, precision=own.precision,
                            threads=own.threads)  # fmt: skip
        if model.manifest.kind != self.kind:
            raise ConfigError(
                "model_kind", f"{own.model} holds a model of kind '{model.manifest.kind}'; encoder "
                f"'{name}' takes '{self.kind}'",
            )  # fmt: skip
        self.dim, self.rate_hz = model.manifest.dim, model.manifest.rate_hz
        self._steps = steps_from(own, self.rate_hz)
        self._model = model
        self._voice = VoiceStatistics.unknown(model.manifest)
        with boundary(own.model, ConfigError, "model_unreadable", "it opens but does not run: export it again"):
            self.open(LISTENING_RATE_HZ).push(
                SpeechChunk(sample_rate_hz=LISTENING_RATE_HZ, pcm=np.zeros(self._steps.hop, np.int16))
            )
        self._voice = VoiceStatistics.unknown(model.manifest)

    def expect(self, text: str, locale: str) -> None:
        """Nothing depends on the text."""

    def open(self, sample_rate_hz: int) -> TurnStream:
        """A stream for one turn's speech."""
        if self._model is None:
            raise EncoderError("encoder_closed", "the encoder's model is not loaded")
        return NeuralTurn(self._model, self._voice, self._steps, sample_rate_hz)

    def status(self) -> Mapping[str, str]:
        """Where the transformer runs and how."""
        if self._model is None:
            return {}
        network = self._model.networks["back"]
        out = {"provider": network.provider, "precision": network.precision}
        return {**out, "warning": network.warning} if network.warning else out

    def close(self) -> None:
        """Free the model."""
        self._model = None


class Wav2Vec2Encoder(NeuralEncoder):
    """Backend `wav2vec2`."""

    kind = "wav2vec2"


class HubertEncoder(NeuralEncoder):
    """Backend `hubert`."""

    kind = "hubert"


class LamEncoder(NeuralEncoder):
    """Backend `lam`: the encoder half of LAM Audio2Expression, at 30 frames a second; motion/lam.py is the other.

    Its features have one column more: how loud the sound is, which the other half damps the mouth by.
    """

    kind = "lam_wav2vec2"

    def load(self) -> None:
        """Open the model's files and run them once. The voice is unknown again."""
        super().load()
        self.dim += 1

    def open(self, sample_rate_hz: int) -> LamTurn:
        """A stream for one turn's speech."""
        return LamTurn(super().open(sample_rate_hz), FrameRms(sample_rate_hz, self.rate_hz))


class NeuralTurn:
    """One turn: see base.TurnStream."""

    def __init__(self, model: NeuralModel, voice: VoiceStatistics, steps: Steps, sample_rate_hz: int) -> None:
        self._stream = HiddenStream(model, voice, steps)
        self._resampler = Resampler(sample_rate_hz)
        self._rate_hz = sample_rate_hz
        self._frame_rate_hz = model.manifest.rate_hz
        self._samples = 0

    def push(self, chunk: SpeechChunk) -> F32:
        """Frames [T, dim] that this chunk completes."""
        check_rate(chunk.sample_rate_hz, self._rate_hz)
        self._samples += len(chunk.pcm)
        return self._stream.push(_scaled(self._resampler.push(chunk.pcm)))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        frames = ceil(self._samples * self._frame_rate_hz / self._rate_hz - 1e-9)
        rest = self._stream.push(_scaled(self._resampler.finish()))
        return np.concatenate([rest, self._stream.finish(frames)]) if frames else rest[:0]


class LamTurn:
    """One turn with the level of its sound: see base.TurnStream."""

    def __init__(self, turn: TurnStream, rms: FrameRms) -> None:
        self._turn, self._rms = turn, rms

    def push(self, chunk: SpeechChunk) -> F32:
        """Frames [T, dim + 1] that this chunk completes."""
        frames = self._turn.push(chunk)
        self._rms.add(chunk.pcm)
        return self._with_rms(frames)

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._with_rms(self._turn.finish())

    def _with_rms(self, frames: F32) -> F32:
        return np.concatenate([frames, self._rms.take(len(frames))[:, None]], axis=1)


def steps_from(settings: NeuralSettings, rate_hz: float) -> Steps:
    """Settings in seconds as samples and tokens. Raises ConfigError where the window does not hold a step."""
    if settings.window_s < settings.hop_s + settings.lookahead_s + FIRST_S:
        raise ConfigError(
            "encoder_window", f"window_s {settings.window_s} is too short: it must hold hop_s {settings.hop_s}, "
            f"lookahead_s {settings.lookahead_s} and {FIRST_S} s of what was before",
        )  # fmt: skip
    hop = round(settings.hop_s * LISTENING_RATE_HZ)
    window, lookahead = round(settings.window_s * rate_hz), round(settings.lookahead_s * rate_hz)
    return Steps(
        first=min(hop, round(FIRST_S * LISTENING_RATE_HZ)),
        hop=hop,
        window=window,
        again=min(window, max(lookahead, round(settings.again_s * rate_hz))),
        lookahead=lookahead,
    )


def _scaled(samples: NDArray[np.float64]) -> F32:
    return np.asarray(samples / FULL_SCALE, np.float32)
