"""Sound against lips, from what was published and what was recorded. Pure: arrays of times in, figures out.

Everywhere: positive where the sound is late, negative where the picture is. Times are seconds of CLOCK_MONOTONIC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.arrays import F64, Pcm
from avatar_ros.core.clock import s_from_ns
from avatar_ros.core.events import FrameInfo
from avatar_ros.core.types import PlaybackClock

#: A piece of a recording that comes sooner than this share of the sound before it was handed over ahead of its time.
LEAD_SHARE = 0.5
#: A click and its flash are this close.
MATCH_S = 0.24
#: A mouth that is open by less than this is shut.
SHUT = 0.02
#: It must stay shut for so long to be at rest.
REST_S = 0.3


@dataclass(frozen=True)
class Blocks:
    """A recording as it came: int16 samples [n], the index of each piece's first sample, and when the piece came."""

    pcm: Pcm
    first: NDArray[np.int64]
    came_s: F64
    rate_hz: int


def joined(pieces: Sequence[tuple[float, bytes]], rate_hz: int) -> Blocks:
    """Pieces (when, int16 mono) as one recording."""
    parts = [np.frombuffer(data, np.int16) for _, data in pieces]
    first = np.concatenate([[0], np.cumsum([len(part) for part in parts])])[:-1].astype(np.int64)
    return Blocks(np.concatenate(parts), first, np.array([at_s for at_s, _ in pieces]), rate_hz)


def heard_origin_s(blocks: Blocks) -> tuple[float, float]:
    """(when sample 0 of a null sink's monitor was heard, how far that differs between ten-second windows), s.

    A null sink takes a block when the block before it is over and passes it to its monitor at once, so a block never
    comes before its first sample is due, and the earliest of many says when that was. What a sink takes besides, ahead
    of its time, says nothing.
    """
    leads = _leads(blocks)
    origins = blocks.came_s[leads] - blocks.first[leads] / blocks.rate_hz
    window = ((blocks.came_s[leads] - blocks.came_s[0]) // 10).astype(int)
    settled = window > 0 if window.max(initial=0) > 1 else window >= 0  # a stream that joins makes the sink stumble
    lowest = [float(np.percentile(origins[settled & (window == w)], 1)) for w in np.unique(window[settled])]
    return float(np.percentile(origins[settled], 1)), float(np.ptp(lowest))


def _leads(blocks: Blocks) -> list[int]:
    """Pieces that begin a block of the sink."""
    leads = [0]
    for i in range(1, len(blocks.first)):
        sound_s = (blocks.first[i] - blocks.first[leads[-1]]) / blocks.rate_hz
        if blocks.came_s[i] - blocks.came_s[leads[-1]] >= LEAD_SHARE * sound_s:
            leads.append(i)
    return leads


def line(clocks: Sequence[PlaybackClock]) -> tuple[F64, F64]:
    """(samples, instants) of a turn's clocks in order of time; where the voice stands, two with the same sample."""
    points = sorted({(s_from_ns(c.steady_ns), float(c.sample)) for c in clocks if c.steady_ns})
    return np.array([sample for _, sample in points]), np.array([at_s for at_s, _ in points])


def instant_s(samples: F64, clocks: Sequence[PlaybackClock], rate_hz: int) -> F64:
    """When each sample was heard, by the clocks around it; beyond them by the rate."""
    known, at_s = line(clocks)
    inside = np.interp(samples, known, at_s)
    before, after = (samples - known[0]) / rate_hz, (samples - known[-1]) / rate_hz
    return np.where(samples < known[0], at_s[0] + before, np.where(samples > known[-1], at_s[-1] + after, inside))


def stamp_errors_ms(frames: Sequence[FrameInfo], clocks: Sequence[PlaybackClock], rate_hz: int) -> F64:
    """For each speaking frame: how far the sample whose face it shows lies behind (-: ahead of) what is heard then."""
    shown = [f for f in frames if f.speaking]
    known, at_s = line(clocks)
    times = np.array([s_from_ns(f.steady_ns) for f in shown])
    heard = np.interp(times, at_s, known) - rate_hz * np.maximum(0, at_s[0] - times)
    return 1000 * (np.array([float(f.sample) for f in shown]) - heard) / rate_hz


def flash_instants(frames: Sequence[FrameInfo], at_s: F64) -> F64:
    """Middle of mass of each flash of an opening mouth; at_s [n]: when each frame was seen first.

    By frames' stamps, as everywhere: the light of a frame lasts until the next, half a frame longer in the mean.
    """
    opening = np.array([f.mouth_open for f in frames])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (opening > 0.3).astype(int), [0]])))
    times = []
    for start, end in edges.reshape(-1, 2):
        reach = slice(max(0, start - 1), min(len(opening), end + 1))
        times.append(float(np.sum(opening[reach] * at_s[reach]) / np.sum(opening[reach])))
    return np.array(times)


def offsets_ms(sounds_s: F64, flashes_s: F64) -> F64:
    """Sound less picture for each sound that has a flash within MATCH_S."""
    if not len(flashes_s):
        return np.zeros(0)
    nearest = np.abs(sounds_s[:, None] - flashes_s[None, :]).argmin(axis=1)
    found = 1000 * (sounds_s - flashes_s[nearest])
    return found[np.abs(found) <= 1000 * MATCH_S]


def click_samples(blocks: Blocks, share: float = 0.4, apart_s: float = 0.2) -> F64:
    """Indices in a recording at which clicks begin: half of each one's peak; resampling spreads a click a little."""
    loudness = np.abs(blocks.pcm.astype(np.int32))
    loud = np.flatnonzero(loudness > share * loudness.max(initial=1))
    if not len(loud):
        return np.zeros(0)
    return loud[np.concatenate([[True], np.diff(loud) > apart_s * blocks.rate_hz])].astype(np.float64)


def spread(values: F64) -> dict[str, float]:
    """Median, p95 of the size and the largest size, ms."""
    if not len(values):
        return {"n": 0}
    size = np.abs(values)
    return {
        "n": len(values),
        "median": round(float(np.median(values)), 2),
        "p95": round(float(np.percentile(size, 95)), 2),
        "max": round(float(size.max()), 2),
    }


def drift_ppm(heard_s: F64, clock_s: F64) -> float:
    """Slope of (heard - clock) over time, parts in a million; robust against single jumps (Theil-Sen)."""
    x, y = clock_s, heard_s - clock_s
    i, j = np.triu_indices(len(x), 1)
    far = (x[j] - x[i]) > 10.0
    return 1e6 * float(np.median((y[j][far] - y[i][far]) / (x[j][far] - x[i][far]))) if far.any() else float("nan")


def rest_delay_s(frames: Sequence[FrameInfo], order_s: float) -> float:
    """From `order_s` to the first frame of a mouth that is shut and stays so for REST_S; NaN where it never does."""
    times = np.array([s_from_ns(f.steady_ns) for f in frames])
    is_open = np.array([f.mouth_open > SHUT for f in frames])
    near = (times >= order_s) & (times < order_s + 2.0)
    for index in np.flatnonzero(near & ~is_open):
        later = (times >= times[index]) & (times < times[index] + REST_S)
        if not is_open[later].any():
            return float(times[index] - order_s)
    return float("nan")
