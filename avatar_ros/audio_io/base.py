"""What microphones and loudspeakers share: settings, tables of backends, Protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

Pcm = NDArray[np.int16]
Floats = NDArray[np.float32]

#: All that listens works at this rate.
MIC_RATE_HZ = 16000

MIC_PORT = Port(takes=("speech/played", "state"), gives=("mic/audio",))
SPEAKER_PORT = Port(takes=("speech/audio", "motion/expression"), gives=("speech/playback", "speech/played"))

_PORTAUDIO = "sudo apt install libportaudio2 && ./avatar setup"
MIC_BACKENDS = Registry(
    "mic",
    {
        "auto": Backend("avatar_ros.audio_io.mic_auto:AutoMic"),
        "sounddevice": Backend("avatar_ros.audio_io.mic_auto:CardMic", _PORTAUDIO),
        "file": Backend("avatar_ros.audio_io.mic_file:FileMic"),
        "none": Backend("avatar_ros.audio_io.mic_none:SilentMic"),
        "fake": Backend("avatar_ros.audio_io.fake:FakeMic"),
    },
)
SPEAKER_BACKENDS = Registry(
    "speaker",
    {
        "auto": Backend("avatar_ros.audio_io.speaker_auto:AutoSpeaker"),
        "sounddevice": Backend("avatar_ros.audio_io.speaker_auto:CardSpeaker", _PORTAUDIO),
        "null": Backend("avatar_ros.audio_io.speaker_null:NullSpeaker"),
        "fake": Backend("avatar_ros.audio_io.fake:FakeSpeaker"),
    },
)


@dataclass(frozen=True)
class MicSettings(Settings):
    """Parameters of the microphone node."""

    backend: str = setting("auto", "microphone: auto, sounddevice, file, none or fake")
    session: str = setting(LOCAL_SESSION, "session that this microphone belongs to")
    device: str = setting("auto", "sounddevice: 'auto', or a device's number or part of its name")
    frame_s: float = setting(0.02, "length of a frame, s", low=0.01, high=0.1)
    files: tuple[str, ...] = setting((), "file: WAV files, each a question, read in real time one after another")
    start_delay_s: float = setting(0.5, "file: silence before the first file once all nodes are there, s", low=0.0)
    ready_wait_s: float = setting(
        300.0,
        "file: longest wait for all nodes that a question and its answer pass; where one is missing then, the run has "
        "failed, s; 0: no wait",
        low=0.0,
    )
    gap_s: float = setting(2.0, "file: silence between two files, s", low=0.0)
    wait_for_answer: bool = setting(True, "file: the gap counts from the end of the avatar's answer")
    repeat: int = setting(1, "file: how often the files are read; 0: for ever", low=0)
    echo: str = setting("auto", "echo of the avatar's own voice", choices=("auto", "webrtc", "mute", "off"))
    mute_tail_s: float = setting(0.25, "echo=mute: deaf for this long after the voice, s", low=0.0, high=2.0)


@dataclass(frozen=True)
class SpeakerSettings(Settings):
    """Parameters of the loudspeaker node."""

    backend: str = setting("auto", "loudspeaker: auto, sounddevice, null or fake")
    session: str = setting(LOCAL_SESSION, "session that this loudspeaker plays")
    device: str = setting("auto", "sounddevice: 'auto', or a device's number or part of its name")
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


class Block(NamedTuple):
    """Sound as a microphone gave it: int16 mono at MIC_RATE_HZ, and when its first sample was at the device."""

    pcm: Pcm
    at_s: float


class Mic(Protocol):
    """A microphone. `wake` is given by the stage; a device's own thread calls it when sound has come.

    paced: the sound comes by `read` being called often enough, not by a thread of the device.
    """

    paced: bool

    def __init__(self, settings: MicSettings) -> None: ...

    def load(self) -> None:
        """Read the files, look for the device. Raises ConfigError where they must be there and are not."""

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Start. Raises ConfigError or MicError."""

    def read(self, now_s: float) -> list[Block]:
        """What was heard since the last call, in order. Raises MicError where the device is lost."""

    def mood(self, speaking: bool, now_s: float) -> None:
        """The conversation's state changed: the avatar thinks or speaks, or not."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say."""

    def close(self) -> None:
        """Stop; `open` may be called again."""


#: (samples, when the first of them is heard in seconds) -> int16 mono at speech_rate_hz, exactly so many.
Render = Callable[[int, float], Pcm]


class Speaker(Protocol):
    """A loudspeaker, which asks for its sound: in `pump`, or on a thread of its own."""

    def __init__(self, settings: SpeakerSettings) -> None: ...

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
