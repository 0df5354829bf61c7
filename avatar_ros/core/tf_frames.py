"""Frames of points: the avatar's own, and those of REP 103 that the rest of a robot uses, known through tf2.

The avatar's own: metres, x to its left, y up from the floor, z out of the screen (docs/conventions.md). REP 103: x to
the front, y to the left, z up. tf2 itself comes in as an argument: `core` imports no ROS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from .errors import AvatarRosError

Point = tuple[float, float, float]  # metres
#: Names of the avatar's own frame.
OWN_FRAMES = ("", "avatar")
#: A transform that is older than this says nothing about now; one that is further ahead comes of another clock, s.
OLD_S, AHEAD_S = 2.0, 0.5


class FrameError(AvatarRosError):
    """A frame from which there is no way to the avatar's; `retryable`: one may turn up."""


class Frames(Protocol):
    """What is where."""

    def hear_of(self, frame_id: str) -> None:
        """Points of this frame will be asked for. To be called on the executor's thread."""

    def place(self, frame_id: str, point: Point, stamp_ns: int = 0) -> Point:
        """A point in the avatar's own frame, at an instant of ROS time; 0: now. Raises FrameError."""


class OwnFrames:
    """See Frames. Without tf2: the avatar's own frame alone."""

    def hear_of(self, frame_id: str) -> None:
        """See Frames."""

    def place(self, frame_id: str, point: Point, stamp_ns: int = 0) -> Point:
        """See Frames."""
        if frame_id not in OWN_FRAMES:
            text = f"'{frame_id}': only the avatar's own frame, 'avatar', is known where tf2_ros is not installed"
            raise FrameError("unknown_frame", text)
        return point


class Tf2Frames:
    """See Frames. frame: the avatar's in tf2; make_buffer(): a tf2_ros.Buffer that hears tf; fault: tf2's base of all
    that it raises, whose kinds are known by their names; time_of(ns): as it wants times; now_ns(): ROS time.
    """

    def __init__(
        self,
        frame: str,
        make_buffer: Callable[[], Any],
        fault: type[Exception],
        time_of: Callable[[int], Any],
        now_ns: Callable[[], int],
    ) -> None:
        self._frame = frame
        self._fault = fault
        self._make_buffer = make_buffer
        self._time_of = time_of
        self._now_ns = now_ns
        self._buffer: Any = None

    def hear_of(self, frame_id: str) -> None:
        """See Frames. tf is heard from the first such point on: a robot sends hundreds of transforms a second."""
        if self._buffer is None and frame_id not in OWN_FRAMES:
            self._buffer = self._make_buffer()

    def place(self, frame_id: str, point: Point, stamp_ns: int = 0) -> Point:
        """See Frames."""
        if frame_id in OWN_FRAMES:
            return point
        if self._buffer is None:
            raise FrameError("no_transform", f"'{frame_id}': tf is not heard yet", retryable=True)
        try:
            found = self._buffer.lookup_transform(self._frame, frame_id, self._time_of(stamp_ns))
        except self._fault as error:
            raise self._refusal(error, frame_id, stamp_ns) from error
        if not stamp_ns:
            self._check_age(frame_id, found.header.stamp)
        return own_of_rep103(_moved(found.transform, point))

    def _check_age(self, frame_id: str, stamp: Any) -> None:
        """tf2's newest transform may be from yesterday; that of frames which never move has no time."""
        at_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        age_s = (self._now_ns() - at_ns) * 1e-9
        if at_ns and age_s > OLD_S:
            text = f"'{frame_id}': the newest transform to '{self._frame}' is {age_s:.1f} s old"
            raise FrameError("old_transform", text, retryable=True)
        if at_ns and age_s < -AHEAD_S:
            text = f"'{frame_id}': the transform to '{self._frame}' is {-age_s:.1f} s ahead of this node's clock"
            raise FrameError("future_transform", f"{text}; are the hosts' clocks set, or use_sim_time?", retryable=True)

    def _refusal(self, error: Exception, frame_id: str, stamp_ns: int) -> FrameError:
        """What tf2 raised, as ours."""
        kinds = {kind.__name__ for kind in type(error).__mro__}
        code = "no_transform"  # two trees, say
        if "ExtrapolationException" in kinds:
            code = "future_transform" if stamp_ns > self._now_ns() else "old_transform"
        elif kinds & {"LookupException", "InvalidArgumentException"}:
            code = "unknown_frame"
        return FrameError(code, f"'{frame_id}': {' '.join(str(error).split())[:200]}", retryable=True)


def own_of_rep103(point: Point) -> Point:
    """From x front, y left, z up to x left, y up, z front.

    >>> own_of_rep103((2.0, 0.5, 1.7))
    (0.5, 1.7, 2.0)
    """
    front, left, up = point
    return (left, up, front)


def _moved(transform: Any, point: Point) -> Point:
    """A geometry_msgs/Transform of a point: turned by its unit quaternion, then moved."""
    q, t = transform.rotation, transform.translation
    x, y, z = point
    # v + 2 w (u x v) + 2 u x (u x v)
    a = (q.y * z - q.z * y, q.z * x - q.x * z, q.x * y - q.y * x)
    b = (q.y * a[2] - q.z * a[1], q.z * a[0] - q.x * a[2], q.x * a[1] - q.y * a[0])
    turned = [v + 2 * (q.w * c + d) for v, c, d in zip(point, a, b, strict=True)]
    return (turned[0] + t.x, turned[1] + t.y, turned[2] + t.z)
