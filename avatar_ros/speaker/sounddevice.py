"""Backend `sounddevice`: a sound card through PortAudio, whose thread asks for sound: pausing takes one block.

A card that hangs is opened again at once, one that underruns again and again when nothing is to be heard; both with a
longer buffer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import soxr

from ..audio.card_stream import CardStream
from ..audio.device_clock import DeviceClock
from ..audio.portaudio import lead_s, monotonic_s, stamp_age_s, wall_s
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

    def underrun(self) -> None:
        """The card was silent for a moment: all that follows is heard later."""
        self._clock.restart()

    def _piece(self, at_s: float) -> F32 | Pcm:
        assert self._stream is not None
        ahead_s = self._asked / self._in_rate_hz - self._given / self._out_rate_hz
        size = round(_PIECE_S * self._in_rate_hz)
        self._asked += size
        return np.asarray(self._stream.resample_chunk(self._render(size, at_s + ahead_s)), np.int16)


class SoundDeviceSpeaker(CardStream):
    """One open stream. Raises where it cannot be opened or is lost; reconnecting.py knows what to do then."""

    output = True
    noun, code, error = "loudspeaker", "speaker", SpeakerError

    def __init__(self, settings: SpeakerSettings) -> None:
        super().__init__(settings.device, settings.speech_rate_hz)
        self._buffer = DeviceLatency(settings.latency_s)
        self._latency_s = settings.latency_s
        self._feed: CardFeed | None = None
        self._render: Render | None = None

    def open(self, render: Render, now_s: float) -> None:
        """Open the best device that opens. Raises ConfigError or SpeakerError."""
        self._render = render
        self._open_best()

    def pump(self, now_s: float) -> None:
        """The card asks for sound by itself; this looks whether it still does. Raises SpeakerError."""
        if self._stream is None:
            return
        self._check()
        hangs = self._buffer.hangs(monotonic_s())
        if hangs or (self._buffer.is_short(monotonic_s()) and self._is_quiet):
            self._open_again(hangs)

    def status(self) -> Mapping[str, str]:
        """Device, rate, delay, underruns."""
        if self._stream is None:
            return {}
        counts = {"underruns": self._buffer.underruns, "hung": self._buffer.hung}
        latency = {"latency_ms": f"{1e3 * self._latency_s:.0f}"}
        return {**super().status(), **latency, **{name: str(count) for name, count in counts.items() if count}}

    @property
    def _is_quiet(self) -> bool:
        return self._feed is not None and self._feed.silent_samples > _QUIET_S * self._rate_hz

    def _open_again(self, hung: bool) -> None:
        """With a longer buffer; what the card still held of a turn is lost. Raises SpeakerError."""
        self.close()
        self._buffer.lengthen(hung, monotonic_s())
        if hung and self._buffer.is_hopeless(monotonic_s()):
            raise SpeakerError("speaker_lost", f"the loudspeaker '{self._name}' hangs again and again", retryable=True)
        self._open_best()

    def _options(self) -> dict[str, Any]:
        assert self._render is not None
        self._feed = CardFeed(self._render, self._wanted_rate_hz, self._rate_hz)
        return {"blocksize": round(_BLOCK_S * self._rate_hz), "latency": self._buffer.seconds, "callback": self._fill}

    def _opened(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._buffer.opened()

    def _fill(self, out: Any, frames: int, times: Any, flags: Any) -> None:
        now_s = monotonic_s()
        assert self._feed is not None
        self._buffer.asked(now_s)
        if flags.output_underflow:
            self._buffer.underrun(now_s)
            self._feed.underrun()
        self._alive(now_s)
        stamped_s = now_s - stamp_age_s(times.currentTime, now_s, wall_s())
        heard_s = stamped_s + lead_s(times.currentTime, times.outputBufferDacTime, self._latency_s)
        out[:] = self._feed.fill(frames, heard_s)[:, None]
