"""msg/*.msg and the dataclasses of core/types.py are the same seams, written twice: they must not drift apart."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import typing
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from avatar_ros.core import enums, topics
from avatar_ros.core.arkit import ARKIT_COUNT

FOLDER = Path(__file__).resolve().parents[3] / "msg"
LINE = re.compile(
    r"^(?P<type>\S+)\s+(?P<name>\w+)(=(?P<constant>\d+))?"
    r"\s*(?P<default>\"[^\"]*\"|[^#\s]+)?\s*(#\s*(?P<comment>.*))?$"
)
#: Travels as a standard message (geometry_msgs/PointStamped).
STANDARD = {"GazeTarget"}
KINDS = {
    name: item for name, item in topics.KINDS.items() if name not in STANDARD
}
ENUM_OF = {
    ("VoiceActivity", "kind"): enums.VoiceKind,
    ("Interrupt", "action"): enums.InterruptAction,
    ("PlaybackClock", "state"): enums.PlaybackState,
    ("AvatarState", "state"): enums.AgentState,
    ("Expression", "layer"): enums.Layer,
    ("Mark", "kind"): enums.MarkKind,
    ("Say", "when"): enums.SayWhen,
    ("SessionEvent", "kind"): enums.SessionKind,
    ("Control", "action"): enums.ControlAction,
    ("Alive", "duty"): enums.Duty,
}
#: Field name -> its type in every message that has it.
FIXED = {
    "header": "std_msgs/Header",
    "epoch": "uint64",
    "turn": "uint32",
    "utterance": "uint32",
    "sample": "int64",
    "first_sample": "int64",
    "start_sample": "int64",
    "end_sample": "int64",
    "steady_ns": "int64",
    "sample_rate_hz": "uint32",
    "pcm": "int16[]",
    "weights": f"float32[{ARKIT_COUNT}]",
    "head_rotation": "geometry_msgs/Quaternion",
    "head_translation": "geometry_msgs/Vector3",
    "marks": "Mark[]",
    "key_frames": "KeyFrame[]",
    "shapes": "string[]",
    "amounts": "float32[]",
    "history": "ChatMessage[]",
    "avatar_voices": "AvatarVoice[]",
    "events": "string[]",
    "locales": "string[]",
    "voices": "string[]",
    "voice_names": "string[]",
    "voice_locales": "string[]",
    "data": "float32[]",
}
PYTHON = {bool: ("bool",), int: ("uint8", "uint32", "uint64", "int64"), float: ("float32", "float64"), str: ("string",)}


class Line(NamedTuple):
    type: str
    default: str
    comment: str


class Definition(NamedTuple):
    fields: dict[str, Line]
    constants: dict[str, int]
    title: str


def read(name: str) -> Definition:
    fields, constants, title = {}, {}, ""
    for text in (FOLDER / f"{name}.msg").read_text().splitlines():
        if text.startswith("#"):
            title += text
            continue
        line = LINE.match(text)
        assert line, f"{name}.msg: {text!r}"
        if line["constant"]:
            constants[line["name"]] = int(line["constant"])
        else:
            fields[line["name"]] = Line(line["type"], line["default"] or "", line["comment"] or "")
    return Definition(fields, constants, title)


def test_one_message_for_each_dataclass():
    assert {path.stem for path in FOLDER.glob("*.msg")} == set(KINDS)
    assert {kind.__name__ for kind in typing.get_args(topics.Message)} <= set(KINDS) | STANDARD


@pytest.mark.parametrize("name", KINDS)
def test_fields_are_the_same_in_the_same_order(name):
    ours = [item.name for item in dataclasses.fields(KINDS[name])]
    if "stamp_ns" in ours:
        ours = [item for item in ours if item not in ("stamp_ns", "frame_id")]  # they are the header's
        ours.insert(0, "header")
    assert list(read(name).fields) == ours


@pytest.mark.parametrize("name", KINDS)
def test_types_and_defaults_agree(name):
    hints = typing.get_type_hints(KINDS[name])
    blank = KINDS[name]()
    for field, line in read(name).fields.items():
        if field in FIXED:
            assert line.type == FIXED[field], field
        if field == "header":
            continue
        value = getattr(blank, field)
        if inspect.isclass(hints[field]) and issubclass(hints[field], IntEnum):
            assert line.type == "uint8" and int(line.default) == value
        elif hints[field] in PYTHON:
            assert line.type in PYTHON[hints[field]], field
            assert default_of(line) == value or math.isnan(value), field
        else:
            assert field in FIXED, field
            assert np.size(value) == 0 or field in ("weights", "head_rotation", "head_translation")


def default_of(line: Line) -> object:
    """The value that a message has before anybody sets it."""
    if line.type == "string":
        return line.default.strip('"')
    if line.type == "bool":
        return line.default == "true"
    if line.type.startswith("float"):
        return float(line.default) if line.default else math.nan
    return int(line.default or 0)


def test_enums_are_constants_of_their_message():
    for name in KINDS:
        enum = next((enum for (message, _), enum in ENUM_OF.items() if message == name), None)
        wanted = {item.name: item.value for item in enum} if enum else {}
        assert read(name).constants == wanted, name


def test_every_enum_field_is_known_here():
    fields = {
        (name, field)
        for name, kind in KINDS.items()
        for field, hint in typing.get_type_hints(kind).items()
        if inspect.isclass(hint) and issubclass(hint, IntEnum)
    }
    assert fields == set(ENUM_OF)


@pytest.mark.parametrize("name", KINDS)
def test_every_message_and_field_says_what_it_holds(name):
    definition = read(name)
    assert definition.title
    for field, line in definition.fields.items():
        assert len(line.comment) >= 2, f"{name}.{field}"
