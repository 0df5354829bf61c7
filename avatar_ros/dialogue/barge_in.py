"""Speech over the avatar before its final transcript: the turn is held at once, then cancelled or resumed."""

from __future__ import annotations

from ..core.types import Transcript, VoiceActivity
from .agenda import Agenda
from .base import DialogueSettings
from .interruption_policy import InterruptionPolicy
from .user_speech import CUT_GAP_S


class BargeIn:
    """Told of voices and partial transcripts; `decide` is asked after every event."""

    def __init__(self, settings: DialogueSettings, agenda: Agenda, policy: InterruptionPolicy) -> None:
        self._settings = settings
        self._agenda = agenda
        self._turns, self._user_speech = agenda.turns, agenda.user_speech
        self._policy = policy

    def voice_started(self, activity: VoiceActivity, now_s: float) -> None:
        """Hold the turn, and note what the voice began over."""
        turn = self._turns.turn
        self._agenda.clarifications.voice_started()
        utterance = self._user_speech.started(activity, now_s)
        utterance.over_speech = turn is not None and turn.audible
        utterance.after_question = turn is not None and turn.asks
        utterance.endless = utterance.speech_before_s > self._settings.longest_talk_s - CUT_GAP_S
        utterance.ignored = utterance.endless or (utterance.over_speech and not self._settings.barge_in)
        utterance.from_idle = self._agenda.presence.idle and turn is None
        if not utterance.ignored:
            self._turns.hold(now_s)

    def partial(self, transcript: Transcript, now_s: float) -> None:
        """Enough words interrupt before the voice stops."""
        turn, utterance = self._turns.turn, self._user_speech.find(transcript)
        if utterance is None:
            return
        utterance.wordless = self._policy.is_wordless(transcript)
        held = turn is not None and turn.held is not None and turn.audible
        if held and self._policy.partial_interrupts(transcript):
            utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)

    def decide(self, now_s: float) -> None:
        """Of a turn that is held: cancel it for a voice that lasts, resume it once no words are to come."""
        turn = self._turns.turn
        if turn is None or turn.held is None:
            return
        undecided = [u for u in self._user_speech.pending() if self._policy.undecided(u, now_s)]
        lasting = [u for u in undecided if self._policy.voice_interrupts(u, now_s)]
        if turn.audible and lasting:
            for utterance in lasting:
                utterance.interrupted = True
            self._agenda.cancel("interrupted", now_s)
        elif not undecided:
            self._turns.resume(now_s)
