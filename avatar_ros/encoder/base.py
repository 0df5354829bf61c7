"""What every speech encoder shares: settings, the table of backends, and the two Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..core.arrays import F32
from ..core.inference import DEVICES, PRECISIONS
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import SpeechChunk

PORT = Port(subscribes=("speech/audio", "speech/sentence"), publishes=("motion/features",))
ENCODER_BACKENDS = Registry(
    "audio encoder",
    {
        "phones": Backend("avatar_ros.encoder.phone_encoder:PhoneEncoder"),
        "wav2vec2": Backend("avatar_ros.encoder.neural:Wav2Vec2Encoder", "embedded"),
        "hubert": Backend("avatar_ros.encoder.neural:HubertEncoder", "embedded"),
        "lam": Backend("avatar_ros.encoder.neural:LamEncoder", "embedded"),
        "network": Backend("avatar_ros.encoder.network:NetworkEncoder", "embedded"),
        "fake": Backend("avatar_ros.encoder.fake:FakeEncoder"),
    },
)


@dataclass(frozen=True)
class EncoderSettings(Settings):
    """Parameters of the audio encoder node."""

    backend: str = setting(
        "phones", "encoder: phones, wav2vec2, hubert, lam, network or fake", renamed={"learned": "network"}
    )
    use_marks: bool = setting(True, "phones: take the voice's own phone marks where it gives them")
    use_text: bool = setting(True, "phones: align the sentence's text to its sound where there are no marks (English)")
    delay_s: float = setting(
        0.05, "phones: sound after a frame that is heard before the frame is decided, s", low=0.0, high=0.5
    )
    sound_by: str = setting(
        "both",
        "phones: who hears sentences without English text: acoustic (PocketSphinx), network (models/lips.onnx) or both",
        choices=("acoustic", "network", "both"),
        renamed={"learned": "network"},
    )
    model: str = setting(
        "",
        "wav2vec2, hubert, lam: folder of the exported model (tools/export_encoder.py); network, and phones where "
        "sound_by is not acoustic: ONNX file (default: models/lips.onnx)",
    )
    device: str = setting("auto", "wav2vec2, hubert, lam: where it runs; auto: CUDA if it loads", choices=DEVICES)
    precision: str = setting(
        "auto", "wav2vec2, hubert, lam: auto takes INT8 on the CPU and FP16 on CUDA", choices=PRECISIONS
    )
    threads: int = setting(2, "wav2vec2, hubert, lam: threads of the model on the CPU", low=1, high=64)
    window_s: float = setting(
        1.0, "wav2vec2, hubert, lam: sound that the transformer sees for each step, s", low=0.3, high=30.0
    )
    again_s: float = setting(
        0.16, "wav2vec2, hubert, lam: sound of it whose features are made again at each step, s", low=0.0, high=30.0
    )
    hop_s: float = setting(0.16, "wav2vec2, hubert, lam: sound between two steps, s", low=0.04, high=1.0)
    lookahead_s: float = setting(
        0.04, "wav2vec2, hubert, lam: sound after a frame that is heard before it is given, s", low=0.0, high=1.0
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
