"""The avatar's floor: the one turn that may speak, and all that is sent out about it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from ..core.enums import InterruptAction, PlaybackState
from ..core.events import Interrupt, Say, SayResult, SpeechFault
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import PlaybackClock, Prompt, Reply, Sentence
from ..core.writing_scripts import fits
from .base import DialogueSettings
from .history import History
from .reply import ReplyReader, lines_of
from .sentences import CutSentence, SentenceCutter
from .turn import Source, Turn

#: An order is given again when the speaker seems not to have heard it, but not more often than this.
REPEAT_ORDER_S = 0.5
#: Of a long text so many sentences are cut and sent at a time: nothing else is done meanwhile.
LINES_AT_ONCE = 8
#: A turn whose first news from a loudspeaker that has just come back is of a later sample has lost its beginning.
LOST_START_S = 0.3


class TurnManager:
    """Begins, holds, resumes, cancels and finishes turns. What is to be sent gathers in `out`."""

    def __init__(self, settings: DialogueSettings, session: str, epoch: int, last_turn: int = 0) -> None:
        self._settings = settings
        self._session = session
        self.epoch = epoch
        self.turn: Turn | None = None
        self.last_turn = last_turn
        self.history = History(settings.history_messages, settings.history_characters)
        self.out: list[Out] = []
        self.away: set[str] = set()  # nodes that speak and are lost: what is to be spoken is kept meanwhile
        self.fresh_until_s = float("-inf")  # a node that speaks has come back a moment ago
        self._cancelled_s = float("-inf")

    # --- beginning ------------------------------------------------------------------------------------------------

    def ask(self, prompt: Prompt, question_end_s: float | None, opening: str, now_s: float) -> None:
        """Begin an answer: hand `prompt` (text, locale, rejected) to the LLM. opening: said before it, or ""."""
        turn = self._begin(Source.ANSWER, prompt.locale, now_s)
        turn.question, turn.rejected, turn.question_end_s = prompt.text, prompt.rejected, question_end_s
        turn.reader, turn.reply_s = ReplyReader(self._cutter()), now_s
        full = replace(
            prompt, session=self._session, epoch=self.epoch, turn=turn.number, history=self.history.messages()
        )
        turn.prompt = full
        self._give("dialogue/prompt", full)
        if opening:
            self._speak(turn, self._own(opening), now_s, last=False)
            turn.opening = len(turn.lines)

    def say(self, say: Say, now_s: float) -> None:
        """Begin to speak another program's words."""
        turn = self._begin(Source.SAY, say.locale or self._settings.locale, now_s)
        turn.say_id = say.id
        turn.script = lines_of(say.text, self._cutter(), say.expression)
        self.read_on(now_s)

    def remark(self, text: str, now_s: float, *, farewell: bool = False) -> None:
        """Begin to speak one of the dialogue's own texts; nothing where it is empty."""
        if not text:
            return
        turn = self._begin(Source.REMARK, self._settings.locale, now_s)
        turn.farewell = farewell
        self._speak(turn, self._own(text), now_s, last=True)

    def read_on(self, now_s: float) -> None:
        """Send more of a long text."""
        turn = self.turn
        if turn is not None and turn.reader is not None and turn.reader.waiting:
            self._go_on(turn, turn.reader.read(), now_s)
        if turn is None or turn.script is None:
            return
        lines = list(islice(turn.script, LINES_AT_ONCE))
        last = len(lines) < LINES_AT_ONCE
        if last:
            turn.script = None
        self._speak(turn, lines, now_s, last=last)

    # --- going on -------------------------------------------------------------------------------------------------

    def reply(self, piece: Reply, now_s: float) -> None:
        """A piece of the answer came; those of other turns are void."""
        turn = self.turn
        if (
            turn is None
            or turn.reader is None
            or turn.complete
            or (piece.epoch, piece.turn)
            != (
                self.epoch,
                turn.asked_as,
            )
        ):
            return
        lines = turn.reader.feed(piece)
        if lines or turn.reader.begun:  # a model may think for ever
            turn.reply_s = now_s
        self._go_on(turn, lines, now_s)

    def give_up_waiting(self, now_s: float) -> None:
        """Speak what came of the answer, an apology if it ends in mid-sentence, and expect no more."""
        turn = self.turn
        if turn is not None and turn.reader is not None and not turn.complete:
            self._go_on(turn, turn.reader.break_off(), now_s)

    def playback(self, clock: PlaybackClock, now_s: float) -> Turn | None:
        """The speaker reports. Returns the turn that has ended by it."""
        turn = self.turn
        if turn is None or (clock.epoch, clock.turn) != self._mark(turn):
            self._silence_stray(clock, now_s)
            return None
        if turn.playback is None and clock.sample > LOST_START_S * clock.sample_rate_hz and now_s < self.fresh_until_s:
            turn.broken = "speaker_lost"  # DDS had not found it yet: nobody heard how the turn begins
        turn.heard(clock, now_s)
        if clock.state is PlaybackState.ENDED:
            return self._ended(turn, now_s)
        if turn.paused and clock.state is PlaybackState.PLAYING and now_s - turn.held_s > REPEAT_ORDER_S:
            self.hold(now_s)
        return None

    def fault(self, fault: SpeechFault) -> None:
        """The voice could not speak a sentence."""
        turn = self.turn
        if turn is not None and (fault.epoch, fault.turn) == self._mark(turn):
            turn.faults[fault.sentence] = fault

    def ask_again(self, now_s: float) -> None:
        """The LLM died before anything of its answer was spoken."""
        turn = self.turn
        if turn is not None and turn.prompt is not None:
            turn.reader, turn.reply_s, turn.attempts = ReplyReader(self._cutter()), now_s, turn.attempts + 1
            self._give("dialogue/prompt", turn.prompt)

    def repeat(self, now_s: float) -> None:
        """Say the turn again from the sentence that was being heard, as the turn after; the answer goes on coming."""
        turn = self.turn
        if turn is not None:
            self._order(InterruptAction.REPEAT, turn.number, turn.broken)
            self._cancelled_s = now_s
            self.last_turn += 1
            turn.again(self.last_turn, now_s)
            self.go_on()

    def go_on(self) -> None:
        """Hand out what is to be spoken, unless nobody is there to speak it."""
        turn = self.turn
        if turn is not None and not self.away and not turn.broken:
            for line in turn.lines[turn.given :]:
                self._give("speech/sentence", line)
            turn.given = len(turn.lines)

    def hold(self, now_s: float) -> None:
        """Somebody speaks: fall silent, or soften the voice, at once."""
        turn = self.turn
        if turn is None:
            return
        duck = turn.audible and self._settings.barge_in_style == "duck"
        turn.held = InterruptAction.DUCK if duck else InterruptAction.PAUSE
        turn.held_s = now_s
        self._order(turn.held, turn.number, "voice")

    def resume(self, now_s: float) -> None:
        """It was nothing: go on where it stopped."""
        turn = self.turn
        if turn is not None and turn.held is not None:
            turn.held = None
            turn.sound_due_s = None if turn.sound_due_s is None else now_s
            self._order(InterruptAction.RESUME, turn.number, "no_interruption")

    # --- ending ---------------------------------------------------------------------------------------------------

    def cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        """Void the turn everywhere. keep: the question and what was said of the answer stay in the history."""
        turn = self.turn
        if turn is None:
            return
        self.turn = None
        self._cancelled_s = now_s
        self._order(InterruptAction.CANCEL, turn.number, reason)
        if keep:
            self._remember(turn, turn.said)
        self._say_result(turn, done=False, spoken=turn.said, reason=reason)

    def cancelled(self, order: Interrupt, now_s: float) -> Turn | None:
        """Others void what we do; the turn that ends by it. What was said again goes by its first number, too."""
        turn = self.turn
        if turn is None or (order.epoch, order.turn) < (self.epoch, turn.asked_as):
            return None
        self.cancel("cancelled", now_s)
        return turn

    def void_older_epochs(self) -> None:
        """Tell every stage to drop what a dialogue before this one has left behind."""
        self._give(
            "interrupt",
            Interrupt(self._session, self.epoch - 1, 2**32 - 1, InterruptAction.CANCEL, "dialogue_started"),
        )

    def _ended(self, turn: Turn, now_s: float) -> Turn:
        if not turn.whole:
            self.cancel("speaker_ended", now_s)
            return turn
        self.turn = None
        self._remember(turn, turn.said)
        fault = next(iter(turn.faults.values()), None)
        self._say_result(turn, done=fault is None, spoken=turn.said, reason=fault.reason if fault else "")
        return turn

    def _remember(self, turn: Turn, said: str) -> None:
        if turn.source is Source.REMARK or turn.rejected:
            return
        self.history.add("user", turn.question)
        self.history.add("assistant", said)

    def _say_result(self, turn: Turn, *, done: bool, spoken: str, reason: str) -> None:
        if turn.source is Source.SAY:
            reason = "replaced" if reason == "say" else reason
            self.give_result(SayResult(self._session, turn.say_id, done, spoken, reason))

    def give_result(self, result: SayResult) -> None:
        """Tell the program what became of its `say`."""
        self._give("say_result", result)

    # --- sending --------------------------------------------------------------------------------------------------

    def _begin(self, source: Source, locale: str, now_s: float) -> Turn:
        self.last_turn += 1
        self.turn = Turn(self.last_turn, source, locale, now_s)
        return self.turn

    def _go_on(self, turn: Turn, lines: list[CutSentence], now_s: float) -> None:
        reader = turn.reader
        last = reader is not None and reader.done
        wordless = last and not lines and not turn.answered
        if wordless or (reader is not None and reader.cut_short):
            lines = [*lines, *self._own(self._settings.apology)]
        turn.answered = turn.answered or bool(lines)
        if lines or last:
            self._speak(turn, lines, now_s, last=last)

    def _speak(self, turn: Turn, lines: list[CutSentence], now_s: float, *, last: bool) -> None:
        if last and not lines:
            lines = [CutSentence("")]
        for i, line in enumerate(lines):
            turn.add(self._sentence(turn, line, last and i == len(lines) - 1), now_s)
        turn.complete = last
        self.go_on()

    def _sentence(self, turn: Turn, line: CutSentence, last: bool) -> Sentence:
        return Sentence(
            session=self._session,
            epoch=self.epoch,
            turn=turn.number,
            index=len(turn.lines),
            text=line.text,
            locale=line.locale or self._locale_for(turn, line.text),
            expression=line.expression,
            last=last,
        )

    def _locale_for(self, turn: Turn, text: str) -> str:
        """The turn's, unless the answer is in another script: the kiosk's own answers are in the kiosk's language."""
        own = self._settings.locale
        foreign = turn.source is Source.ANSWER and not fits(text, turn.locale)
        return own if foreign and fits(text, own) else turn.locale

    def _own(self, text: str) -> list[CutSentence]:
        """One of the dialogue's own texts, in the language that it is written in."""
        return list(lines_of(text, self._cutter(), locale=self._settings.locale))

    def _silence_stray(self, clock: PlaybackClock, now_s: float) -> None:
        """Something plays that was cancelled: the order was lost, or another dialogue died and left it behind."""
        newest = (self.epoch, self.last_turn + 1)
        if clock.state is PlaybackState.ENDED or (clock.epoch, clock.turn) >= newest:
            return
        if now_s - self._cancelled_s > REPEAT_ORDER_S:
            self._cancelled_s = now_s
            ours = self.turn is not None and (clock.epoch, clock.turn) >= (self.epoch, self.turn.asked_as)
            action = InterruptAction.REPEAT if ours else InterruptAction.CANCEL  # its answer may still be coming
            self._give("interrupt", Interrupt(self._session, clock.epoch, clock.turn, action, "stale"))

    def _order(self, action: InterruptAction, turn: int, reason: str) -> None:
        self._give("interrupt", Interrupt(self._session, self.epoch, turn, action, reason))

    def _give(self, topic: str, message: Message) -> None:
        self.out.append(Out(topic, message))

    def _mark(self, turn: Turn) -> tuple[int, int]:
        return (self.epoch, turn.number)

    def _cutter(self) -> SentenceCutter:
        settings = self._settings
        return SentenceCutter(
            first_clause_length=settings.first_clause_characters,
            clause_length=settings.clause_characters,
            max_length=settings.sentence_characters,
        )
