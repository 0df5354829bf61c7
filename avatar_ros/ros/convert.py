"""Dataclass <-> message, the only place. Fields are matched by name, so a new field needs no line here.

What differs between the two: `stamp_ns` is the header's stamp; NumPy arrays travel as array.array (a list of a
million numbers would be converted one by one); quaternions are wxyz tuples here and geometry_msgs there; an Enum is
its number; a `clock_id` of this host's is 0 here. A message that does not fit its type (an unknown enum value, 51
weights) raises MessageError. `pack` and `from_msg` take the short way of ros/cdr.py where there is one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import struct
from array import array
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PointStamped, Quaternion, Vector3
from rclpy.serialization import deserialize_message

from ..core.arkit import ARKIT_COUNT
from ..core.clock_id import own_clock_id
from ..core.errors import AvatarRosError
from ..core.topics import KINDS
from ..core.types import AudioFeatures, AudioFrame, Expression, Transcript
from . import cdr, message_limits

_NS = 1_000_000_000


class MessageError(AvatarRosError):
    """A message from the network that is not what its type promises; it is dropped and counted."""


def stamp_from_ns(stamp_ns: int) -> Time:
    """Nanoseconds since the epoch as builtin_interfaces/Time."""
    return Time(sec=stamp_ns // _NS, nanosec=stamp_ns % _NS)


def ns_from_stamp(stamp: Time) -> int:
    """Inverse of `stamp_from_ns`."""
    return int(stamp.sec) * _NS + int(stamp.nanosec)


@cache
def _msg_type(name: str) -> Any:
    if name == "GazeTarget":
        return PointStamped
    return getattr(importlib.import_module("avatar_ros.msg"), name)


def msg_type(kind: type) -> Any:
    """The generated message class of a dataclass of core/types.py."""
    return _msg_type(kind.__name__)


def to_msg(value: Any, stamp_ns: int) -> Any:
    """A dataclass of core/types.py as its message; `stamp_ns` is used where the value has no stamp of its own."""
    kind: type[object] = type(value)
    msg = _msg_type(kind.__name__)()
    for name, write, _ in _plan(kind.__name__):
        if name == "stamp_ns":
            msg.header.stamp = stamp_from_ns(value.stamp_ns or stamp_ns)
        elif name == "clock_id":
            msg.clock_id = value.clock_id or (own_clock_id() if value.steady_ns else 0)
        else:
            setattr(_holder(msg, name), name, write(getattr(value, name), stamp_ns))
    return msg


@cache
def _codec(name: str) -> cdr.Codec:
    return cdr.Codec(KINDS[name], _msg_type(name))


def is_read_raw(kind: type) -> bool:
    """Whether subscriptions to it are to be `raw`: its bytes go to `from_msg`."""
    return kind in cdr.FAST


def pack(value: Any, stamp_ns: int) -> Any:
    """What Publisher.publish takes: the message as `to_msg` makes it, or its bytes."""
    kind: type[object] = type(value)
    if kind in cdr.FAST:
        with contextlib.suppress(struct.error, OverflowError):  # the reference says what becomes of such numbers
            return _codec(kind.__name__).encode(value, stamp_ns)
    return to_msg(value, stamp_ns)


def _unpack(kind: type, data: bytes) -> Any:
    try:
        return _codec(kind.__name__).decode(data)
    except ValueError as error:
        raise MessageError("bad_message", f"{kind.__name__}: {error}") from error


def _deserialised(kind: type, data: bytes) -> Any:
    try:
        return deserialize_message(data, msg_type(kind))
    except RuntimeError as error:  # of the middleware, which has no narrower one
        raise MessageError("bad_message", f"{kind.__name__}: {error}") from error


def _holder(msg: Any, name: str) -> Any:
    """The part of `msg` that holds a field: frames stand in headers, a PointStamped keeps the rest in its point."""
    if name == "frame_id":
        return msg.header
    return msg.point if isinstance(msg, PointStamped) else msg


def from_msg(kind: type, msg: Any) -> Any:
    """The message, or its bytes, as dataclass `kind`. Raises MessageError where it breaks the type's promise."""
    if isinstance(msg, bytes):
        if kind in cdr.FAST and cdr.is_plain(msg):
            value = _unpack(kind, msg)
            _check(value)
            return value
        msg = _deserialised(kind, msg)
    values: dict[str, Any] = {}
    for name, _, read in _plan(kind.__name__):
        try:
            stamp = name == "stamp_ns"
            values[name] = ns_from_stamp(msg.header.stamp) if stamp else read(getattr(_holder(msg, name), name))
        except ValueError as error:
            raise MessageError("bad_message", f"{kind.__name__}.{name}: {error}") from error
    if kind is Transcript:
        values["text"] = values["text"][: message_limits.TRANSCRIPT_CHARACTERS]
    value = kind(**values)
    _check(value)
    return value


