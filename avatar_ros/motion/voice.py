"""How loud the avatar's own voice is, by turn and time of its speech: what its head, brows and lids keep time with.

Measured from speech/audio, so it is the same whatever makes the lips, and known before it is heard.
"""

from __future__ import annotations

from collections import deque
from math import ceil, log10

import numpy as np
from numpy.typing import NDArray

from ..core.phones import USUAL_LOUDNESS
from ..core.types import SpeechChunk

F32 = NDArray[np.float32]
Key = tuple[int, int]  # (epoch, turn)

_NONE = (-1, -1)
#: Levels are measured over this time: two periods of a low voice.
_WINDOW_S = 0.02
#: The scale is that of core/phones.py: 50 dB from 0 to 1, the voice's usual level at USUAL_LOUDNESS.
_RANGE_DB = 50.0
#: RMS level that a voice is taken to have until it has spoken, and the least that it is taken to have, dBFS.
_FIRST_DB, _LEAST_DB, _SILENT_DB = -20.0, -45.0, -100.0
#: The usual level follows louder sound within this time, softer sound more slowly, and pauses (so much softer, and
#: softer than any voice) not at all.
_RISE_S, _FALL_S, _PAUSE_DB, _VOICE_DB = 0.15, 4.0, 15.0, -50.0
#: Where nothing was measured for this long there is no voice.
_GAP_S = 0.06
#: Ten minutes of a turn; turns: the one that is heard, and those that are made ready.
_LEVELS_KEPT, _TURNS_KEPT = 30000, 4


class OwnVoice:
    """One session's voice: chunks in, loudness 0–1 at any instant of a turn's speech out."""

    def __init__(self) -> None:
        self._usual_db = _FIRST_DB
        self._over = _NONE
        self._turns: dict[Key, deque[tuple[float, float]]] = {}  # (middle of the window, s; loudness), in order

    def add(self, chunk: SpeechChunk) -> None:
        """Take a chunk; what came before, or belongs to a turn that is over, is left out."""
        key = (chunk.epoch, chunk.turn)
        if key <= self._over or not len(chunk.pcm):
            return
        levels = self._turns.setdefault(key, deque(maxlen=_LEVELS_KEPT))
        while len(self._turns) > _TURNS_KEPT:
            del self._turns[min(self._turns)]
        rate_hz = chunk.sample_rate_hz
        size = ceil(len(chunk.pcm) / ceil(len(chunk.pcm) / max(1.0, _WINDOW_S * rate_hz)))
        sound = chunk.pcm.astype(np.float32)
        for first in range(0, len(sound), size):
            window = sound[first : first + size]
            middle_s = (chunk.first_sample + first + len(window) / 2) / rate_hz
            if not levels or middle_s > levels[-1][0]:
                levels.append((middle_s, self._loudness(_level_db(window), len(window) / rate_hz)))

    def drop(self, until: Key) -> None:
        """Forget all turns up to and including `until`."""
        self._over = max(self._over, until)
        self._turns = {key: levels for key, levels in self._turns.items() if key > until}

    def at(self, key: Key, time_s: float) -> float:
        """Loudness 0–1 at `time_s` of the turn's speech; 0 where nothing is known. What is older is forgotten."""
        levels = self._turns.get(key)
        if not levels:
            return 0.0
        while len(levels) > 1 and levels[1][0] <= time_s:
            levels.popleft()
        start_s, loudness = levels[0]
        if abs(time_s - start_s) > _GAP_S:
            return 0.0
        end_s, following = levels[1] if len(levels) > 1 else levels[0]
        if not start_s <= time_s < end_s <= start_s + _GAP_S:
            return loudness
        return loudness + (time_s - start_s) / (end_s - start_s) * (following - loudness)

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
