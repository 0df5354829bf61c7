"""One turn of the avatar, from the question to the last sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from ..core.enums import InterruptAction, PlaybackState
from ..core.events import SpeechFault
from ..core.spoken_text import join_sentences, words_said
from ..core.types import PlaybackClock, Prompt, Sentence
from .reply import ReplyReader
from .sentences import CutSentence

#: Share of a question's sound after which people know what they are asked.
_MOST = 0.6
#: A sentence was heard in full from here on: clocks report in steps, and its end is silence.
_WHOLE = 0.98


class Source(Enum):
    """Where a turn's words come from: the LLM, a `say`, or the dialogue itself (greeting, apology, …)."""

    ANSWER = 1
    SAY = 2
    REMARK = 3


@dataclass
class Turn:
    """State of the turn that has the floor.

    number: changes where it is said again; asked_as: that of its prompt; question: what the user said ("" for others
    than answers); question_end_s: when the user stopped speaking, at the microphone; reply_s: when the last piece of
    the answer came; lines: what is to be spoken, of which `given` went out; sound_due_s: since when sound is owed.
    """

    number: int
    source: Source
    locale: str
    began_s: float
    asked_as: int = 0
    prompt: Prompt | None = None
    question: str = ""
    question_end_s: float | None = None
    rejected: bool = False
    reader: ReplyReader | None = None
    script: Iterator[CutSentence] | None = None  # what is still to be sent of a text that is known whole
    reply_s: float = 0.0
    answered: bool = False  # some of the answer was sent to be spoken
    complete: bool = False  # its last Sentence is there
    lines: list[Sentence] = field(default_factory=list)
    given: int = 0
    earlier: str = ""  # heard under former numbers
    faults: dict[int, SpeechFault] = field(default_factory=dict)  # by sentence
    broken: str = ""  # why its sound will not go on by itself: "voice_lost", "speaker_lost"
    stalled_s: float | None = None  # since when it waits for a node that died
    attempts: int = 1  # how often it was begun, or asked
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

    def __post_init__(self) -> None:
        self.asked_as = self.asked_as or self.number

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
        unheard = not self.earlier and (not self.audible or self.sentence < self.opening)
        return self.source is Source.ANSWER and not self.rejected and unheard

    @property
    def paused(self) -> bool:
        return self.held is InterruptAction.PAUSE

    @property
    def sentences(self) -> list[str]:
        """The texts of `lines`; the empty one that may close a turn is none."""
        return [line.text for line in self.lines if line.text]

    def add(self, line: Sentence, now_s: float) -> None:
        """There is more to be spoken: sound is owed, unless it already was."""
        self.lines.append(line)
        owed = bool(line.text) or len(self.lines) == 1
        if owed and (self.sound_due_s is None or self.playback is PlaybackState.STARVED):
            self.sound_due_s = now_s

    def again(self, number: int, now_s: float) -> None:
        """Begin anew as turn `number`, with the sentence that was being heard."""
        first = self.sentence + (self.progress >= _WHOLE) if self.audible else 0
        self.earlier = join_sentences([self.earlier, *self._heard(self.lines[:first])])
        closing = (
            [replace(self.lines[-1], text="")] if self.complete else []
        )  # where all was heard, its end is still due
        rest = self.lines[first:] or closing
        self.lines = [replace(line, turn=number, index=i) for i, line in enumerate(rest)]
        self.number, self.given, self.faults, self.broken = number, 0, {}, ""
        self.playback, self.sentence, self.progress, self.stalled_s = None, 0, 0.0, None
        self.opening = max(0, self.opening - first)
        if self.say_ends_sentence is not None:
            self.say_ends_sentence = max(0, self.say_ends_sentence - first)
        self.sound_due_s = now_s if self.lines else None
        self.attempts += 1

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
    def whole(self) -> bool:
        """Whether nothing more is to be heard of it: it stands at its end, but for what the voice could not speak."""
        rest = [i for i, line in enumerate(self.lines) if line.text and self._place(i) < _WHOLE]
        return self.complete and all(i in self.faults for i in rest)

    @property
    def said(self) -> str:
        """What the person has heard so far."""
        return join_sentences([self.earlier, *self._heard(self.lines)])

    def _heard(self, lines: list[Sentence]) -> Iterator[str]:
        return (words_said(line.text, self._share(i)) for i, line in enumerate(lines))

    def _share(self, index: int) -> float:
        """How much of a sentence was heard, 0-1."""
        fault = self.faults.get(index)
        return min(self._place(index), 1.0 if fault is None else fault.spoken)

    def _place(self, index: int) -> float:
        """Whether the speaker is past a sentence: 1; before it: 0."""
        if not self.audible or index > self.sentence:
            return 0.0
        return self.progress if index == self.sentence else 1.0
