"""Messages of a recording as today's types: by themselves where the definition is the same, else field by field."""

from __future__ import annotations

import importlib
from typing import Any

from rclpy.serialization import deserialize_message

from .message_text import definition_of, fields_of


class AnyMessage:
    """Decodes CDR by the definition that came with it. Kinds of messages that are not known here give None."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = {}
        self._same: dict[tuple[str, str], bool] = {}
        self._decoders: dict[tuple[str, str], Any] = {}

    def decode(self, type_name: str, definition: str, data: bytes) -> Any:
        """The message as today's class of that name; None where there is none, or where the bytes do not fit.

        Fields that one of the two does not have keep today's default.
        """
        kind = self._type(type_name)
        if kind is None:
            return None
        key = (type_name, definition)
        if key not in self._same:
            self._same[key] = fields_of(definition) == fields_of(definition_of(type_name))
        if self._same[key]:
            return deserialize_message(data, kind)
        return _copied(self._foreign(key)(data), kind())

    def _type(self, name: str) -> Any:
        if name not in self._types:
            package, _, kind = name.partition("/msg/")
            try:
                self._types[name] = getattr(importlib.import_module(f"{package}.msg"), kind, None)
            except ImportError:
                self._types[name] = None
        return self._types[name]

    def _foreign(self, key: tuple[str, str]) -> Any:
        if key not in self._decoders:
            from mcap.records import Schema
            from mcap_ros2.decoder import DecoderFactory

            schema = Schema(id=1, data=key[1].encode(), encoding="ros2msg", name=key[0])
            self._decoders[key] = DecoderFactory().decoder_for("cdr", schema)
        return self._decoders[key]


def _copied(source: Any, target: Any) -> Any:
    """`target` with the fields of the same name, as far as their types take them."""
    for name, kind in target.get_fields_and_field_types().items():
        if not hasattr(source, name):
            continue
        value, present = getattr(source, name), getattr(target, name)
        if hasattr(present, "get_fields_and_field_types"):
            _copied(value, present)
        elif kind.startswith("sequence<") and "/" in kind:
            setattr(target, name, [_copied(item, _item(kind)()) for item in value])
        else:
            setattr(target, name, value)
    return target


def _item(kind: str) -> Any:
    package, name = kind.removeprefix("sequence<").rstrip(">").split(",")[0].split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)
