"""Hears nothing: in the place of a recogniser that does not know the kiosk's language.

What it says of every voice is "no words", not "not understood": nobody is asked again and again to repeat what was
said well.
"""

from __future__ import annotations

from ..core.arrays import Pcm
from ..core.locales import language_code
from .base import Hypothesis

_OF_SENSEVOICE = ("en", "ja", "ko", "yue", "zh")


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
        f"questions are answered. Ears for it: ./avatar fetch {_fetched(locale)} (docs/languages.md)"
    )


def _fetched(locale: str) -> str:
    """What `./avatar fetch` calls a recogniser of that language: SenseVoice is the quicker one where it knows it."""
    return "sensevoice_sherpa" if language_code(locale) in _OF_SENSEVOICE else "whisper_base"
