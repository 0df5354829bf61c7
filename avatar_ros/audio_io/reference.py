"""What the loudspeaker played, placed on the axis of time: the reference of echo cancellation."""

from __future__ import annotations

import numpy as np

from ..core.clock import s_from_ns
from ..core.types import AudioFrame
from .base import Pcm

KEEP_S = 3.0
#: Below this, a frame that is not exactly where the one before it ended is jitter and is joined without a seam.
_JITTER_S = 0.004


class ReferenceLine:
    """The last KEEP_S of speech/played; `take` gives any stretch of time of it, silence where nothing is known."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._pcm: Pcm = np.zeros(0, np.int16)
        self._end = 0  # index on the time axis of the sample after the last one: seconds * rate_hz

    def put(self, frame: AudioFrame) -> None:
        """Take a frame; its steady_ns says when it is heard."""
        at = round(s_from_ns(frame.steady_ns) * self.rate_hz)
        pcm = np.asarray(frame.pcm, np.int16)
        if len(self._pcm) and abs(at - self._end) > _JITTER_S * self.rate_hz:
            pcm = self._moved(at, pcm)
        elif not len(self._pcm):
            self._end = at
        self._pcm = np.concatenate([self._pcm, pcm])[-round(KEEP_S * self.rate_hz) :]
        self._end += len(pcm)

    @property
    def end_s(self) -> float:
        """Until when it is known what is played."""
        return self._end / self.rate_hz

    def take(self, start_s: float, count: int) -> Pcm:
        """`count` samples from the instant `start_s` on."""
        out = np.zeros(count, np.int16)
        first = self._end - len(self._pcm)
        at = round(start_s * self.rate_hz)
        low, high = max(at, first), min(at + count, self._end)
        if high > low:
            out[low - at : high - at] = self._pcm[low - first : high - first]
        return out

    def _moved(self, at: int, pcm: Pcm) -> Pcm:
        """The frame, joined to what is there by silence or by leaving out what overlaps."""
        gap = at - self._end
        if abs(gap) > KEEP_S * self.rate_hz:  # another device, another time
            self._pcm = self._pcm[:0]
            self._end = at
            return pcm
        return np.concatenate([np.zeros(gap, np.int16), pcm]) if gap > 0 else pcm[-gap:]
