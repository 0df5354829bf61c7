"""WebRTC's echo canceller (AEC3), through livekit's wheels. Extra `aec`."""

from __future__ import annotations

import numpy as np
from livekit import rtc

from ..core.types import AudioFrame
from .base import MIC_RATE_HZ, Block, Pcm
from .reference import ReferenceLine

#: The canceller wants pieces of 10 ms.
_PIECE_S = 0.01
#: The reference is given this much early, so that an error of the two devices' clocks does not put the echo before its
#: cause; the canceller finds the delay by itself within some 200 ms.
LEAD_S = 0.02
#: After so long without any sound from the loudspeaker there is no echo left to cancel, and the work is spared.
QUIET_S = 2.0


class WebRtcEcho:
    """Aligned by the instants of both devices: what was heard at t is cancelled by what was played until t + LEAD_S."""

    name = "webrtc"
    warning = ""

    def __init__(self) -> None:
        self._apm = rtc.AudioProcessingModule(echo_cancellation=True)
        self._line: ReferenceLine | None = None
        self._sound_until_s = -1e9

    def played(self, frame: AudioFrame) -> None:
        """Take what the loudspeaker plays."""
        if self._line is None or self._line.rate_hz != frame.sample_rate_hz:
            self._line = ReferenceLine(frame.sample_rate_hz)
        self._line.put(frame)
        if frame.pcm.any():
            self._sound_until_s = frame.steady_ns * 1e-9 + len(frame.pcm) / frame.sample_rate_hz

    def ready(self, frame: Block) -> bool:
        """Whether the reference that belongs to the frame has come; without it, the echo would pass as a voice."""
        if self._line is None or self._is_quiet(frame):
            return True
        return self._line.end_s >= frame.at_s + len(frame.pcm) / MIC_RATE_HZ + LEAD_S

    def treat(self, frame: Block) -> Pcm:
        """The sound without the echo. Frames are multiples of 10 ms."""
        if self._line is None or self._is_quiet(frame):
            return frame.pcm
        size = round(_PIECE_S * MIC_RATE_HZ)
        pieces = [
            self._piece(self._line, frame.pcm[at : at + size], frame.at_s + at / MIC_RATE_HZ)
            for at in range(0, len(frame.pcm) - size + 1, size)
        ]
        return np.concatenate(pieces) if pieces else frame.pcm

    def _is_quiet(self, frame: Block) -> bool:
        return frame.at_s > self._sound_until_s + QUIET_S

    def _piece(self, line: ReferenceLine, pcm: Pcm, at_s: float) -> Pcm:
        reference = line.take(at_s + LEAD_S, round(_PIECE_S * line.rate_hz))
        self._apm.process_reverse_stream(_frame(reference, line.rate_hz))
        self._apm.set_stream_delay_ms(round(1e3 * LEAD_S))
        near = _frame(pcm, MIC_RATE_HZ)
        self._apm.process_stream(near)
        return np.frombuffer(near.data, np.int16).copy()


def _frame(pcm: Pcm, rate_hz: int) -> rtc.AudioFrame:
    return rtc.AudioFrame(bytearray(pcm.tobytes()), rate_hz, 1, len(pcm))
