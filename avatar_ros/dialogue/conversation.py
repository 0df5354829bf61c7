"""The rules of one conversation: when to answer, when to fall silent, when to go on, when to give up."""

from __future__ import annotations

from ..core.enums import AgentState, InterruptAction, VoiceKind
from ..core.events import AvatarState, Interrupt, Say, SpeechFault
from ..core.peers import PeerChange, PeerNews
from ..core.stage import Out
from ..core.types import PlaybackClock, Reply, Transcript, VoiceActivity
from .agenda import Agenda
from .base import DialogueSettings
from .interruption_policy import InterruptionPolicy
from .presence import Presence, agent_state
from .recovery import LLM, VOICE_PATH, Recovery
from .split_utterances import SplitUtterances, joined
from .turn import Turn
from .turn_manager import TurnManager
from .user_speech import ONE_TALK_S, UserSpeechTracker, Utterance

#: Nodes whose deaths a conversation has something to do about.
WAITS_FOR = frozenset({*VOICE_PATH, LLM, "asr_node", "vad_node"})


class Conversation:
    """One session. Each method takes news and the time and returns what is to be sent, in order."""

    def __init__(self, settings: DialogueSettings, session: str, epoch: int, last_turn: int = 0) -> None:
        self._settings = settings
        self._session = session
        self._turn_manager = TurnManager(settings, session, epoch, last_turn)
        self._user_speech = UserSpeechTracker(settings.hear_patience_s, settings.longest_voice_s)
        self._presence = Presence(settings)
        self._agenda = Agenda(settings, self._turn_manager, self._user_speech, self._presence)
        self._recovery = Recovery(self._turn_manager, settings.peer_patience_s)
        self._split_utterances = SplitUtterances()
        self._interruption_policy = InterruptionPolicy(settings)
        self._told: tuple[AgentState, int] | None = None

    @property
    def mood(self) -> AgentState:
        """The state that was last published."""
        return self._told[0] if self._told else AgentState.IDLE

    @property
    def turn(self) -> int:
        """Number of the last turn that began."""
        return self._turn_manager.last_turn

    # --- news -----------------------------------------------------------------------------------------------------

    def open(self, now_s: float) -> list[Out]:
        """Begin: whatever an earlier dialogue has left behind is void."""
        self._presence.opened(now_s)
        self._turn_manager.void_older_epochs()
        return self._settle(now_s)

    def voice(self, activity: VoiceActivity, now_s: float) -> list[Out]:
        """The person began or ceased to speak."""
        if activity.kind is VoiceKind.STARTED:
            self._voice_started(activity, now_s)
        else:
            self._user_speech.stopped(activity, now_s)
        return self._settle(now_s)

    def transcript(self, transcript: Transcript, now_s: float) -> list[Out]:
        """Something was understood, or was not."""
        if not transcript.final:
            self._partial(transcript, now_s)
        elif (utterance := self._user_speech.transcribed(transcript, now_s)) and not utterance.deaf:
            self._note_unheard(self._user_speech.take_skipped(), now_s)
            self._final(transcript, utterance, now_s)
        return self._settle(now_s)

    def reply(self, piece: Reply, now_s: float) -> list[Out]:
        """A piece of an answer."""
        self._turn_manager.reply(piece, now_s)
        return self._settle(now_s)

    def playback(self, clock: PlaybackClock, now_s: float) -> list[Out]:
        """The speaker reports."""
        ended = self._turn_manager.playback(clock, now_s)
        if ended is not None:
            self._turn_ended(ended, now_s)
        elif (turn := self._turn_manager.turn) and turn.gives_way:
            self._agenda.make_way(now_s)
        return self._settle(now_s)

    def say(self, say: Say, now_s: float) -> list[Out]:
        """A program wants something said, or taken back."""
        self._agenda.say(say, now_s)
        return self._settle(now_s)

    def fault(self, fault: SpeechFault, now_s: float) -> list[Out]:
        """The voice could not speak a sentence."""
        self._turn_manager.fault(fault)
        return self._settle(now_s)

    def order(self, order: Interrupt, now_s: float) -> list[Out]:
        """Others give orders, too: their CANCEL ends our turn. Pausing is the speaker's work; its clock tells of it."""
        if order.action is InterruptAction.CANCEL and (turn := self._turn_manager.cancelled(order, now_s)) is not None:
            self._turn_ended(turn, now_s)
        return self._settle(now_s)

    def peer(self, news: PeerNews, now_s: float) -> list[Out]:
        """A node died, or is back."""
        if news.node in VOICE_PATH or news.node == LLM:
            self._recovery.news(news, now_s)
        elif news.change is PeerChange.RESTARTED:
            self._agenda.ear_died(news.node, now_s)
        return self._settle(now_s)

    def end(self, reason: str, now_s: float) -> list[Out]:
        """The session closes, or the dialogue ends: nothing more is said, and every program is told so."""
        self._agenda.stop(reason, now_s)
        out, self._turn_manager.out = self._turn_manager.out, []
        return out

    def tick(self, now_s: float) -> list[Out]:
        """What is due by time alone."""
        self._note_unheard(self._user_speech.expire(now_s), now_s)
        self._turn_manager.read_on(now_s)
        self._lose_patience(now_s)
        self._agenda.ask_for_what_was_lost(now_s)
        if self._presence.greeting_due(now_s) and self._turn_manager.turn is None and not self._user_speech.voice:
            self._turn_manager.remark(self._settings.greeting, now_s)
        mood = agent_state(self._turn_manager.turn, self._user_speech, self._presence, now_s)
        if mood is AgentState.IDLE and not self._presence.idle and self._agenda.soft_s is None:
            self._become_idle(now_s)
        return self._settle(now_s)

    # --- being spoken to ------------------------------------------------------------------------------------------

    def _voice_started(self, activity: VoiceActivity, now_s: float) -> None:
        turn = self._turn_manager.turn
        self._agenda.voice()
        utterance = self._user_speech.started(activity, now_s)
        utterance.over_speech = turn is not None and turn.audible
        utterance.asked = turn is not None and turn.asks
        utterance.endless = utterance.talked_before_s > self._settings.longest_talk_s - ONE_TALK_S
        utterance.deaf = utterance.endless or (utterance.over_speech and not self._settings.barge_in)
        utterance.from_idle = self._presence.idle and turn is None
        if turn is not None and not utterance.deaf:
            self._turn_manager.hold(now_s)

    def _partial(self, transcript: Transcript, now_s: float) -> None:
        """Enough words interrupt before the voice stops."""
        turn, utterance = self._turn_manager.turn, self._user_speech.find(transcript)
        if utterance is not None:
            utterance.wordless = self._interruption_policy.wordless(transcript)
        held = turn is not None and turn.held is not None and turn.audible
        if held and utterance is not None and self._interruption_policy.enough(transcript):
            utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)

    def _final(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        going_on = self._user_speech.next_piece(utterance)
        transcript, utterance = self._split_utterances.join(transcript, utterance)
        if going_on is not None and (going_on.endless or not going_on.deaf):
            self._piece(transcript, utterance, going_on, now_s)
        else:
            self._whole(transcript, utterance, now_s)

    def _piece(self, transcript: Transcript, utterance: Utterance, going_on: Utterance, now_s: float) -> None:
        """A long talk was cut here and goes on: it is answered as a whole, unless it does not end."""
        turn = self._turn_manager.turn
        if going_on.endless:
            if turn is None:
                self._agenda.follow(self._agenda.answering.treat_endless(transcript), now_s)
            return
        if turn is not None and turn.audible and self._interruption_policy.meant(transcript, utterance):
            utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)
        self._split_utterances.keep(transcript, utterance)

    def _whole(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        turn = self._turn_manager.turn
        meant = self._interruption_policy.meant(transcript, utterance)
        asked = utterance.asked or (turn is not None and turn.asks)
        answers = asked and self._interruption_policy.may_answer(transcript)  # no sign of listening, but the answer
        if self._interruption_policy.stops(transcript):
            self._presence.met(now_s)
            self._agenda.stop("stop", now_s)
        elif turn is None:
            if meant or answers or utterance.interrupted or not utterance.over_speech:
                self._agenda.answer(transcript, utterance, now_s)
        elif not meant:
            if answers:
                self._agenda.questions.append((transcript, utterance))
            self._decide(now_s)
        elif not turn.audible:
            self._follow_up(turn, transcript, utterance, now_s)
        else:
            self._ask_instead(turn, "interrupted", transcript, utterance, now_s)

    def _follow_up(self, turn: Turn, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Something more was said while the answer is being prepared."""
        if self._settings.follow_up != "queue" or self._agenda.continues(turn, utterance):
            self._ask_instead(turn, "replaced", transcript, utterance, now_s)
        elif turn.worth_finishing:
            self._agenda.questions.append((transcript, utterance))
            self._decide(now_s)
        elif self._agenda.questions:  # nobody waits for an apology, but these do
            waiting = [*self._agenda.questions, (transcript, utterance)]
            self._agenda.cancel("replaced", now_s)
            self._agenda.questions.extend(waiting)
        else:
            self._ask_instead(turn, "replaced", transcript, utterance, now_s)

    def _ask_instead(self, turn: Turn, reason: str, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Drop the turn and answer what was said now, together with the question before where it goes on with it."""
        if self._agenda.continues(turn, utterance):
            before = Transcript(self._session, text=turn.question, locale=turn.locale, rejected=turn.rejected)
            transcript, reason = joined(before, transcript), "continued"
        self._agenda.cancel(reason, now_s, keep=reason != "continued")
        self._agenda.answer(transcript, utterance, now_s)

    def _note_unheard(self, lost: list[Utterance], now_s: float) -> None:
        """What was asked did not come to be known in time."""
        kept = self._split_utterances.last_piece
        for utterance in lost:
            if self._agenda.answering.apologises(utterance) and not (kept and utterance.goes_on_with(kept)):
                self._presence.met(now_s)
                self._agenda.unheard.add(utterance)

    # --- deciding by time -----------------------------------------------------------------------------------------

    def _decide(self, now_s: float) -> None:
        """While held: cancel for a voice that lasts, go on when nobody speaks and no words are to come."""
        turn = self._turn_manager.turn
        if turn is None or turn.held is None:
            return
        open_ = [u for u in self._user_speech.open() if self._interruption_policy.undecided(u, now_s)]
        lasting = [u for u in open_ if self._interruption_policy.lasts(u, now_s)]
        if turn.audible and lasting:
            for utterance in lasting:
                utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)
        elif not open_:
            self._turn_manager.resume(now_s)

    def _lose_patience(self, now_s: float) -> None:
        why, turn = self._recovery.due(now_s), self._turn_manager.turn
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
        self._agenda.answering.next_person()
        if self._settings.forget_when_idle:
            self._turn_manager.history.clear()
        if self._presence.leave():
            self._turn_manager.remark(self._settings.farewell, now_s, farewell=True)

    # --- after everything -----------------------------------------------------------------------------------------

    def _turn_ended(self, turn: Turn, now_s: float) -> None:
        # After the farewell it is quiet at once; anything else invites an answer.
        if turn.farewell:
            self._presence.leave()
        else:
            self._presence.active(now_s)

    def _settle(self, now_s: float) -> list[Out]:
        self._end_talk(now_s)
        self._decide(now_s)
        if self._turn_manager.turn is None and not self._user_speech.voice:
            self._agenda.apologise(now_s)
        if self._turn_manager.turn is None and not self._user_speech.voice and not self._user_speech.awaited:
            self._agenda.next(now_s)
        self._tell_mood(now_s)
        out, self._turn_manager.out = self._turn_manager.out, []
        return out

    def _end_talk(self, now_s: float) -> None:
        """What goes on with a long talk is not to come any more (it was lost): so this was all of it."""
        last = self._split_utterances.last_piece
        if last is not None and self._user_speech.next_piece(last) is None and (kept := self._split_utterances.take()):
            self._whole(*kept, now_s)

    def _tell_mood(self, now_s: float) -> None:
        mood = agent_state(self._turn_manager.turn, self._user_speech, self._presence, now_s)
        if self._told != (mood, self.turn):
            begun = self._told is None or self._told[1] != self.turn
            self._told = (mood, self.turn)
            state = Out("state", AvatarState(self._session, self._turn_manager.epoch, self.turn, mood))
            # A new turn is announced first: nobody takes what belongs to one that was not.
            self._turn_manager.out.insert(0 if begun else len(self._turn_manager.out), state)
