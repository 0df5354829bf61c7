"""What every speech encoder shares: settings, the table of backends, and the two Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import SpeechChunk

F32 = NDArray[np.float32]

PORT = Port(takes=("speech/audio",), gives=("motion/features",))
ENCODER_BACKENDS = Registry(
    "audio encoder",
    {
        "phones": Backend("avatar_ros.encoder.phone_encoder:PhoneEncoder"),
        "fake": Backend("avatar_ros.encoder.fake:FakeEncoder"),
    },
)


@dataclass(frozen=True)
class EncoderSettings(Settings):
    """Parameters of the audio encoder node."""

    backend: str = setting("phones", "encoder: phones or fake")
    use_marks: bool = setting(True, "phones: take the voice's own phone marks where it gives them")
    use_text: bool = setting(True, "phones: align the sentence's text to its sound where there are no marks (English)")
    delay_s: float = setting(
        0.05, "phones: sound after a frame that is heard before the frame is decided, s", low=0.0, high=0.5
    )
    session_ttl_s: float = setting(600.0, "a session unused for this long is forgotten, s; 0: never", low=0.0)


class TurnStream(Protocol):
    """Encodes the speech of one turn. Chunks come in order and without gaps (encoder/stage.py sees to that)."""

    def push(self, chunk: SpeechChunk) -> F32:
        """The next frames [T, dim] that `chunk` completes; T may be 0."""

    def finish(self) -> F32:
        """The frames that are left, up to the last sample."""


class Encoder(Protocol):
    """Makes streams. kind, dim and rate_hz are what AudioFeatures will carry."""

    kind: str
    dim: int
    rate_hz: float

    def __init__(self, settings: EncoderSettings) -> None: ...

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError or EncoderError."""

    def open(self, sample_rate_hz: int) -> TurnStream:
        """A stream for one turn's speech at this rate."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say; "warning" where the encoder is degraded."""

    def close(self) -> None:
        """Free the model."""
