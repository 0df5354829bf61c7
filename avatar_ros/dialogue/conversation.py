"""The rules of one conversation: docs/conversation.md is a table of them, which a test compares with this code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.enums import AgentState, ControlAction, InterruptAction, VoiceKind
from ..core.events import Control, Interrupt, Say, SpeechFault
from ..core.peers import PeerChange, PeerNews
from ..core.stage import Out
from ..core.types import PlaybackClock, Reply, Sentence, Transcript, VoiceActivity
from .agenda import Agenda
from .barge_in import BargeIn
from .base import DialogueSettings
from .clarifications import TOO_QUIET
from .draft import DraftCheck
from .interruption_policy import InterruptionPolicy
from .preparation import Preparation
from .presence import Presence, agent_state
from .recovery import LLM, VOICE_PATH, Recovery
from .turn import Turn
from .turn_manager import TurnManager
from .turn_taking import TurnTaking
from .user_speech import UserSpeechTracker

#: Nodes whose deaths a conversation has something to do about.
WAITS_FOR = frozenset({*VOICE_PATH, LLM, "asr_node", "vad_node"})
#: Messages that a conversation takes.
Event = VoiceActivity | Transcript | Reply | Sentence | PlaybackClock | SpeechFault | Say | Control


class Conversation:
    """One session. What is public is told the time and returns what is to be sent, in order."""

    def __init__(
        self, settings: DialogueSettings, session: str, epoch: int, last_turn: int = 0, locale: str = ""
    ) -> None:
        """locale: the language that the session begins in, "" for the kiosk's."""
        self._settings = settings
        self._turns = turns = TurnManager(settings, session, epoch, last_turn, locale)
        self._user_speech = user_speech = UserSpeechTracker(settings.hear_patience_s, settings.longest_voice_s)
        self._presence = presence = Presence(settings)
        self._agenda = agenda = Agenda(settings, turns, user_speech, presence)
        policy = InterruptionPolicy(settings)
        self._barge_in = BargeIn(settings, agenda, policy)
        self._turn_taking = TurnTaking(settings, agenda, policy, self._barge_in)
        self._preparation = Preparation(settings, agenda, policy, user_speech)
        agenda.confirm_prepared = self._preparation.confirm
        self._drafts = DraftCheck(turns)
        self._recovery = Recovery(turns, settings.peer_patience_s)
        self._conduct = agenda.conduct
        self._published: tuple[AgentState, int, str, bool] | None = None
        self._actions: dict[type, Callable[[Any, float], None]] = {
            VoiceActivity: self._voice,
            Transcript: self._transcript,
            Reply: turns.reply,
            Sentence: self._drafts.take,
            PlaybackClock: self._playback,
            SpeechFault: turns.fault,
            Say: agenda.say,
            Control: self._control,
            Interrupt: self._order,
            PeerNews: self._peer,
        }

    @property
    def state(self) -> AgentState:
        """The state that was last published."""
        return self._published[0] if self._published else AgentState.IDLE

    @property
    def turn(self) -> int:
        """Number of the last turn that began."""
        return self._turns.last_turn

    @property
    def locale(self) -> str:
        """The language that is spoken now."""
        return self._turns.texts.locale

    def choose(self, locale: str) -> None:
        """The person wants that language from now on."""
        self._turns.texts.choose(locale)

    def wear(self, locale: str) -> None:
        """The kiosk speaks that language from now on, as who is shown does."""
        self._turns.texts.wear(locale)

    # --- events ---------------------------------------------------------------------------------------------------

    def open(self, now_s: float) -> list[Out]:
        """Begin; end what an earlier dialogue has left behind."""
        self._presence.opened(now_s)
        self._turns.cancel_older_epochs()
        return self._settle(now_s)

    def take(self, event: Event | Interrupt | PeerNews, now_s: float) -> list[Out]:
        """Something happened: see docs/conversation.md for what follows from it."""
        self._actions[type(event)](event, now_s)
        return self._settle(now_s)

    def _voice(self, activity: VoiceActivity, now_s: float) -> None:
        if self._conduct.asleep:
            return
        if activity.kind is VoiceKind.STARTED:
            self._barge_in.voice_started(activity, now_s)
        elif activity.kind is VoiceKind.STOPPED:
            self._user_speech.stopped(activity, now_s)
            if (final := self._preparation.surely(activity)) is not None:
                self._transcript(final, now_s)
            return
        self._preparation.voice(activity, now_s)

    def _transcript(self, transcript: Transcript, now_s: float) -> None:
        if self._conduct.asleep:
            return
        if transcript.final:
            self._turn_taking.final(transcript, now_s)
            self._preparation.over()
        else:
            self._barge_in.partial(transcript, now_s)
            self._preparation.partial(transcript, now_s)

    def _playback(self, clock: PlaybackClock, now_s: float) -> None:
        ended = self._turns.playback(clock, now_s)
        if ended is not None:
            self._turn_ended(ended, now_s)
        elif (turn := self._turns.turn) and turn.yields:
            self._agenda.preempt(now_s)

    def _order(self, order: Interrupt, now_s: float) -> None:
        """A CANCEL of others ends our turn. Their other orders are obeyed by the speaker, whose clock tells of it."""
        if order.action is InterruptAction.CANCEL and (turn := self._turns.cancelled_by(order, now_s)) is not None:
            self._turn_ended(turn, now_s)

    def _control(self, control: Control, now_s: float) -> None:
        """A program's wish about the conversation as a whole."""
        self._conduct.take(control, now_s)
        if control.action is ControlAction.FORGET:
            self._forget_person()
        elif control.action is ControlAction.SLEEP:
            self._agenda.fall_asleep(now_s)
            self._forget_person()

    def _peer(self, news: PeerNews, now_s: float) -> None:
        self._turns.discard()
        if news.node in VOICE_PATH or news.node == LLM:
            self._recovery.peer(news, now_s)
        elif news.change is PeerChange.RESTARTED:
            self._agenda.speech_lost(news.node, now_s)

    def end(self, reason: str, now_s: float) -> list[Out]:
        """The session closes, or the dialogue ends: nothing more is said, and every program is told so."""
        self._agenda.stop(reason, now_s)
        return self._turns.outbox.take()

    def tick(self, now_s: float) -> list[Out]:
        """What is due by time alone."""
        self._turn_taking.not_transcribed(self._user_speech.expire(now_s), now_s)
        self._turns.continue_text(now_s)
        self._lose_patience(now_s)
        self._agenda.clarify(now_s)
        if self._conduct.asleep:
            return self._settle(now_s)
        if self._presence.greeting_due(now_s) and self._turns.turn is None and not self._user_speech.speaking:
            self._turns.remark("greeting", now_s)
        idle = self._agent_state(now_s) is AgentState.IDLE
        if idle and not self._presence.idle and not self._agenda.clarifications.planned(TOO_QUIET):
            self._become_idle(now_s)
        return self._settle(now_s)

    # --- deciding by time -----------------------------------------------------------------------------------------

    def _lose_patience(self, now_s: float) -> None:
        """Give up an answer, or a turn, whose LLM, voice or speaker does not go on."""
        why, turn = self._recovery.due(now_s), self._turns.turn
        if turn is None:
            return
        if not why and turn.stalled_s is None and turn.sound_overdue(now_s, self._settings.speak_patience_s):
            why = "no_sound"
        elif turn.reader and not turn.complete and now_s - turn.reply_s > self._settings.think_patience_s:
            why = why or "no_answer"
        if why == "no_answer":
            self._agenda.no_answer(turn, now_s)
        elif why:
            self._agenda.cancel(why, now_s)
            self._turn_ended(turn, now_s)

    def _become_idle(self, now_s: float) -> None:
        self._agenda.responses.next_person()
        if self._settings.forget_when_idle:
            self._turns.history.clear()
        if self._presence.leave():
            self._turns.remark("farewell", now_s, farewell=True)
        self._turns.texts.next_person()

    def _forget_person(self) -> None:
        """Whoever speaks next is somebody else."""
        self._agenda.responses.next_person()
        self._turns.history.clear()
        self._turns.texts.next_person()

    # --- after every event ----------------------------------------------------------------------------------------

    def _turn_ended(self, turn: Turn, now_s: float) -> None:
        # After the farewell it is idle at once; anything else invites an answer.
        if turn.farewell:
            self._presence.leave()
        else:
            self._presence.active(now_s)

    def _settle(self, now_s: float) -> list[Out]:
        self._drafts.check(now_s)
        self._turn_taking.end_split_speech(now_s)
        self._barge_in.decide(now_s)
        if self._turns.turn is None and not self._user_speech.speaking:
            self._agenda.apologise(now_s)
        if self._turns.turn is None and not self._user_speech.busy:
            self._agenda.begin_next(now_s)
        self._publish_state(now_s)
        return self._turns.outbox.take()

    def _agent_state(self, now_s: float) -> AgentState:
        if self._conduct.asleep and self._turns.turn is None:
            return AgentState.SLEEPING
        return agent_state(self._turns.turn, self._user_speech, self._presence, now_s)

    def _publish_state(self, now_s: float) -> None:
        say = self._turns.turn.say_id if self._turns.turn is not None else ""
        news = (self._agent_state(now_s), self.turn, say, self._conduct.listening)
        if self._published != news:
            begun = self._published is None or self._published[1] != self.turn
            self._published = news
            # A new turn is announced first: other nodes accept nothing of one that was not.
            self._turns.outbox.state(*news, first=begun)
