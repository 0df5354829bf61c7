"""Whether, and how, something that was heard is answered: by the LLM, by a fixed text, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.types import EVENT_TOO_QUIET, Transcript
from .backchannels import plain
from .base import DialogueSettings
from .user_speech import UserTurn, Utterance

_CHARACTERS_A_WORD = 10


@dataclass(frozen=True)
class ResponsePlan:
    """What to do about a transcript. noticed: a person is there; ask: let the LLM answer; remark: the name
    of a text to say instead.

    too_quiet: to be told so if nothing more is heard for a while (plan_too_quiet).
    """

    noticed: bool = False
    ask: bool = False
    remark: str = ""
    too_quiet: bool = False


class ResponsePolicy:
    """Remembers how often it had to ask again, and whether it has greeted."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._rejected = 0
        self._asked_louder = 0  # since something was last understood
        self._greeted = False

    def plan(self, said: UserTurn) -> ResponsePlan:
        """For a final transcript that may want an answer."""
        transcript, utterance = said
        words = word_count(transcript.text)
        if not words and (not transcript.rejected or self._is_noise(utterance)):
            return ResponsePlan()
        if words > self._settings.too_long_words:
            return ResponsePlan(noticed=True, remark="too_long")
        if not words and EVENT_TOO_QUIET in transcript.events and self._is_speech(utterance):
            return ResponsePlan(too_quiet=True)
        if not transcript.rejected:
            self._rejected = self._asked_louder = 0
        elif not self._may_ask_again():
            return ResponsePlan(noticed=True)
        return ResponsePlan(noticed=True, ask=True)

    def will_ask(self, partial: Transcript) -> bool:
        """Whether these words, if they are all, go to the LLM at once: not behind a greeting."""
        greets = self._settings.greeting and not self._greeted and self._settings.greet_when == "voice"
        return not greets and 0 < word_count(partial.text) <= self._settings.too_long_words

    def plan_too_quiet(self) -> ResponsePlan:
        """For a voice that was too quiet and has ceased: ask to speak up.

        A person who does is understood. Where nothing is, time and again, the sound is of something else.
        """
        if self._asked_louder >= self._settings.rejected_in_a_row:
            return ResponsePlan()
        self._asked_louder += 1
        return ResponsePlan(noticed=True, remark="too_quiet")

    def plan_endless(self, transcript: Transcript) -> ResponsePlan:
        """For speech that does not stop: words are answered, once; a noise is not."""
        words = word_count(transcript.text) > 0
        return ResponsePlan(noticed=words, remark="too_long" if words else "")

    def owes_apology(self, utterance: Utterance) -> bool:
        """Whether to say that no transcript came of a voice: a user who asked should not wait in vain.

        Over the avatar's own voice it must have been as long as what interrupts though it is not understood.
        """
        if utterance.ignored or utterance.voice_s is None or self._is_noise(utterance):
            return False
        long = 0.0 < self._settings.unclear_voice_s <= utterance.voice_s
        return long or utterance.interrupted or not utterance.over_speech

    def take_greeting(self) -> bool:
        """Whether to greet before an answer: once for each new person."""
        greet = self._settings.greeting != "" and not self._greeted and self._settings.greet_when == "voice"
        self._greeted = True
        return greet

    def greet_again(self) -> None:
        """The greeting was taken back before it was heard."""
        self._greeted = False

    def next_person(self) -> None:
        """The next person to speak is a new one."""
        self._rejected = 0
        self._greeted = False

    def _is_noise(self, utterance: Utterance) -> bool:
        """Whether a sound without words is too short to be asked about."""
        short = utterance.voice_s is not None and utterance.voice_s <= self._settings.noise_longest_s
        return self._settings.ignore_noise and utterance.from_idle and short

    def _is_speech(self, utterance: Utterance) -> bool:
        """Whether a voice is long enough to be speech, not only a sound."""
        return utterance.voice_s is not None and utterance.voice_s >= self._settings.quiet_voice_s

    def _may_ask_again(self) -> bool:
        self._rejected += 1
        return self._rejected <= self._settings.rejected_in_a_row


def word_count(text: str) -> int:
    """Words, counted by length where a script has no spaces."""
    words = plain(text)
    return max(len(words.split()), len(words) // _CHARACTERS_A_WORD)
