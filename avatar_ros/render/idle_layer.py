"""The idle layer at an instant: frames by time, mixed; and a stage that goes or comes back makes no jump."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from ..core.clock import s_from_ns
from ..core.types import Expression
from .pose import REST_FACE, FacePose, face_of, mix_faces, smoothstep

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
        self._shown: FacePose = REST_FACE
        self._from: FacePose = self._shown
        self._fade = 1.0  # share of the way from _from that is done, 0-1
        self._alive = False
        self.dropped = 0

    def add(self, frame: Expression) -> None:
        """Take a frame; a stage that was started again begins a stream of its own."""
        if self._frames and not 0 < frame.steady_ns - self._frames[-1].steady_ns <= _STREAM_GAP_S * 1e9:
            self._frames.clear()
            self._change_goal()
        if len(self._frames) == self._frames.maxlen and not self._was_shown(self._frames[0]):
            self.dropped += 1
        self._frames.append(frame)

    def at(self, at_s: float) -> FacePose:
        """The layer at `at_s`; called with growing times, once a frame."""
        step_s = 0.0 if self._seen_s is None else max(0.0, at_s - self._seen_s)
        frames = [frame for frame in self._frames if at_s - IDLE_DELAY_S - s_from_ns(frame.steady_ns) <= IDLE_DEAD_S]
        if bool(frames) is not self._alive:
            self._alive = bool(frames)
            self._change_goal()
        if self._seen_s is None:
            self._fade = 1.0  # the first frame of all comes from nowhere
        self._seen_s = at_s
        self._fade = min(1.0, self._fade + step_s / IDLE_FADE_S)
        goal = _mixed(frames, at_s - IDLE_DELAY_S) if frames else REST_FACE
        self._shown = goal if self._fade == 1.0 else mix_faces(self._from, goal, smoothstep(self._fade))
        return self._shown

    def _change_goal(self) -> None:
        """From now on another goal is followed: from where the face is."""
        self._from, self._fade = self._shown, 0.0

    def _was_shown(self, frame: Expression) -> bool:
        return self._seen_s is not None and s_from_ns(frame.steady_ns) <= self._seen_s - IDLE_DELAY_S


def _mixed(frames: list[Expression], at_s: float) -> FacePose:
    times_s = [s_from_ns(frame.steady_ns) for frame in frames]
    after = bisect_right(times_s, at_s)
    if after == 0 or after == len(frames):
        return face_of(frames[0 if after == 0 else -1])
    first, second = frames[after - 1], frames[after]
    share = (at_s - times_s[after - 1]) / (times_s[after] - times_s[after - 1])
    return mix_faces(face_of(first), face_of(second), share)
