"""The real-time factor of recognition: whether the host keeps up."""

from __future__ import annotations

from ..core.clock import Clock

#: How much of the factor is the last utterance's.
_NEWEST = 0.5


class RealTimeFactor:
    """`with` it around each piece of work. value: seconds of work for a second of sound, of the last utterances."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_s: float | None = None
        self._spent_s = 0.0  # on the utterance at hand
        self._known: float | None = None
        self.sound_s = 0.0  # of the utterance at hand, as far as it was worked on

    def __enter__(self) -> None:
        self._began_s = self._clock.now_s()

    def __exit__(self, *_: object) -> None:
        if self._began_s is not None:
            self._spent_s += self._clock.now_s() - self._began_s
        self._began_s = None

    def end(self) -> None:
        """The utterance is over, or was given up."""
        if self.sound_s > 0:
            factor = self._spent_s / self.sound_s
            self._known = factor if self._known is None else _NEWEST * factor + (1 - _NEWEST) * self._known
        self.sound_s = self._spent_s = 0.0

    @property
    def value(self) -> float:
        """Of the utterances that are over; of the one at hand, where it already takes longer than it lasted."""
        began_s, sound_s = self._began_s, self.sound_s
        spent_s = self._spent_s + (self._clock.now_s() - began_s if began_s is not None else 0.0)
        return max(self._known or 0.0, spent_s / sound_s if spent_s > sound_s > 0 else 0.0)
