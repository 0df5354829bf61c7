"""Settings of a room and of its backends, from one list of values."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from ..core.registry import NO_OPTIONS, Options, Registry
from ..core.settings import Settings

S = TypeVar("S", bound=Settings)
T = TypeVar("T")


def split(registry: Registry[Any], kind: type[S], **values: Any) -> tuple[S, Options]:
    """The room's Settings, and the options of its backend, its fallback and its second, each with those values that
    are its own.

    >>> stage = build(*split(TTS_BACKENDS, TtsSettings, backend="espeak", pause_s=0.1, pitch=60))

    Raises TypeError for a value that none of them knows.
    """
    shared = {item.name for item in fields(kind)}
    settings = kind(**{name: value for name, value in values.items() if name in shared})
    rest = {name: value for name, value in values.items() if name not in shared}
    own: Options = NO_OPTIONS
    for name in (getattr(settings, part, "") for part in ("backend", "fallback", "second")):
        own = {**own, **(registry.options(name, **rest) if name else NO_OPTIONS)}
    known = {item.name for options in own.values() for item in fields(options)}
    if rest.keys() - known:
        raise TypeError(f"no option of {', '.join(own) or 'any backend'}: {', '.join(sorted(rest.keys() - known))}")
    return settings, own


def make(registry: Registry[T], kind: type[Settings], **values: Any) -> T:
    """The backend that the values choose, with its options among them; not loaded. See `split`."""
    settings, own = split(registry, kind, **values)
    return registry.make(str(getattr(settings, "backend", "")), settings, own=own)
