"""When a model that takes whole utterances only may decode one that still goes on.

Such a decode keeps the only worker busy and costs the more the longer the utterance is. It is started only where it
will be done before the utterance can end, so that the final result never waits for it, and only while all of them
together take no more than their share of the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..core.arrays import Pcm
from ..core.clock import Clock
from ..core.rates import LISTENING_RATE_HZ

#: While somebody speaks, the utterance cannot end sooner: vad_node waits at least so long in silence.
SHORTEST_SILENCE_S = 0.2


#: A whole utterance, int16 at 16 kHz, to its text, with SenseVoice's tags or without, and its confidence, 0–1.
Decode = Callable[[Pcm], tuple[str, float]]


class DecodeBudget:
    """Estimates the cost of a decode. One for each model; what partial results cost is counted by each utterance."""

    def __init__(self, share: float, longest_s: float = SHORTEST_SILENCE_S, window_s: float = 0.0) -> None:
        """share: 0–1 of the sound's length that partial results may cost; longest_s: what a single one may cost;
        window_s: the model pays for whole windows of this length, 0 where it pays for what was spoken.
        """
        self._share = share
        self._longest_s = longest_s
        self._window_s = window_s
        self._cost = float("inf")  # seconds for a second of sound

    def record(self, sound_s: float, cost_s: float) -> None:
        """A decode of `sound_s` seconds took `cost_s`. After a short one the cost of a longer one is overestimated."""
        if sound_s > 0:
            self._cost = cost_s / self._paid_s(sound_s)

    def measured(self, decode: Decode, pcm: Pcm, clock: Clock) -> tuple[str, float]:
        """The decode of `pcm`, whose cost is recorded."""
        began_s = clock.now_s()
        result = decode(pcm)
        self.record(len(pcm) / LISTENING_RATE_HZ, clock.now_s() - began_s)
        return result

    def warm_up(self, decode: Decode, clock: Clock) -> None:
        """Decode a second of silence, twice: the first run is slower than all others, the second one's cost counts."""
        for _ in range(2):
            self.measured(decode, np.zeros(LISTENING_RATE_HZ, np.int16), clock)

    def allows(self, sound_s: float, spent_s: float) -> bool:
        """Whether `sound_s` of an utterance may be decoded now, after `spent_s` on earlier partial results of it."""
        expected_s = self._cost * self._paid_s(sound_s)
        return expected_s <= self._longest_s and spent_s + expected_s <= self._share * sound_s

    def _paid_s(self, sound_s: float) -> float:
        return math.ceil(sound_s / self._window_s) * self._window_s if self._window_s else sound_s
