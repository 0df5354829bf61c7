"""What a final transcript does: interrupt, be answered now or later, be joined with the question before, or nothing."""

from __future__ import annotations

from ..core.types import Transcript
from .agenda import Agenda
from .barge_in import BargeIn
from .base import DialogueSettings
from .interruption_policy import InterruptionPolicy
from .split_utterances import joined, joined_turns
from .turn import Turn
from .user_speech import UserTurn, Utterance


class TurnTaking:
    """Told what the user said; `end_split_speech` is asked after every event."""

    def __init__(
        self, settings: DialogueSettings, agenda: Agenda, policy: InterruptionPolicy, barge_in: BargeIn
    ) -> None:
        self._settings = settings
        self._agenda = agenda
        self._turns, self._user_speech, self._presence = agenda.turns, agenda.user_speech, agenda.presence
        self._policy = policy
        self._barge_in = barge_in
        self._kept: UserTurn | None = None  # what was said in the pieces so far of speech that goes on

    def final(self, transcript: Transcript, now_s: float) -> None:
        """A final transcript came."""
        utterance = self._user_speech.transcribed(transcript, now_s)
        if utterance is None or utterance.ignored:
            return
        self.not_transcribed(self._user_speech.take_skipped(), now_s)
        next_piece = self._user_speech.next_piece(utterance)
        said = UserTurn(transcript, utterance)
        if self._kept is not None and utterance.follows(self._kept.utterance):
            said, self._kept = joined_turns(self._kept, said), None
        if next_piece is not None and (next_piece.endless or not next_piece.ignored):
            self._piece(said, next_piece, now_s)
        else:
            self._whole(said, now_s)

    def not_transcribed(self, lost: list[Utterance], now_s: float) -> None:
        """No transcript of these came in time."""
        for utterance in lost:
            piece = self._kept is not None and utterance.follows(self._kept.utterance)
            claimed = self._agenda.conduct.is_claimed(now_s)
            if self._agenda.responses.owes_apology(utterance) and not piece and not claimed:
                self._presence.met(now_s)
                self._agenda.clarifications.not_transcribed(utterance)

    def end_split_speech(self, now_s: float) -> None:
        """What continues long speech is not to come any more (it was lost): what is kept was all of it."""
        said = self._kept
        if said is not None and self._user_speech.next_piece(said.utterance) is None:
            self._kept = None
            self._whole(said, now_s)

    def _piece(self, said: UserTurn, next_piece: Utterance, now_s: float) -> None:
        """Long speech was cut here and goes on: it is answered as a whole, unless it does not end."""
        turn = self._turns.turn
        if next_piece.endless:
            if turn is None:
                self._agenda.respond(self._agenda.responses.plan_endless(said.transcript), now_s)
            return
        if turn is not None and turn.audible and self._policy.is_interruption(said):
            said.utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)
        self._kept = said

    def _whole(self, said: UserTurn, now_s: float) -> None:
        transcript, utterance = said
        turn = self._turns.turn
        interrupts = self._policy.is_interruption(said)
        asked = utterance.after_question or (turn is not None and turn.asks)
        answers = asked and self._policy.is_short_answer(transcript)  # no sign of listening, but the answer
        if self._policy.is_stop(transcript):
            self._presence.met(now_s)
            self._agenda.stop("stop", now_s)
        elif self._agenda.conduct.is_claimed(now_s):
            self._leave_to_program(turn, now_s, interrupts=interrupts or answers)
        elif turn is None:
            if interrupts or answers or utterance.interrupted or not utterance.over_speech:
                self._agenda.answer(said, now_s)
        elif not interrupts:
            if answers:
                self._agenda.questions.append(said)
            self._barge_in.decide(now_s)
        elif not turn.audible:
            self._follow_up(turn, said, now_s)
        else:
            self._ask_instead(turn, "interrupted", said, now_s)

    def _leave_to_program(self, turn: Turn | None, now_s: float, *, interrupts: bool) -> None:
        """A program waits for these words: no answer, but what was being said ends by them as by any others."""
        self._presence.met(now_s)
        if turn is not None and turn.audible and interrupts:
            self._agenda.cancel("interrupted", now_s)
        else:
            self._barge_in.decide(now_s)

    def _follow_up(self, turn: Turn, said: UserTurn, now_s: float) -> None:
        """Something more was said while the answer is being prepared."""
        if self._settings.follow_up != "queue" or self._agenda.continues(turn, said.utterance):
            self._ask_instead(turn, "replaced", said, now_s)
        elif turn.wanted:
            self._agenda.questions.append(said)
            self._barge_in.decide(now_s)
        elif self._agenda.questions:  # no person waits for a remark, but these questions wait
            waiting = [*self._agenda.questions, said]
            self._agenda.cancel("replaced", now_s)
            self._agenda.questions.extend(waiting)
        else:
            self._ask_instead(turn, "replaced", said, now_s)

    def _ask_instead(self, turn: Turn, reason: str, said: UserTurn, now_s: float) -> None:
        """Drop the turn and answer what was said now, together with the question before where it continues it."""
        if self._agenda.continues(turn, said.utterance):
            session = self._turns.outbox.session
            before = Transcript(session, text=turn.question, locale=turn.locale, rejected=turn.rejected)
            said, reason = UserTurn(joined(before, said.transcript), said.utterance), "continued"
        self._agenda.cancel(reason, now_s, keep=reason != "continued")
        self._agenda.answer(said, now_s)
