"""What every speech encoder shares: settings, the table of backends, and the two Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..core.arrays import F32
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import SpeechChunk

PORT = Port(subscribes=("speech/audio", "speech/sentence", "speech/draft"), publishes=("motion/features",))


@dataclass(frozen=True)
class EncoderSettings(Settings):
    """Parameters of the audio encoder node."""

    backend: str = setting(
        "phones", "encoder: phones, wav2vec2, hubert, lam, network or fake", renamed={"learned": "network"}
    )
    session_ttl_s: float = setting(600.0, "a session unused for this long is forgotten, s; 0: never", low=0.0)


class TurnStream(Protocol):
    """Encodes the speech of one turn. Chunks come in order and without gaps (encoder/stage.py sees to that)."""

    def push(self, chunk: SpeechChunk) -> F32:
        """The next frames [T, dim] that `chunk` completes; T may be 0."""

    def finish(self) -> F32:
        """The frames that are left, up to the last sample."""


class Encoder(Protocol):
    """Makes streams; made as `Class(settings)` or `Class(settings, own)`.

    kind, dim and rate_hz are what AudioFeatures will carry.
    """

    kind: str
    dim: int
    rate_hz: float

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError or EncoderError."""

    def expect(self, text: str, locale: str) -> None:
        """The sound of this sentence will come: what can be got ready without it may be got ready now. In vain for a
        text that the voice cleans before it says it (links, tags).
        """

    def open(self, sample_rate_hz: int) -> TurnStream:
        """A stream for one turn's speech at this rate."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say; "warning" where the encoder is degraded."""

    def close(self) -> None:
        """Free the model."""


_NEURAL = (("onnxruntime",), "avatar_ros.encoder.neural_settings:NeuralSettings")
ENCODER_BACKENDS = Registry(
    "audio encoder",
    Encoder,
    {
        "phones": Backend(
            "avatar_ros.encoder.phone_encoder:PhoneEncoder", settings="avatar_ros.encoder.phone_settings:PhoneSettings"
        ),
        "wav2vec2": Backend("avatar_ros.encoder.neural:Wav2Vec2Encoder", "embedded", *_NEURAL),
        "hubert": Backend("avatar_ros.encoder.neural:HubertEncoder", "embedded", *_NEURAL),
        "lam": Backend("avatar_ros.encoder.neural:LamEncoder", "embedded", *_NEURAL),
        "network": Backend(
            "avatar_ros.encoder.network:NetworkEncoder",
            "embedded",
            ("onnxruntime",),
            "avatar_ros.encoder.phone_settings:NetworkSettings",
        ),
        "fake": Backend("avatar_ros.encoder.fake:FakeEncoder"),
    },
)
