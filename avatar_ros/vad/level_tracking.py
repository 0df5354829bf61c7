"""Levels of the background and of speech, over the windows of the last seconds."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..core.levels import SILENCE_DBFS

#: Up to this share of the way from the background's level to that of speech (in dB) a sound may be the end of it.
NEAR = 0.5


class NoiseFloor:
    """The background's level: the quietest window of the last `memory` windows, minimum statistics (Martin 2001)."""

    def __init__(self, memory: int = 128) -> None:
        self._levels: deque[float] = deque(maxlen=memory)

    @property
    def dbfs(self) -> float:
        """SILENCE_DBFS before the first window."""
        return min(self._levels, default=SILENCE_DBFS)

    @property
    def sound_dbfs(self) -> float:
        """The same without digital silence, which is no room: lost sound, a muted or starting card."""
        return min((dbfs for dbfs in self._levels if dbfs > SILENCE_DBFS), default=SILENCE_DBFS)

    def add(self, dbfs: float) -> None:
        """Take the level of the next window."""
        self._levels.append(dbfs)


class SpeechLevel:
    """How loud somebody speaks: what one window in five of the last second exceeds, so that pauses do not count."""

    def __init__(self, memory: int = 32) -> None:
        self._levels: deque[float] = deque(maxlen=memory)

    def add(self, dbfs: float) -> None:
        """Take the level of the next window."""
        self._levels.append(dbfs)

    def clear(self) -> None:
        """Nobody speaks."""
        self._levels.clear()

    def is_faded(self, dbfs: float, drop_db: float, background_dbfs: float) -> bool:
        """Whether a window of this level lies drop_db or more below, and nearer to the background than to speech: the
        soft end of a word does not, where the background is softer still. False before there is any, and for 0 dB.
        """
        if not self._levels or drop_db <= 0:
            return False
        speech_dbfs = float(np.percentile(self._levels, 80))
        return dbfs <= min(speech_dbfs - drop_db, background_dbfs + NEAR * (speech_dbfs - background_dbfs))
