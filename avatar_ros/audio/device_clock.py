"""A device's own count of samples as instants: measured times jitter, the sound does not."""

from __future__ import annotations

#: Share of a measured error that is taken over; a block's jitter of 5 ms moves the clock by 0.1 ms.
_GAIN = 0.02
#: An error above this is no jitter: the device stalled or skipped.
_JUMP_S = 0.03


class DeviceClock:
    """Smooths `frame n was (or will be) at time t` into a straight line of the device's nominal rate."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._origin_s: float | None = None
        self._count = 0  # measurements since the start or the last jump
        self.jumps = 0

    def restart(self) -> None:
        """After an underrun: where the device stands now has nothing to do with where it stood."""
        self._count = 0

    def measure(self, frame: int, at_s: float) -> float:
        """Take a measurement; the smoothed time of `frame`."""
        origin_s = at_s - frame / self._rate_hz
        if self._origin_s is None:
            self._origin_s = origin_s
        elif abs(origin_s - self._origin_s) > _JUMP_S:
            self._origin_s, self._count = origin_s, 0
            self.jumps += 1
        else:  # the mean of the first measurements, then a share of each
            self._origin_s += max(_GAIN, 1 / (self._count + 1)) * (origin_s - self._origin_s)
        self._count += 1
        return self._origin_s + frame / self._rate_hz
