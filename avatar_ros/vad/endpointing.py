"""How long to wait in silence before the user's turn is over, from the words heard so far."""

from __future__ import annotations

from ..core.types import EVENT_COMPLETE, Transcript
from .base import VadSettings
from .incomplete_sentences import QUESTION_WORDS, is_whole_question, last_letters, last_words

_QUESTION_MARKS = ("?", "？")
_PAUSE_MARKS = (",", "-", "，", "、")
_STOPS = ".…。．"
_CONTRACTED = tuple(word + "'s" for word in QUESTION_WORDS)


def wait_s(settings: VadSettings, partial: Transcript) -> float:
    """Silence that ends the utterance, s: shorter after a finished question, longer after a sentence that breaks off.

    A finished question is one that the recogniser marks with EVENT_COMPLETE; only it knows what can be asked.
    """
    if not settings.adaptive:
        return settings.stop_silence_s
    if EVENT_COMPLETE in partial.events:
        return min(settings.short_silence_s, settings.stop_silence_s)
    if breaks_off(partial.text, partial.locale or settings.locale):
        return max(settings.long_silence_s, settings.stop_silence_s)
    return settings.stop_silence_s


def breaks_off(text: str, locale: str) -> bool:
    """Whether a sentence cannot well end where `text` ends, in the language of `locale` (BCP 47)."""
    language = locale.replace("_", "-").split("-")[0].lower()
    spoken = text.lower().replace("’", "'").strip()
    bare = spoken.rstrip(_STOPS)
    if not any(letter.isalnum() for letter in bare) or bare.endswith(_QUESTION_MARKS):
        return False
    if bare.endswith(_PAUSE_MARKS) or bare.endswith(last_letters(language)):
        return True
    words = bare.split()
    if words[-1] not in last_words(language) and not words[-1].endswith("'"):
        return False
    return language != "en" or not is_whole_question(_apart(words))


def _apart(words: list[str]) -> list[str]:
    """English with "what's" as "what is"."""
    return " ".join(word[:-2] + " is" if word in _CONTRACTED else word for word in words).split()
