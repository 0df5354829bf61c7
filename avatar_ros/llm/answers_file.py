"""Reading config/answers.yaml: every mistake is named with the file, the line and what is wrong."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..core import phrases
from ..core.errors import ConfigError

#: Filled in when an answer is said; names under `facts` come on top of these.
PLACEHOLDERS = frozenset(
    "time date weekday year tomorrow daypart day_greeting last_reply suggestions examples".split()
)
_SECTIONS = frozenset(
    "locale facts parts before after intents not_understood not_understood_again suggestions".split()
)
_ENTRY_KEYS = frozenset("name phrases answers suggest".split())


@dataclass(frozen=True)
class Intent:
    """One thing people ask. pattern: all its phrasings; suggest: how to name it in a list, or ""."""

    name: str
    pattern: phrases.Node
    answers: tuple[str, ...]
    suggest: str = ""


@dataclass(frozen=True)
class Answers:
    """The whole file. before / after: what may be said around a question."""

    locale: str
    facts: Mapping[str, str]
    before: phrases.Node
    after: phrases.Node
    intents: tuple[Intent, ...]
    not_understood: tuple[str, ...]
    not_understood_again: tuple[str, ...]
    suggestions: tuple[str, ...]


def load(path: Path) -> Answers:
    """The file's contents. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("answers_file", f"{path} cannot be read: {error}") from error
    return parse(text, path.name)


def parse(text: str, name: str = "answers") -> Answers:
    """The contents of a file's text; `name` is used in errors. Raises ConfigError."""
    try:
        return _Reader(text, name).answers()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError("answers_file", f"{name}, line {line}: not valid YAML: {problem}") from error


class _Str(str):
    """A text that knows its line."""

    line: int = 0


class _Map(dict[str, Any]):
    """A mapping that knows its line."""

    line: int = 0


class _Loader(yaml.SafeLoader):
    """All scalars as text (`yes` is a word here, not a truth), with line numbers."""


def _construct_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> _Str:
    value = _Str(node.value)
    value.line = node.start_mark.line + 1
    return value


def _construct_map(loader: yaml.SafeLoader, node: yaml.MappingNode) -> _Map:
    found = _Map((str(key.value), loader.construct_object(value, deep=True)) for key, value in node.value)
    found.line = node.start_mark.line + 1
    return found


_Loader.yaml_implicit_resolvers = {}
_Loader.add_constructor("tag:yaml.org,2002:str", _construct_text)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_map)


class _Reader:
    """One pass over the file; the first mistake ends it."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
        if not isinstance(loaded, _Map):
            raise self._error(1, "the file must hold sections such as intents:")
        self._root = loaded

    def answers(self) -> Answers:
        self._refuse_unknown(self._root, _SECTIONS, "the file")
        self._facts = {key: str(self._text(self._section("facts", _Map()), key)) for key in self._section("facts", _Map())}
        self._parts = self._read_parts()
        intents = tuple(self._intent(entry) for entry in self._list(self._root, "intents"))
        self._refuse_twins(intents)
        return Answers(
            locale=str(self._root.get("locale", "en-US")),
            facts=self._facts,
            before=self._optional("before"),
            after=self._optional("after"),
            intents=intents,
            not_understood=self._answers(self._root, "not_understood"),
            not_understood_again=self._answers(self._root, "not_understood_again"),
            suggestions=self._answers(self._root, "suggestions"),
        )

    def _read_parts(self) -> dict[str, phrases.Node]:
        parts: dict[str, phrases.Node] = {}
        section = self._section("parts", _Map())
        for key in section:
            parts[key] = self._pattern(self._text(section, key), parts)
        return parts

    def _intent(self, entry: Any) -> Intent:
        if not isinstance(entry, _Map):
            raise self._error(getattr(entry, "line", self._root.line), "an entry of intents must have a name, phrases and answers")
        self._refuse_unknown(entry, _ENTRY_KEYS, "an entry")
        patterns = [self._pattern(text, self._parts) for text in self._texts(entry, "phrases")]
        return Intent(
            name=str(self._text(entry, "name")),
            pattern=phrases.Choice(tuple(dict.fromkeys(patterns))),
            answers=self._answers(entry, "answers"),
            suggest=str(entry.get("suggest", "")),
        )

    def _refuse_twins(self, intents: tuple[Intent, ...]) -> None:
        lines = [self._text(entry, "name").line for entry in self._root["intents"]]
        seen: dict[str, int] = {}
        for intent, line in zip(intents, lines, strict=True):
            if intent.name in seen:
                raise self._error(line, f"'{intent.name}' is already the name of the entry in line {seen[intent.name]}")
            seen[intent.name] = line

    def _optional(self, key: str) -> phrases.Node:
        if key not in self._root:
            return phrases.NOTHING
        return phrases.Choice((phrases.NOTHING, self._pattern(self._text(self._root, key), self._parts)))

    def _answers(self, owner: _Map, key: str) -> tuple[str, ...]:
        texts = self._texts(owner, key)
        for text in texts:
            self._check_placeholders(text)
        return tuple(str(text) for text in texts)

    def _check_placeholders(self, text: _Str) -> None:
        known = PLACEHOLDERS | set(self._facts)
        try:
            names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        except ValueError as error:
            raise self._error(text.line, f"'{text}': {error}") from error
        for name in names:
            if name not in known:
                raise self._error(text.line, f"{{{name}}} is not known; known: {', '.join(sorted(known))}")

    def _pattern(self, text: _Str, parts: Mapping[str, phrases.Node]) -> phrases.Node:
        try:
            return phrases.parse(text, parts)
        except phrases.PhraseError as error:
            raise self._error(text.line, str(error)) from error

    def _section(self, key: str, default: _Map) -> _Map:
        value = self._root.get(key, default)
        if not isinstance(value, _Map):
            raise self._error(getattr(value, "line", self._root.line), f"{key} must hold names and texts")
        return value

    def _list(self, owner: _Map, key: str) -> list[Any]:
        value = owner.get(key)
        if not isinstance(value, list) or not value:
            raise self._error(owner.line, f"{key} must be a list with at least one entry")
        return value

    def _texts(self, owner: _Map, key: str) -> list[_Str]:
        found = self._list(owner, key)
        for item in found:
            if not isinstance(item, _Str) or not item.strip():
                raise self._error(getattr(item, "line", owner.line), f"{key} must hold texts; put quotes around '{item}'")
        return found

    def _text(self, owner: _Map, key: str) -> _Str:
        value = owner.get(key)
        if not isinstance(value, _Str) or not value.strip():
            raise self._error(owner.line, f"{key} is missing or not a text")
        return value

    def _refuse_unknown(self, owner: _Map, known: frozenset[str], what: str) -> None:
        for key in owner:
            if key not in known:
                raise self._error(owner.line, f"{what} has no '{key}'; known: {', '.join(sorted(known))}")

    def _error(self, line: int, what: str) -> ConfigError:
        return ConfigError("answers_file", f"{self._name}, line {line}: {what}")
