"""What the avatar is to say next: questions that wait, the words of other programs, its own remarks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..core.enums import SayWhen
from ..core.events import Say, SayResult
from ..core.types import Prompt
from .base import DialogueSettings
from .clarifications import MISSED, TOO_QUIET, Clarifications
from .conduct import Conduct
from .presence import Presence
from .response_policy import ResponsePlan, ResponsePolicy
from .say_queue import SayQueue
from .turn import Source, Turn
from .turn_manager import TurnManager
from .user_speech import CUT_GAP_S, UserSpeechTracker, UserTurn, Utterance

#: Questions that may wait while an answer is being prepared; of more, the oldest is forgotten.
MAX_QUESTIONS = 3
#: A user who spoke to a vad_node that died goes on, or is asked to begin again after this time, s.
_ASK_AGAIN_S = 1.0
#: Reasons for a CANCEL that are not the user's own: questions that wait are still to be answered.
_KEEPS_QUESTIONS = frozenset({"say", "withdrawn", "no_answer", "no_sound", "voice_lost", "speaker_lost"})


class Agenda:
    """Begins turns, in their order, and ends them before their time."""

    def __init__(
        self, settings: DialogueSettings, turns: TurnManager, user_speech: UserSpeechTracker, presence: Presence
    ) -> None:
        self._settings = settings
        self.turns = turns
        self.user_speech = user_speech
        self.presence = presence
        self._says = SayQueue(settings.say_limit, settings.say_characters)
        self._asked: UserTurn | None = None  # what the last prompt was made of
        self.responses = ResponsePolicy(settings)
        self.clarifications = Clarifications()
        self.conduct = Conduct()
        self.questions: deque[UserTurn] = deque(maxlen=MAX_QUESTIONS)
        self.confirm_prepared: Callable[[Prompt, float | None, float], bool] = lambda prompt, end_s, now_s: False

    @property
    def waits(self) -> bool:
        """Whether something is to be said before the next question is answered."""
        return bool(self.questions or len(self._says))

    # --- questions ------------------------------------------------------------------------------------------------

    def answer(self, said: UserTurn, now_s: float) -> None:
        """Begin to answer, if it wants an answer."""
        if self._says.next_when() is SayWhen.NOW:  # which was there first
            self.questions.append(said)
            return
        self.turns.texts.heard(said.transcript)
        plan = self.responses.plan(said)
        if plan.ask:
            self.clarifications.apology_due = False
            self._asked = said
            transcript = said.transcript
            prompt = Prompt(text=transcript.text, locale=self.turns.texts.locale, rejected=transcript.rejected)
            end_s = said.utterance.stopped_at_s
            greet = self.responses.take_greeting()
            if greet or not self.confirm_prepared(prompt, end_s, now_s):
                self.turns.ask(prompt, end_s, greet, now_s)
        self.respond(plan, now_s)

    def respond(self, plan: ResponsePlan, now_s: float) -> None:
        """Do what the plan says besides asking the LLM."""
        if plan.too_quiet and not self.user_speech.busy:
            self.clarifications.plan(TOO_QUIET, now_s + self._settings.quiet_wait_s)
        if plan.noticed:
            self.presence.met(now_s)
        if plan.remark:
            self.turns.remark(plan.remark, now_s)
        if self.user_speech.speaking:  # the user went on before this was understood
            self.turns.hold(now_s)

    def continues(self, turn: Turn, utterance: Utterance) -> bool:
        """Whether the user only drew breath in the middle of a question, or not even that."""
        if turn.source is not Source.ANSWER or turn.question_end_s is None or self._asked is None:
            return False
        pause_s = utterance.started_at_s - turn.question_end_s
        if self._settings.follow_up == "join":
            return -CUT_GAP_S <= pause_s <= self._settings.join_within_s
        spoken = self._asked.utterance.number > 0 and utterance.number > 0  # vad_node cuts voices, not typed texts
        return spoken and abs(pause_s) <= CUT_GAP_S

    # --- speech that was not understood ---------------------------------------------------------------------------

    def speech_lost(self, node: str, now_s: float) -> None:
        """A node that hears was restarted: the user is asked again, unless the user goes on without being asked."""
        ongoing = node == "vad_node"
        lost = self.user_speech.lose(ongoing=ongoing)
        if any(not utterance.over_speech for utterance in lost):
            self.clarifications.plan(MISSED, now_s + (_ASK_AGAIN_S if ongoing else 0.0))

    def apologise(self, now_s: float) -> None:
        """Say, once, that what was asked was not understood in time."""
        if self.clarifications.apology_due:
            self.clarifications.apologised(now_s)
            self.turns.remark("too_slow", now_s)

    def clarify(self, now_s: float) -> None:
        """Ask to speak up, or to say again what was lost; once, and only while neither side speaks."""
        if self.clarifications.take(TOO_QUIET, now_s) and self.turns.turn is None:
            self.respond(self.responses.plan_too_quiet(), now_s)
        if self.clarifications.take(MISSED, now_s) and self.turns.turn is None and not self.user_speech.speaking:
            self.respond(ResponsePlan(noticed=True, remark=MISSED), now_s)

    # --- words of other programs ----------------------------------------------------------------------------------

    def say(self, say: Say, now_s: float) -> None:
        """A program wants something said, or taken back."""
        if say.when is SayWhen.STOP:
            self.stop("stopped", now_s)
            self._send([SayResult(say.session, say.id)])
        elif say.when is SayWhen.WITHDRAW:
            found = self._withdraw(say.id, now_s)
            self._send([SayResult(say.session, say.id, done=found, reason="" if found else "unknown_id")])
        elif self.conduct.asleep:
            self._send([SayResult(say.session, say.id, done=False, reason="asleep")])
        else:
            self._send(self._says.add(say))
            self._make_room(self.turns.turn, now_s)

    def _withdraw(self, id_: str, now_s: float) -> bool:
        taken, turn = self._says.withdraw(id_), self.turns.turn
        self._send(taken)
        spoken = turn is not None and turn.source is Source.SAY and turn.say_id == id_
        if spoken:
            self.cancel("withdrawn", now_s)
        return spoken or bool(taken)

    def _make_room(self, turn: Turn | None, now_s: float) -> None:
        if self._says.next_when() is SayWhen.INTERRUPT:
            self.preempt(now_s)
            self._begin_say(now_s)
        elif self._says.next_when() is SayWhen.NOW and turn is not None:
            if turn.audible:
                turn.yields_after = turn.position[0]
            else:
                self.preempt(now_s)

    def preempt(self, now_s: float) -> None:
        """A `say` goes first. An answer of which nothing was heard yet is still owed."""
        turn, asked = self.turns.turn, None
        if turn is not None and turn.unheard_answer and len(self.questions) < MAX_QUESTIONS:
            asked = self._asked
        self.cancel("say", now_s, keep=asked is None)
        if turn is not None and asked is not None:
            self.questions.appendleft(asked)
            if turn.greeting_sentences and not turn.audible:
                self.responses.greet_again()

    def _begin_say(self, now_s: float) -> None:
        if (say := self._says.pop()) is not None:
            self.presence.active(now_s)
            self.turns.say(say, now_s)

    def _send(self, results: list[SayResult]) -> None:
        for result in results:
            self.turns.outbox.put("say_result", result)

    # --- the end of one, the beginning of the next ----------------------------------------------------------------

    def cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        """Drop the turn, and, where the user wants it so, what else was asked."""
        if self.turns.turn is not None:
            self.presence.active(now_s)
        self.turns.cancel(reason, now_s, keep=keep)
        if reason not in _KEEPS_QUESTIONS:
            self.questions.clear()

    def stop(self, reason: str, now_s: float) -> None:
        """Drop the turn and all that waits."""
        self.clarifications.apology_due = False
        self.questions.clear()
        self._send(self._says.drop(reason))
        self.cancel(reason, now_s)

    def fall_asleep(self, now_s: float) -> None:
        """Fall silent, forget what was heard; nobody is there any more."""
        self.stop("asleep", now_s)
        self.clarifications.voice_started()
        self.user_speech.lose(ongoing=True)
        self.user_speech.lose(ongoing=False)
        self.presence.leave()

    def no_answer(self, turn: Turn, now_s: float) -> None:
        """Nothing more will come of the answer."""
        if turn.texts or turn.heard_before:
            self.turns.end_answer(now_s)
            return
        self.cancel("no_answer", now_s)
        if not self.user_speech.speaking:
            self.turns.remark("apology", now_s)

    def begin_next(self, now_s: float) -> None:
        """Neither side speaks: begin what waits."""
        if self.questions and self._says.next_when() is not SayWhen.NOW:
            self.answer(self.questions.popleft(), now_s)
        else:
            self._begin_say(now_s)
