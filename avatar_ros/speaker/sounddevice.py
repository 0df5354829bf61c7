"""Backend `sounddevice`: a sound card through PortAudio, whose thread asks for sound: pausing takes one block.

A card that hangs is opened again at once, one that runs dry again and again when nothing is to be heard; both with a
longer buffer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import soxr

from ..audio.device_clock import DeviceClock
from ..audio.devices import Device
from ..audio.portaudio import COMMON_RATES_HZ, Watch, find, lead_s, monotonic_s, sounddevice, stamp_age_s, wall_s
from ..core.arrays import F32, Pcm
from ..core.errors import SpeakerError
from .base import Render, SpeakerSettings
from .device_latency import DeviceLatency

#: Sound is asked for in pieces of this length where the card's rate is not ours.
_PIECE_S = 0.005
#: The card's block: what pausing waits for, beside the card's own buffer.
_BLOCK_S = 0.01
#: Silent for so long, the card may be opened again without anybody hearing it.
_QUIET_S = 0.5


class CardFeed:
    """Sound for a card of any rate, with the instant of every sample. Pure: `fill` is told when its block is heard."""

    def __init__(self, render: Render, speech_rate_hz: int, card_rate_hz: int) -> None:
        self._render = render
        self._in_rate_hz, self._out_rate_hz = speech_rate_hz, card_rate_hz
        self._clock = DeviceClock(card_rate_hz)
        self._given = 0  # samples given to the card
        self._asked = 0  # samples rendered, at our rate
        self._ready: Pcm = np.zeros(0, np.int16)
        self.silent_samples = 0  # given since the last that was not zero
        same = speech_rate_hz == card_rate_hz
        # LQ (0.1 dB to 80 % of the band) holds back a third of what HQ does, and pausing is heard that much sooner.
        self._stream = None if same else soxr.ResampleStream(speech_rate_hz, card_rate_hz, 1, "int16", quality="LQ")

    def fill(self, count: int, heard_s: float) -> Pcm:
        """The card's next `count` samples; the first is heard at about `heard_s`."""
        at_s = self._clock.measure(self._given, heard_s)
        if self._stream is None:
            out = self._render(count, at_s)
        else:
            while len(self._ready) < count:
                self._ready = np.concatenate([self._ready, self._piece(at_s)])
            out, self._ready = self._ready[:count], self._ready[count:]
        self._given += count
        self.silent_samples = 0 if out.any() else self.silent_samples + count
        return out

    def ran_dry(self) -> None:
        """The card was silent for a moment: all that follows is heard later."""
        self._clock.restart()

    def _piece(self, at_s: float) -> F32 | Pcm:
        assert self._stream is not None
        ahead_s = self._asked / self._in_rate_hz - self._given / self._out_rate_hz
        size = round(_PIECE_S * self._in_rate_hz)
        self._asked += size
        return np.asarray(self._stream.resample_chunk(self._render(size, at_s + ahead_s)), np.int16)


class SoundDeviceSpeaker:
    """One open stream. Raises when it cannot be opened or is lost; speaker_auto knows what to do then."""

    def __init__(self, settings: SpeakerSettings) -> None:
        self._settings = settings
        self._watch: Watch | None = None
        self._buffer = DeviceLatency(settings.latency_s)
        self._latency_s = settings.latency_s
        self._feed: CardFeed | None = None
        self._render: Render | None = None
        self._name = ""
        self._rate_hz = 0

    def load(self) -> None:
        """Find the device. Raises ConfigError."""
        find(self._settings.device, output=True)

    def open(self, render: Render, now_s: float) -> None:
        """Open the best device that opens. Raises ConfigError or SpeakerError."""
        module = sounddevice()
        problems = []
        for device in find(self._settings.device, output=True):
            try:
                self._open(module, device, render)
            except module.PortAudioError as error:
                problems.append(f"'{device['name']}': {error}")
                continue
            return
        raise SpeakerError("speaker_open", "no loudspeaker could be opened: " + "; ".join(problems), retryable=True)

    def pump(self, now_s: float) -> None:
        """The card asks for sound by itself; this looks whether it still does. Raises SpeakerError."""
        if self._watch is None:
            return
        if self._watch.is_dead():
            raise SpeakerError("speaker_lost", f"the loudspeaker '{self._name}' is gone", retryable=True)
        hangs = self._buffer.hangs(monotonic_s())
        if hangs or (self._buffer.is_short(monotonic_s()) and self._is_quiet):
            self._open_again(hangs)

    def status(self) -> Mapping[str, str]:
        """Device, rate, delay, underruns."""
        if self._watch is None:
            return {}
        latency_ms = f"{1e3 * self._latency_s:.0f}"
        out = {"device": self._name, "card_rate_hz": str(self._rate_hz), "latency_ms": latency_ms}
        counts = {"underruns": self._buffer.dry, "hung": self._buffer.hung}
        return out | {name: str(count) for name, count in counts.items() if count}

    def close(self) -> None:
        """Close the stream."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    @property
    def _is_quiet(self) -> bool:
        return self._feed is not None and self._feed.silent_samples > _QUIET_S * self._rate_hz

    def _open_again(self, hung: bool) -> None:
        """With a longer buffer; what the card still held of a turn is lost. Raises SpeakerError."""
        assert self._render is not None
        self.close()
        self._buffer.lengthen(hung, monotonic_s())
        if hung and self._buffer.is_hopeless(monotonic_s()):
            raise SpeakerError("speaker_lost", f"the loudspeaker '{self._name}' hangs again and again", retryable=True)
        self.open(self._render, monotonic_s())

    def _open(self, module: Any, device: Device, render: Render) -> None:
        rate_hz, channels = self._format(module, device)
        self._render = render
        self._feed = CardFeed(render, self._settings.speech_rate_hz, rate_hz)
        stream = module.OutputStream(
            device=device["index"],
            samplerate=rate_hz,
            channels=channels,
            dtype="int16",
            blocksize=round(_BLOCK_S * rate_hz),
            latency=self._buffer.seconds,
            callback=self._fill,
        )
        self._name, self._rate_hz, self._latency_s = device["name"], rate_hz, stream.latency
        self._watch = Watch(stream)
        self._buffer.opened()
        stream.start()

    def _format(self, module: Any, device: Device) -> tuple[int, int]:
        """(rate, channels) that the device takes: ours if possible. Raises PortAudioError."""
        usual = int(device["default_samplerate"])
        error: Exception = module.PortAudioError("it takes no usual rate")
        for rate_hz in dict.fromkeys((self._settings.speech_rate_hz, usual, *COMMON_RATES_HZ)):
            for channels in (1, 2):
                try:
                    module.check_output_settings(device["index"], channels, "int16", None, rate_hz)
                except module.PortAudioError as refused:
                    error = refused
                    continue
                return rate_hz, channels
        raise error

    def _fill(self, out: Any, frames: int, times: Any, flags: Any) -> None:
        now_s = monotonic_s()
        assert self._feed is not None and self._watch is not None
        self._buffer.asked(now_s)
        if flags.output_underflow:
            self._buffer.ran_dry(now_s)
            self._feed.ran_dry()
        self._watch.alive(now_s)
        stamped_s = now_s - stamp_age_s(times.currentTime, now_s, wall_s())
        heard_s = stamped_s + lead_s(times.currentTime, times.outputBufferDacTime, self._latency_s)
        out[:] = self._feed.fill(frames, heard_s)[:, None]
