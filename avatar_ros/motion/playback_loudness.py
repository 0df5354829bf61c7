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
from ..speech.phones import USUAL_LOUDNESS

#: Levels are measured over this time: two periods of a low voice.
_WINDOW_S = 0.02
#: The scale is that of speech/phones.py: 50 dB from 0 to 1, the voice's usual level at USUAL_LOUDNESS.
_RANGE_DB = 50.0
#: RMS level that a voice is taken to have until it has spoken, and the least that it is taken to have, dBFS.
_FIRST_DB, _LEAST_DB, _SILENT_DB = -20.0, -45.0, -100.0
#: The usual level follows louder sound within this time, softer sound more slowly, and pauses (so much softer, and
#: softer than any voice) not at all.
_RISE_S, _FALL_S, _PAUSE_DB, _VOICE_DB = 0.15, 4.0, 15.0, -50.0
#: Where nothing was measured for this long there is no voice.
_GAP_S = 0.06
#: 20 s: more than any card holds.
_LEVELS_KEPT = 1000


class PlaybackLoudness:
    """One session's voice: frames of speech/played in, loudness 0–1 by the time at which it is heard out."""

    def __init__(self) -> None:
        self._usual_db = _FIRST_DB
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
            self._levels.append((middle_s, self._loudness(_level_db(window), len(window) / rate_hz)))

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

    def _loudness(self, level_db: float, length_s: float) -> float:
        difference = level_db - self._usual_db
        if difference > 0:
            self._usual_db += difference * min(1.0, length_s / _RISE_S)
        elif difference > -_PAUSE_DB or level_db > _VOICE_DB:
            self._usual_db = max(_LEAST_DB, self._usual_db + difference * min(1.0, length_s / _FALL_S))
        return min(1.0, max(0.0, USUAL_LOUDNESS + (level_db - self._usual_db) / _RANGE_DB))


def _level_db(sound: F32) -> float:
    """RMS level in dBFS, _SILENT_DB at least; sound: in steps of int16."""
    power = float(sound @ sound) / len(sound) / 32767.0**2
    return max(_SILENT_DB, 10 * log10(power)) if power > 0 else _SILENT_DB
