"""Calls of tools as services stream them, the tools' file, and which arguments fit."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.llm.chunks import read
from avatar_ros.llm.event_stream import EventStream
from avatar_ros.llm.service_errors import ServiceError
from avatar_ros.llm.tools.json_schema import misfit, schema_fault
from avatar_ros.llm.tools.tool_calls import LONGEST_ARGUMENTS, MOST_CALLS, CallDelta, CallReader, call_deltas
from avatar_ros.llm.tools.tool_file import load_tools
from avatar_ros.testing.chat_dialects import DIALECTS

DRIVE = ("drive_to", {"place": "the café {1}", "speed": 0.5})
LOOK = ("look_at", {})
TWICE = ("drive_to", {"place": "shop"})


def calls_of(values: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    reader = CallReader()
    for value in values:
        for delta in read(value, "KEY").calls:
            reader.feed(delta)
    return [(call.id, call.name, json.loads(call.arguments or "{}")) for call in reader.calls()]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect):
    several = (DRIVE,) if dialect == "function_call" else (DRIVE, LOOK, TWICE, TWICE)
    found = calls_of(list(DIALECTS[dialect](several)))
    assert [(name, arguments) for _, name, arguments in found] == [(name, dict(given)) for name, given in several]
    ids = [call_id for call_id, _, _ in found]
    assert all(ids) and len(set(ids)) == len(ids), f"ids {ids}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_where_the_network_cuts_a_body_changes_nothing(dialect):
    values = list(DIALECTS[dialect]((DRIVE,)))
    lines = dialect == "ollama_native"
    body = "".join(f"{json.dumps(v)}\n" if lines else f"data: {json.dumps(v)}\n\n" for v in values).encode()
    rng = random.Random(3)
    for _ in range(20):
        stream, parts, at = EventStream(), [], 0
        while at < len(body):
            size = rng.randint(1, 40)
            parts += stream.feed(body[at : at + size])
            at += size
        parts += stream.finish()
        assert calls_of(parts) == calls_of(values)


def test_pieces_of_two_calls_may_come_in_turn():
    reader = CallReader()
    for delta in (
        CallDelta(0, "a", "one", '{"x"'), CallDelta(1, "b", "two", '{"y"'),
        CallDelta(0, "", "", ": 1}"), CallDelta(1, "", "", ": 2}"),
    ):  # fmt: skip
        reader.feed(delta)
    assert [(call.id, call.name, call.arguments) for call in reader.calls()] == [
        ("a", "one", '{"x": 1}'),
        ("b", "two", '{"y": 2}'),
    ]


def test_a_name_in_pieces():
    reader = CallReader()
    reader.feed(CallDelta(0, "a", "drive"))
    reader.feed(CallDelta(0, "", "_to", ""))
    reader.feed(CallDelta(0, "", "", "{}"))
    (call,) = reader.calls()
    assert call.name == "drive_to" and call.arguments == "{}"


@pytest.mark.parametrize(
    "part",
    [
        {"tool_calls": "x"},
        {"tool_calls": ["x"]},
        {"tool_calls": [{"function": "x"}]},
        {"tool_calls": [{"function": {"name": 5}}]},
        {"tool_calls": [{"function": {"name": "x", "arguments": [1]}}]},
        {"tool_calls": [{"id": {}, "function": {}}]},
    ],
)
def test_what_is_no_call_is_an_error(part):
    with pytest.raises(ServiceError, match="malformed"):
        list(call_deltas(part))


def test_a_call_without_a_name_and_calls_without_end_are_errors():
    reader = CallReader()
    reader.feed(CallDelta(0, "a", "", "{}"))
    with pytest.raises(ServiceError, match="without its name"):
        reader.calls()
    reader = CallReader()
    with pytest.raises(ServiceError, match="without end"):
        for number in range(MOST_CALLS + 1):
            reader.feed(CallDelta(number, f"{number}", "x", "{}"))
    with pytest.raises(ServiceError, match="without end"):
        CallReader().feed(CallDelta(0, "a", "x", " " * (LONGEST_ARGUMENTS + 1)))


# --- arguments ------------------------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "enum": ["shop", "exit"]},
        "speed": {"type": "number", "minimum": 0, "maximum": 1},
        "times": {"type": "integer"},
        "loud": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        "where": {"type": "object", "properties": {"x": {"type": ["number", "null"]}}, "required": ["x"]},
    },
    "required": ["place"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"place": "shop"}, ""),
        ({"place": "shop", "speed": 1, "times": 3.0, "loud": False, "tags": ["a"], "where": {"x": None}}, ""),
        ([], "the arguments: [] is not of type 'object'"),
        ({}, "the arguments: 'place' is a required property"),
        ({"place": "moon"}, "'place': 'moon' is not one of ['shop', 'exit']"),
        ({"place": "shop", "speed": 1.5}, "'speed': 1.5 is greater than the maximum of 1"),
        ({"place": "shop", "speed": True}, "'speed': True is not of type 'number'"),
        ({"place": "shop", "times": 1.5}, "'times': 1.5 is not of type 'integer'"),
        ({"place": "shop", "loud": 1}, "'loud': 1 is not of type 'boolean'"),
        ({"place": "shop", "tags": ["abcd"]}, "'tags.0': 'abcd' is too long"),
        ({"place": "shop", "where": {}}, "'where': 'x' is a required property"),
        (
            {"place": "shop", "colour": "red"},
            "the arguments: Additional properties are not allowed ('colour' was unexpected)",
        ),
    ],
)
def test_arguments_are_what_the_schema_says(value, wrong):
    assert misfit(value, SCHEMA) == wrong and not schema_fault(SCHEMA)


def test_what_is_told_of_a_huge_argument_is_short():
    assert len(misfit({"place": "x" * 1_000_000}, SCHEMA)) < 250


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ([1], "parameters must be a JSON schema, a mapping"),
        ({"type": "thing"}, "'type': 'thing' is not one of ['array', 'boolean'"),
        ({"properties": {"speed": {"minimum": "slow"}}}, "'properties.speed.minimum': 'slow' is not of type 'number'"),
        ({"required": ["b"]}, "parameters: required names b, which properties has not"),
    ],
)
def test_a_schema_that_is_none_is_named(schema, fault):
    assert schema_fault(schema).startswith(fault)


def test_nothing_is_fetched_for_a_reference():
    found = misfit({"place": "shop"}, {"properties": {"place": {"$ref": "http://127.0.0.1:9/place.json"}}})
    assert found == "the tool's own schema refers to what it has not: http://127.0.0.1:9/place.json"


# --- the file -------------------------------------------------------------------------------------------------------


def written(folder: Path, text: str) -> Path:
    path = folder / "tools.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_tools(tmp_path):
    tools = load_tools(
        written(
            tmp_path,
            "tools:\n- {name: battery, description: How full the battery is.}\n"
            "- {name: drive-to, description: ' Drives. ', service: /base/go, timeout_s: 40, parameters: "
            "{properties: {place: {type: string}}}}\n- {name: look-up, description: Looks}\n",
        )
    )
    assert list(tools) == ["battery", "drive-to", "look-up"]
    battery, drive, look = tools.values()
    assert (battery.service, battery.timeout_s) == ("tools/battery", 10.0)
    assert (drive.service, drive.timeout_s, drive.description) == ("/base/go", 40.0, "Drives.")
    assert look.service == "tools/look_up"
    assert drive.offer() == {
        "type": "function",
        "function": {
            "name": "drive-to",
            "description": "Drives.",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
        },
    }


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "must have one entry, tools"),
        ("- x", "must have one entry, tools"),
        ("tools: {a: b}", "must have one entry, tools"),
        ("tools: [x]", r"tool 1 must be a mapping of name, description"),
        ("tools:\n- {name: a b, description: x}", r"tool 1 \('a b'\): name must be"),
        ("tools:\n- {name: a}", r"tool 1 \('a'\): description is missing"),
        ("tools:\n- {name: a, description: x, serivce: y}", "unknown entry 'serivce'; known: name"),
        ("tools:\n- {name: a, description: x, service: 'a b'}", "service 'a b' is no name"),
        ("tools:\n- {name: a, description: x, timeout_s: soon}", "timeout_s must be 0.1 to 300"),
        ("tools:\n- {name: a, description: x, timeout_s: .nan}", "timeout_s must be 0.1 to 300"),
        ("tools:\n- {name: a, description: x, parameters: [1]}", "parameters must be a JSON schema"),
        ("tools:\n- {name: a, description: x, parameters: {type: string}}", "must be of type object"),
        (
            "tools:\n- {name: a, description: x, parameters: {properties: {b: {type: text}}}}",
            "'properties.b.type': 'text' is not one of",
        ),
        ("tools:\n- {name: a, description: x, parameters: {required: [b]}}", "required names b"),
        ("tools:\n- {name: a, description: x, parameters: {properties: {b: {enum: [2026-01-01]}}}}", "JSON cannot say"),
        ("tools:\n- &a {name: a, description: x}\n- *a", "two tools are called 'a'"),
        ("tools: [", r"line \d+: not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_file_and_tool(tmp_path, text, what):
    with pytest.raises(ConfigError, match=what) as caught:
        load_tools(written(tmp_path, text))
    assert "tools.yaml" in caught.value.text and "\n" not in caught.value.text
