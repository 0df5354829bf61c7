"""Keeps track of what the person is saying: voice going on, transcripts awaited, duplicates and stragglers refused."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.clock import s_from_ns
from ..core.lateness import Lateness
from ..core.types import Transcript, VoiceActivity

#: An utterance that begins no later than this after the one before goes on with it: vad_node has cut a long talk. Where
#: it has heard silence, at least its shortest wait lies between the two.
ONE_TALK_S = 0.06
#: News of a voice's end comes after the silence that proves it. What comes later than this is late, s.
_PROMPT_S = 1.5
#: A transcript of a voice that was not announced, and further than this from the last, says nothing of those between.
_MOST_MISSED = 1000
#: Transcripts that are awaited at a time.
_MOST_AWAITED = 16


@dataclass
class Utterance:
    """One thing said. Times are seconds of the clock; *_at_s at the microphone, heard_* when the news arrived."""

    number: int
    started_at_s: float
    heard_started_s: float
    over_speech: bool = False  # began while the avatar was heard
    deaf: bool = False  # not for us: over the avatar where interrupting is switched off, or part of an endless talk
    endless: bool = False  # the talk that it is a piece of does not end: we are deaf to the rest of it
    from_idle: bool = False  # nobody was talking with the avatar when it began
    asked: bool = False  # the avatar had just asked something when it began
    wordless: bool = False  # a laugh, a cough, applause, "uh-huh", as far as it was heard
    interrupted: bool = False  # the avatar fell silent for it before there was a transcript
    stopped_at_s: float | None = None
    heard_stopped_s: float | None = None
    voice_s: float | None = None  # length of the voice; None: unknown
    continues: int = 0  # number of the utterance that it goes on with; 0: none
    talk_began_s: float | None = None  # when the talk that it goes on with began, at the microphone; None: it is new

    @property
    def going_on(self) -> bool:
        return self.heard_stopped_s is None

    @property
    def talked_before_s(self) -> float:
        """How long the talk had lasted, without a pause, when this piece of it began."""
        return 0.0 if self.talk_began_s is None else self.started_at_s - self.talk_began_s

    def goes_on_with(self, other: Utterance) -> bool:
        """Whether nothing but vad_node's cut lies between `other` and this."""
        return other.number > 0 and self.continues == other.number


