"""The words that wake the avatar, by PocketSphinx's keyphrase search; it listens only while the avatar sleeps."""

from __future__ import annotations

from typing import Any

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.rates import LISTENING_RATE_HZ
from .base import PeopleSettings


class WakeWord:
    """Told sound at LISTENING_RATE_HZ, says when the words were in it."""

    def __init__(self, words: str, threshold: float) -> None:
        self._words = " ".join(words.lower().split())
        self._threshold = threshold
        self._decoder: Any = None

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
        self._decoder.process_raw(pcm.tobytes(), False, False)
        if self._decoder.hyp() is None:
            return False
        self._decoder.end_utt()
        self._decoder.start_utt()
        return True


def make_wake_word(settings: PeopleSettings) -> WakeWord | None:
    """None where no word wakes it."""
    return WakeWord(settings.wake_word, settings.wake_threshold) if settings.wake_word.strip() else None
