"""A text's phones as espeak-ng writes them in IPA ("b_ˈɔ̃ ʒ_ˈu_ʁ"), word by word, as schedules of our phone classes."""

from __future__ import annotations

import re

from .phone_mapping import SILENCE, Schedule, ipa_schedule

#: The schedules of a word's phones in order.
Word = tuple[Schedule, ...]

#: Notes of a change of language take the place of a separator: "(en)_tʃ_ˈaɪ_n_iː_z_(ja)".
_NOTE = re.compile(r"\([a-z-]*\)", re.IGNORECASE)


def words_of(ipa: str) -> tuple[Word, ...]:
    """Words of at least one phone: phones separated by "_", words by spaces; what is no phone is left out."""
    words = (_word(spoken) for spoken in _NOTE.sub("_", ipa).split())
    return tuple(word for word in words if word)


def _word(spoken: str) -> Word:
    found = (ipa_schedule(symbol) for symbol in spoken.split("_"))
    return tuple(schedule for schedule in found if schedule is not None and schedule != SILENCE)
