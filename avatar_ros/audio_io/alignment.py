"""Where on the loudspeaker's line of samples each frame of the microphone lies, from instants that jitter.

Two devices have two clocks: they differ by a constant of up to 100 ppm, and each block's instant is off by a
millisecond or so. A canceller needs better: a sample of error leaves a tenth of the echo. So what is known is the count
of samples on both sides, and what is estimated, by a Kalman filter of two states (offset and drift), is how they
belong together.
"""

from __future__ import annotations

import numpy as np

#: Standard deviations: of a measured place at the start, samples; of the drift at the start, samples a frame of 20 ms
#: (100 ppm), and how much it changes from frame to frame.
_MEASURED, _DRIFT, _DRIFT_CHANGE = 16.0, 0.032, 3e-6
#: How exact the measurements are is learnt from them, over so many frames; they come smoothed (DeviceClock), so that
#: only each of so many tells something new.
_LEARNT_FRAMES, _SMOOTHED_FRAMES = 500, 100
#: So far off at once is no jitter but a device that stood still; so far off for so many frames is sound that was lost.
_JUMP, _OFF, _OFF_FRAMES = 480.0, 48.0, 25


class Alignment:
    """offset: samples from a place in the microphone's stream to the loudspeaker's; drift: its change each frame.

    jumps: how often it had to begin anew.
    """

    def __init__(self) -> None:
        self.offset = self.drift = 0.0
        self.jumps = -1
        self._measured = 0
        self._variance = _MEASURED**2  # of a measurement
        self._covariance = np.diag([0.0, _DRIFT**2])
        self._off: list[float] = []  # measurements that are far from what was expected, in a row

    @property
    def unsure(self) -> float:
        """Standard deviation of the offset, samples; infinite before the first measurement."""
        return float(np.sqrt(self._covariance[0, 0])) if self.jumps >= 0 else float("inf")

    def step(self, measured: float | None) -> float:
        """The offset at the next frame, whose own measurement may be missing. Frames are of one length."""
        self.offset += self.drift
        forth = np.array([[1.0, 1.0], [0.0, 1.0]])
        self._covariance = forth @ self._covariance @ forth.T
        self._covariance[1, 1] += _DRIFT_CHANGE**2
        if measured is not None:
            self._take(measured)
        return self.offset

    def _take(self, measured: float) -> None:
        error = measured - self.offset
        if self.jumps < 0 or abs(error) > _JUMP:
            self._begin(measured)
        elif abs(error) > _OFF:
            self._off.append(measured)
            if len(self._off) >= _OFF_FRAMES:
                self._begin(float(np.mean(self._off)))
        else:
            self._off.clear()
            self._correct(error)

    def _correct(self, error: float) -> None:
        self._measured += 1
        self._variance += (error**2 - self._variance) / min(self._measured + 1, _LEARNT_FRAMES)
        gain = self._covariance[:, 0] / (self._covariance[0, 0] + _SMOOTHED_FRAMES * self._variance + 1e-9)
        self.offset += float(gain[0]) * error
        self.drift += float(gain[1]) * error
        self._covariance = self._covariance - np.outer(gain, self._covariance[0])

    def _begin(self, measured: float) -> None:
        """From one place; what was learnt of the drift stays."""
        self.offset = measured
        self.jumps += 1
        self._off.clear()
        self._covariance = np.diag([_MEASURED**2, self._covariance[1, 1]])
