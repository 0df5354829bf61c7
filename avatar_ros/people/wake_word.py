"""The words that wake the avatar, by PocketSphinx's keyphrase search; it listens only while the avatar sleeps."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.rates import LISTENING_RATE_HZ
from .base import PeopleSettings

#: What is so many times louder than the room is heard, from so many frames before it to so long after it.
_LOUD, _LEAD_FRAMES, _TAIL_S = 3.0, 12, 0.5
#: The room's level climbs by this factor a frame at most, and is taken for no less than this (of int16).
_FLOOR_CLIMBS, _LEAST_FLOOR = 1.01, 8.0


class WakeWord:
    """Told sound at LISTENING_RATE_HZ, says when the words were in it."""

    def __init__(self, words: str, threshold: float) -> None:
        self._words = " ".join(words.lower().split())
        self._threshold = threshold
        self._decoder: Any = None
        self._floor = 0.0  # level of the room, of int16
        self._before: deque[Pcm] = deque(maxlen=_LEAD_FRAMES)
        self._hearing = False
        self._silent_s = 0.0

    def load(self) -> None:
        """Raises ConfigError for words that the dictionary does not know."""
        from pocketsphinx import Decoder

        decoder = Decoder(samprate=LISTENING_RATE_HZ, loglevel="FATAL", lm=None)
        if unknown := [word for word in self._words.split() if decoder.lookup_word(word) is None]:
            raise ConfigError("unknown_word", f"wake_word: the dictionary has no {', '.join(unknown)}")
        settings = {"samprate": LISTENING_RATE_HZ, "loglevel": "FATAL", "lm": None}
        self._decoder = Decoder(keyphrase=self._words, kws_threshold=self._threshold, **settings)
        self._decoder.start_utt()

    def hear(self, pcm: Pcm) -> bool:
        """Whether the words have just been heard; then it begins anew."""
        if not self._is_loud(pcm):
            self._before.append(pcm)
            self._silent_s += len(pcm) / LISTENING_RATE_HZ
            if self._silent_s > _TAIL_S and self._hearing:
                self._begin_anew()
            if not self._hearing:
                return False
        else:
            self._silent_s = 0.0
        if not self._hearing:
            self._hearing = True
            pcm = np.concatenate([*self._before, pcm])
        self._decoder.process_raw(pcm.tobytes(), False, False)
        if self._decoder.hyp() is None:
            return False
        self._begin_anew()
        return True

    def _is_loud(self, pcm: Pcm) -> bool:
        level = float(np.sqrt((pcm.astype(np.float32) ** 2).mean())) if len(pcm) else 0.0
        self._floor = min(self._floor * _FLOOR_CLIMBS, level) if self._floor else level
        self._floor = max(self._floor, _LEAST_FLOOR)
        return level > _LOUD * self._floor

    def _begin_anew(self) -> None:
        """The decoder takes the mean of what it hears for the microphone's sound: silence must not count."""
        self._decoder.end_utt()
        self._decoder.start_utt()
        self._before.clear()
        self._hearing, self._silent_s = False, 0.0


def make_wake_word(settings: PeopleSettings) -> WakeWord | None:
    """None where no word wakes it."""
    return WakeWord(settings.wake_word, settings.wake_threshold) if settings.wake_word.strip() else None
