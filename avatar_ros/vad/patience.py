"""How long to wait in silence before the user's turn is over, from the words heard so far."""

from __future__ import annotations

from ..core.types import EVENT_COMPLETE, Transcript
from .base import VadSettings

#: A sentence that breaks off after one of these goes on: conjunctions, articles, prepositions, auxiliaries, hesitation.
_UNFINISHED_EN = frozenset(
    """
    a about an and any are as at because but by can could did do does for from had has have how i if in into is it's
    like may might my of on or our should so some tell than that the their then there these this those to
    um uh er hmm want was were what what's when where where's which while who whose why will with would your
    """.split()
)


def wait_s(settings: VadSettings, partial: Transcript) -> float:
    """Silence that ends the utterance, s: shorter after a finished question, longer after a sentence that breaks off.

    A finished question is one that the recogniser marks with EVENT_COMPLETE; only it knows what can be asked.
    """
    if not settings.adaptive:
        return settings.stop_silence_s
    if EVENT_COMPLETE in partial.events:
        return min(settings.short_silence_s, settings.stop_silence_s)
    if breaks_off(partial.text):
        return max(settings.long_silence_s, settings.stop_silence_s)
    return settings.stop_silence_s


def breaks_off(text: str) -> bool:
    """Whether an English sentence cannot end where `text` ends."""
    words = text.lower().rstrip().rstrip("…").split()
    return bool(words) and (words[-1] in _UNFINISHED_EN or words[-1].endswith((",", "-")))
