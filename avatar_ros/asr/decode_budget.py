"""When may an utterance that still goes on be decoded, by a model that takes whole utterances only?

Such a decode keeps the only worker busy and costs the more the longer the utterance is. It is begun only where it will
be over before the utterance can end, so that the final result never waits for it, and only as long as all of them
together take no more than their share of the time.
"""

from __future__ import annotations

#: While somebody speaks, the utterance cannot end sooner: vad_node waits at least so long in silence.
SHORTEST_SILENCE_S = 0.2


class DecodeBudget:
    """Learns what a decode costs. One for each model; what was spent is counted by each utterance."""

    def __init__(self, share: float, longest_s: float = SHORTEST_SILENCE_S) -> None:
        """share: 0–1 of the sound's length that partial results may cost; longest_s: what a single one may cost."""
        self._share = share
        self._longest_s = longest_s
        self._cost = float("inf")  # seconds a second of sound

    def took(self, sound_s: float, cost_s: float) -> None:
        """A decode of `sound_s` seconds took `cost_s`. After a short one, a longer one is thought dearer than it is."""
        if sound_s > 0:
            self._cost = cost_s / sound_s

    def allows(self, sound_s: float, spent_s: float) -> bool:
        """Whether `sound_s` of an utterance may be decoded now, after `spent_s` on earlier partial results of it."""
        expected_s = self._cost * sound_s
        return expected_s <= self._longest_s and spent_s + expected_s <= self._share * sound_s
