"""What the loudspeaker played, as one line of samples and when they were heard: the reference of echo cancellation."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Pcm
from ..core.clock import s_from_ns
from ..core.types import AudioFrame

KEEP_S = 3.0
#: Below this, a frame that is not exactly where the one before it ended is jitter and is joined without a seam.
_JITTER_S = 0.004
#: A gap above this is a loudspeaker that was away: no silence is filled in, the line begins anew.
_AWAY_S = 3.0
#: Between samples: a windowed sinc of so many taps, in so many steps of a sample (an error of -50 dB at 4 kHz).
_TAPS, _STEPS = 32, 512
_BETA = 8.0


def _between() -> NDArray[np.float64]:
    """[_STEPS + 1, _TAPS]: weights of the samples around a place that lies a share of a sample behind one."""
    share = np.arange(_STEPS + 1)[:, None] / _STEPS
    from_place = np.arange(_TAPS)[None, :] - _TAPS // 2 + 1 - share
    inside = np.maximum(1.0 - (from_place / (_TAPS // 2)) ** 2, 0.0)
    weights = np.sinc(from_place) * np.i0(_BETA * np.sqrt(inside)) * (inside > 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


_WEIGHTS = _between()


class ReferenceLine:
    """The last KEEP_S of speech/played. A place is a count of samples since the first, with a fraction."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._pcm: Pcm = np.zeros(0, np.int16)
        self._end = 0  # the place behind the last sample
        self._heard: deque[tuple[int, float]] = deque(maxlen=256)  # (place, instant) of the frames

    @property
    def end(self) -> int:
        """The place up to which it is known what is played."""
        return self._end

    def put(self, frame: AudioFrame, *, joined: bool) -> None:
        """Take a frame; its steady_ns says when it is heard. joined: it is known to follow the one before."""
        at_s = s_from_ns(frame.steady_ns)
        pcm = np.asarray(frame.pcm, np.int16)
        if not joined and self._heard:
            pcm = self._moved(at_s, pcm)
            at_s -= (len(pcm) - len(frame.pcm)) / self.rate_hz
        self._heard.append((self._end, at_s))
        self._pcm = np.concatenate([self._pcm, pcm])[-round(KEEP_S * self.rate_hz) :]
        self._end += len(pcm)

    def place(self, at_s: float) -> float | None:
        """Which place is heard at an instant, by the frame it falls into; None before the first frame."""
        if not self._heard:
            return None
        place, heard_s = next((each for each in reversed(self._heard) if each[1] <= at_s), self._heard[0])
        return place + (at_s - heard_s) * self.rate_hz

    def take(self, place: float, count: int, step: float = 1.0) -> Pcm:
        """`count` samples from `place` on, `step` apart; silence where nothing is known."""
        places = place + step * np.arange(count)
        whole = np.floor(places).astype(np.int64)
        weights = _WEIGHTS[np.round((places - whole) * _STEPS).astype(np.int64)]
        first = int(whole[0]) - _TAPS // 2 + 1
        known = self._known(first, int(whole[-1]) - first + _TAPS // 2 + 1)
        around = known[(whole - first)[:, None] + np.arange(-_TAPS // 2 + 1, _TAPS // 2 + 1)]
        return np.clip(np.round(np.sum(around * weights, axis=1)), -32768, 32767).astype(np.int16)

    def _known(self, place: int, count: int) -> Pcm:
        out = np.zeros(count, np.int16)
        first = self._end - len(self._pcm)
        low, high = max(place, first), min(place + count, self._end)
        if high > low:
            out[low - place : high - place] = self._pcm[low - first : high - first]
        return out

    def _moved(self, at_s: float, pcm: Pcm) -> Pcm:
        """The frame, joined to what is there by silence or by leaving out what overlaps."""
        expected = self.place(at_s)
        assert expected is not None
        gap = round(expected) - self._end
        if abs(gap) <= _JITTER_S * self.rate_hz:
            return pcm
        if abs(gap) > _AWAY_S * self.rate_hz:  # another device, another time
            self._pcm = self._pcm[:0]
            self._heard.clear()
            return pcm
        return np.concatenate([np.zeros(gap, np.int16), pcm]) if gap > 0 else pcm[-gap:]
