"""The idle layer at an instant: frames by time, mixed; and a stage that goes or comes back makes no jump."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.clock import s_from_ns
from ..core.types import Expression
from .pose import REST_POSE, HeadPose, clean_weights, mix_poses, pose_of

Shown = tuple[F32, HeadPose]

#: The layer comes at 30 Hz; for this long after its last frame the face holds still. Then its stage is gone, and the
#: face goes to rest.
IDLE_DEAD_S = 1.0
#: The layer is shown this much later than it was made, so that there are two frames to mix between.
IDLE_DELAY_S = 0.05
#: From where a stream broke off to rest, or to where another stream begins, within this time.
IDLE_FADE_S = 0.5
#: Frames further apart than this belong to two streams: at 5 Hz, the slowest that is allowed, two are 0.2 s apart.
_STREAM_GAP_S = 0.5


class IdleLayer:
    """Frames in; weights [52] and pose out. `dropped`: frames that gave way to newer ones before they were shown."""

    def __init__(self) -> None:
        self._frames: deque[Expression] = deque(maxlen=4)
        self._seen_s: float | None = None
        self._shown: Shown = (np.zeros(ARKIT_COUNT, np.float32), REST_POSE)
        self._from: Shown = self._shown
        self._way = 1.0  # how much of the way from _from is gone
        self._alive = False
        self.dropped = 0

    def add(self, frame: Expression) -> None:
        """Take a frame; a stage that was started again begins a stream of its own."""
        if self._frames and not 0 < frame.steady_ns - self._frames[-1].steady_ns <= _STREAM_GAP_S * 1e9:
            self._frames.clear()
            self._turn()
        if len(self._frames) == self._frames.maxlen and not self._was_shown(self._frames[0]):
            self.dropped += 1
        self._frames.append(frame)

    def at(self, at_s: float) -> Shown:
        """The layer at `at_s`; called with growing times, once a frame."""
        step_s = 0.0 if self._seen_s is None else max(0.0, at_s - self._seen_s)
        frames = [frame for frame in self._frames if at_s - IDLE_DELAY_S - s_from_ns(frame.steady_ns) <= IDLE_DEAD_S]
        if bool(frames) is not self._alive:
            self._alive = bool(frames)
            self._turn()
        if self._seen_s is None:
            self._way = 1.0  # the first frame of all comes from nowhere
        self._seen_s = at_s
        self._way = min(1.0, self._way + step_s / IDLE_FADE_S)
        goal = _mixed(frames, at_s - IDLE_DELAY_S) if frames else (np.zeros(ARKIT_COUNT, np.float32), REST_POSE)
        self._shown = goal if self._way == 1.0 else _mix(self._from, goal, self._way * self._way * (3 - 2 * self._way))
        return self._shown

    def _turn(self) -> None:
        """From now on another goal is followed: from where the face is."""
        self._from, self._way = self._shown, 0.0

    def _was_shown(self, frame: Expression) -> bool:
        return self._seen_s is not None and s_from_ns(frame.steady_ns) <= self._seen_s - IDLE_DELAY_S


def _mixed(frames: list[Expression], at_s: float) -> Shown:
    times_s = [s_from_ns(frame.steady_ns) for frame in frames]
    after = bisect_right(times_s, at_s)
    if after == 0 or after == len(frames):
        near = frames[0 if after == 0 else -1]
        return clean_weights(near.weights), pose_of(near)
    first, second = frames[after - 1], frames[after]
    share = (at_s - times_s[after - 1]) / (times_s[after] - times_s[after - 1])
    return _mix((clean_weights(first.weights), pose_of(first)), (clean_weights(second.weights), pose_of(second)), share)


def _mix(a: Shown, b: Shown, t: float) -> Shown:
    return a[0] * np.float32(1 - t) + b[0] * np.float32(t), mix_poses(a[1], b[1], t)
