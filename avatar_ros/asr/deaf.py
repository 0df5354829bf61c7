"""Hears nothing: in the place of a recogniser that does not know the kiosk's language.

What it says of every voice is "no words", not "not understood": nobody is asked again and again to repeat what was
said well.
"""

from __future__ import annotations

from ..core.arrays import Pcm
from .base import Hypothesis


class DeafStream:
    """A RecognitionStream of a language that is not known."""

    def __init__(self, locale: str) -> None:
        self._nothing = Hypothesis(locale=locale)

    def accept(self, pcm: Pcm) -> None:
        """Take no notice."""

    def partial(self) -> Hypothesis:
        """No words."""
        return self._nothing

    def finish(self) -> Hypothesis:
        """No words."""
        return self._nothing

    def abandon(self) -> None:
        """Nothing is under way."""


def deaf_warning(backend: str, hears: tuple[str, ...], locale: str) -> str:
    """What a kiosk says at its start and in its diagnostics whose recogniser does not hear its language."""
    return (
        f"{backend} hears {', '.join(hears)} only and this kiosk's locale is {locale}: it hears nothing; typed "
        "questions are answered. Other ears: docs/languages.md (./avatar fetch sensevoice_sherpa: zh, ja, ko)"
    )
