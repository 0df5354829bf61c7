"""How far a turn's sound may be sent: at most `ahead_s` ahead of what is heard."""

from __future__ import annotations

from ..core.clock import s_from_ns
from ..core.enums import PlaybackState
from ..core.types import PlaybackClock

#: What may be ahead of the playback grows by this many seconds in a second, from `burst_s` on. All at once,
#: five processes would work through two seconds of sound while the first lips and the first sound wait for them.
_GROWTH_S_PER_S = 4.0
#: A clock further away than this is another host's, whose CLOCK_MONOTONIC is another one: its arrival counts, s.
_ANOTHER_CLOCK_S = 5.0


class Pacer:
    """Follows the playback of one turn. Where nothing is heard of the playback, time itself is the pace.

    The speaker reports several times a second; silence for `no_clock_s` means that it is gone, and the stage must not
    wait for it for ever.
    """

    def __init__(self, rate_hz: int, ahead_s: float, no_clock_s: float, burst_s: float) -> None:
        self._rate_hz = rate_hz
        self._ahead = round(ahead_s * rate_hz)
        self._no_clock_s = no_clock_s
        self._burst = round(burst_s * rate_hz)
        self._began_s = 0.0
        self._sample = 0
        self._at_s = self._news_s = 0.0
        self._moving = False
        self._started = False

    def start(self, now_s: float) -> None:
        """The turn's first sound is sent now."""
        if not self._started:
            self._started, self._news_s, self._began_s = True, now_s, now_s

    def played(self, clock: PlaybackClock, now_s: float) -> None:
        """Take note of a clock of this turn."""
        self._sample = round(clock.sample * self._rate_hz / clock.sample_rate_hz)
        at_s = s_from_ns(clock.steady_ns)
        self._at_s = at_s if clock.steady_ns and abs(now_s - at_s) <= _ANOTHER_CLOCK_S else now_s
        self._moving = clock.state is PlaybackState.PLAYING
        self._news_s = now_s

    def speaker_alive(self, now_s: float) -> None:
        """The speaker is there, though busy with another turn."""
        self._news_s = now_s

    def limit(self, now_s: float) -> int:
        """Samples of the turn up to here may have been sent by now."""
        if now_s - self._news_s > self._no_clock_s and not self._moving and self._started:
            self._at_s, self._moving = self._news_s + self._no_clock_s, True
        heard = self._sample
        if self._moving:
            heard += max(0, round((now_s - self._at_s) * self._rate_hz))
        grown = round((now_s - self._began_s) * _GROWTH_S_PER_S * self._rate_hz) if self._started else 0
        return heard + min(self._ahead, self._burst + grown)
