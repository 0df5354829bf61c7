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
    subscribes=("mic/audio", "mic/talk", "speech/transcript", "state"),
    publishes=("mic/voice_activity", "mic/utterance"),
)


@dataclass(frozen=True)
class VadSettings(Settings):
    """Parameters of the vad node. endpointing.py says which of the waits ends an utterance."""

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
    stop_silence_s: float = setting(
        0.5, "silence that ends an utterance of which nothing tells whether more will come, s", low=0.1, high=5.0
    )
    short_silence_s: float = setting(
        0.16, "silence that ends an utterance whose words so far are a finished question, s", low=0.05, high=5.0
    )
    long_silence_s: float = setting(
        1.35,
        "silence that ends an utterance whose words break off in mid-sentence, or of which nothing is understood, s",
        low=0.1,
        high=5.0,
    )
    locale: str = setting("en-US", "language of partial transcripts that name none; BCP 47")
    likely_silence_s: float = setting(
        0.35, "silence that ends an utterance that by its sound and its words is surely over, s", low=0.05, high=5.0
    )
    longest_silence_s: float = setting(
        2.4,
        "silence that ends an utterance that by its sound surely goes on, or a short one of which nothing is "
        'understood ("um …"), s',
        low=0.1,
        high=10.0,
    )
    turn_detector: str = setting(
        "words",
        "what tells whether the user is done, besides silence: smart_turn (words and sound), words, or none",
    )
    turn_detector_fallback: str = setting(
        "",
        "'words': where the turn detector's library or model is missing, words and silence decide, with a warning; "
        "empty: that is an error",
        choices=("", "words"),
    )
    patience: float = setting(
        0.5,
        "how patient: all of these waits times 4 ** (patience - 0.5); 0: a half, 1: twice",
        low=0.0,
        high=1.0,
        live=True,
    )
    talk: str = setting(
        "open",
        "when the microphone is listened to: open (always), push (while mic/talk says pressed), tap (from a press to "
        "the end of what is said)",
        choices=("open", "push", "tap"),
    )
    talk_release_s: float = setting(
        0.25, "push: still listened to after the key is let go, s: people let go early", low=0.0, high=5.0
    )
    talk_patience_s: float = setting(8.0, "tap: without a voice it is over after this time, s", low=0.5, high=120.0)
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


class TurnDetector(Protocol):
    """A backend, made as `Class(settings)`; its calls come one at a time, on any thread."""

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError with what to do."""
        ...

    def probability(self, sound: Pcm) -> float | None:
        """Probability 0–1 that who speaks in `sound` is done; None where this detector judges no sound.

        sound: int16 [n], 16 kHz mono, an utterance from its beginning, or its last 8 s, to some silence behind it.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


_NONE = Backend("avatar_ros.vad.turn_detector:NoDetector")
TURN_DETECTORS = Registry(
    "turn detector",
    TurnDetector,
    {
        "words": _NONE,
        "none": _NONE,
        "smart_turn": Backend("avatar_ros.vad.smart_turn:SmartTurn", "turn_detector", ("onnxruntime",)),
    },
)
