"""Backend `sounddevice`: a microphone through PortAudio, whose thread brings the sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import soxr

from ..audio.base import Block
from ..audio.card_stream import CardStream
from ..audio.device_clock import DeviceClock
from ..audio.portaudio import lead_s, monotonic_s
from ..core.arrays import Pcm
from ..core.errors import MicError
from ..core.rates import LISTENING_RATE_HZ
from .base import MicSettings

#: Blocks that may wait for the stage: 10 s.
MAX_WAITING = 500


class CardIntake:
    """Sound of a card of any rate at LISTENING_RATE_HZ, with the instant of every block. Pure: time is an argument."""

    def __init__(self, card_rate_hz: int) -> None:
        self._clock = DeviceClock(card_rate_hz)
        self._rate_hz = card_rate_hz
        self._taken = self._given = 0
        same = card_rate_hz == LISTENING_RATE_HZ
        self._stream = None if same else soxr.ResampleStream(card_rate_hz, LISTENING_RATE_HZ, 1, "int16", quality="LQ")

    def take(self, pcm: Pcm, heard_s: float) -> Block:
        """The card's next samples, the first of which was at the device at about `heard_s`; what is ready of them."""
        at_s = self._clock.measure(self._taken, heard_s)
        given_s = self._given / LISTENING_RATE_HZ - self._taken / self._rate_hz
        self._taken += len(pcm)
        out = pcm if self._stream is None else np.asarray(self._stream.resample_chunk(pcm), np.int16)
        self._given += len(out)
        return Block(out, at_s + given_s)


class SoundDeviceMic(CardStream):
    """One open stream. Raises where it cannot be opened or is lost; reconnecting.py knows what to do then."""

    noun, code, error = "microphone", "mic", MicError
    paced = False

    def __init__(self, settings: MicSettings) -> None:
        super().__init__(settings.device, LISTENING_RATE_HZ)
        self._frame_s = settings.frame_s
        self._intake: CardIntake | None = None
        self._wake: Callable[[], None] | None = None
        self._blocks: deque[tuple[Pcm, float]] = deque(maxlen=MAX_WAITING)
        self._overruns = 0

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Open the best device that opens. Raises ConfigError or MicError."""
        self._wake = wake
        self._open_best()

    def read(self, now_s: float) -> list[Block]:
        """What has come since. Raises MicError where the device is gone."""
        if self._stream is None or self._intake is None:
            return []
        self._check()
        out = []
        while self._blocks:
            out.append(self._intake.take(*self._blocks.popleft()))
        return [block for block in out if len(block.pcm)]

    def mood(self, speaking: bool, now_s: float) -> None:
        """A microphone does not care what the avatar does."""

    def status(self) -> Mapping[str, str]:
        """Device, rate, overruns."""
        return {**super().status(), **({"overruns": str(self._overruns)} if self._overruns else {})}

    def close(self) -> None:
        """Close the stream."""
        super().close()
        self._blocks.clear()

    def _options(self) -> dict[str, Any]:
        self._intake = CardIntake(self._rate_hz)
        return {"blocksize": round(self._frame_s * self._rate_hz), "latency": "low", "callback": self._take}

    def _take(self, data: Any, frames: int, times: Any, flags: Any) -> None:
        now_s = monotonic_s()
        self._alive(now_s)
        self._overruns += bool(flags.input_overflow)
        heard_s = now_s - lead_s(times.currentTime, times.inputBufferAdcTime, frames / self._rate_hz)
        # The first channel: microphones of arrays cancel each other when they are summed.
        self._blocks.append((data[:, 0].copy(), heard_s))
        if self._wake is not None:
            self._wake()
