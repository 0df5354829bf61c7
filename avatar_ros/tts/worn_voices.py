"""Which voice suits the avatar that is shown, where it was changed while the node runs."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.avatar_voices import avatar_voices
from ..core.enums import SessionKind
from ..core.events import SessionEvent
from ..core.types import AvatarVoice
from .base import PLAIN
from .text import nearest


def voices_for(backend: str, voices: Iterable[AvatarVoice]) -> dict[str, str]:
    """Locale, in lower case -> voice, of those of one backend."""
    return {one.locale.lower(): one.voice for one in voices if one.backend == backend}


class WornVoices:
    """Of each session, by what SessionEvent tells.

    configured: the backend's `voices`, 'locale=voice' each; of_avatar: `voices_of_avatar` of the settings: what of them
    an avatar asked for when the graph was started. Where there are others somebody chose them, and no avatar counts.
    """

    def __init__(self, backend: str, configured: Iterable[str], of_avatar: Iterable[str]) -> None:
        begun_with = voices_for(backend, avatar_voices(of_avatar))
        of_settings = voices_for(backend, avatar_voices(f"{backend}:{entry}" for entry in configured))
        self._backend = backend
        self._chosen_by_user = of_settings != begun_with
        self._else = PLAIN if begun_with else ""
        self._worn: dict[str, dict[str, str]] = {}

    def take(self, event: SessionEvent) -> None:
        """Of somebody else who is shown; whatever else it tells counts for nothing here."""
        if event.kind is SessionKind.CLOSED:
            self._worn.pop(event.session, None)
        elif event.avatar and not self._chosen_by_user:
            self._worn[event.session] = voices_for(self._backend, event.avatar_voices)

    def of(self, session: str, locale: str) -> str:
        """Id of the voice for a sentence; "" for the usual one."""
        worn = self._worn.get(session)
        if worn is None:
            return ""
        voice, known = nearest(locale, worn, (), "")
        return voice if known and voice else self._else
