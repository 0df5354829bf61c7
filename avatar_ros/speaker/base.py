"""What every loudspeaker shares: settings, the table of backends, and the Protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..audio.base import _PORTAUDIO
from ..core.arrays import Pcm
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

SPEAKER_PORT = Port(subscribes=("speech/audio", "motion/expression"), publishes=("speech/playback", "speech/played"))


@dataclass(frozen=True)
class SpeakerSettings(Settings):
    """Parameters of the loudspeaker node."""

    backend: str = setting("auto", "loudspeaker: auto, sounddevice, null or fake")
    session: str = setting(LOCAL_SESSION, "session that this loudspeaker plays")
    device: str = setting("auto", "sounddevice: 'auto', or a device's number or part of its name")
    volume: float = setting(1.0, "loudness: 0 silent, 1 as the voice makes it", low=0.0, high=1.0, live=True)
    speech_rate_hz: int = setting(24000, "sample rate of all speech in the session, Hz", low=8000, high=48000)
    latency_s: float = setting(0.05, "sounddevice: the card's buffer, s; doubled where short", low=0.01, high=0.5)
    lips_wait_s: float = setting(0.3, "longest wait of a turn's first sound for its first lips, s", low=0.0, high=5.0)
    prebuffer_s: float = setting(0.08, "sound that must be there before a turn begins or goes on, s", low=0.0, high=2.0)
    fade_s: float = setting(0.01, "fade at pause, resume and cancel, s", low=0.001, high=0.5)
    duck_db: float = setting(-15.0, "gain while ducked, dB", low=-60.0, high=0.0)
    duck_fade_s: float = setting(0.06, "time in which the gain changes to and from ducked, s", low=0.001, high=1.0)
    clock_period_s: float = setting(0.04, "a clock is published this often while playing, s", low=0.01, high=0.5)
    played_frame_s: float = setting(0.02, "length of a frame of speech/played, s", low=0.01, high=0.1)
    silent_frame_s: float = setting(0.1, "length of a silent frame of speech/played, s", low=0.01, high=0.5)
    starve_limit_s: float = setting(10.0, "a turn whose sound stays away this long is ended, s", low=0.5)


#: (samples, when the first of them is heard in seconds) -> int16 mono at speech_rate_hz, exactly so many.
Render = Callable[[int, float], Pcm]


class Speaker(Protocol):
    """A loudspeaker, which asks for its sound: in `pump`, or on a thread of its own.

    It is made as `Class(settings)` or `Class(settings, own)`.
    """

    def load(self) -> None:
        """Look for the device. Raises ConfigError where it must be there and is not."""

    def open(self, render: Render, now_s: float) -> None:
        """Start. Raises ConfigError or SpeakerError."""

    def pump(self, now_s: float) -> None:
        """Play what is due. Raises SpeakerError where the device is lost."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say."""

    def close(self) -> None:
        """Stop; `open` may be called again."""


SPEAKER_BACKENDS = Registry(
    "speaker",
    Speaker,
    {
        "auto": Backend("avatar_ros.speaker.reconnecting:AutoSpeaker"),
        "sounddevice": Backend("avatar_ros.speaker.reconnecting:CardSpeaker", _PORTAUDIO),
        "null": Backend("avatar_ros.speaker.null:NullSpeaker"),
        "fake": Backend("avatar_ros.speaker.fake:FakeSpeaker"),
    },
)
