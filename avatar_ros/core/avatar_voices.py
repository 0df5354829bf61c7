"""The voices that an avatar's card names, as messages have them, and the one that nobody names."""

from __future__ import annotations

from collections.abc import Iterable

from .types import AvatarVoice

#: SessionEvent.voice of a person who chose none, or gave a choice back: the voice that speaks without one.
USUAL_VOICE = "usual"


def avatar_voices(entries: Iterable[str]) -> tuple[AvatarVoice, ...]:
    """Of 'backend:locale=voice' each."""
    split = (entry.partition(":") for entry in entries)
    pairs = ((backend, one.partition("=")) for backend, _, one in split)
    return tuple(AvatarVoice(backend, locale.strip(), voice.strip()) for backend, (locale, _, voice) in pairs)
