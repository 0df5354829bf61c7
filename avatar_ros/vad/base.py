"""What a voice detector is, its settings, and where the backends live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..core.arrays import Pcm
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port

#: Silero's window at 16 kHz; 32 ms.
WINDOW_SAMPLES = 512

PORT = Port(
    subscribes=("mic/audio", "speech/transcript"),
    publishes=("mic/voice_activity", "mic/utterance"),
)


@dataclass(frozen=True)
class VadSettings(Settings):
    """Parameters of the vad node. The wait that ends an utterance adapts between short_ and long_silence_s."""

    backend: str = setting("silero", "voice detector: silero, or fake (scripted)")
    start_threshold: float = setting(0.6, "probability of speech that starts an utterance", low=0.05, high=0.99)
    stop_threshold: float = setting(0.35, "probability below which it is silence", low=0.01, high=0.99)
    min_speech_s: float = setting(0.09, "speech shorter than this starts nothing, s", low=0.0, high=1.0)
    fade_db: float = setting(
        4.0,
        "sound so much softer than the last second of speech, and nearer to the background than to it, may be past its "
        "end, dB; 0: none",
        low=0.0,
        high=40.0,
    )
    fade_s: float = setting(0.32, "softer sound that lasts longer is speech again, s", low=0.0, high=2.0)
    onset_s: float = setting(0.032, "speech begins this much before the detector is sure of it, s", low=0.0, high=0.3)
    stop_silence_s: float = setting(0.5, "silence that ends an utterance, s", low=0.1, high=5.0)
    short_silence_s: float = setting(
        0.28, "silence that ends an utterance whose words so far are a finished question, s", low=0.1, high=5.0
    )
    long_silence_s: float = setting(
        0.9, "silence that ends an utterance whose words break off in mid-sentence, s", low=0.1, high=5.0
    )
    locale: str = setting("en-US", "language of partial transcripts that name none; BCP 47")
    adaptive: bool = setting(True, "let the partial transcript choose among the three waits")
    pre_roll_s: float = setting(
        0.3, "sound from before the detected start that goes with the utterance, s", low=0.0, high=2.0
    )
    max_utterance_s: float = setting(20.0, "an utterance is cut off here, s", low=1.0, high=120.0)
    min_level_dbfs: float = setting(-60.0, "softer sound never starts an utterance, dBFS", low=-100.0, high=0.0)
    min_snr_db: float = setting(
        3.0, "sound less than this above the background starts no utterance, dB", low=0.0, high=40.0
    )
    max_gap_s: float = setting(
        1.0, "lost sound up to this long counts as silence; more ends the utterance, s", low=0.0, high=10.0
    )


class VoiceStream(Protocol):
    """One microphone's detector state."""

    def probability(self, window: Pcm, first_sample: int) -> float:
        """Probability 0–1 that window (int16[WINDOW_SAMPLES], 16 kHz mono) holds speech; windows come in order.

        first_sample: the window's place in the stream.
        """
        ...


class VoiceDetector(Protocol):
    """A backend: a model that many streams share; made as `Class(settings)` or `Class(settings, own)`."""

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError with what to do."""
        ...

    def stream(self) -> VoiceStream:
        """A fresh stream."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


VAD_BACKENDS = Registry(
    "vad",
    VoiceDetector,
    {
        "silero": Backend("avatar_ros.vad.silero:SileroVad", "embedded", ("onnxruntime",)),
        "fake": Backend("avatar_ros.vad.fake:FakeVad", settings="avatar_ros.vad.fake:FakeSettings"),
    },
)
