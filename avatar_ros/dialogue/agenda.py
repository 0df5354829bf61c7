"""What the avatar is to say next: questions that wait, the words of other programs, its own remarks."""

from __future__ import annotations

from collections import deque

from ..core.enums import SayWhen
from ..core.events import Say, SayResult
from ..core.types import Prompt, Transcript
from .base import DialogueSettings
from .presence import Presence
from .response_policy import ResponsePlan, ResponsePolicy
from .say_queue import SayQueue
from .turn import Source, Turn
from .turn_manager import TurnManager
from .unheard import Unheard
from .user_speech import ONE_TALK_S, UserSpeechTracker, Utterance

#: Questions that may wait while an answer is being prepared; of more, the oldest is forgotten.
MAX_QUESTIONS = 3
#: Whoever spoke to a vad_node that died goes on, or is asked to begin again after so long, s.
_ASK_AGAIN_S = 1.0
#: Reasons for a CANCEL that are not the person's own: questions that wait are still to be answered.
_KEEPS_QUESTIONS = frozenset(
    {"say", "no_answer", "no_sound", "voice_lost", "speaker_lost", "speaker_ended", "cancelled", "withdrawn"}
)

Question = tuple[Transcript, Utterance]


class Agenda:
    """Begins turns, in their order, and ends them before their time."""

    def __init__(
        self, settings: DialogueSettings, floor: TurnManager, hearing: UserSpeechTracker, presence: Presence
    ) -> None:
        self._settings = settings
        self._turn_manager = floor
        self._user_speech = hearing
        self._presence = presence
        self._says = SayQueue(settings.say_limit, settings.say_characters)
        self._asked: Question | None = None  # what the last prompt was made of
        self.answering = ResponsePolicy(settings)
        self.unheard = Unheard()
        self.questions: deque[Question] = deque(maxlen=MAX_QUESTIONS)
        self.soft_s: float | None = None  # when a voice was heard that was too quiet
        self.missed_s: float | None = None  # when to ask for what was lost with the node that heard it

    # --- questions ------------------------------------------------------------------------------------------------

    def answer(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Begin to answer, if it wants an answer."""
        if self._says.next_when() is SayWhen.NOW:  # which was there first
            self.questions.append((transcript, utterance))
            return
        treatment = self.answering.treat(transcript, utterance)
        if treatment.ask:
            self.unheard.forget()
            self._asked = (transcript, utterance)
            prompt = Prompt(text=transcript.text, locale=transcript.locale, rejected=transcript.rejected)
            self._turn_manager.ask(prompt, utterance.stopped_at_s, self.answering.opening(), now_s)
        self.follow(treatment, now_s)

    def follow(self, treatment: ResponsePlan, now_s: float) -> None:
        """Do what is to be done besides asking the LLM."""
        if treatment.soft and not (self._user_speech.voice or self._user_speech.awaited):
            self.soft_s = now_s
        if treatment.noticed:
            self._presence.met(now_s)
        if treatment.remark:
            self._turn_manager.remark(treatment.remark, now_s)
        if self._user_speech.voice:  # the person went on before this was understood
            self._turn_manager.hold(now_s)

    def continues(self, turn: Turn, utterance: Utterance) -> bool:
        """Whether the person only drew breath in the middle of a question, or not even that."""
        if turn.source is not Source.ANSWER or turn.question_end_s is None or self._asked is None:
            return False
        breath_s = utterance.started_at_s - turn.question_end_s
        if self._settings.follow_up == "join":
            return -ONE_TALK_S <= breath_s <= self._settings.join_within_s
        spoken = self._asked[1].number > 0 and utterance.number > 0  # vad_node cuts voices, not typed texts
        return spoken and abs(breath_s) <= ONE_TALK_S

    def apologise(self, now_s: float) -> None:
        """Say, once, that what was asked did not come to be known."""
        if self.unheard.owed:
            self.unheard.said(now_s)
            self._turn_manager.remark(self._settings.too_slow, now_s)

    def voice(self) -> None:
        """Somebody speaks: what was not understood may be said now."""
        self.soft_s = self.missed_s = None

    def ear_died(self, node: str, now_s: float) -> None:
        """What was under way in it is lost; whoever said it is asked again, unless they go on by themselves."""
        going_on = node == "vad_node"
        lost = self._user_speech.lose(going_on=going_on)
        if any(not utterance.over_speech for utterance in lost):
            self.missed_s = now_s + (_ASK_AGAIN_S if going_on else 0.0)

    def ask_for_what_was_lost(self, now_s: float) -> None:
        """Ask whoever was too quiet to speak up, whoever was missed to say it again; once, and if nobody speaks now."""
        if self.soft_s is not None and now_s - self.soft_s >= self._settings.quiet_wait_s:
            self.soft_s = None
            if self._turn_manager.turn is None:
                self.follow(self.answering.treat_soft(), now_s)
        if self.missed_s is not None and now_s >= self.missed_s:
            self.missed_s = None
            if self._turn_manager.turn is None and not self._user_speech.voice:
                self.follow(ResponsePlan(noticed=True, remark=self._settings.missed), now_s)

    # --- words of other programs ----------------------------------------------------------------------------------

    def say(self, say: Say, now_s: float) -> None:
        """A program wants something said, or taken back."""
        if say.when is SayWhen.STOP:
            self.stop("stopped", now_s)
            self._give([SayResult(say.session, say.id)])
        elif say.when is SayWhen.WITHDRAW:
            found = self._withdraw(say.id, now_s)
            self._give([SayResult(say.session, say.id, done=found, reason="" if found else "unknown_id")])
        else:
            self._give(self._says.add(say))
            self._hurry(self._turn_manager.turn, now_s)

    def _withdraw(self, id_: str, now_s: float) -> bool:
        taken, turn = self._says.withdraw(id_), self._turn_manager.turn
        self._give(taken)
        spoken = turn is not None and turn.source is Source.SAY and turn.say_id == id_
        if spoken:
            self.cancel("withdrawn", now_s)
        return spoken or bool(taken)

    def _hurry(self, turn: Turn | None, now_s: float) -> None:
        if self._says.next_when() is SayWhen.INTERRUPT:
            self.make_way(now_s)
            self._next_say(now_s)
        elif self._says.next_when() is SayWhen.NOW and turn is not None:
            if turn.audible:
                turn.say_ends_sentence = turn.sentence
            else:
                self.make_way(now_s)

    def make_way(self, now_s: float) -> None:
        """A `say` goes first. Whoever has heard nothing of an answer yet still waits for it."""
        turn = self._turn_manager.turn
        asked = self._asked if turn is not None and turn.waited_for and len(self.questions) < MAX_QUESTIONS else None
        self.cancel("say", now_s, keep=asked is None)
        if turn is not None and asked is not None:
            self.questions.appendleft(asked)
            if turn.opening and not turn.audible:
                self.answering.greet_again()

    def _next_say(self, now_s: float) -> None:
        if (say := self._says.pop()) is not None:
            self._presence.active(now_s)
            self._turn_manager.say(say, now_s)

    def _give(self, results: list[SayResult]) -> None:
        for result in results:
            self._turn_manager.give_result(result)

    # --- the end of one, the beginning of the next ----------------------------------------------------------------

    def cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        """Drop the turn, and, where the person wants it so, what else was asked."""
        if self._turn_manager.turn is not None:
            self._presence.active(now_s)
        self._turn_manager.cancel(reason, now_s, keep=keep)
        if reason not in _KEEPS_QUESTIONS:
            self.questions.clear()

    def stop(self, reason: str, now_s: float) -> None:
        """Drop the turn and all that waits."""
        self.unheard.forget()
        self.questions.clear()
        self._give(self._says.drop(reason))
        self.cancel(reason, now_s)

    def no_answer(self, turn: Turn, now_s: float) -> None:
        """Nothing more will come of the answer."""
        if turn.sentences or turn.earlier:
            self._turn_manager.give_up_waiting(now_s)
            return
        self.cancel("no_answer", now_s)
        if not self._user_speech.voice:
            self._turn_manager.remark(self._settings.apology, now_s)

    def next(self, now_s: float) -> None:
        """Nobody has the floor: whose turn it is."""
        if self.questions and self._says.next_when() is not SayWhen.NOW:
            self.answer(*self.questions.popleft(), now_s)
        else:
            self._next_say(now_s)
