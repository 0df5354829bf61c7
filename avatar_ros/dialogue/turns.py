"""One turn of the avatar, from the question to the last sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ..core.spoken import join_sentences, text_said
from ..core.types import InterruptAction, PlaybackClock, PlaybackState
from .reply import ReplyReader
from .sentences import Line

#: Share of a question's sound after which people know what they are asked.
_MOST = 0.6


class Source(Enum):
    """Where a turn's words come from: the LLM, a `say`, or the dialogue itself (greeting, apology, …)."""

    ANSWER = 1
    SAY = 2
    REMARK = 3


@dataclass
class Turn:
    """State of the turn that has the floor.

    question: what the user said ("" for others than answers); question_end_s: when the user stopped speaking, at the
    microphone; reply_s: when the last piece of the answer came; sound_due_s: since when sound is owed.
    """

    number: int
    source: Source
    locale: str
    began_s: float
    question: str = ""
    question_end_s: float | None = None
    rejected: bool = False
    reader: ReplyReader | None = None
    script: Iterator[Line] | None = None  # what is still to be sent of a text that is known whole
    reply_s: float = 0.0
    answered: bool = False  # some of the answer was sent to be spoken
    complete: bool = False  # its last Sentence went out
    sentences: list[str] = field(default_factory=list)
    sound_due_s: float | None = None
    playback: PlaybackState | None = None  # None: nothing was heard of it yet
    sentence: int = 0
    progress: float = 0.0
    held: InterruptAction | None = None  # PAUSE or DUCK while somebody speaks over it
    held_s: float = 0.0  # when that order was last given
    say_id: str = ""
    say_ends_sentence: int | None = None  # Say NOW: cancel once this sentence has been said
    farewell: bool = False
    opening: int = 0  # sentences of the greeting that come before the answer

    @property
    def audible(self) -> bool:
        """Whether the person has begun to hear it."""
        return self.playback is not None

    @property
    def worth_finishing(self) -> bool:
        """Whether anybody waits for it: nobody waits for an apology."""
        return self.source is not Source.REMARK and not self.rejected

    @property
    def waited_for(self) -> bool:
        """Whether somebody has asked and not heard any of the answer yet."""
        unheard = not self.audible or self.sentence < self.opening
        return self.source is Source.ANSWER and not self.rejected and unheard

    @property
    def paused(self) -> bool:
        return self.held is InterruptAction.PAUSE

    def sent(self, text: str, now_s: float) -> None:
        """A sentence went out to be spoken: sound is owed, unless it already was."""
        self.sentences.append(text)
        if self.sound_due_s is None or self.playback is PlaybackState.STARVED:
            self.sound_due_s = now_s

    def heard(self, clock: PlaybackClock, now_s: float) -> None:
        """The speaker reports on this turn."""
        self.playback = clock.state
        if (clock.sentence, clock.sentence_progress) >= (self.sentence, self.progress):
            self.sentence, self.progress = clock.sentence, clock.sentence_progress
        if clock.state is not PlaybackState.STARVED:
            self.sound_due_s = now_s

    def sound_overdue(self, now_s: float, patience_s: float) -> bool:
        """Whether the voice owes sound for longer than `patience_s`: synthesis or speaker are dead."""
        if self.sound_due_s is None or self.paused:
            return False
        if self.playback is PlaybackState.STARVED and not self.complete:
            return False  # it waits for the answer, not for the voice
        return now_s - self.sound_due_s > patience_s

    @property
    def gives_way(self) -> bool:
        """Whether a `say` NOW waits for the sentence that has just been said."""
        end = self.say_ends_sentence
        return end is not None and (self.sentence, self.progress) >= (end, 1.0)

    @property
    def asks(self) -> bool:
        """Whether it ends with a question, and the person has heard most of it: "yes" is then an answer."""
        if not self.complete or not self.audible or not self.sentences:
            return False
        heard = (self.sentence, self.progress) >= (len(self.sentences) - 1, _MOST)
        return heard and self.sentences[-1].rstrip("\"'”’」』)").endswith(("?", "？", "؟"))

    @property
    def text(self) -> str:
        """All that was sent to be spoken."""
        return join_sentences(self.sentences)

    @property
    def said(self) -> str:
        """What the person has heard so far."""
        return text_said(self.sentences, self.sentence, self.progress) if self.audible else ""
