"""Speech over the avatar: was it meant to interrupt, or only "uh-huh", a cough, a laugh?"""

from __future__ import annotations

import unicodedata

from ..core.types import Transcript

#: Sound events (SenseVoice's names and others') that people make without wanting to interrupt.
BODY_SOUNDS = frozenset(
    "cough coughing sneeze sneezing laugh laughter breath breathing cry crying applause clapping".split()
)
#: "ha ha", "aha", "hmm": what a recogniser writes for a laugh or a hum.
_LAUGHED_WORDS = 3
_LONGEST_BACKCHANNEL = 60


class Phrases:
    """A set of short phrases; a text matches when it consists of nothing else."""

    def __init__(self, listed: str) -> None:
        """listed: phrases with commas between them; punctuation and case do not matter."""
        self._known = frozenset({plain(phrase) for phrase in listed.split(",")} - {""})

    def match(self, text: str) -> bool:
        """Whether `text` is made of these phrases alone."""
        words = plain(text)
        if not words or len(words) > _LONGEST_BACKCHANNEL:
            return False
        reached = {0}  # positions up to which the text is made of phrases; set by set, since "haha" is also "ha" twice
        for at in range(len(words)):
            if at in reached:
                rest = words[at:]
                reached |= {at + len(phrase) for phrase in self._known if rest.startswith(phrase)}
                reached |= {at + 1} if rest[0] == " " else set()
        return len(words) in reached

    def may_become(self, text: str) -> bool:
        """Whether `text` is one of the phrases or the beginning of one (of a partial transcript)."""
        words = plain(text)
        return self.match(text) or any(phrase.startswith(words) for phrase in self._known)


def interrupts(transcript: Transcript, backchannels: Phrases) -> bool:
    """Whether a final transcript of speech over the avatar is a real interruption."""
    words = plain(transcript.text).split()
    if transcript.rejected or not words or backchannels.match(transcript.text):
        return False
    return not (_holds_body_sound(transcript) and len(words) <= _LAUGHED_WORDS)


def only_body_sound(transcript: Transcript) -> bool:
    """Whether what was heard so far is a laugh, a cough or applause, and no words."""
    return _holds_body_sound(transcript) and not plain(transcript.text)


def _holds_body_sound(transcript: Transcript) -> bool:
    return any(event.lower() in BODY_SOUNDS for event in transcript.events)


def plain(text: str) -> str:
    """Lower case, letters, digits and marks only, one space between words."""
    kept = (c if c.isalnum() or unicodedata.category(c).startswith("M") else _between(c) for c in text.lower())
    return " ".join("".join(kept).split())


def _between(character: str) -> str:
    return "" if character in "'’" else " "
