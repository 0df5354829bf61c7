"""Whether, and how, something that was heard is answered: by the LLM, by a fixed text, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.types import Transcript
from .barge_in import plain
from .base import DialogueSettings
from .hearing import Utterance

#: Transcript event of a voice that was too quiet to be understood.
TOO_QUIET = "too_quiet"
_CHARACTERS_A_WORD = 10


@dataclass(frozen=True)
class Treatment:
    """What to do about a transcript. noticed: somebody is there; ask: let the LLM answer; remark: say this instead."""

    noticed: bool = False
    ask: bool = False
    remark: str = ""


class Answering:
    """Remembers how often it had to ask again, and whether it has greeted."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._rejected = 0
        self._greeted = False

    def treat(self, transcript: Transcript, utterance: Utterance) -> Treatment:
        """Judge a final transcript that wants an answer, perhaps."""
        words = word_count(transcript.text)
        if not words and not (transcript.rejected and self._is_somebody(utterance)):
            return Treatment()
        if words > self._settings.too_long_words:
            return Treatment(noticed=True, remark=self._settings.too_long)
        if not transcript.rejected:
            self._rejected = 0
        elif not self._may_ask_again():
            return Treatment(noticed=True)
        if not words and TOO_QUIET in transcript.events:
            return Treatment(noticed=True, remark=self._settings.too_quiet)
        return Treatment(noticed=True, ask=True)

    def treat_silence(self, utterance: Utterance) -> Treatment:
        """Judge a voice of which no transcript came: who spoke for a while should not wait in vain."""
        long = utterance.voice_s is not None and utterance.voice_s >= self._settings.quiet_voice_s
        if not long or utterance.deaf or utterance.over_speech:
            return Treatment()
        return Treatment(noticed=True, remark=self._settings.too_quiet if self._may_ask_again() else "")

    def opening(self) -> str:
        """What to say before an answer: the greeting, once for each new person."""
        greet = not self._greeted and self._settings.greet_when == "voice"
        self._greeted = True
        return self._settings.greeting if greet else ""

    def next_person(self) -> None:
        """Whoever comes now is new."""
        self._rejected = 0
        self._greeted = False

    def _is_somebody(self, utterance: Utterance) -> bool:
        """Whether a sound without words deserves to be asked about."""
        noise = utterance.voice_s is not None and utterance.voice_s <= self._settings.noise_longest_s
        return not (self._settings.ignore_noise and utterance.from_idle and noise)

    def _may_ask_again(self) -> bool:
        self._rejected += 1
        return self._rejected <= self._settings.rejected_in_a_row


def word_count(text: str) -> int:
    """Words, counted by length where a script has no spaces."""
    words = plain(text)
    return max(len(words.split()), len(words) // _CHARACTERS_A_WORD)
