"""The turn that speaks: at most one. Begins, holds, resumes, cancels and ends it, and sends what it needs.

While none speaks, another may be prepared: all of it is made and nothing of it heard (preparation.py).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from ..core.enums import InterruptAction, PlaybackState
from ..core.events import Interrupt, Say, SayResult, SpeechFault
from ..core.types import PlaybackClock, Prompt, Reply
from .base import DialogueSettings
from .fixed_texts import FixedTexts
from .history import History
from .outbox import Outbox
from .reply import ReplyReader
from .sentence_writer import SentenceWriter
from .sentences import CutSentence
from .turn import Source, Turn

#: An order is given again when the speaker seems not to have received it, but not more often than this.
REPEAT_ORDER_S = 0.5
#: Sentences of a long text that are cut and sent at a time: nothing else is done meanwhile.
SENTENCES_AT_ONCE = 8
#: A turn whose first news from a loudspeaker that has just come back is of a later sample has lost its beginning.
LOST_START_S = 0.3


class TurnManager:
    """What is to be sent gathers in `outbox`."""

    def __init__(
        self, settings: DialogueSettings, session: str, epoch: int, last_turn: int = 0, locale: str = ""
    ) -> None:
        self._settings = settings
        self._writer = SentenceWriter(settings, session, epoch)
        self.texts = FixedTexts(settings, locale)
        self.outbox = Outbox(session, epoch)
        self.epoch = epoch
        self.turn: Turn | None = None
        self.prepared: Turn | None = None  # only while `turn` is None
        self.last_turn = last_turn
        self.history = History(settings.history_messages, settings.history_characters)
        self.lost_nodes: set[str] = set()  # of the voice's path: what is to be spoken is kept meanwhile
        self.reconnecting_until_s = float("-inf")  # one of them has come back a moment ago
        self._cancelled_s = float("-inf")

    # --- beginning ------------------------------------------------------------------------------------------------

    def ask(self, prompt: Prompt, question_end_s: float | None, greet: bool, now_s: float) -> None:
        """Begin an answer: send `prompt` (text, locale, rejected) to the LLM. greet: before it."""
        turn = self._begin(Source.ANSWER, prompt.locale, now_s)
        turn.question, turn.rejected, turn.question_end_s = prompt.text, prompt.rejected, question_end_s
        self._ask(turn, prompt, now_s)
        if greet and (greeting := self._own("greeting")):
            self._speak(turn, greeting, now_s, last=False)
            turn.greeting_sentences = len(turn.sentences)

    def prepare(self, prompt: Prompt, now_s: float) -> None:
        """Begin an answer that is not to be heard before `confirm`: the speaker holds it before any of it is made."""
        self.discard()
        self.last_turn += 1
        turn = self.prepared = Turn(self.last_turn, Source.ANSWER, prompt.locale, now_s)
        self.outbox.interrupt(InterruptAction.PAUSE, turn.number, "prepared")
        turn.question = prompt.text
        self._ask(turn, self._writer.draftable(replace(prompt, speculative=True)), now_s)

    def confirm(self, prompt: Prompt, question_end_s: float | None, now_s: float) -> None:
        """What was prepared is the answer to `prompt`: it is the turn now, and may be heard."""
        turn, self.prepared = self.prepared, None
        if turn is None or turn.prompt is None:
            return
        self.turn = turn
        turn.prompt = replace(turn.prompt, text=prompt.text, speculative=False)
        turn.question, turn.question_end_s, turn.began_s, turn.reply_s = prompt.text, question_end_s, now_s, now_s
        turn.sound_due_s = None if turn.sound_due_s is None else now_s
        self.outbox.interrupt(InterruptAction.RESUME, turn.number, "prepared")
        self.send_sentences()

    def discard(self) -> None:
        """Nobody will hear what was prepared, or of it."""
        turn, self.prepared = self.prepared, None
        if turn is not None:
            self.outbox.interrupt(InterruptAction.CANCEL, turn.number, "unheard")

    def ask_again(self, now_s: float) -> None:
        """The LLM died before anything of its answer was spoken."""
        turn = self.turn
        if turn is not None and turn.prompt is not None:
            turn.attempts += 1
            self._send_prompt(turn, turn.prompt, now_s)

    def say(self, say: Say, now_s: float) -> None:
        """Begin to speak another program's words."""
        turn = self._begin(Source.SAY, say.locale or self.texts.own_locale, now_s)
        turn.say_id = say.id
        turn.remaining = self._writer.cut(say.text, expression=say.expression)
        self.continue_text(now_s)

    def remark(self, name: str, now_s: float, *, farewell: bool = False) -> None:
        """Begin to speak one of the dialogue's own texts; nothing where it is empty."""
        if lines := self._own(name):
            turn = self._begin(Source.REMARK, lines[0].locale, now_s)
            turn.farewell = farewell
            self._speak(turn, lines, now_s, last=True)

    def _own(self, name: str) -> list[CutSentence]:
        return list(self._writer.cut(*self.texts.get(name)))

    def _begin(self, source: Source, locale: str, now_s: float) -> Turn:
        self.discard()
        self.last_turn += 1
        self.turn = Turn(self.last_turn, source, locale, now_s)
        return self.turn

    def _ask(self, turn: Turn, prompt: Prompt, now_s: float) -> None:
        messages = self.history.messages()
        turn.prompt = replace(prompt, session=self.outbox.session, epoch=self.epoch, turn=turn.number, history=messages)
        self._send_prompt(turn, turn.prompt, now_s)

    def _send_prompt(self, turn: Turn, prompt: Prompt, now_s: float) -> None:
        turn.reader, turn.reply_s = ReplyReader(self._writer.cutter()), now_s
        self.outbox.put("dialogue/prompt", prompt)

    # --- its text -------------------------------------------------------------------------------------------------

    def reply(self, piece: Reply, now_s: float) -> None:
        """A piece of the answer came; those of other turns are ignored."""
        turn = self.turn or self.prepared
        if turn is None or turn.reader is None or turn.complete:
            return
        if (piece.epoch, piece.turn) != (self.epoch, turn.prompt_turn):
            return
        turn.reply_locale = piece.locale or turn.reply_locale
        lines = turn.reader.feed(piece)
        if lines or turn.reader.begun:  # a model may think for ever
            turn.reply_s = now_s
        self._speak_answer(turn, turn.reader, lines, now_s)

    def end_answer(self, now_s: float) -> None:
        """Speak what came of the answer, an apology if it ends in mid-sentence, and expect no more."""
        turn = self.turn
        if turn is not None and turn.reader is not None and not turn.complete:
            self._speak_answer(turn, turn.reader, turn.reader.break_off(), now_s)

    def continue_text(self, now_s: float) -> None:
        """Send more of a long text."""
        turn = self.turn
        if turn is not None and turn.reader is not None and turn.reader.waiting:
            self._speak_answer(turn, turn.reader, turn.reader.read(), now_s)
        if turn is None or turn.remaining is None:
            return
        lines = list(islice(turn.remaining, SENTENCES_AT_ONCE))
        last = len(lines) < SENTENCES_AT_ONCE
        if last:
            turn.remaining = None
        self._speak(turn, lines, now_s, last=last)

    def _speak_answer(self, turn: Turn, reader: ReplyReader, lines: list[CutSentence], now_s: float) -> None:
        wordless = reader.done and not lines and not turn.answered
        if wordless or reader.cut_short:
            lines = [*lines, *self._own("apology")]
        turn.answered = turn.answered or bool(lines)
        if lines or reader.done:
            self._speak(turn, lines, now_s, last=reader.done)

    def _speak(self, turn: Turn, lines: list[CutSentence], now_s: float, *, last: bool) -> None:
        if last and not lines:
            lines = [CutSentence("")]
        for i, line in enumerate(lines):
            turn.add(self._writer.sentence(turn, line, last=last and i == len(lines) - 1), now_s)
        turn.complete = last
        self.send_sentences()

    def send_sentences(self) -> None:
        """Send what is to be spoken, unless a node that speaks it is lost; the first sentence of what is prepared."""
        turn = self.turn or self.prepared
        if turn is not None and not self.lost_nodes and not turn.lost:
            ready = turn.sentences[:1] if turn is self.prepared else turn.sentences
            for sentence in ready[turn.sent :]:
                self.outbox.put("speech/sentence", sentence)
            turn.sent = len(ready)

    # --- its sound ------------------------------------------------------------------------------------------------

    def playback(self, clock: PlaybackClock, now_s: float) -> Turn | None:
        """The speaker reports. Returns the turn that has ended by it."""
        turn = self.turn
        if turn is None or (clock.epoch, clock.turn) != (self.epoch, turn.number):
            self._cancel_unwanted(clock, now_s)
            return None
        late = clock.sample > LOST_START_S * clock.sample_rate_hz
        if turn.playback is None and late and now_s < self.reconnecting_until_s:
            turn.lost = "speaker_lost"  # DDS had not found it yet: the beginning was not heard
        turn.played(clock, now_s)
        if clock.state is PlaybackState.ENDED:
            return self._ended(turn, now_s)
        if turn.paused and clock.state is PlaybackState.PLAYING and now_s - turn.held_s > REPEAT_ORDER_S:
            self.hold(now_s)
        return None

    def fault(self, fault: SpeechFault, now_s: float) -> None:
        """The voice could not speak a sentence."""
        turn = self.turn
        if turn is not None and (fault.epoch, fault.turn) == (self.epoch, turn.number):
            turn.faults[fault.sentence] = fault

    def hold(self, now_s: float) -> None:
        """The person speaks: fall silent, or soften the voice, at once."""
        turn = self.turn
        if turn is not None:
            duck = turn.audible and self._settings.barge_in_style == "duck"
            turn.held = InterruptAction.DUCK if duck else InterruptAction.PAUSE
            turn.held_s = now_s
            self.outbox.interrupt(turn.held, turn.number, "voice")

    def resume(self, now_s: float) -> None:
        """It was no interruption: go on where it stopped."""
        turn = self.turn
        if turn is not None and turn.held is not None:
            turn.held = None
            turn.sound_due_s = None if turn.sound_due_s is None else now_s
            self.outbox.interrupt(InterruptAction.RESUME, turn.number, "no_interruption")

    def repeat(self, now_s: float) -> None:
        """Say the turn again from the sentence that was being heard, as the turn after; the answer goes on coming."""
        turn = self.turn
        if turn is not None:
            self.outbox.interrupt(InterruptAction.REPEAT, turn.number, turn.lost)
            self._cancelled_s = now_s
            self.last_turn += 1
            turn.restart(self.last_turn, now_s)
            self.send_sentences()

    # --- ending ---------------------------------------------------------------------------------------------------

    def cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        """End the turn in every stage. keep: the question and what was heard of the answer stay in the history."""
        self.discard()
        turn = self.turn
        if turn is None:
            return
        self.turn = None
        self._cancelled_s = now_s
        self.outbox.interrupt(InterruptAction.CANCEL, turn.number, reason)
        if keep:
            self._remember(turn)
        self._send_result(turn, "replaced" if reason == "say" else reason)

    def cancelled_by(self, order: Interrupt, now_s: float) -> Turn | None:
        """The turn that ends by a CANCEL of others. What is said again goes by its first number, too."""
        if self.prepared is not None and (order.epoch, order.turn) >= (self.epoch, self.prepared.number):
            self.prepared = None  # its stages have heard that order, too
        turn = self.turn
        if turn is None or (order.epoch, order.turn) < (self.epoch, turn.prompt_turn):
            return None
        self.cancel("cancelled", now_s)
        return turn

    def cancel_older_epochs(self) -> None:
        """Tell every stage to drop what a dialogue before this one has left behind."""
        self.outbox.interrupt(InterruptAction.CANCEL, 2**32 - 1, "dialogue_started", self.epoch - 1)

    def _cancel_unwanted(self, clock: PlaybackClock, now_s: float) -> None:
        """What plays was cancelled: the order was lost, or another dialogue died and left it behind. Or it was only
        prepared, and somebody else has let it go.
        """
        early = self.prepared is not None and (clock.epoch, clock.turn) == (self.epoch, self.prepared.number)
        if early and clock.state is not PlaybackState.ENDED:
            self.discard()
            return
        played, newest = (clock.epoch, clock.turn), (self.epoch, self.last_turn + 1)
        if clock.state is PlaybackState.ENDED or played >= newest or now_s - self._cancelled_s <= REPEAT_ORDER_S:
            return
        self._cancelled_s = now_s
        ours = self.turn is not None and played >= (self.epoch, self.turn.prompt_turn)
        action = InterruptAction.REPEAT if ours else InterruptAction.CANCEL  # its answer may still be coming
        self.outbox.interrupt(action, clock.turn, "stale", clock.epoch)

    def _ended(self, turn: Turn, now_s: float) -> Turn:
        if not turn.played_in_full:
            self.cancel("speaker_ended", now_s)
            return turn
        self.turn = None
        self._remember(turn)
        self._send_result(turn, next((fault.reason for fault in turn.faults.values()), None))
        return turn

    def _remember(self, turn: Turn) -> None:
        if turn.wanted:
            self.history.add("user", turn.question)
            self.history.add("assistant", turn.heard)

    def _send_result(self, turn: Turn, failure: str | None) -> None:
        """Tell the program what became of its `say`. failure: None where it was spoken to the end."""
        if turn.source is Source.SAY:
            result = SayResult(self.outbox.session, turn.say_id, failure is None, turn.heard, failure or "")
            self.outbox.put("say_result", result)
