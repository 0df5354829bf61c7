"""One turn of the avatar, from the question to the last sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from ..core.enums import InterruptAction, PlaybackState
from ..core.events import SpeechFault
from ..core.spoken_text import WHOLE, join_sentences, words_said
from ..core.types import PlaybackClock, Prompt, Sentence
from .reply import ReplyReader
from .sentences import CutSentence

#: Share of a question's sound after which people know what they are asked.
_QUESTION_KNOWN = 0.6


class Source(Enum):
    """Where a turn's words come from: the LLM, a `say`, or the dialogue itself (greeting, apology, …)."""

    ANSWER = 1
    SAY = 2
    REMARK = 3


@dataclass
class Turn:
    """State of the turn that speaks or is about to.

    number: changes where it is said again; prompt_turn: that of its prompt; question: what the user said ("" for others
    than answers); question_end_s: when the user stopped speaking, at the microphone; reply_s: when the last piece of
    the answer came; sentences: what is to be spoken, of which `sent` went out; sound_due_s: since when sound is owed;
    position: what the playback has reached, sentence and share of it (0-1).
    """

    number: int
    source: Source
    locale: str
    began_s: float
    prompt_turn: int = 0
    prompt: Prompt | None = None
    question: str = ""
    question_end_s: float | None = None
    rejected: bool = False
    reply_locale: str = ""  # that its answer names
    reader: ReplyReader | None = None
    remaining: Iterator[CutSentence] | None = None  # what is still to be sent of a text that is known in full
    reply_s: float = 0.0
    answered: bool = False  # some of the answer was sent to be spoken
    complete: bool = False  # its last Sentence is there
    sentences: list[Sentence] = field(default_factory=list)
    sent: int = 0
    heard_before: str = ""  # under former numbers
    faults: dict[int, SpeechFault] = field(default_factory=dict)  # by sentence
    lost: str = ""  # why its sound will not go on by itself: "voice_lost", "speaker_lost"
    stalled_s: float | None = None  # since when it waits for a node that died
    attempts: int = 1  # how often it was begun, or asked
    sound_due_s: float | None = None
    playback: PlaybackState | None = None  # None: nothing was heard of it yet
    position: tuple[int, float] = (0, 0.0)
    held: InterruptAction | None = None  # PAUSE or DUCK while the person speaks
    held_s: float = 0.0  # when that order was last given
    say_id: str = ""
    yields_after: int | None = None  # a `say` NOW waits for the end of this sentence
    farewell: bool = False
    greeting_sentences: int = 0  # sentences of the greeting, which come before the answer

    def __post_init__(self) -> None:
        self.prompt_turn = self.prompt_turn or self.number

    @property
    def audible(self) -> bool:
        """Whether the person has begun to hear it."""
        return self.playback is not None

    @property
    def wanted(self) -> bool:
        """Whether the person waits for it: not for a fixed text, nor for the answer to what was not understood."""
        return self.source is not Source.REMARK and not self.rejected

    @property
    def unheard_answer(self) -> bool:
        """Whether the person has asked and not heard any of the answer yet."""
        unheard = not self.heard_before and (not self.audible or self.position[0] < self.greeting_sentences)
        return self.source is Source.ANSWER and not self.rejected and unheard

    @property
    def paused(self) -> bool:
        return self.held is InterruptAction.PAUSE

    @property
    def texts(self) -> list[str]:
        """What is to be spoken; the empty sentence that may close a turn is none."""
        return [sentence.text for sentence in self.sentences if sentence.text]

    def add(self, sentence: Sentence, now_s: float) -> None:
        """There is more to be spoken: sound is owed, unless it already was."""
        self.sentences.append(sentence)
        owed = bool(sentence.text) or len(self.sentences) == 1
        if owed and (self.sound_due_s is None or self.playback is PlaybackState.STARVED):
            self.sound_due_s = now_s

    def restart(self, number: int, now_s: float) -> None:
        """Begin anew as turn `number`, with the sentence that was being heard."""
        first = self.position[0] + (self.position[1] >= WHOLE) if self.audible else 0
        self.heard_before = join_sentences([self.heard_before, *self._heard_of(self.sentences[:first])])
        # where all was heard, its end is still due
        closing = [replace(self.sentences[-1], text="")] if self.complete else []
        rest = self.sentences[first:] or closing
        self.sentences = [replace(sentence, turn=number, index=i) for i, sentence in enumerate(rest)]
        self.number, self.sent, self.faults, self.lost = number, 0, {}, ""
        self.playback, self.position, self.stalled_s = None, (0, 0.0), None
        self.greeting_sentences = max(0, self.greeting_sentences - first)
        if self.yields_after is not None:
            self.yields_after = max(0, self.yields_after - first)
        self.sound_due_s = now_s if self.sentences else None
        self.attempts += 1

    def played(self, clock: PlaybackClock, now_s: float) -> None:
        """The speaker reports on this turn."""
        self.playback = clock.state
        self.position = max(self.position, (clock.sentence, clock.sentence_progress))
        if clock.state is not PlaybackState.STARVED:
            self.sound_due_s = now_s

    def sound_overdue(self, now_s: float, patience_s: float) -> bool:
        """Whether sound has been owed for longer than `patience_s`: synthesis or speaker are dead."""
        if self.sound_due_s is None or self.paused:
            return False
        if self.playback is PlaybackState.STARVED and not self.complete:
            return False  # it waits for the answer, not for the voice
        return now_s - self.sound_due_s > patience_s

    @property
    def yields(self) -> bool:
        """Whether the sentence that a `say` NOW waits for has been said."""
        return self.yields_after is not None and self.position >= (self.yields_after, 1.0)

    @property
    def asks(self) -> bool:
        """Whether it ends with a question, and the person has heard most of it: "yes" is then an answer."""
        texts = self.texts
        if not self.complete or not self.audible or not texts:
            return False
        heard = self.position >= (len(texts) - 1, _QUESTION_KNOWN)
        return heard and texts[-1].rstrip("\"'”’」』)").endswith(("?", "？", "؟"))

    @property
    def played_in_full(self) -> bool:
        """Whether it was heard to its end, but for what the voice could not speak."""
        rest = [i for i, sentence in enumerate(self.sentences) if sentence.text and self._reached(i) < WHOLE]
        return self.complete and all(i in self.faults for i in rest)

    @property
    def heard(self) -> str:
        """What the person has heard so far."""
        return join_sentences([self.heard_before, *self._heard_of(self.sentences)])

    def _heard_of(self, sentences: list[Sentence]) -> Iterator[str]:
        return (words_said(sentence.text, self._share(i)) for i, sentence in enumerate(sentences))

    def _share(self, index: int) -> float:
        """How much of a sentence was heard, 0-1."""
        fault = self.faults.get(index)
        return min(self._reached(index), 1.0 if fault is None else fault.spoken)

    def _reached(self, index: int) -> float:
        """How far the playback is through a sentence, 0-1."""
        sentence, progress = self.position
        if not self.audible or index > sentence:
            return 0.0
        return progress if index == sentence else 1.0
