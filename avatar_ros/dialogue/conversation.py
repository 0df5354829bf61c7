"""The rules of one conversation: when to answer, when to fall silent, when to go on, when to give up."""

from __future__ import annotations

from collections import deque

from ..core.spoken import join_sentences
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
from .answering import Answering, Treatment, word_count
from .barge_in import Phrases, interrupts, only_body_sound
from .base import DialogueSettings
from .floor import Floor
from .hearing import Hearing, Utterance
from .says import SayQueue
from .turns import Source, Turn

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
        self._says = SayQueue(settings.say_limit)
        self._questions: deque[tuple[Transcript, Utterance]] = deque(maxlen=MAX_QUESTIONS)
        self._backchannels = Phrases(settings.backchannels)
        self._stop_phrases = Phrases(settings.stop_phrases)
        self._active_s: float | None = None  # when somebody last spoke; None: idle
        self._opened_s: float | None = None
        self._greet_at_start = settings.greet_when == "start"
        self._told: tuple[Mood, int] | None = None

    @property
    def mood(self) -> Mood:
        """The state that was last published."""
        return self._told[0] if self._told else Mood.IDLE

    @property
    def epoch(self) -> int:
        return self._floor.epoch

    @property
    def turn(self) -> int:
        """Number of the last turn that began."""
        return self._floor.last_turn

    # --- news -----------------------------------------------------------------------------------------------------

    def open(self, now_s: float) -> list[Out]:
        """Begin: whatever an earlier dialogue has left behind is void."""
        self._opened_s = now_s
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
        elif (turn := self._floor.turn) and _gives_way(turn):
            self._cancel("say", now_s)
        return self._settle(now_s)

    def say(self, say: Say, now_s: float) -> list[Out]:
        """A program wants something said."""
        for result in self._says.add(say):
            self._floor.give_result(result)
        turn = self._floor.turn
        if self._says.next_when() is SayWhen.INTERRUPT:
            self._cancel("say", now_s)
            self._next_say(now_s)
        elif self._says.next_when() is SayWhen.NOW and turn is not None:
            if turn.audible:
                turn.say_ends_sentence = turn.sentence
            else:
                self._cancel("say", now_s)
        return self._settle(now_s)

    def tick(self, now_s: float) -> list[Out]:
        """What is due by time alone."""
        for lost in self._hearing.expire(now_s):
            if self._floor.turn is None:
                self._follow(self._answering.treat_silence(lost), now_s)
        self._lose_patience(now_s)
        if self._greet_at_start and self._opened_s is not None:
            self._greet_when_due(now_s - self._opened_s, now_s)
        if self._active_s is not None and self._floor.turn is None and self._calls_for(now_s) is Mood.IDLE:
            self._become_idle(now_s)
        return self._settle(now_s)

    # --- being spoken to ------------------------------------------------------------------------------------------

    def _voice_started(self, activity: VoiceActivity, now_s: float) -> None:
        turn = self._floor.turn
        utterance = self._hearing.started(activity, now_s)
        utterance.over_speech = turn is not None and turn.audible
        utterance.deaf = utterance.over_speech and not self._settings.barge_in
        utterance.from_idle = self._active_s is None and turn is None
        if turn is not None and not utterance.deaf:
            self._floor.hold(now_s)

    def _partial(self, transcript: Transcript, now_s: float) -> None:
        """Enough words interrupt before the voice stops."""
        turn, utterance = self._floor.turn, self._hearing.find(transcript)
        if utterance is not None:
            utterance.wordless = only_body_sound(transcript) or self._backchannels.match(transcript.text)
        if turn is None or not turn.held or not turn.audible or utterance is None or not self._settings.partial_words:
            return
        sure = transcript.confidence >= self._settings.partial_confidence
        enough = word_count(transcript.text) >= self._settings.partial_words
        if sure and enough and not self._backchannels.may_become(transcript.text):
            utterance.interrupted = True
            self._cancel("interrupted", now_s)

    def _final(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        turn = self._floor.turn
        meant = interrupts(transcript, self._backchannels) or self._meant_though_unclear(transcript, utterance)
        if not transcript.rejected and self._stop_phrases.match(transcript.text):
            self._stop(now_s)
        elif turn is None:
            if meant or utterance.interrupted or not utterance.over_speech:
                self._answer(transcript, utterance, now_s)
        elif not meant:
            if turn.asks and self._backchannels.match(transcript.text) and not transcript.rejected:
                self._questions.append((transcript, utterance))  # no sign of listening, but the answer
            self._decide(now_s)
        elif not turn.audible:
            self._follow_up(turn, transcript, utterance, now_s)
        else:
            self._ask_instead(turn, "interrupted", transcript, utterance, now_s)

    def _meant_though_unclear(self, transcript: Transcript, utterance: Utterance) -> bool:
        """Whether somebody said a whole sentence over the avatar of which no word was understood."""
        limit_s, voice_s = self._settings.unclear_voice_s, utterance.voice_s
        long = limit_s > 0 and voice_s is not None and voice_s >= limit_s
        unclear = transcript.rejected and not self._backchannels.match(transcript.text)
        return long and unclear and utterance.over_speech and not only_body_sound(transcript)

    def _follow_up(self, turn: Turn, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Something more was said while the answer is being prepared."""
        worth_finishing = turn.source is not Source.REMARK and not turn.rejected
        if self._settings.follow_up == "queue" and worth_finishing:
            self._questions.append((transcript, utterance))
            self._decide(now_s)
        else:
            self._ask_instead(turn, "replaced", transcript, utterance, now_s)

    def _ask_instead(self, turn: Turn, reason: str, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        """Drop the turn and answer what was said now, together with the question before where it goes on with it."""
        if self._continues(turn, utterance):
            text = join_sentences([turn.question, transcript.text])
            self._cancel("continued", now_s, keep=False)
            self._answer(_with_text(transcript, text), utterance, now_s)
        else:
            self._cancel(reason, now_s)
            self._answer(transcript, utterance, now_s)

    def _continues(self, turn: Turn, utterance: Utterance) -> bool:
        """Whether the person only drew breath in the middle of a question."""
        if self._settings.follow_up != "join" or turn.source is not Source.ANSWER or turn.question_end_s is None:
            return False
        return utterance.started_at_s - turn.question_end_s <= self._settings.join_within_s

    def _answer(self, transcript: Transcript, utterance: Utterance, now_s: float) -> None:
        treatment = self._answering.treat(transcript, utterance)
        if treatment.ask:
            prompt = Prompt(text=transcript.text, locale=transcript.locale, rejected=transcript.rejected)
            self._floor.ask(prompt, utterance.stopped_at_s, self._answering.opening(), now_s)
        self._follow(treatment, now_s)

    def _follow(self, treatment: Treatment, now_s: float) -> None:
        if treatment.noticed:
            self._active_s = now_s
        if treatment.remark:
            self._floor.remark(treatment.remark, now_s)
        if self._hearing.voice:  # the person went on before this was understood
            self._floor.hold(now_s)

    def _stop(self, now_s: float) -> None:
        self._active_s = now_s
        self._questions.clear()
        self._cancel("stop", now_s)

    # --- deciding by time -----------------------------------------------------------------------------------------

    def _decide(self, now_s: float) -> None:
        """While held: cancel for a voice that lasts, go on when nobody speaks and no words are to come."""
        turn = self._floor.turn
        if turn is None or turn.held is None:
            return
        open_ = [u for u in self._hearing.open() if self._undecided(u, now_s)]
        lasting = [u for u in open_ if self._lasts(u, now_s)]
        if turn.audible and lasting:
            for utterance in lasting:
                utterance.interrupted = True
            self._cancel("interrupted", now_s)
        elif not open_:
            self._floor.resume(now_s)

    def _undecided(self, utterance: Utterance, now_s: float) -> bool:
        stopped_s = utterance.heard_stopped_s
        return stopped_s is None or now_s - stopped_s <= self._settings.decide_within_s

    def _lasts(self, utterance: Utterance, now_s: float) -> bool:
        limit_s = self._settings.cancel_after_voice_s
        if limit_s <= 0 or utterance.wordless or not utterance.going_on:  # who laughs long still wants to hear the rest
            return False
        return now_s - utterance.heard_started_s >= limit_s

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

    def _greet_when_due(self, open_for_s: float, now_s: float) -> None:
        if open_for_s >= self._settings.greet_delay_s:
            self._greet_at_start = False
            if self._floor.turn is None and not self._hearing.voice:
                self._floor.remark(self._settings.greeting, now_s)

    def _become_idle(self, now_s: float) -> None:
        self._active_s = None
        self._answering.next_person()
        if self._settings.forget_when_idle:
            self._floor.history.clear()
        self._floor.remark(self._settings.farewell, now_s, farewell=True)

    # --- after everything -----------------------------------------------------------------------------------------

    def _turn_ended(self, turn: Turn, now_s: float) -> None:
        # After the farewell it is quiet at once; anything else invites an answer.
        self._active_s = None if turn.farewell else now_s

    def _cancel(self, reason: str, now_s: float, *, keep: bool = True) -> None:
        if self._floor.turn is not None:
            self._active_s = now_s
        self._floor.cancel(reason, now_s, keep=keep)
        if reason not in _KEEPS_QUESTIONS:
            self._questions.clear()

    def _settle(self, now_s: float) -> list[Out]:
        self._decide(now_s)
        if self._floor.turn is None and not self._hearing.voice and not self._hearing.awaited:
            if self._questions:
                self._answer(*self._questions.popleft(), now_s)
            else:
                self._next_say(now_s)
        self._tell_mood(now_s)
        out, self._floor.out = self._floor.out, []
        return out

    def _next_say(self, now_s: float) -> None:
        say = self._says.pop()
        if say is not None:
            self._active_s = now_s
            self._floor.say(say, now_s)

    def _tell_mood(self, now_s: float) -> None:
        mood = self._calls_for(now_s)
        if self._told != (mood, self.turn):
            self._told = (mood, self.turn)
            self._floor.out.append(Out("state", AvatarState(self._session, self.epoch, self.turn, mood)))

    def _calls_for(self, now_s: float) -> Mood:
        """The state that things as they are call for."""
        turn = self._floor.turn
        if turn is not None and turn.audible and not turn.paused:
            return Mood.SPEAKING
        if self._hearing.voice or self._hearing.awaited or (turn is not None and turn.held):
            return Mood.LISTENING
        if turn is not None:
            return Mood.THINKING
        if self._active_s is None or now_s - self._active_s >= self._settings.idle_after_s:
            return Mood.IDLE
        return Mood.LISTENING


def _gives_way(turn: Turn) -> bool:
    """Whether a `say` NOW waits for the sentence that has just been said."""
    end = turn.say_ends_sentence
    return end is not None and (turn.sentence, turn.progress) >= (end, 1.0)


def _with_text(transcript: Transcript, text: str) -> Transcript:
    return Transcript(
        transcript.session,
        transcript.utterance,
        text,
        locale=transcript.locale,
        rejected=False,
        confidence=transcript.confidence,
        emotion=transcript.emotion,
        events=transcript.events,
    )
