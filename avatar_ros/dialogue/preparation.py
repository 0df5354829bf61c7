"""The answer is prepared while the user may still go on: asked for, its first sentence made into sound and lips.

Nothing of it is heard, or enters the history, before the final transcript says the same as the partial one that it
was prepared for. If it does not, or the user goes on, it is thrown away, and nobody ever hears of it. Where the partial
one was a whole question, made of all that was spoken, the final one cannot differ: it need not be waited for, which on
another host takes two crossings of the network.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from ..core.enums import VoiceKind
from ..core.types import EVENT_COMPLETE, EVENT_LIKELY, GUESS_CONFIDENCE, Prompt, Transcript, VoiceActivity
from .agenda import Agenda
from .backchannels import plain
from .base import DialogueSettings
from .interruption_policy import InterruptionPolicy
from .user_speech import UserSpeechTracker

_MINUTE_S = 60.0


class RequestBudget:
    """How many answers may be prepared: each may cost a request to a chat service, and one to a voice."""

    def __init__(self, a_minute: int, an_utterance: int) -> None:
        self._a_minute = a_minute
        self._an_utterance = an_utterance
        self._made_s: deque[float] = deque()
        self._utterance, self._of_utterance = 0, 0

    def take(self, utterance: int, now_s: float) -> bool:
        """Whether one more may be made for this utterance now; it is counted."""
        while self._made_s and now_s - self._made_s[0] >= _MINUTE_S:
            self._made_s.popleft()
        if utterance != self._utterance:
            self._utterance, self._of_utterance = utterance, 0
        if len(self._made_s) >= self._a_minute or self._of_utterance >= self._an_utterance:
            return False
        self._made_s.append(now_s)
        self._of_utterance += 1
        return True


class Preparation:
    """Told of partial transcripts and pauses; `confirm` is asked when the question is known."""

    def __init__(
        self, settings: DialogueSettings, agenda: Agenda, policy: InterruptionPolicy, user_speech: UserSpeechTracker
    ) -> None:
        self._agenda = agenda
        self._turns = agenda.turns
        self._policy = policy
        self._user_speech = user_speech
        self._budget = RequestBudget(
            settings.speculative_requests_per_minute, settings.speculative_requests_per_utterance
        )
        self._heard: Transcript | None = None  # the newest partial
        self._paused = 0  # the utterance that has paused and may be over

    def partial(self, transcript: Transcript, now_s: float) -> None:
        """The words so far: a whole question, or what was said before a pause, is prepared."""
        self._heard = transcript
        if self._fits(transcript):
            return
        whole = EVENT_COMPLETE in transcript.events or EVENT_LIKELY in transcript.events
        if whole or (self._paused == transcript.utterance and _sure(transcript)):
            self._prepare(transcript, now_s)
        elif transcript.text:
            self._turns.discard()

    def voice(self, activity: VoiceActivity, now_s: float) -> None:
        """The user may be done: prepare what was heard last. Or goes on: throw it away."""
        self._paused = activity.utterance if activity.kind is VoiceKind.PAUSED else 0
        if activity.kind is not VoiceKind.PAUSED:
            self._turns.discard()
            return
        heard = self._heard
        known = heard is not None and heard.utterance == activity.utterance and _sure(heard)
        if heard is not None and known and not self._fits(heard):
            self._prepare(heard, now_s)

    def surely(self, activity: VoiceActivity) -> Transcript | None:
        """At the voice's end: the final transcript, where the answer to it is prepared and it is known already."""
        heard = self._heard
        if heard is None or heard.utterance != activity.utterance or EVENT_COMPLETE not in heard.events:
            return None
        if not 0 < activity.voice_samples <= heard.heard_samples or not self._fits(heard):
            return None
        return replace(heard, final=True, events=tuple(one for one in heard.events if one != EVENT_COMPLETE))

    def confirm(self, prompt: Prompt, question_end_s: float | None, now_s: float) -> bool:
        """Whether it was this that was prepared, which is heard from now on."""
        turn = self._turns.prepared
        if turn is None or turn.prompt is None or self._turns.turn is not None:
            return False
        same = plain(turn.question) == plain(prompt.text) and turn.prompt.locale == prompt.locale
        if prompt.rejected or not same or turn.prompt.history != self._turns.history.messages():
            return False
        self._turns.confirm(prompt, question_end_s, now_s)
        return True

    def over(self) -> None:
        """The utterance's final transcript has been dealt with: what was not confirmed by it never will be."""
        self._heard, self._paused = None, 0
        self._turns.discard()

    def _fits(self, transcript: Transcript) -> bool:
        """Whether what is prepared answers these words."""
        prepared = self._turns.prepared
        return prepared is not None and plain(prepared.question) == plain(transcript.text)

    def _prepare(self, transcript: Transcript, now_s: float) -> None:
        self._turns.discard()
        claimed = self._agenda.conduct.is_claimed(now_s)
        if not claimed and self._will_answer(transcript) and self._budget.take(transcript.utterance, now_s):
            locale = self._turns.texts.answered_in(transcript.locale)
            self._turns.prepare(Prompt(text=transcript.text, locale=locale), now_s)

    def _will_answer(self, transcript: Transcript) -> bool:
        """Whether, if this is all, it is answered next, and by the LLM."""
        utterance = self._user_speech.find(transcript)
        free = self._turns.turn is None and not self._turns.lost_nodes and not self._agenda.waits
        if utterance is None or not free or self._user_speech.pending() != [utterance]:
            return False
        wanted = utterance.interrupted or not utterance.over_speech
        alone = utterance.speech_began_s is None  # not a piece of longer speech
        stops = self._policy.is_stop(transcript)
        return wanted and alone and not stops and self._agenda.responses.will_ask(transcript)


def _sure(transcript: Transcript) -> bool:
    return bool(transcript.text) and transcript.confidence > GUESS_CONFIDENCE
