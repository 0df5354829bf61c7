"""The rules of one conversation: when to answer, when to fall silent, when to go on, when to give up."""

from __future__ import annotations

from collections import deque

from ..core.stage import Out
from ..core.types import (
    AvatarState,
    Mood,
    PlaybackClock,
    Prompt,
    Reply,
    Say,
    SayWhen,
    Transcript,
    VoiceActivity,
    VoiceKind,
)
from .answering import Answering, Treatment
from .base import DialogueSettings
from .floor import Floor
from .hearing import ONE_TALK_S, Hearing, Utterance
from .judging import Judge
from .long_talk import LongTalk, joined
from .mood import mood_of
from .presence import Presence
from .says import SayQueue
from .turns import Source, Turn
from .unheard import Unheard

#: Questions that may wait while an answer is being prepared; of more, the oldest is forgotten.
MAX_QUESTIONS = 3
#: Reasons for a CANCEL that are not the person's own: questions that wait are still to be answered.
_KEEPS_QUESTIONS = frozenset({"say", "no_answer", "no_sound"})


class Conversation:
    """One session. Each method takes news and the time and returns what is to be sent, in order."""

    def __init__(self, settings: DialogueSettings, session: str, epoch: int, last_turn: int = 0) -> None:
        self._settings = settings
        self._session = session
        self._floor = Floor(settings, session, epoch, last_turn)
        self._hearing = Hearing(settings.hear_patience_s, settings.longest_voice_s)
        self._answering = Answering(settings)
        self._says = SayQueue(settings.say_limit, settings.say_characters)
        self._questions: deque[tuple[Transcript, Utterance]] = deque(maxlen=MAX_QUESTIONS)
        self._asked: tuple[Transcript, Utterance] | None = None  # what the last prompt was made of
        self._talk = LongTalk()
        self._judge = Judge(settings)
        self._presence = Presence(settings)
        self._soft_s: float | None = None  # when a voice was heard that was too quiet
        self._unheard = Unheard()
        self._told: tuple[Mood, int] | None = None

    @property
    def mood(self) -> Mood:
        """The state that was last published."""
        return self._told[0] if self._told else Mood.IDLE

    @property
    def turn(self) -> int:
        """Number of the last turn that began."""
        return self._floor.last_turn

    # --- news -----------------------------------------------------------------------------------------------------

    def open(self, now_s: float) -> list[Out]:
        """Begin: whatever an earlier dialogue has left behind is void."""
        self._presence.opened(now_s)
        self._floor.void_older_epochs()
        return self._settle(now_s)

    def voice(self, activity: VoiceActivity, now_s: float) -> list[Out]:
        """The person began or ceased to speak."""
        if activity.kind is VoiceKind.STARTED:
            self._voice_started(activity, now_s)
        else:
            self._hearing.stopped(activity, now_s)
        return self._settle(now_s)

    def transcript(self, transcript: Transcript, now_s: float) -> list[Out]:
        """Something was understood, or was not."""
        if not transcript.final:
            self._partial(transcript, now_s)
        elif (utterance := self._hearing.transcribed(transcript, now_s)) and not utterance.deaf:
            self._note_unheard(self._hearing.take_skipped(), now_s)
            self._final(transcript, utterance, now_s)
        return self._settle(now_s)

    def reply(self, piece: Reply, now_s: float) -> list[Out]:
        """A piece of an answer."""
        self._floor.reply(piece, now_s)
        return self._settle(now_s)

    def playback(self, clock: PlaybackClock, now_s: float) -> list[Out]:
        """The speaker reports."""
        ended = self._floor.playback(clock, now_s)
        if ended is not None:
            self._turn_ended(ended, now_s)
        elif (turn := self._floor.turn) and turn.gives_way:
            self._make_way(now_s)
        return self._settle(now_s)

    def say(self, say: Say, now_s: float) -> list[Out]:
        """A program wants something said."""
        for result in self._says.add(say):
            self._floor.give_result(result)
        turn = self._floor.turn
        if self._says.next_when() is SayWhen.INTERRUPT:
            self._make_way(now_s)
            self._next_say(now_s)
        elif self._says.next_when() is SayWhen.NOW and turn is not None:
            if turn.audible:
                turn.say_ends_sentence = turn.sentence
            else:
                self._make_way(now_s)
        return self._settle(now_s)

    def tick(self, now_s: float) -> list[Out]:
        """What is due by time alone."""
        self._note_unheard(self._hearing.expire(now_s), now_s)
        self._floor.read_on(now_s)
        self._lose_patience(now_s)
        self._ask_to_speak_up(now_s)
        if self._presence.greeting_due(now_s) and self._floor.turn is None and not self._hearing.voice:
            self._floor.remark(self._settings.greeting, now_s)
        mood = mood_of(self._floor.turn, self._hearing, self._presence, now_s)
        if mood is Mood.IDLE and not self._presence.idle and self._soft_s is None:
            self._become_idle(now_s)
        return self._settle(now_s)

    # --- being spoken to ------------------------------------------------------------------------------------------

    def _voice_started(self, activity: VoiceActivity, now_s: float) -> None:
        turn, self._soft_s = self._floor.turn, None
        utterance = self._hearing.started(activity, now_s)
        utterance.over_speech = turn is not None and turn.audible
        utterance.asked = turn is not None and turn.asks
        utterance.endless = utterance.talked_before_s > self._settings.longest_talk_s - ONE_TALK_S
        utterance.deaf = utterance.endless or (utterance.over_speech and not self._settings.barge_in)
        utterance.from_idle = self._presence.idle and turn is None
        if turn is not None and not utterance.deaf:
            self._floor.hold(now_s)

    def _partial(self, transcript: Transcript, now_s: float) -> None:
        """Enough words interrupt before the voice stops."""
        turn, utterance = self._floor.turn, self._hearing.find(transcript)
        if utterance is not None:
            utterance.wordless = self._judge.wordless(transcript)
        held = turn is not None and turn.held is not None and turn.audible
        if held and utterance is not None and self._judge.enough(transcript):
            utterance.interrupted = True
            self._cancel("interrupted", now_s)

    def _final(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        going_on = self._hearing.next_piece(utterance)
        transcript, utterance = self._talk.join(transcript, utterance)
        if going_on is not None and (going_on.endless or not going_on.deaf):
            self._piece(transcript, utterance, going_on, now_s)
        else:
            self._whole(transcript, utterance, now_s)

    def _piece(self, transcript: Transcript, utterance: Utterance, going_on: Utterance, now_s: float) -> None:
        """A long talk was cut here and goes on: it is answered as a whole, unless it does not end."""
        turn = self._floor.turn
        if going_on.endless:
            if turn is None:
                self._follow(self._answering.treat_endless(transcript), now_s)
            return
        if turn is not None and turn.audible and self._judge.meant(transcript, utterance):
            utterance.interrupted = True
            self._cancel("interrupted", now_s)
        self._talk.keep(transcript, utterance)

    def _whole(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        turn = self._floor.turn
        meant = self._judge.meant(transcript, utterance)
        asked = utterance.asked or (turn is not None and turn.asks)
        answers = asked and self._judge.may_answer(transcript)  # no sign of listening, but the answer
        if self._judge.stops(transcript):
            self._stop(now_s)
        elif turn is None:
            if meant or answers or utterance.interrupted or not utterance.over_speech:
                self._answer(transcript, utterance, now_s)
        elif not meant:
            if answers:
                self._questions.append((transcript, utterance))
            self._decide(now_s)
        elif not turn.audible:
            self._follow_up(turn, transcript, utterance, now_s)
        else:
            self._ask_instead(turn, "interrupted", transcript, utterance, now_s)

    def _follow_up(self, turn: Turn, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Something more was said while the answer is being prepared."""
        if self._settings.follow_up != "queue" or self._continues(turn, utterance):
            self._ask_instead(turn, "replaced", transcript, utterance, now_s)
        elif turn.worth_finishing:
            self._questions.append((transcript, utterance))
            self._decide(now_s)
        elif self._questions:  # nobody waits for an apology, but these do
            waiting = [*self._questions, (transcript, utterance)]
            self._cancel("replaced", now_s)
            self._questions.extend(waiting)
        else:
            self._ask_instead(turn, "replaced", transcript, utterance, now_s)

    def _ask_instead(self, turn: Turn, reason: str, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Drop the turn and answer what was said now, together with the question before where it goes on with it."""
        if self._continues(turn, utterance):
            before = Transcript(self._session, text=turn.question, locale=turn.locale, rejected=turn.rejected)
            transcript, reason = joined(before, transcript), "continued"
        self._cancel(reason, now_s, keep=reason != "continued")
        self._answer(transcript, utterance, now_s)

    def _continues(self, turn: Turn, utterance: Utterance) -> bool:
        """Whether the person only drew breath in the middle of a question, or not even that."""
        if turn.source is not Source.ANSWER or turn.question_end_s is None or self._asked is None:
            return False
        breath_s = utterance.started_at_s - turn.question_end_s
        if self._settings.follow_up == "join":
            return -ONE_TALK_S <= breath_s <= self._settings.join_within_s
        spoken = self._asked[1].number > 0 and utterance.number > 0  # vad_node cuts voices, not typed texts
        return spoken and abs(breath_s) <= ONE_TALK_S

    def _answer(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        if self._says.next_when() is SayWhen.NOW:  # which was there first
            self._questions.append((transcript, utterance))
            return
        treatment = self._answering.treat(transcript, utterance)
        if treatment.ask:
            self._unheard.forget()
            self._asked = (transcript, utterance)
            prompt = Prompt(text=transcript.text, locale=transcript.locale, rejected=transcript.rejected)
            self._floor.ask(prompt, utterance.stopped_at_s, self._answering.opening(), now_s)
        self._follow(treatment, now_s)

    def _follow(self, treatment: Treatment, now_s: float) -> None:
        if treatment.soft and not (self._hearing.voice or self._hearing.awaited):
            self._soft_s = now_s
        if treatment.noticed:
            self._presence.met(now_s)
        if treatment.remark:
            self._floor.remark(treatment.remark, now_s)
        if self._hearing.voice:  # the person went on before this was understood
            self._floor.hold(now_s)

    def _note_unheard(self, lost: list[Utterance], now_s: float) -> None:
        """What was asked did not come to be known in time."""
        kept = self._talk.last_piece
        for utterance in lost:
            if self._answering.apologises(utterance) and not (kept and utterance.goes_on_with(kept)):
                self._presence.met(now_s)
                self._unheard.add(utterance)

    def _apologise(self, now_s: float) -> None:
        self._unheard.said(now_s)
        self._floor.remark(self._settings.too_slow, now_s)

    def _stop(self, now_s: float) -> None:
        self._presence.met(now_s)
        self._unheard.forget()
        self._questions.clear()
        for result in self._says.drop("stop"):
            self._floor.give_result(result)
        self._cancel("stop", now_s)

    def _make_way(self, now_s: float) -> None:
        """A `say` goes first. Whoever has heard nothing of an answer yet still waits for it."""
        turn = self._floor.turn
        asked = self._asked if turn is not None and turn.waited_for and len(self._questions) < MAX_QUESTIONS else None
        self._cancel("say", now_s, keep=asked is None)
        if turn is not None and asked is not None:
            self._questions.appendleft(asked)
            if turn.opening and not turn.audible:
                self._answering.greet_again()

    # --- deciding by time -----------------------------------------------------------------------------------------

    def _decide(self, now_s: float) -> None:
        """While held: cancel for a voice that lasts, go on when nobody speaks and no words are to come."""
        turn = self._floor.turn
        if turn is None or turn.held is None:
            return
        open_ = [u for u in self._hearing.open() if self._judge.undecided(u, now_s)]
        lasting = [u for u in open_ if self._judge.lasts(u, now_s)]
        if turn.audible and lasting:
            for utterance in lasting:
                utterance.interrupted = True
            self._cancel("interrupted", now_s)
        elif not open_:
            self._floor.resume(now_s)

    def _lose_patience(self, now_s: float) -> None:
        turn = self._floor.turn
        if turn is None:
            return
        if turn.sound_overdue(now_s, self._settings.speak_patience_s):
            self._cancel("no_sound", now_s)
            self._turn_ended(turn, now_s)
        elif turn.reader and not turn.complete and now_s - turn.reply_s > self._settings.think_patience_s:
            self._no_answer(turn, now_s)

    def _no_answer(self, turn: Turn, now_s: float) -> None:
        if turn.sentences:
            self._floor.give_up_waiting(now_s)
            return
        self._cancel("no_answer", now_s)
        if not self._hearing.voice:
            self._floor.remark(self._settings.apology, now_s)

    def _ask_to_speak_up(self, now_s: float) -> None:
        if self._soft_s is not None and now_s - self._soft_s >= self._settings.quiet_wait_s:
            self._soft_s = None
            if self._floor.turn is None:
                self._follow(self._answering.treat_soft(), now_s)

    def _become_idle(self, now_s: float) -> None:
        self._answering.next_person()
        if self._settings.forget_when_idle:
            self._floor.history.clear()
        if self._presence.leave():
            self._floor.remark(self._settings.farewell, now_s, farewell=True)

    # --- after everything -----------------------------------------------------------------------------------------

    def _turn_ended(self, turn: Turn, now_s: float) -> None:
        # After the farewell it is quiet at once; anything else invites an answer.
        if turn.farewell:
            self._presence.leave()
        else:
            self._presence.active(now_s)

    def _cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        if self._floor.turn is not None:
            self._presence.active(now_s)
        self._floor.cancel(reason, now_s, keep=keep)
        if reason not in _KEEPS_QUESTIONS:
            self._questions.clear()

    def _settle(self, now_s: float) -> list[Out]:
        self._end_talk(now_s)
        self._decide(now_s)
        if self._unheard.owed and self._floor.turn is None and not self._hearing.voice:
            self._apologise(now_s)
        if self._floor.turn is None and not self._hearing.voice and not self._hearing.awaited:
            if self._questions and self._says.next_when() is not SayWhen.NOW:
                self._answer(*self._questions.popleft(), now_s)
            else:
                self._next_say(now_s)
        self._tell_mood(now_s)
        out, self._floor.out = self._floor.out, []
        return out

    def _end_talk(self, now_s: float) -> None:
        """What goes on with a long talk is not to come any more (it was lost): so this was all of it."""
        last = self._talk.last_piece
        if last is not None and self._hearing.next_piece(last) is None and (kept := self._talk.take()):
            self._whole(*kept, now_s)

    def _next_say(self, now_s: float) -> None:
        if (say := self._says.pop()) is not None:
            self._presence.active(now_s)
            self._floor.say(say, now_s)

    def _tell_mood(self, now_s: float) -> None:
        mood = mood_of(self._floor.turn, self._hearing, self._presence, now_s)
        if self._told != (mood, self.turn):
            begun = self._told is None or self._told[1] != self.turn
            self._told = (mood, self.turn)
            state = Out("state", AvatarState(self._session, self._floor.epoch, self.turn, mood))
            # A new turn is announced first: nobody takes what belongs to one that was not.
            self._floor.out.insert(0 if begun else len(self._floor.out), state)
