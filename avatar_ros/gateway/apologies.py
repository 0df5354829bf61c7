"""What the gateway has the avatar say by itself, in the person's language."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from ..core.locales import per_language

_ENGLISH = "en"


def fixed_text(name: str, otherwise: str) -> Callable[[str], str]:
    """A text of core/locales.py's TEXTS by locale. otherwise: the locale of who speaks a language without texts."""
    of = per_language(yaml, lambda language: language.texts[name], "")
    return lambda locale: of(locale) or of(otherwise) or of(_ENGLISH)
