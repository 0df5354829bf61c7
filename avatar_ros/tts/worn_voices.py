"""Which voice suits the avatar that is shown, where it was changed while the node runs (`wear_result`)."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.events import WearResult
from .base import PLAIN, NamedVoices
from .text import nearest


def voices_for(backend: str, entries: Iterable[str]) -> dict[str, str]:
    """Locale in lower case -> voice, of entries 'backend:locale=voice' as avatars' cards have them.

    >>> voices_for("espeak", ["espeak:en-US=en-us+f4", "piper:en-US=joe"])
    {'en-us': 'en-us+f4'}
    """
    own = (entry.partition(":")[2] for entry in entries if entry.partition(":")[0] == backend)
    return NamedVoices(voices=tuple(own)).voice_by_locale()


class WornVoices:
    """By session, since the kiosk's own face is one of them.

    configured: parameter `voices` of the backend; of_avatar: what of it the avatar asked for that the kiosk began with.
    Voices that somebody else configured are kept, whoever is shown.
    """

    def __init__(self, backend: str, configured: tuple[str, ...], of_avatar: tuple[str, ...]) -> None:
        self._backend = backend
        begun_with = NamedVoices(voices=configured).voice_by_locale()
        self._of_others = bool(begun_with) and begun_with != voices_for(backend, of_avatar)
        self._else = PLAIN if begun_with else ""
        self._worn: dict[str, dict[str, str]] = {}

    def take(self, result: WearResult) -> None:
        """Somebody else is shown, or could not be."""
        if result.done and not self._of_others:
            self._worn[result.session] = voices_for(self._backend, result.voices)

    def of(self, session: str, locale: str) -> str:
        """Id of the voice for a sentence; "" for the usual one."""
        if session not in self._worn:
            return ""
        return nearest(locale, self._worn[session], (), self._else)[0]
