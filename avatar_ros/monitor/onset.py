"""Finds when sound first left the speaker, in the stream of what was played."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from ..core.clock import s_from_ns
from ..core.levels import loud_samples
from ..core.types import AudioFrame


class _Piece(NamedTuple):
    start_s: float
    sample_rate_hz: int
    loud: np.ndarray  # indices of the samples above the threshold


class PlayedSound:
    """The last seconds of `speech/played`, as far as they were loud.

    threshold_dbfs: of a single sample's magnitude; keep_s: frames and the clock that says whose they are come on
    different topics, in any order, so sound is kept for a while.
    """

    def __init__(self, threshold_dbfs: float, keep_s: float = 5.0) -> None:
        self._threshold_dbfs = threshold_dbfs
        self._keep_s = keep_s
        self._pieces: deque[_Piece] = deque()

    def add(self, frame: AudioFrame, now_s: float) -> None:
        """Take note of a frame; silent ones cost nothing."""
        loud = loud_samples(frame.pcm[:: frame.channels], self._threshold_dbfs)
        while self._pieces and now_s - self._pieces[0].start_s > self._keep_s:
            self._pieces.popleft()
        if len(loud):
            # Without a time of its own the frame was about to be played when it came.
            start_s = s_from_ns(frame.steady_ns) if frame.steady_ns else now_s
            self._pieces.append(_Piece(start_s, frame.sample_rate_hz, loud))

    def first_after(self, begin_s: float) -> float | None:
        """When the first loud sample at or after `begin_s` was played, seconds; None: none so far."""
        for piece in self._pieces:
            first = np.searchsorted(piece.loud, (begin_s - piece.start_s) * piece.sample_rate_hz - 1e-6)
            if first < len(piece.loud):
                return piece.start_s + float(piece.loud[first]) / piece.sample_rate_hz
        return None
