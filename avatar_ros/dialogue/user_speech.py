"""Keeps track of what the person is saying: voice going on, transcripts awaited, duplicates and stragglers refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..core.clock import s_from_ns
from ..core.lateness import Lateness
from ..core.types import Transcript, VoiceActivity

#: An utterance that begins no later than this after the one before continues it: vad_node has cut long speech. After
#: silence, at least its shortest wait lies between the two.
CUT_GAP_S = 0.06
#: A voice's end is known after the silence that proves it. A message that comes later than this is late, s.
_USUAL_DELAY_S = 1.5
#: A transcript of a voice that was not announced, and further than this from the last, says nothing of those between.
_MOST_MISSED = 1000
#: Transcripts that are awaited at a time.
_MOST_PENDING = 16


@dataclass
class Utterance:
    """One voice. Times are seconds of the clock: *_at_s at the microphone, *_received_s of its message."""

    number: int
    started_at_s: float
    start_received_s: float
    over_speech: bool = False  # began while the avatar was heard
    ignored: bool = False  # over the avatar where interrupting is switched off, or part of endless speech
    endless: bool = False  # a piece of speech that has lasted longest_talk_s: it and what follows is ignored
    from_idle: bool = False  # the avatar was idle when it began
    after_question: bool = False  # the avatar had just asked something when it began
    wordless: bool = False  # a laugh, a cough, applause, "uh-huh", by the partial transcripts
    interrupted: bool = False  # it has cancelled a turn before there was a final transcript
    stopped_at_s: float | None = None
    stop_received_s: float | None = None
    voice_s: float | None = None  # length of the voice; None: unknown
    continues: int = 0  # number of the utterance that it continues; 0: none
    speech_began_s: float | None = None  # when the speech that it continues began, at the microphone; None: it is new

    @property
    def ongoing(self) -> bool:
        return self.stop_received_s is None

    @property
    def speech_before_s(self) -> float:
        """How long the person had spoken, without a pause, when this piece of it began."""
        return 0.0 if self.speech_began_s is None else self.started_at_s - self.speech_began_s

    def follows(self, other: Utterance) -> bool:
        """Whether nothing but vad_node's cut lies between `other` and this."""
        return other.number > 0 and self.continues == other.number


class UserTurn(NamedTuple):
    """What the user said: its final transcript and when and how it was said."""

    transcript: Transcript
    utterance: Utterance