class UserSpeechTracker:
    """Utterances that are going on or whose transcript is awaited.

    patience_s: how long a transcript may take after the voice stopped; longest_voice_s: a voice that is longer is
    noise, or its end was lost.
    """

    def __init__(self, patience_s: float, longest_voice_s: float) -> None:
        self._patience_s = patience_s
        self._longest_voice_s = longest_voice_s
        self._open: dict[int, Utterance] = {}
        self._stopped: Utterance | None = None  # the last of which the end is known
        self._lateness = Lateness()
        self._skipped: list[Utterance] = []
        self._done = 0  # highest utterance that was transcribed or given up

    @property
    def voice(self) -> bool:
        """Whether the person is speaking (to us)."""
        return any(u.going_on and not u.deaf for u in self._open.values())

    @property
    def awaited(self) -> bool:
        """Whether the transcript of something said is still to come."""
        return any(not u.going_on and not u.deaf for u in self._open.values())

    def open(self) -> list[Utterance]:
        """What is going on or awaited, in order, without what we are deaf to."""
        return [u for u in self._open.values() if not u.deaf]

    def started(self, activity: VoiceActivity, now_s: float) -> Utterance:
        """A voice began; the caller notes what it began over."""
        number = activity.utterance
        self._late_s(activity, now_s)
        if number <= self._done:  # the numbers begin anew: vad_node was restarted
            self._done = number - 1
            self._open.clear()
            self._stopped = None
        # A microphone hears one voice at a time: of one that seems to go on, the end was lost, or it never was.
        awaited = [(n, u) for n, u in self._open.items() if not u.going_on]
        self._open = dict(awaited[-_MOST_AWAITED:])
        utterance = self._open[number] = Utterance(number, _at_s(activity, now_s), now_s)
        self._link(utterance)
        return utterance

    def next_piece(self, utterance: Utterance) -> Utterance | None:
        """What goes on with `utterance` and is going on or awaited, deaf to it or not; None: the talk has ended."""
        return next((other for other in self._open.values() if other.goes_on_with(utterance)), None)

    def stopped(self, activity: VoiceActivity, now_s: float) -> Utterance | None:
        """A voice ended; None where it was not known of, or its transcript came first."""
        utterance = self._open.get(activity.utterance)
        if utterance is None or not utterance.going_on:
            return None
        utterance.stopped_at_s = _at_s(activity, now_s)
        utterance.heard_stopped_s = now_s - self._late_s(activity, now_s)
        utterance.voice_s = max(0.0, utterance.stopped_at_s - utterance.started_at_s)
        self._stopped = utterance
        return utterance

    def find(self, transcript: Transcript) -> Utterance | None:
        """The utterance that a partial transcript is of."""
        return self._open.get(transcript.utterance)

    def transcribed(self, transcript: Transcript, now_s: float) -> Utterance | None:
        """The utterance of a final transcript, which is closed now; None for a duplicate or a straggler.

        Utterance 0 (typed, or from a program) is always new.
        """
        number = transcript.utterance
        if number == 0:
            return Utterance(0, now_s, now_s, stopped_at_s=now_s, heard_stopped_s=now_s)
        if number <= self._done:
            return None
        known = self._open.pop(number, None)
        utterance = known or Utterance(number, now_s, now_s)
        if utterance.going_on:
            utterance.stopped_at_s = utterance.heard_stopped_s = now_s
        if known is not None or number <= self._done + _MOST_MISSED:
            self._skipped = [u for u in self._open.values() if u.number < number and not u.going_on]
            self._close_up_to(number)
        return utterance

    def take_skipped(self) -> list[Utterance]:
        """What was still awaited when the last transcript came, of something newer: it will never come."""
        skipped, self._skipped = self._skipped, []
        return skipped

    def expire(self, now_s: float) -> list[Utterance]:
        """Utterances that are given up: no transcript in time, or a voice without end."""
        lost = [u for u in self._open.values() if self._is_lost(u, now_s)]
        for utterance in lost:
            self._close_up_to(utterance.number)
        return lost

    def _late_s(self, activity: VoiceActivity, now_s: float) -> float:
        """How much too late the news comes: whoever spoke has waited as long already, s."""
        if not activity.steady_ns:
            return 0.0
        return max(0.0, self._lateness.of(s_from_ns(activity.steady_ns), now_s) - _PROMPT_S)
    def lose(self, *, going_on: bool) -> list[Utterance]:
        """Who heard them died: those that are going on, or those whose transcript is awaited, are given up."""
        lost = [u for u in self._open.values() if u.going_on is going_on]
        self._open = {n: u for n, u in self._open.items() if u.going_on is not going_on}
        self._done = max([self._done, *(u.number for u in lost if u.number < min(self._open, default=u.number + 1))])
        return lost

    def _link(self, utterance: Utterance) -> None:
        """Note which utterance it goes on with."""
        before = self._stopped
        if before is None or before.stopped_at_s is None or before.number >= utterance.number:
            return
        # Not the next number: vad_node counts the voices of all sessions together.
        if abs(utterance.started_at_s - before.stopped_at_s) <= ONE_TALK_S:
            utterance.continues = before.number
            utterance.talk_began_s = before.started_at_s if before.talk_began_s is None else before.talk_began_s

    def _is_lost(self, utterance: Utterance, now_s: float) -> bool:
        if utterance.heard_stopped_s is None:
            return now_s - utterance.heard_started_s > self._longest_voice_s
        return now_s - utterance.heard_stopped_s > self._patience_s

    def _close_up_to(self, number: int) -> None:
        # Recognition keeps the order: what came before and is still open will never be transcribed.
        self._done = max(self._done, number)
        self._open = {n: u for n, u in self._open.items() if n > number}


def _at_s(activity: VoiceActivity, now_s: float) -> float:
    return s_from_ns(activity.steady_ns) if activity.steady_ns else now_s
