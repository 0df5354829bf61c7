"""Points of other frames: a buffer that keeps and refuses transforms as tf2's does, each of tf2's refusals, and tf2."""

from __future__ import annotations

from math import cos, radians, sin
from types import SimpleNamespace

import pytest

from avatar_ros.core.tf_frames import FrameError, OwnFrames, Tf2Frames

NOW_S = 1000.0


class TransformException(Exception):  # noqa: N818 — tf2's names
    """Base of all that tf2 raises."""


class LookupException(TransformException):
    """A frame that nobody has spoken of."""


class ConnectivityException(TransformException):
    """Two trees."""


class ExtrapolationException(TransformException):
    """Before the first transform that is kept, or after the last."""


class InvalidArgumentException(TransformException):
    """No frame's name."""


def transform(yaw_deg=0.0, at=(0.0, 0.0, 0.0)):
    half = radians(yaw_deg) / 2
    rotation = SimpleNamespace(w=cos(half), x=0.0, y=0.0, z=sin(half))
    return SimpleNamespace(rotation=rotation, translation=SimpleNamespace(x=at[0], y=at[1], z=at[2]))


class Buffer:
    """As tf2_ros.Buffer of direct children of one frame: time 0 is the newest; static ones have no time."""

    def __init__(self, own="avatar_link"):
        self.own = own
        self.static = {}
        self.moving = {}  # frame -> {seconds: transform}
        self.elsewhere = {"far_away"}

    def lookup_transform(self, target, source, time_ns):
        if not source or source.startswith("/"):
            raise InvalidArgumentException(f'Invalid argument "{source}" passed to lookupTransform')
        if source in self.elsewhere:
            raise ConnectivityException(f"Could not find a connection between '{target}' and '{source}'")
        if target != self.own or source not in {**self.static, **self.moving}:
            raise LookupException(f'"{source}" passed to lookupTransform argument source_frame does not exist.')
        if source in self.static:
            return self._stamped(self.static[source], 0.0)
        times = sorted(self.moving[source])
        at_s = times[-1] if time_ns == 0 else time_ns * 1e-9
        if not times[0] <= at_s <= times[-1]:
            raise ExtrapolationException(f"Lookup would require extrapolation at time {at_s}, data is at {times}")
        return self._stamped(self.moving[source][max(t for t in times if t <= at_s)], at_s)

    def _stamped(self, found, at_s):
        stamp = SimpleNamespace(sec=int(at_s), nanosec=round(at_s % 1 * 1e9))
        return SimpleNamespace(header=SimpleNamespace(stamp=stamp), transform=found)


@pytest.fixture
def buffer():
    return Buffer()


@pytest.fixture
def frames(buffer):
    made = Tf2Frames("avatar_link", lambda: buffer, TransformException, lambda ns: ns, lambda: round(NOW_S * 1e9))
    made.hear_of("base_link")
    return made


def refusal(frames, frame, stamp_s=0.0):
    with pytest.raises(FrameError) as caught:
        frames.place(frame, (1.0, 0.0, 0.0), round(stamp_s * 1e9))
    assert f"'{frame}'" in caught.value.text
    return caught.value.code


def test_its_own_frame_needs_no_tf2(frames):
    for known in (frames, OwnFrames()):
        assert known.place("avatar", (0.5, 1.7, 1.0)) == known.place("", (0.5, 1.7, 1.0)) == (0.5, 1.7, 1.0)
    assert refusal(OwnFrames(), "base_link") == "unknown_frame"


def test_axes_turn_from_rep_103_to_the_avatars(frames, buffer):
    buffer.static["camera"] = transform(at=(0.2, 0.1, 1.5))
    assert frames.place("camera", (1.0, 0.5, 0.25)) == pytest.approx((0.6, 1.75, 1.2))  # left, up, forward
    buffer.static["side"] = transform(yaw_deg=90.0)  # its front is the avatar's left
    assert frames.place("side", (1.0, 0.0, 0.0)) == pytest.approx((1.0, 0.0, 0.0))
    assert frames.place("side", (0.0, 1.0, 0.0)) == pytest.approx((0.0, 0.0, -1.0))


def test_a_moving_frame_is_taken_at_its_time(frames, buffer):
    buffer.moving["hand"] = {999.0: transform(at=(1.0, 0.0, 0.0)), 999.9: transform(at=(2.0, 0.0, 0.0))}
    assert frames.place("hand", (0.0, 0.0, 0.0))[2] == 2.0
    assert frames.place("hand", (0.0, 0.0, 0.0), round(999.5 * 1e9))[2] == 1.0


def test_what_is_missing_old_or_in_the_future_is_refused_by_its_name(frames, buffer):
    assert refusal(frames, "nowhere") == "unknown_frame"
    assert refusal(frames, "/base_link") == "unknown_frame"
    assert refusal(frames, "far_away") == "no_transform"
    buffer.moving["hand"] = {990.0: transform(), 995.0: transform()}
    assert refusal(frames, "hand") == "old_transform"
    assert refusal(frames, "hand", 980.0) == "old_transform"
    assert refusal(frames, "hand", 1003.0) == "future_transform"
    buffer.moving["hand"] = {1009.0: transform()}
    assert refusal(frames, "hand") == "future_transform"


def test_tf_is_heard_only_once_a_foreign_frame_is_wanted(buffer):
    made = []
    frames = Tf2Frames("avatar_link", lambda: made.append(1) or buffer, TransformException, int, lambda: 0)
    frames.hear_of("avatar")
    frames.hear_of("")
    assert not made and refusal(frames, "base_link") == "no_transform"
    frames.hear_of("base_link")
    frames.hear_of("odom")
    assert made == [1]


def test_what_is_no_fault_of_tf2_goes_through(buffer):
    def broken(*_):
        raise KeyError("ours")

    buffer.lookup_transform = broken
    frames = Tf2Frames("avatar_link", lambda: buffer, TransformException, int, lambda: 0)
    frames.hear_of("base_link")
    with pytest.raises(KeyError):
        frames.place("base_link", (0.0, 0.0, 0.0))
