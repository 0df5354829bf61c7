"""An answers file and its translations: answers.yaml, and answers/de.yaml, answers/fr.yaml … in a folder beside it.

A file of one's own without such a folder has no translations: it is used whatever language is asked in.
"""

from __future__ import annotations

from pathlib import Path

from ..core.locales import language_code


def translated(path: Path, locale: str) -> Path:
    """The file for a language: the translation of the answers file at `path`, or that file itself."""
    translation = path.with_suffix("") / f"{language_code(locale)}.yaml"
    return translation if language_code(locale) and translation.is_file() else path
