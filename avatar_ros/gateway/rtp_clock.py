"""When sound was at a microphone, from its place in the stream and when it came here. Pure; told the time.

What a browser collects before it sends is left out, and so it is in the instants that its page gives the socket's
pieces (how long an AudioContext holds a microphone's sound is not told): in Chromium both differ by less than 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Arrivals of so long are compared, s: the quickest of them has waited least on its way.
_WINDOW_S = 10.0


@dataclass
class RtpClock:
    """path_s: how long the quickest is under way."""

    path_s: float
    _since_s: float = -1.0
    _least_s: float = 0.0  # of this window
    _before_s: float = 0.0  # of the one before

    def at_s(self, place_s: float, arrived_s: float) -> float:
        """place_s: of the first sample, since the stream began."""
        away_s = arrived_s - place_s
        if self._since_s < 0:
            self._since_s, self._least_s, self._before_s = arrived_s, away_s, away_s
        elif arrived_s - self._since_s > _WINDOW_S:
            self._since_s, self._before_s, self._least_s = arrived_s, self._least_s, away_s
        self._least_s = min(self._least_s, away_s)
        return place_s + min(self._least_s, self._before_s) - self.path_s
