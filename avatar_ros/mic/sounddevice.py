"""Backend `sounddevice`: a microphone through PortAudio, whose thread brings the sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import soxr

from ..audio.base import Block
from ..audio.device_clock import DeviceClock
from ..audio.devices import Device
from ..audio.portaudio import COMMON_RATES_HZ, Watch, find, lead_s, monotonic_s, sounddevice
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


class SoundDeviceMic:
    """One open stream. Raises when it cannot be opened or is lost; mic_auto knows what to do then."""

    paced = False

    def __init__(self, settings: MicSettings) -> None:
        self._settings = settings
        self._watch: Watch | None = None
        self._intake: CardIntake | None = None
        self._wake: Callable[[], None] | None = None
        self._blocks: deque[tuple[Pcm, float]] = deque(maxlen=MAX_WAITING)
        self._name = ""
        self._rate_hz = 0
        self._overruns = 0

    def load(self) -> None:
        """Find the device. Raises ConfigError "no_microphone"."""
        find(self._settings.device, output=False)

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Open the best device that opens. Raises ConfigError or MicError."""
        module = sounddevice()
        self._wake = wake
        problems = []
        for device in find(self._settings.device, output=False):
            try:
                self._open(module, device)
            except module.PortAudioError as error:
                problems.append(f"'{device['name']}': {error}")
                continue
            return
        raise MicError("mic_open", "no microphone could be opened: " + "; ".join(problems), retryable=True)

    def read(self, now_s: float) -> list[Block]:
        """What has come since. Raises MicError where the device is gone."""
        if self._watch is None or self._intake is None:
            return []
        if self._watch.is_dead():
            raise MicError("mic_lost", f"the microphone '{self._name}' is gone", retryable=True)
        out = []
        while self._blocks:
            out.append(self._intake.take(*self._blocks.popleft()))
        return [block for block in out if len(block.pcm)]

    def mood(self, speaking: bool, now_s: float) -> None:
        """A microphone does not care what the avatar does."""

    def status(self) -> Mapping[str, str]:
        """Device, rate, overruns."""
        if self._watch is None:
            return {}
        out = {"device": self._name, "card_rate_hz": str(self._rate_hz)}
        if self._overruns:
            out["overruns"] = str(self._overruns)
        return out

    def close(self) -> None:
        """Close the stream."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._blocks.clear()

    def _open(self, module: Any, device: Device) -> None:
        rate_hz, channels = self._format(module, device)
        self._intake = CardIntake(rate_hz)
        stream = module.InputStream(
            device=device["index"],
            samplerate=rate_hz,
            channels=channels,
            dtype="int16",
            blocksize=round(self._settings.frame_s * rate_hz),
            latency="low",
            callback=self._take,
        )
        self._name, self._rate_hz = device["name"], rate_hz
        self._watch = Watch(stream)
        stream.start()

    def _format(self, module: Any, device: Device) -> tuple[int, int]:
        """(rate, channels) that the device takes: ours if possible. Raises PortAudioError."""
        usual = int(device["default_samplerate"])
        error: Exception = module.PortAudioError("it takes no usual rate")
        for rate_hz in dict.fromkeys((LISTENING_RATE_HZ, usual, *COMMON_RATES_HZ)):
            for channels in (1, 2):
                try:
                    module.check_input_settings(device["index"], channels, "int16", None, rate_hz)
                except module.PortAudioError as refused:
                    error = refused
                    continue
                return rate_hz, channels
        raise error

    def _take(self, data: Any, frames: int, times: Any, flags: Any) -> None:
        now_s = monotonic_s()
        if self._watch is not None:
            self._watch.alive(now_s)
        self._overruns += bool(flags.input_overflow)
        heard_s = now_s - lead_s(times.currentTime, times.inputBufferAdcTime, frames / self._rate_hz)
        # The first channel: microphones of arrays cancel each other when they are summed.
        self._blocks.append((data[:, 0].copy(), heard_s))
        if self._wake is not None:
            self._wake()
