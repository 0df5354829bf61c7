"""Every dataclass of core/types.py survives the way to its message and back."""

import dataclasses
from enum import IntEnum

import numpy as np
import pytest

from avatar_ros.core import enums, events, topics, types

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("avatar_ros.msg", reason="needs the built messages: ./avatar test builds them")

from avatar_ros.ros import convert

pytestmark = pytest.mark.ros

MESSAGES = [*dict.fromkeys(topics.TOPICS.values())]


def filled(kind):
    """An instance with every field off its default."""
    special = {
        "pcm": np.array([1, -2, 32767, -32768], np.int16),
        "weights": np.linspace(0, 1, 52, dtype=np.float32),
        "data": np.arange(6, dtype=np.float32),
        "frames": 2,
        "dim": 3,
        "marks": (types.Mark(enums.MarkKind.WORD, "hi", 3, 9), types.Mark(enums.MarkKind.PHONE, "h", 3, 5)),
        "history": (types.ChatMessage("assistant", "hello"),),
        "events": ("laughter", "cough"),
        "head_rotation": (0.5, 0.5, -0.5, 0.5),
        "head_translation": (0.25, -0.5, 1.0),
        "channels": 2,
    }
    values = {}
    for item in dataclasses.fields(kind):
        default = item.default
        if item.name in special:
            values[item.name] = special[item.name]
        elif isinstance(default, bool):
            values[item.name] = not default
        elif isinstance(default, IntEnum):
            values[item.name] = list(type(default))[-1]
        elif isinstance(default, int):
            values[item.name] = default + 7
        elif isinstance(default, float):
            values[item.name] = 0.125
        elif isinstance(default, str):
            values[item.name] = f"{item.name} é"
    return kind(**values)


def same(a, b):
    for item in dataclasses.fields(a):
        x, y = getattr(a, item.name), getattr(b, item.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype, item.name
            np.testing.assert_array_equal(x, y, item.name)
        else:
            assert x == y, item.name


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_there_and_back(kind):
    value = filled(kind)
    same(value, convert.from_msg(kind, convert.to_msg(value, 1)))


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_stamp_is_filled_in_only_where_missing(kind):
    stamp_ns = 1_700_000_000_123_456_789
    assert convert.from_msg(kind, convert.to_msg(kind(), stamp_ns)).stamp_ns == stamp_ns
    assert convert.from_msg(kind, convert.to_msg(kind(stamp_ns=5), stamp_ns)).stamp_ns == 5


def test_an_unknown_enum_value_is_refused():
    msg = convert.to_msg(events.Interrupt(), 1)
    msg.action = 77
    with pytest.raises(convert.MessageError, match=r"Interrupt\.action"):
        convert.from_msg(events.Interrupt, msg)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (types.AudioFrame(sample_rate_hz=0), "sample_rate_hz"),
        (types.AudioFrame(channels=2, pcm=np.zeros(3, np.int16)), "channels"),
        (types.AudioFeatures(frames=2, dim=3, data=np.zeros(5, np.float32)), "2 x 3"),
    ],
)
def test_sizes_and_rates_that_do_not_fit_are_refused(bad, what):
    with pytest.raises(convert.MessageError, match=what):
        convert.from_msg(type(bad), convert.to_msg(bad, 1))