Writer = Callable[[Any, int], Any]
Reader = Callable[[Any], Any]


@cache
def _plan(type_name: str) -> tuple[tuple[str, Writer, Reader], ...]:
    """How each field is written and read, worked out once per type of core/types.py."""
    kind = KINDS[type_name]
    hints = get_type_hints(kind)
    return tuple((item.name, *_field_plan(item.name, hints[item.name])) for item in dataclasses.fields(kind))


def _field_plan(name: str, hint: Any) -> tuple[Writer, Reader]:
    if name == "clock_id":
        return lambda v, _: v, lambda v: 0 if v == own_clock_id() else v
    if name == "head_rotation":
        return _write_rotation, lambda q: (q.w, q.x, q.y, q.z)
    if name == "head_translation":
        return _write_translation, lambda v: (v.x, v.y, v.z)
    if name == "weights":
        return lambda a, _: np.ascontiguousarray(a, np.float32), lambda a: np.asarray(a, np.float32)
    if get_origin(hint) is np.ndarray:
        return _array_plan(np.dtype(get_args(get_args(hint)[1])[0]))
    if get_origin(hint) is tuple:
        return _tuple_plan(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return lambda e, _: int(e), hint
    return lambda v, _: v, lambda v: v


def _write_rotation(wxyz: tuple[float, ...], _: int) -> Quaternion:
    w, x, y, z = (float(v) for v in wxyz)
    return Quaternion(w=w, x=x, y=y, z=z)


def _write_translation(xyz: tuple[float, ...], _: int) -> Vector3:
    x, y, z = (float(v) for v in xyz)
    return Vector3(x=x, y=y, z=z)


def _array_plan(dtype: np.dtype[Any]) -> tuple[Writer, Reader]:
    code = {"i2": "h", "f4": "f", "u1": "B"}[dtype.str[1:]]
    return (
        lambda a, _: array(code, np.ascontiguousarray(a, dtype).tobytes()),
        lambda a: np.frombuffer(a, dtype).copy() if len(a) else np.zeros(0, dtype),
    )


def _tuple_plan(item: Any) -> tuple[Writer, Reader]:
    if dataclasses.is_dataclass(item) and isinstance(item, type):
        return (
            lambda values, stamp_ns: [to_msg(value, stamp_ns) for value in values],
            lambda msgs: tuple(from_msg(item, msg) for msg in msgs),
        )
    return lambda values, _: list(values), tuple


def _check(value: Any) -> None:
    """Sizes and ranges that the message type cannot express."""
    name = type(value).__name__
    if wrong := message_limits.fault(value):
        raise MessageError("bad_value", wrong)
    if isinstance(value, AudioFrame) and value.pcm.size % value.channels:
        raise MessageError("bad_size", f"{name}: {value.pcm.size} samples do not divide into {value.channels} channels")
    if isinstance(value, AudioFeatures) and value.data.size != value.frames * value.dim:
        raise MessageError("bad_size", f"{name}.data holds {value.data.size} values, not {value.frames} x {value.dim}")
    if isinstance(value, Expression) and value.weights.shape != (ARKIT_COUNT,):
        raise MessageError("bad_size", f"{name}.weights has shape {value.weights.shape}, not ({ARKIT_COUNT},)")
