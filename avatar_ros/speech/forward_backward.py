"""Posterior probabilities of a hidden Markov model's states: forward-backward with a fixed lag, streaming.

States are left-to-right within a phone; the graph is a matrix of transition probabilities [S, S]. Frame t is decided
when `delay` frames after it are known (Cohn et al. 1982, fixed-lag smoothing), or more, where later frames may wait for
more; at the end the rest is decided at once.
States are numbered in the order in which speech passes them, so what is possible now is a window of the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.arrays import F32

#: A state less likely than this, relative to all, is pruned. In a room the right one is for a while most unlikely;
#: smaller than this, times the least likelihood below, would be no normal float32.
_PRUNE_BELOW = 1e-18
_MEAN_FRAMES = 40
#: A delay that may grow does so from this frame on, by one frame in so many.
_GROWS_FROM, _GROWS_EVERY = 16, 4


@dataclass(frozen=True)
class _Step:
    """One frame: the window's first state, what is known up to now, and the likelihood of this frame alone."""

    low: int
    alpha: F32
    likelihood: F32


class ForwardBackward:
    """transitions [S, S]: row to column; start [S]; ends [S]: weight of stopping there, 0 or 1.

    scale: share of the acoustic log likelihood that counts (frames are not independent); delay: of the first frame;
    grown_delay: what it grows to, 0 where it stays.
    """

    def __init__(
        self, transitions: F32, start: F32, ends: F32, scale: float, delay: int, grown_delay: int = 0
    ) -> None:
        self._transitions = transitions
        self._ends = ends
        self._scale = scale
        self._delay, self._grown_delay = delay, max(delay, grown_delay)
        rows, columns = np.nonzero(transitions)
        reach = np.zeros(len(start), np.int64)
        np.maximum.at(reach, rows, columns)
        self._reach = np.maximum.accumulate(reach) + 1  # end of what can follow any of the states up to here
        self._predicted = start / start.sum()
        self._low, self._high = 0, int(np.flatnonzero(start)[-1]) + 1
        self._steps: list[_Step] = []
        self._count = 0
        self.log_likelihood = 0.0  # of a frame given those before it, mean over the last _MEAN_FRAMES or so

    def window(self, frames: int) -> tuple[int, int]:
        """States (from, until) that the next `frames` may be in: only their scores matter."""
        high = self._high
        for _ in range(frames - 1):
            high = int(self._reach[high - 1])
        return self._low, high

    def push(self, scores: F32) -> F32:
        """Log p(frame | state) [T, S] -> posteriors [n, S] of the frames that are decided now."""
        for row in scores:
            self._forward(row)
        grown = max(0, self._count - _GROWS_FROM) // _GROWS_EVERY
        delay = min(self._delay + grown, self._grown_delay)
        return self._decide(len(self._steps) - delay, np.ones_like(self._ends))

    def finish(self) -> F32:
        """Posteriors of all frames that are left, given that the last one ended in an end state (if any can)."""
        last = np.ones_like(self._ends)
        if self._steps:
            step = self._steps[-1]
            if step.alpha @ self._ends[step.low : step.low + len(step.alpha)] > _PRUNE_BELOW:
                last = self._ends
        return self._decide(len(self._steps), last)

    def _forward(self, scores: F32) -> None:
        low, high = self._low, self._high
        here = scores[low:high]
        likelihood = np.exp(np.maximum(self._scale * (here - here.max()), -40.0))
        alpha = self._predicted[low:high] * likelihood
        total = float(alpha.sum())
        newest = self._scale * float(here.max()) + float(np.log(max(total, 1e-30)))
        self.log_likelihood += (newest - self.log_likelihood) / min(_MEAN_FRAMES, self._count + 1)
        self._count += 1
        alpha = alpha / total if total > 0 else likelihood / float(likelihood.sum())
        alpha[alpha < _PRUNE_BELOW] = 0.0  # also keeps the processor out of denormal numbers
        self._steps.append(_Step(low, alpha, likelihood))
        alive = np.flatnonzero(alpha)
        first, last = low + int(alive[0]), low + int(alive[-1])
        self._low, self._high = first, int(self._reach[last])
        self._predicted = np.zeros_like(self._predicted)
        self._predicted[self._low : self._high] = (
            alpha[first - low : last - low + 1] @ self._transitions[first : last + 1, self._low : self._high]
        )

    def _decide(self, count: int, last: F32) -> F32:
        out = np.zeros((max(0, count), len(self._ends)), np.float32)
        if count <= 0:
            return out
        beta, beta_low = last, 0
        for t in range(len(self._steps) - 1, -1, -1):
            step = self._steps[t]
            low, high = step.low, step.low + len(step.alpha)
            here = beta[low - beta_low : high - beta_low]
            if t < count:
                posterior = step.alpha * here
                out[t, low:high] = posterior / max(float(posterior.sum()), 1e-30)
            if t:
                before = self._steps[t - 1]
                end = before.low + len(before.alpha)
                beta = self._transitions[before.low : end, low:high] @ (here * step.likelihood)
                beta, beta_low = beta / max(float(beta.max()), 1e-30), before.low
                beta[beta < _PRUNE_BELOW] = 0.0
        del self._steps[:count]
        return out
