"""Every message of every type survives the wire, and what comes from it is refused or keeps its type's promise."""

import dataclasses
import math
import struct
from enum import IntEnum
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")
pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("avatar_ros.msg", reason="needs the built messages: ./avatar test builds them")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402

from avatar_ros.core.arkit import ARKIT_COUNT  # noqa: E402
from avatar_ros.core.enums import SayWhen  # noqa: E402
from avatar_ros.core.events import FrameInfo  # noqa: E402
from avatar_ros.core.topics import KINDS  # noqa: E402
from avatar_ros.core.types import PlaybackClock  # noqa: E402
from avatar_ros.ros import cdr, convert, message_limits  # noqa: E402

pytestmark = pytest.mark.ros
#: No deadline: machines are busy. Derandomised: the same examples in each run.
RULES = settings(max_examples=25, deadline=None, database=None, derandomize=True,
                 suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
#: No half characters, which UTF-8 lacks, and no NUL, which ends a string in C.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
INTEGERS = {"uint8": (0, 2**8 - 1), "uint32": (0, 2**32 - 1), "int32": (-(2**31), 2**31 - 1), "uint64": (0, 2**64 - 1),
            "int64": (-(2**63), 2**63 - 1)}  # fmt: skip
ARRAYS = {"int16": ("i2", st.integers(-(2**15), 2**15 - 1)), "uint8": ("u1", st.integers(0, 255)),
          "float": ("f4", st.floats(-1e9, 1e9, width=32))}  # fmt: skip
LARGEST_STAMP_NS = 2**31 * 10**9 - 1


def same(a, b):
    """Whether two values are equal, arrays by type and content; NaN equals NaN."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def field(kind, name, hint):
    """What a field may hold. The message's own type says how wide, ros/message_limits.py how much of that."""
    wire = {"GazeTarget": dict.fromkeys("xyz", "double")}.get(kind.__name__) or (
        convert.msg_type(kind).get_fields_and_field_types()
    )
    if name == "stamp_ns":
        return st.integers(1, LARGEST_STAMP_NS) | st.integers(1, 2**31).map(lambda seconds: seconds * 10**9 - 1)
    if name == "when":
        return st.integers(0, 255).map(SayWhen)
    if name in ("head_rotation", "head_translation"):
        return st.tuples(*[st.floats(-1e9, 1e9)] * len(get_args(hint)))
    if name == "weights":
        return st.lists(st.floats(-1e9, 1e9, width=32), min_size=ARKIT_COUNT, max_size=ARKIT_COUNT).map(
            lambda values: np.array(values, np.float32)
        )
    if get_origin(hint) is np.ndarray:
        code, numbers = ARRAYS[wire[name].removeprefix("sequence<").rstrip(">")]
        return st.lists(numbers, max_size=30).map(lambda values: np.array(values, code))
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return st.lists(TEXTS if item is str else instances(item), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return st.sampled_from(hint)
    if hint is int:
        (low, high), limits = INTEGERS[wire[name]], message_limits._INTEGERS.get(name, (-math.inf, math.inf))
        return st.integers(max(low, limits[0]), min(high, limits[1]))
    if hint is float:
        least = message_limits._LEAST_FLOATS.get(name, -1e9)
        width = 32 if wire[name] == "float" else 64
        numbers = st.floats(float(np.float32(least if least <= 0 else 2 * least)), 1e9, width=width)
        return numbers | st.just(math.nan) if name.endswith("_ms") and kind.__name__ == "TurnReport" else numbers
    return {bool: st.booleans(), str: TEXTS}[hint]


@st.composite
def instances(draw, kind):
    """Values of a type of core/types.py that keep its promise."""
    hints = get_type_hints(kind, include_extras=True)
    values = {item.name: draw(field(kind, item.name, hints[item.name])) for item in dataclasses.fields(kind)}
    if kind.__name__ == "AudioFrame":
        values["pcm"] = values["pcm"][: values["pcm"].size // values["channels"] * values["channels"]]
    if kind.__name__ == "AudioFeatures":
        values["frames"], values["dim"] = draw(st.sampled_from([(values["data"].size, 1), (1, values["data"].size)]))
    return kind(**values)


def over_the_wire(msg):
    return deserialize_message(serialize_message(msg), type(msg))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_sent_arrives(kind):
    @RULES
    @given(instances(kind))
    def check(value):
        arrived = convert.from_msg(kind, over_the_wire(convert.to_msg(value, 1)))
        assert same(arrived, value), (arrived, value)

    check()


@st.composite
def foreign(draw, msg):
    """`msg` with some fields set to anything that its type can express."""
    for name, wire in msg.get_fields_and_field_types().items():
        if not draw(st.booleans()):
            continue
        if wire in INTEGERS:
            setattr(msg, name, draw(st.integers(*INTEGERS[wire])))
        elif wire in ("float", "double"):
            setattr(msg, name, draw(st.floats(width=32 if wire == "float" else 64)))
        elif wire == "string":
            setattr(msg, name, draw(TEXTS | st.sampled_from(["x" * 2000, "x" * 300_000])))
        elif wire == f"float[{ARKIT_COUNT}]":
            one = draw(st.floats(width=32))
            setattr(msg, name, np.full(ARKIT_COUNT, one, np.float32))
        elif wire.startswith("sequence<") and (item := ARRAYS.get(wire[9:-1])):
            numbers = st.floats(width=32) if wire == "sequence<float>" else item[1]
            setattr(msg, name, np.array(draw(st.lists(numbers, max_size=9)), item[0]).tolist())
    return msg


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_strangers_send_is_refused_by_name_or_within_the_limits(kind):
    @RULES
    @given(st.data())
    def check(data):
        msg = data.draw(foreign(over_the_wire(convert.to_msg(kind(), 1))))
        try:
            value = convert.from_msg(kind, over_the_wire(msg))
        except convert.MessageError as error:
            assert kind.__name__ in str(error)
            return
        assert message_limits.fault(value) == ""
        assert same(convert.from_msg(kind, convert.to_msg(value, 1)), value)

    check()


# --- the short way: bytes without the message between (ros/cdr.py) ----------------------------------------------------

FAST = sorted(cdr.FAST, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", FAST, ids=lambda kind: kind.__name__)
def test_bytes_say_what_the_message_says(kind):
    @RULES
    @given(instances(kind))
    def check(value):
        reference = convert.to_msg(value, 1)
        packed = convert.pack(value, 1)
        assert isinstance(packed, bytes)
        assert len(packed) == len(serialize_message(reference))
        # repr: NaN equals NaN there, and padding is not looked at
        assert repr(deserialize_message(packed, type(reference))) == repr(over_the_wire(reference))
        assert same(convert.from_msg(kind, serialize_message(reference)), value)
        assert same(convert.from_msg(kind, packed), value)

    check()


@pytest.mark.parametrize("kind", FAST, ids=lambda kind: kind.__name__)
def test_bytes_of_strangers_are_refused_or_read_as_the_message_is(kind):
    @RULES
    @given(st.data())
    def check(data):
        msg = data.draw(foreign(over_the_wire(convert.to_msg(kind(), 1))))
        packed = serialize_message(msg)
        try:
            value = convert.from_msg(kind, deserialize_message(packed, type(msg)))
        except convert.MessageError as error:
            with pytest.raises(convert.MessageError, match=kind.__name__) as found:
                convert.from_msg(kind, packed)
            # An enum's number that nobody knows is found by both, and only one of them says in which field.
            assert error.code == found.value.code
            return
        assert same(convert.from_msg(kind, packed), value)

    check()


@pytest.mark.parametrize("kind", FAST, ids=lambda kind: kind.__name__)
def test_half_a_message_is_refused_by_name(kind):
    packed = convert.pack(kind(session="a" * 9), 1)
    for size in range(len(packed)):
        with pytest.raises(convert.MessageError, match=kind.__name__):
            convert.from_msg(kind, packed[:size])


@pytest.mark.parametrize("session", [b"\xff\xfe\xc3", b"a\0b", b"\0"])
def test_a_text_that_is_none_reads_as_in_the_message(session):
    packed = convert.pack(FrameInfo(session="x" * len(session)), 1).replace(b"x" * len(session), session)
    kind = FrameInfo
    reference = convert.from_msg(kind, deserialize_message(packed, convert.msg_type(kind)))
    assert convert.from_msg(kind, packed).session == reference.session


def test_a_host_of_the_other_byte_order_is_understood():
    plain = convert.pack(PlaybackClock(session="abcdefg", epoch=3, turn=2, sample=77), 1)
    begin, form = plain[:4], "iI"
    numbers = struct.unpack_from("<iI", plain, 4)
    texts = struct.unpack_from("<I4xI8s", plain, 12)  # "", then the session
    rest = struct.unpack_from("<QI4xqIB3xIfqQ", plain, 36)
    swapped = b"\0\0" + begin[2:] + struct.pack(f">{form}", *numbers) + struct.pack(">I4xI8s4x", *texts)
    swapped += struct.pack(">QI4xqIB3xIfqQ", *rest)
    assert same(convert.from_msg(PlaybackClock, swapped), convert.from_msg(PlaybackClock, plain))


def test_a_number_that_has_no_room_goes_the_way_of_the_message():
    huge = FrameInfo(render_ms=1e300)
    assert not isinstance(convert.pack(huge, 1), bytes)
    assert convert.to_msg(huge, 1).render_ms == convert.pack(huge, 1).render_ms
