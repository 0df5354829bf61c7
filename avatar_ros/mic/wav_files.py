"""Backend `file`: questions from WAV files, in real time, then silence for ever: the kiosk keeps listening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio.wav import WavSound, read_wav
from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.settings import Settings, setting
from .array_geometry import read_geometry
from .base import MicSettings
from .paced import PacedMic


@dataclass(frozen=True)
class FileSettings(Settings):
    """Options of backend `file`."""

    files: tuple[str, ...] = setting((), "WAV files, each a question, read in real time one after another")
    start_delay_s: float = setting(0.5, "silence before the first file once all nodes are there, s", low=0.0)
    gap_s: float = setting(2.0, "silence between two files, s", low=0.0)
    wait_for_answer: bool = setting(True, "the gap counts from the end of the avatar's answer")
    repeat: int = setting(1, "how often the files are read; 0: for ever", low=0)


class FileMic(PacedMic):
    """The first question waits for the first `mood`: one that is asked before anybody listens is lost."""

    def __init__(self, settings: MicSettings, own: FileSettings) -> None:
        super().__init__(settings)
        self._settings = settings
        self._own = own
        self._sounds: list[WavSound] = []
        self._asked = 0  # questions that have begun
        self._sound: Pcm = np.zeros(0, np.int16)
        self._shape: tuple[int, ...] = ()  # of one sample: () for one microphone
        self._ready_s: float | None = None  # everybody is there since
        self._answering = False
        self._free_s = 0.0  # the last question or answer ended then

    def load(self) -> None:
        """Read all files. Raises ConfigError naming the one that cannot be used."""
        if not self._own.files:
            raise ConfigError("file_missing", "the mic's backend is 'file', but its parameter 'file.files' names none")
        settings = self._settings
        channels = read_geometry(settings.array, settings.array_channels).channels if settings.array else ()
        self._sounds = [read_wav(Path(name), channels) for name in self._own.files]
        self._shape = (len(channels),) if channels else ()

    def mood(self, speaking: bool, now_s: float) -> None:
        """All are there; while it thinks or speaks, the next question waits."""
        if self._ready_s is None:
            self._ready_s = now_s
        if self._own.wait_for_answer and (self._answering or speaking):
            self._free_s = now_s
        self._answering = speaking

    def status(self) -> Mapping[str, str]:
        """Which file is read; what is wrong with one of them."""
        total = len(self._sounds) * self._own.repeat
        out = {"device": f"file {self._asked} of {total or 'endless'}"}
        if warnings := [sound.warning for sound in self._sounds if sound.warning]:
            out["warning"] = "; ".join(warnings)
        return out

    def _next(self, at_s: float) -> Pcm:
        if not len(self._sound) and self._due(at_s):
            self._sound = self._sounds[self._asked % len(self._sounds)].pcm
            self._asked += 1
        pcm, self._sound = self._sound[: self._frame], self._sound[self._frame :]
        if len(pcm) and not len(self._sound):
            self._free_s = at_s + self._settings.frame_s
        return (
            np.concatenate([pcm, np.zeros((self._frame - len(pcm), *self._shape), np.int16)])
            if len(pcm)
            else (np.zeros((self._frame, *self._shape), np.int16))
        )

    def _due(self, at_s: float) -> bool:
        own, ready_wait_s = self._own, self._settings.ready_wait_s
        if not self._sounds or (own.repeat and self._asked >= own.repeat * len(self._sounds)):
            return False
        if self._asked:
            waits = own.wait_for_answer and self._answering
            return not waits and at_s >= self._free_s + own.gap_s
        if self._ready_s is None and not ready_wait_s:
            self._ready_s = at_s
        return self._ready_s is not None and at_s >= self._ready_s + own.start_delay_s