class UserSpeechTracker:
    """Utterances that go on or whose transcript is awaited.

    patience_s: how long a transcript may take after the voice stopped; longest_voice_s: a voice that is longer is
    noise, or its end was lost.
    """

    def __init__(self, patience_s: float, longest_voice_s: float) -> None:
        self._patience_s = patience_s
        self._longest_voice_s = longest_voice_s
        self._pending: dict[int, Utterance] = {}
        self._stopped: Utterance | None = None  # the last of which the end is known
        self._lateness = Lateness()
        self._skipped: list[Utterance] = []
        self._done = 0  # highest utterance that was transcribed or given up

    @property
    def speaking(self) -> bool:
        """Whether the user is speaking to the avatar."""
        return any(u.ongoing and not u.ignored for u in self._pending.values())

    @property
    def transcript_pending(self) -> bool:
        """Whether the transcript of something said is still to come."""
        return any(not u.ongoing and not u.ignored for u in self._pending.values())

    @property
    def busy(self) -> bool:
        """Whether the user speaks, or a transcript is still to come."""
        return self.speaking or self.transcript_pending

    def pending(self) -> list[Utterance]:
        """Utterances that go on or whose transcript is awaited, in order, without those that are ignored."""
        return [u for u in self._pending.values() if not u.ignored]

    def started(self, activity: VoiceActivity, now_s: float) -> Utterance:
        """A voice began; the caller notes what it began over."""
        number = activity.utterance
        self._late_s(activity, now_s)
        if number <= self._done:  # the numbers begin anew: vad_node was restarted
            self._done = number - 1
            self._pending.clear()
            self._stopped = None
        # A microphone hears one voice at a time: of one that seems to go on, the end was lost, or it never was.
        awaited = [(n, u) for n, u in self._pending.items() if not u.ongoing]
        self._pending = dict(awaited[-_MOST_PENDING:])
        utterance = self._pending[number] = Utterance(number, _at_s(activity, now_s), now_s)
        self._link(utterance)
        return utterance

    def next_piece(self, utterance: Utterance) -> Utterance | None:
        """The pending utterance that continues `utterance`, ignored or not; None: the speech has ended."""
        return next((other for other in self._pending.values() if other.follows(utterance)), None)

    def stopped(self, activity: VoiceActivity, now_s: float) -> Utterance | None:
        """A voice ended; None where it was not known of, or its transcript came first."""
        utterance = self._pending.get(activity.utterance)
        if utterance is None or not utterance.ongoing:
            return None
        utterance.stopped_at_s = _at_s(activity, now_s)
        utterance.stop_received_s = now_s - self._late_s(activity, now_s)
        utterance.voice_s = max(0.0, utterance.stopped_at_s - utterance.started_at_s)
        self._stopped = utterance
        return utterance

    def find(self, transcript: Transcript) -> Utterance | None:
        """The utterance that a partial transcript is of."""
        return self._pending.get(transcript.utterance)

    def transcribed(self, transcript: Transcript, now_s: float) -> Utterance | None:
        """The utterance of a final transcript, which is closed now; None for a duplicate or a straggler.

        Utterance 0 (typed, or from a program) is always new.
        """
        number = transcript.utterance
        if number == 0:
            return Utterance(0, now_s, now_s, stopped_at_s=now_s, stop_received_s=now_s)
        if number <= self._done:
            return None
        known = self._pending.pop(number, None)
        utterance = known or Utterance(number, now_s, now_s)
        if utterance.ongoing:
            utterance.stopped_at_s = utterance.stop_received_s = now_s
        if known is not None or number <= self._done + _MOST_MISSED:
            self._skipped = [u for u in self._pending.values() if u.number < number and not u.ongoing]
            self._close_up_to(number)
        return utterance

    def take_skipped(self) -> list[Utterance]:
        """What was still awaited when the last transcript came, of something newer: it will never come."""
        skipped, self._skipped = self._skipped, []
        return skipped

    def expire(self, now_s: float) -> list[Utterance]:
        """Utterances that are given up: no transcript in time, or a voice without end."""
        lost = [u for u in self._pending.values() if self._is_lost(u, now_s)]
        for utterance in lost:
            self._close_up_to(utterance.number)
        return lost

    def lose(self, *, ongoing: bool) -> list[Utterance]:
        """The node that heard them died: those that go on, or those whose transcript is awaited, are given up."""
        lost = [u for u in self._pending.values() if u.ongoing is ongoing]
        self._pending = {n: u for n, u in self._pending.items() if u.ongoing is not ongoing}
        self._done = max([self._done, *(u.number for u in lost if u.number < min(self._pending, default=u.number + 1))])
        return lost

    def _late_s(self, activity: VoiceActivity, now_s: float) -> float:
        """How late the message is: the user has waited as long already, s."""
        if not activity.steady_ns:
            return 0.0
        return max(0.0, self._lateness.of(s_from_ns(activity.steady_ns), now_s) - _USUAL_DELAY_S)

    def _link(self, utterance: Utterance) -> None:
        """Note which utterance it continues."""
        before = self._stopped
        if before is None or before.stopped_at_s is None or before.number >= utterance.number:
            return
        # Not the next number: vad_node counts the voices of all sessions together.
        if abs(utterance.started_at_s - before.stopped_at_s) <= CUT_GAP_S:
            utterance.continues = before.number
            utterance.speech_began_s = before.started_at_s if before.speech_began_s is None else before.speech_began_s

    def _is_lost(self, utterance: Utterance, now_s: float) -> bool:
        if utterance.stop_received_s is None:
            return now_s - utterance.start_received_s > self._longest_voice_s
        return now_s - utterance.stop_received_s > self._patience_s

    def _close_up_to(self, number: int) -> None:
        # Recognition keeps the order: what came before and is still open will never be transcribed.
        self._done = max(self._done, number)
        self._pending = {n: u for n, u in self._pending.items() if n > number}


def _at_s(activity: VoiceActivity, now_s: float) -> float:
    return s_from_ns(activity.steady_ns) if activity.steady_ns else now_s
