"""What every microphone shares: settings, the table of backends, and the Protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..audio.base import _PORTAUDIO, Block
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

MIC_PORT = Port(subscribes=("speech/played", "state"), publishes=("mic/audio", "mic/direction"))


@dataclass(frozen=True)
class MicSettings(Settings):
    """Parameters of the microphone node."""

    backend: str = setting("auto", "microphone: auto, sounddevice, file, none or fake")
    session: str = setting(LOCAL_SESSION, "session that this microphone belongs to")
    device: str = setting("auto", "sounddevice: 'auto', or a device's number or part of its name")
    frame_s: float = setting(0.02, "length of a frame, s", low=0.01, high=0.1)
    ready_wait_s: float = setting(
        300.0,
        "file: longest wait for all nodes that a question and its answer pass; where one is missing then, the run has "
        "failed, s; 0: no wait",
        low=0.0,
    )
    echo: str = setting("auto", "echo of the avatar's own voice", choices=("auto", "webrtc", "mute", "off"))
    array: str = setting(
        "",
        "several microphones: pair, respeaker_4, respeaker_6, respeaker_usb_4, or positions 'x y z; x y z', m, x to "
        "the front, y to the avatar's left, z up; empty: one microphone",
    )
    array_channels: str = setting("", "the card's channels of them, from 0, '1 2 3 4'; empty: as the array has them")
    array_yaw_deg: float = setting(0.0, "how far the array is turned to the avatar's left, degrees", low=-180, high=180)
    array_frame: str = setting("avatar_body", "frame of mic/direction: x to the front, y to the avatar's left, z up")
    array_hear: str = setting(
        "best",
        "what is heard of an array: the best one; all, delayed and added; the first",
        choices=("best", "beam", "first"),
    )
    array_sureness: float = setting(0.3, "a direction that is less sure is not told", low=0.0, high=1.0)
    mute_tail_s: float = setting(0.25, "echo=mute: deaf for this long after the voice, s", low=0.0, high=2.0)


class Mic(Protocol):
    """A microphone, made as `Class(settings)` or `Class(settings, own)`.

    `wake` is given by the stage; a device's own thread calls it when sound has come.
    paced: the sound comes by `read` being called often enough, not by a thread of the device.
    """

    @property
    def paced(self) -> bool: ...

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


MIC_BACKENDS = Registry(
    "mic",
    Mic,
    {
        "auto": Backend("avatar_ros.mic.reconnecting:AutoMic"),
        "sounddevice": Backend("avatar_ros.mic.reconnecting:CardMic", _PORTAUDIO),
        "file": Backend("avatar_ros.mic.wav_files:FileMic", settings="avatar_ros.mic.wav_files:FileSettings"),
        "none": Backend("avatar_ros.mic.silent:SilentMic"),
        "fake": Backend("avatar_ros.mic.fake:FakeMic"),
    },
)
