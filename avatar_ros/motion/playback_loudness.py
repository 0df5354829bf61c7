"""How loud the avatar's own voice is, from what is played: what its head, brows and lids keep time with where the
features of its lips say nothing of loudness (those of kind "phones" do).
"""

from __future__ import annotations

from collections import deque
from math import ceil, log10

import numpy as np

from ..core.arrays import F32
from ..core.clock import s_from_ns
from ..core.types import AudioFrame
from ..speech.loudness import LoudnessMeter

#: Levels are measured over this time: two periods of a low voice.
_WINDOW_S = 0.02
_SILENT_DB = -100.0
#: Where nothing was measured for this long there is no voice.
_GAP_S = 0.06
#: 20 s: more than any card holds.
_LEVELS_KEPT = 1000


class PlaybackLoudness:
    """One session's voice: frames of speech/played in, loudness 0–1 by the time at which it is heard out."""

    def __init__(self) -> None:
        self._meter = LoudnessMeter()
        self._levels: deque[tuple[float, float]] = deque(maxlen=_LEVELS_KEPT)  # (middle of the window, s; loudness)

    def add(self, frame: AudioFrame, now_s: float) -> None:
        """Take a frame; one that does not say when it is heard is heard now."""
        rate_hz, sound = frame.sample_rate_hz, frame.pcm.astype(np.float32)
        start_s = s_from_ns(frame.steady_ns) if frame.steady_ns else now_s
        if not len(sound):
            return
        if self._levels and start_s < self._levels[-1][0] - _GAP_S:
            self._levels.clear()  # another card, another time
        size = ceil(len(sound) / ceil(len(sound) / max(1.0, _WINDOW_S * rate_hz)))
        for first in range(0, len(sound), size):
            window = sound[first : first + size]
            middle_s = start_s + (first + len(window) / 2) / rate_hz
            self._levels.append((middle_s, self._meter.measure(_level_db(window), len(window) / rate_hz)))

    def at(self, now_s: float, lead_s: float) -> float:
        """Loudness 0–1 as heard `lead_s` from now, or, where that is not played yet, as last known; 0 without news."""
        levels = self._levels
        if not levels or levels[-1][0] < now_s - _GAP_S:
            return 0.0
        wanted_s = now_s + lead_s
        while len(levels) > 1 and levels[1][0] <= wanted_s:
            levels.popleft()
        start_s, loudness = levels[0]
        return loudness if start_s <= wanted_s + _GAP_S else 0.0


def _level_db(sound: F32) -> float:
    """RMS level in dBFS, _SILENT_DB at least; sound: in steps of int16."""
    power = float(sound @ sound) / len(sound) / 32767.0**2
    return max(_SILENT_DB, 10 * log10(power)) if power > 0 else _SILENT_DB
