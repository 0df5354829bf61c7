"""Nods of a listener: at the pauses and phrase ends of who speaks, some seconds apart, and never without a voice.

Listeners nod where the speaker makes a break (Dittmann & Llewellyn 1968). A break is known from the end of the voice
(mic/voice_activity, with every recogniser) and, where partial transcripts come, from their standing still and from the
ends of clauses in them. Who speaks on and on without one is nodded at all the same.
"""

from __future__ import annotations

from math import exp, pi, sin

import numpy as np

from ..core.enums import AgentState, VoiceKind
from ..core.types import EVENT_COMPLETE, Transcript, VoiceActivity

_HZ, _SIZE_DEG, _DECAY_S = 1.6, 3.4, 0.45
_SIZES, _OVER_S = (0.6, 1.1), 4.0
#: From one nod to the next at least (drawn); and so much longer until one comes without a break.
_GAP_S, _PATIENCE_S = (4.0, 7.5), (3.0, 6.0)
#: Shorter speech ("yes", a cough) is not nodded at.
_SHORTEST_S = 1.0
#: Words that stand still for this long are a pause.
_PAUSE_S = 0.35
#: Share of breaks that are nodded at, where a nod is due.
_LIKELY = 0.75
#: Without news for this long a voice is over, though nobody said so.
_LONGEST_S = 30.0
_CLAUSE_ENDS = (".", "?", "!", ",", ";", ":", "。", "？", "！", "，", "、")
_NEVER_S = float("-inf")


class Nods:
    """Told what is heard and the time, says how far the head is down."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._voice = False
        self._began_s = self._news_s = _NEVER_S
        self._began_sample = 0
        self._text = ""
        self._flows = False  # words came, and did not stand still since
        self._wanted = False
        self._due_s = self._restless_s = _NEVER_S
        self._start_s, self._size = _NEVER_S, 0.0

    def hear(self, activity: VoiceActivity, now_s: float) -> None:
        """Somebody began to speak or fell silent."""
        if activity.kind is VoiceKind.STARTED:
            self._voice, self._began_sample = True, activity.sample
            self._began_s = self._news_s = now_s
            self._text, self._flows = "", False
            self._restless_s = max(self._due_s, now_s) + self._draw(_PATIENCE_S)
        elif self._voice and activity.kind is VoiceKind.STOPPED:
            self._voice = False
            if (activity.sample - self._began_sample) / activity.sample_rate_hz >= _SHORTEST_S:
                self._break(now_s)

    def read(self, transcript: Transcript, now_s: float) -> None:
        """Words of who speaks; only partial ones, since at the final ones he has ended."""
        if transcript.final or not self._voice or transcript.text == self._text:
            return
        self._text, self._news_s, self._flows = transcript.text, now_s, True
        if EVENT_COMPLETE in transcript.events or self._text.rstrip().endswith(_CLAUSE_ENDS):
            self._pause(now_s)

    def step(self, now_s: float, state: AgentState) -> float:
        """Pitch of the head at `now_s`, degrees downwards. While it speaks itself it does not begin to nod."""
        if self._voice:
            self._follow(now_s)
        if self._wanted and state is not AgentState.SPEAKING:
            self._start_s, self._size = now_s, float(self._rng.uniform(*_SIZES))
            self._due_s = now_s + self._draw(_GAP_S)
            self._restless_s = self._due_s + self._draw(_PATIENCE_S)
        self._wanted = False
        age_s = now_s - self._start_s
        if not 0.0 <= age_s < _OVER_S:
            return 0.0
        return self._size * _SIZE_DEG * sin(2 * pi * _HZ * age_s) * exp(-age_s / _DECAY_S)

    def _follow(self, now_s: float) -> None:
        if now_s - self._news_s > _LONGEST_S:
            self._voice = False
        elif self._flows and now_s - self._news_s >= _PAUSE_S:
            self._pause(now_s)
        elif now_s >= self._restless_s:
            self._wanted = True

    def _pause(self, now_s: float) -> None:
        self._flows = False
        if now_s - self._began_s >= _SHORTEST_S:
            self._break(now_s)

    def _break(self, now_s: float) -> None:
        """A moment to nod at."""
        self._wanted = now_s >= self._due_s and bool(self._rng.random() < _LIKELY)

    def _draw(self, limits: tuple[float, float]) -> float:
        return float(self._rng.uniform(*limits))
