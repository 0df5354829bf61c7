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
from ..audio.devices import Device
from ..audio.portaudio import lead_s, monotonic_s
from ..core.arrays import Pcm
from ..core.errors import MicError
from ..core.rates import LISTENING_RATE_HZ
from .array_geometry import read_geometry
from .base import MicSettings

#: Blocks that may wait for the stage: 10 s.
MAX_WAITING = 500


class CardIntake:
    """Sound of a card of any rate at LISTENING_RATE_HZ, with the instant of every block. Pure: time is an argument."""

    def __init__(self, card_rate_hz: int, channels: int = 1) -> None:
        self._clock = DeviceClock(card_rate_hz)
        self._rate_hz = card_rate_hz
        self._taken = self._given = 0
        same = card_rate_hz == LISTENING_RATE_HZ
        self._stream = (
            None if same else soxr.ResampleStream(card_rate_hz, LISTENING_RATE_HZ, channels, "int16", quality="LQ")
        )

    def take(self, pcm: Pcm, heard_s: float) -> Block:
        """The card's next samples, [n] or [n, channels]: what is ready of them.

        heard_s: about when the first of them was at the device.
        """
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
        self._array = read_geometry(settings.array, settings.array_channels).channels if settings.array else ()
        self._all_channels = False  # whether the card has those of the array
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
        out = {**super().status(), **({"overruns": str(self._overruns)} if self._overruns else {})}
        if self._array and self._stream is not None and not self._all_channels:
            need = max(self._array) + 1
            out["warning"] = (
                f"'{self._name}' has no {need} channels, as the parameter array says: heard as one microphone"
            )
        return out

    def close(self) -> None:
        """Close the stream."""
        super().close()
        self._blocks.clear()

    def _options(self) -> dict[str, Any]:
        self._intake = CardIntake(self._rate_hz, len(self._array) if self._all_channels else 1)
        return {"blocksize": round(self._frame_s * self._rate_hz), "latency": "low", "callback": self._take}

    def _channel_counts(self, device: Device) -> tuple[int, ...]:
        need = max(self._array, default=-1) + 1
        self._all_channels = 0 < need <= device["max_input_channels"]
        return (need,) if self._all_channels else super()._channel_counts(device)

    def _take(self, data: Any, frames: int, times: Any, flags: Any) -> None:
        now_s = monotonic_s()
        self._alive(now_s)
        self._overruns += bool(flags.input_overflow)
        heard_s = now_s - lead_s(times.currentTime, times.inputBufferAdcTime, frames / self._rate_hz)
        # The first channel: microphones of arrays cancel each other when they are summed.
        self._blocks.append((data[:, self._array] if self._all_channels else data[:, 0].copy(), heard_s))
        if self._wake is not None:
            self._wake()
