"""Follows every turn through the topics and reports it when it is over."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Set
from dataclasses import dataclass

from ..core.clock import s_from_ns
from ..core.enums import AgentState, InterruptAction, Layer, PlaybackState, VoiceKind
from ..core.events import AvatarState, FrameInfo, Interrupt, TurnReport
from ..core.topics import Message
from ..core.types import (
    AudioFrame,
    Expression,
    PlaybackClock,
    Prompt,
    Reply,
    Sentence,
    SpeechChunk,
    Transcript,
    VoiceActivity,
)
from .base import MonitorSettings
from .onset import PlayedSound
from .turns import UtteranceTimes, WatchedTurn

_REMEMBERED = 16  # utterances and reported turns
_MOST_TURNS = 64  # that are watched at a time


#: What comes by the hundred, and of which only a turn's first counts.
_FIRSTS = (("motion/expression", "first_expression"), ("speech/played", "first_sound"), ("frame_info", "first_mouth"))

#: A question and the transcript that became it are this close in time, s.
NEAR_S = 2.0


@dataclass(frozen=True)
class FinishedTurn:
    """A report, and whether the turn answered something that a person said and could be heard."""

    report: TurnReport
    answered: bool


class TurnReporter:
    """One session. Times of messages that carry `steady_ns` are taken from there, else the time of arrival counts."""

    def __init__(self, settings: MonitorSettings) -> None:
        self._settings = settings
        self._utterances: deque[UtteranceTimes] = deque(maxlen=_REMEMBERED)
        self._turns: dict[tuple[int, int], WatchedTurn] = {}
        self._reported: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._confirmed: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)  # prepared, then wanted
        self._repeated: dict[tuple[int, int], tuple[int, int]] = {}  # former number -> that under which it goes on
        self._sound = PlayedSound(settings.sound_threshold_db)
        self._agent_state = AgentState.IDLE
        self._expected = (0, 0)  # the newest turn that was heard of, before any thread has dealt with the news
        self._newest_over = (0, 0)
        self.news_s: float | None = None  # when a person or the avatar last did anything

    def expect(self, message: Message) -> None:
        """A message will be taken soon. Safe between threads, as is `heeds`."""
        if isinstance(message, Prompt | Sentence | SpeechChunk):
            self._expected = max(self._expected, (message.epoch, message.turn))

    def heeds(self, message: Message) -> bool:
        """Whether `take` would do anything with it, given what was expected before."""
        if isinstance(message, Expression):
            return message.layer is not Layer.IDLE and self._lacks((message.epoch, message.turn), "first_expression")
        if isinstance(message, FrameInfo):
            return message.speaking and self._lacks((message.epoch, message.turn), "first_mouth")
        if isinstance(message, AudioFrame):
            marks = (self._expected, *self._turns)
            return bool(message.pcm.any()) and any(self._lacks(mark, "first_sound") for mark in marks)
        return True

    def drowsy(self) -> Set[str]:
        """Topics of which no turn that runs or is expected lacks its first. Safe between threads."""
        marks = (self._expected, *self._turns)
        return {topic for topic, step in _FIRSTS if not any(self._lacks(mark, step) for mark in marks)}

    def _lacks(self, mark: tuple[int, int], step: str) -> bool:
        turn = self._turns.get(mark)
        return mark > self._newest_over if turn is None else step not in turn.steps

    def _over(self, mark: tuple[int, int]) -> None:
        self._reported.append(mark)
        self._newest_over = max(self._newest_over, mark)

    def take(self, message: Message, now_s: float) -> None:
        """Take one message of the session."""
        if isinstance(message, VoiceActivity):
            self._voice(message, now_s)
        elif isinstance(message, Transcript):
            self._transcript(message, now_s)
        elif isinstance(message, AvatarState):
            self._agent_state = message.state
        elif isinstance(message, AudioFrame):
            self._sound.add(message, now_s)
            self._find_first_sounds()
        elif isinstance(message, Prompt | Reply | Sentence | SpeechChunk | Expression | PlaybackClock | FrameInfo):
            self._of_turn(message, now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> None:
        """A CANCEL ends the turns up to the one it names; what a REPEAT names goes on as the turn after."""
        mark = (order.epoch, order.turn)
        if order.action is InterruptAction.REPEAT and (again := self._turns.get(mark)) is not None:
            again.again()
            following = (order.epoch, order.turn + 1)
            early = self._turns.pop(following, None)  # its first sentence may be here before this order
            again.sentences.update(early.sentences if early else {})
            self._turns[following] = again
            del self._turns[mark]
            self._over(mark)
            self._repeated = {**{old: following for old, new in self._repeated.items() if new == mark}, mark: following}
        if order.action is InterruptAction.RESUME:
            self._confirmed.append(mark)  # orders overtake messages: its prompt may come after this
            if (prepared := self._turns.get(mark)) is not None:
                prepared.unheard = False
                self._match(prepared)
        if order.action is InterruptAction.CANCEL:
            self._forget_unheard(mark)
            for mark, turn in self._turns.items():
                if mark <= (order.epoch, order.turn) and turn.ended_s is None:
                    turn.interrupted, turn.ended_s = True, now_s

    def _forget_unheard(self, until: tuple[int, int]) -> None:
        for mark in [mark for mark, turn in self._turns.items() if mark <= until and turn.unheard]:
            del self._turns[mark]
            self._over(mark)

    def due(self, now_s: float) -> list[FinishedTurn]:
        """Reports of the turns that are over, oldest first."""
        over = sorted(m for m, turn in self._turns.items() if self._is_over(turn, now_s) and not turn.unheard)
        return [self._finish(mark) for mark in over]

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        heard = any(not turn.unheard for turn in self._turns.values())
        return heard or self._agent_state in (AgentState.THINKING, AgentState.SPEAKING)

    # --- what was heard -------------------------------------------------------------------------------------------

    def _voice(self, activity: VoiceActivity, now_s: float) -> None:
        self.news_s = now_s
        if activity.kind is VoiceKind.STARTED:
            self._utterances.append(UtteranceTimes(activity.utterance))
        if activity.kind is not VoiceKind.STOPPED:
            return
        heard = self._utterance(activity.utterance)
        heard.speech_end_s = s_from_ns(activity.steady_ns) if activity.steady_ns else now_s
        heard.voice_stop_s = now_s

    def _transcript(self, transcript: Transcript, now_s: float) -> None:
        self.news_s = now_s
        if transcript.final:
            heard = self._utterance(transcript.utterance)
            heard.transcript_s, heard.text, heard.rejected = now_s, transcript.text, transcript.rejected
            for turn in self._turns.values():
                self._match(turn)

    def _utterance(self, number: int) -> UtteranceTimes:
        """The newest utterance of that number (numbers begin anew when vad_node does)."""
        for heard in reversed(self._utterances):
            if heard.number == number:
                return heard
        self._utterances.append(UtteranceTimes(number))
        return self._utterances[-1]

    def _match(self, turn: WatchedTurn) -> None:
        """Find the utterance that a turn answers: the newest unanswered whose words its question ends with.

        Prompt and transcript come on topics of their own, so either may be here first: asked again at each of both,
        and when the turn is over. Then the newest unanswered one counts whose text differs (several were joined).
        """
        if turn.heard is not None or not turn.asked or turn.unheard:
            return  # what is only prepared answers nothing yet: it may be thrown away, and another turn be the answer
        open_ = [heard for heard in self._utterances if not heard.answered and not math.isnan(heard.transcript_s)]
        fitting = [h for h in open_ if h.rejected == turn.rejected and turn.question.endswith(h.text)]
        near = [h for h in open_ if turn.ended_s is not None and abs(h.transcript_s - turn.asked_s) < NEAR_S]
        if found := (fitting or near)[-1:]:
            turn.heard = found[0]
            turn.heard.answered = True

    # --- what became of it ----------------------------------------------------------------------------------------

    def _of_turn(
        self, message: Prompt | Reply | Sentence | SpeechChunk | Expression | PlaybackClock | FrameInfo, now_s: float
    ) -> None:
        turn = self._turn(message, now_s)
        if turn is None:
            return
        if isinstance(message, Prompt):
            turn.question, turn.rejected, turn.asked_s = message.text, message.rejected, now_s
            turn.unheard = message.speculative and (message.epoch, message.turn) not in self._confirmed
            self._match(turn)
        elif isinstance(message, Reply):
            turn.reply += message.text
            if message.text.strip():
                turn.mark("first_reply", now_s)
        elif isinstance(message, Sentence):
            turn.sentences[message.index] = message.text
        elif isinstance(message, SpeechChunk):
            if len(message.pcm):
                turn.mark("first_tts", now_s)
        elif isinstance(message, Expression):
            turn.mark("first_expression", now_s)
        elif isinstance(message, PlaybackClock):
            self._playback(turn, message, now_s)
        elif message.speaking and message.mouth_open > self._settings.mouth_threshold:
            turn.mark("first_mouth", s_from_ns(message.steady_ns) if message.steady_ns else now_s)

    def _turn(self, message: Message, now_s: float) -> WatchedTurn | None:
        """The turn that a message belongs to; None for idle faces, frames of no turn, and turns already reported."""
        epoch, number = getattr(message, "epoch", 0), getattr(message, "turn", 0)
        mark = (epoch, number)
        if isinstance(message, Reply):  # the answer goes on coming under its first number
            mark = self._repeated.get(mark, mark)
        if not number or mark in self._reported or (isinstance(message, Expression) and message.layer is Layer.IDLE):
            return None
        if mark not in self._turns:
            if isinstance(message, FrameInfo | PlaybackClock):
                return None  # reports about a turn do not begin one: it may be long over
            if len(self._turns) >= _MOST_TURNS:
                del self._turns[min(self._turns)]
            self._turns[mark] = WatchedTurn(*mark, now_s)
        turn = self._turns[mark]
        if not isinstance(message, FrameInfo):
            turn.news_s = self.news_s = now_s
        return turn

    def _playback(self, turn: WatchedTurn, clock: PlaybackClock, now_s: float) -> None:
        at_s = s_from_ns(clock.steady_ns) if clock.steady_ns else now_s
        if clock.state is PlaybackState.ENDED:
            turn.ended_s = turn.ended_s if turn.ended_s is not None else now_s
        elif clock.state is PlaybackState.PLAYING and turn.playing_since_s is None:
            turn.playing_since_s = at_s - clock.sample / max(clock.sample_rate_hz, 1)
            self._find_first_sounds()
        if (clock.sentence, clock.sentence_progress) > (turn.sentence, turn.progress):
            turn.sentence, turn.progress = clock.sentence, clock.sentence_progress

    def _find_first_sounds(self) -> None:
        for turn in self._turns.values():
            if turn.playing_since_s is not None and "first_sound" not in turn.steps:
                at_s = self._sound.first_after(turn.playing_since_s)
                if at_s is not None:
                    turn.mark("first_sound", at_s)

    # --- the end --------------------------------------------------------------------------------------------------

    def _is_over(self, turn: WatchedTurn, now_s: float) -> bool:
        if turn.ended_s is not None:
            return now_s - turn.ended_s >= self._settings.settle_s
        return now_s - turn.news_s > self._settings.give_up_after_s

    def _finish(self, mark: tuple[int, int]) -> FinishedTurn:
        turn = self._turns.pop(mark)
        self._over(mark)
        self._repeated = {old: new for old, new in self._repeated.items() if new != mark}
        turn.interrupted = turn.interrupted or turn.ended_s is None
        turn.ended_s = turn.ended_s if turn.ended_s is not None else turn.news_s
        self._match(turn)
        report = turn.report(self._settings.session)
        answered = turn.heard is not None and (not turn.interrupted or bool(report.spoken))
        return FinishedTurn(report, answered)
