"""A text for a voice of one language: what it cannot read is left out, or refused where that is most of it."""

from __future__ import annotations

from ..core.errors import TtsError
from ..core.writing_scripts import scripts_of, words_of
from .base import UNREADABLE
from .espeak_voices import for_espeak, script_name


def readable_text(text: str, locale: str, voice: str) -> tuple[str, str]:
    """(the text as a voice of `locale`, named `voice`, can read it; what to tell of what was left out, or "").

    Latin letters are read in every language. Raises TtsError (tts_unreadable) where most letters would be left out.
    """
    text = for_espeak(text)
    own = scripts_of(locale) | {"LATIN"}
    letters = [letter for letter in text if letter.isalpha()]
    foreign = {letter for letter in letters if not own & words_of(letter)}
    if not foreign:
        return text, ""
    lost = "".join(letter for letter in text if letter in foreign)
    what = f"{voice} cannot read '{lost[:40]}' ({script_name(lost)})"
    if 2 * len(lost) > len(letters):
        raise TtsError(UNREADABLE, f"{what}: it speaks {locale}")
    return "".join(" " if letter in foreign else letter for letter in text), f"{what}: left out"
