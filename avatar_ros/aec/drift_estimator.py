"""Which sample of the loudspeaker belongs to each frame of the microphone, from instants that jitter.

A canceller learns any delay; what it cannot learn is a delay that moves: one of 20 ppm leaves a third of the echo. The
counts of samples on both sides do not jitter, and two devices differ by a constant of up to 100 ppm, most by nothing
at all, since they share a clock. So the place is carried on by the counts and a drift, which is none until the instants
prove one, and is moved only where sound was lost or a device stood still.

The instants wander by a millisecond or two for seconds: a drift is the slope of a line through means of ten seconds,
and is proven by how well they lie on it.
"""

from __future__ import annotations

from collections import deque

import numpy as np

#: A mean is taken over so many frames (10 s); a line, through so many means, from the least number on.
_MEAN_FRAMES, _LEAST_MEANS, _MEANS = 500, 6, 30
#: A drift is believed from so many of its standard errors on, and while it is more than so many.
_PROVEN, _HOLDS = 6.0, 3.0
#: Frames over which the jitter is learnt, and what it is taken for at first, samples.
_LEARNT_FRAMES, _FIRST_JITTER = 500, 4.0
#: With so little jitter a drift would be seen at once, samples.
_NO_JITTER = 0.5
#: So far off for so many frames is a device that stood still (one frame may just be late), or sound that was lost.
#: Samples, and standard deviations of a measurement.
_STOOD, _STOOD_FRAMES, _LOST, _LOST_FRAMES, _DEVIATIONS = 480.0, 3, 48.0, 50, 6.0
#: The place may differ from the instants by so much; more could put an echo before its cause.
_FARTHEST = 160.0


class DriftEstimator:
    """offset: samples from a place in the microphone's stream to the loudspeaker's; drift: its change each frame.

    jumps: how often it had to begin anew; jitter: standard deviation of the measurements, samples; settled: whether a
    drift would have been found by now.
    """

    def __init__(self) -> None:
        self.offset = self.drift = 0.0
        self.jumps = -1
        self.settled = False
        self._frames = self._measured = 0
        self._variance = _FIRST_JITTER**2
        self._level = 0.0  # by how much the instants differ from the place
        self._lately = 0.0  # by how much more they differed in the last second: an unproven drift
        self._off: list[float] = []  # differences far from that, in a row
        self._batch: list[float] = []
        self._means: deque[tuple[float, float]] = deque(maxlen=_MEANS)  # (frame, offset by the instants)

    @property
    def jitter(self) -> float:
        return float(np.sqrt(self._variance))

    def step(self, measured: float | None) -> float:
        """The offset at the next frame, whose own measurement may be missing. Frames are of one length."""
        self._frames += 1
        self.offset += self.drift
        if measured is not None:
            self._take(measured)
        return self.offset

    def _take(self, measured: float) -> None:
        away = measured - self.offset - self._level
        if self.jumps < 0:
            self._jump(away)
        elif abs(away) <= max(_LOST, _DEVIATIONS * self.jitter):
            self._off.clear()
            self._learn(measured, away)
        else:
            self._off.append(away)
            recent = self._off[-_STOOD_FRAMES:]
            stood = min(map(abs, recent)) > max(_STOOD, 2 * _DEVIATIONS * self.jitter)
            if len(self._off) >= _LOST_FRAMES or (stood and len(recent) == _STOOD_FRAMES):
                self._jump(float(np.mean(recent if stood else self._off)) - self._lately)

    def _learn(self, measured: float, away: float) -> None:
        self._measured += 1
        share = 1 / min(self._measured, _LEARNT_FRAMES)
        self._level += share * away
        self._lately += 0.02 * (away - self._lately)
        self._variance += share * (away**2 - self._variance) if self._measured > 1 else 0.0
        if abs(self._level) > _FARTHEST:
            self.offset, self._level = self.offset + self._level, 0.0
            self.jumps += 1
        self.settled = self.settled or self.jitter < _NO_JITTER
        self._batch.append(measured)
        if len(self._batch) >= _MEAN_FRAMES:
            self._means.append((self._frames - _MEAN_FRAMES / 2, float(np.mean(self._batch))))
            self._batch.clear()
            self._prove()

    def _prove(self) -> None:
        """Fit the line, and believe its slope if the means lie on it."""
        if len(self._means) < _LEAST_MEANS:
            return
        self.settled = True
        frames, offsets = np.array(self._means).T
        frames = frames - frames.mean()
        spread = float(np.sum(frames**2))
        slope = float(np.sum(frames * offsets)) / spread
        rest = offsets - offsets.mean() - slope * frames
        error = float(np.sqrt(np.sum(rest**2) / (len(rest) - 2) / spread))
        self.drift = slope if abs(slope) > (_HOLDS if self.drift else _PROVEN) * error + 1e-12 else 0.0

    def _jump(self, by: float) -> None:
        """What was learnt of the drift stays, and so do the means, moved: else frequent jumps would keep it unknown."""
        self.offset += by
        self.jumps += 1
        self._off.clear()
        self._batch = [place + by for place in self._batch]
        self._means = deque(((frame, place + by) for frame, place in self._means), maxlen=_MEANS)
