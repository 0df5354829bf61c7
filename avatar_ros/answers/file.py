"""The file of questions and answers (config/answers.yaml), read and checked. Its own header explains the format.

The recogniser makes a grammar of it, the answers come from it. `core` knows no YAML: whoever reads hands in the tree
that `yaml.compose` makes, whose nodes know their lines, so every mistake is reported with the line it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..core.errors import ConfigError
from ..core.loading import boundary
from ..core.yaml_text import compose_yaml
from ..speech.phrase_grammar import NOTHING, Choice, Node, PhraseError, Series, parse

#: Placeholders that are filled in when an answer is said; `facts` adds to them.
SPOKEN = ("time", "date", "weekday", "year", "tomorrow", "daypart", "day_greeting", "last_reply", "suggestions")
EXAMPLES = "examples"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TOP = (
    "locale", "facts", "parts", "pronunciations", "before", "after",
    "intents", "not_understood", "not_understood_again", "suggestions",
)  # fmt: skip
_NAME, _WORD = r"[a-z_][a-z0-9_]*", r"[a-z][a-z'-]*"
#: The recogniser's grammar grows with it.
_MAX_WORDS = 100_000
_INTENT = ("name", "phrases", "answers", "suggest")


class YamlNode(Protocol):
    """A node of `yaml.compose`: id "mapping" (value: pairs of nodes), "sequence" (nodes) or "scalar" (text)."""

    id: str
    value: Any
    start_mark: Any


@dataclass(frozen=True)
class Intent:
    """One question. phrases: its patterns, without what may be said around them; suggest: how it is named, or ""."""

    name: str
    phrases: Node
    answers: tuple[str, ...]
    suggest: str = ""


@dataclass(frozen=True)
class Answers:
    """The whole file. before, after: what may be said around every question; both accept nothing at all.

    pronunciations: word -> ARPABET, for words that a pronouncing dictionary lacks.
    """

    locale: str
    facts: Mapping[str, str]
    before: Node
    after: Node
    intents: tuple[Intent, ...]
    not_understood: tuple[str, ...]
    not_understood_again: tuple[str, ...]
    suggestions: tuple[str, ...]
    pronunciations: Mapping[str, str] = field(default_factory=dict)

    def sentences(self, intent: Intent) -> Node:
        """The pattern of all sentences that ask this question."""
        return Series((self.before, intent.phrases, self.after))


def load_answers_file(yaml: Any, path: Path) -> Answers:
    """The checked file. yaml: the module. Raises ConfigError with path, line and what to do."""
    with boundary(path, ConfigError, "answers_file", "compare it with config/answers.yaml"):
        return read_answers(compose_yaml(yaml, path, "answers_file"), str(path))


def read_answers(root: YamlNode | None, path: str) -> Answers:
    """The checked contents of the file at `path` (for messages). Raises ConfigError with path, line and what to do."""
    return _Reader(path).read(root)


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path
        self._words = 0  # of all patterns, with their parts written out

    def read(self, root: YamlNode | None) -> Answers:
        if root is None:
            raise ConfigError("answers_file", f"{self._path}: empty; it needs locale, intents and not_understood")
        top = self._mapping(root, "the file", _TOP)
        for name in ("intents", "not_understood"):
            self._require(top, name, root, "the file")
        facts = self._facts(top.get("facts"))
        parts = self._parts(top.get("parts"))
        known = (*SPOKEN, *facts)
        again = self._texts(top.get("not_understood_again", top["not_understood"]), "not_understood_again", known)
        return Answers(
            locale=self._text(top["locale"], "locale") if "locale" in top else "en-US",
            facts=facts,
            before=self._around(top.get("before"), "before", parts),
            after=self._around(top.get("after"), "after", parts),
            intents=self._intents(top["intents"], parts, known),
            not_understood=self._texts(top["not_understood"], "not_understood", known),
            not_understood_again=again,
            suggestions=self._suggestions(top.get("suggestions"), facts),
            pronunciations=self._pronunciations(top.get("pronunciations")),
        )

    def _facts(self, node: YamlNode | None) -> dict[str, str]:
        facts = {name: self._text(value, f"fact '{name}'") for name, value in self._pairs(node, "facts")}
        for name in facts:
            if name in (*SPOKEN, EXAMPLES):
                raise self._error(node, f"fact '{name}'", "has the name of a built-in placeholder; choose another one")
        return facts

    def _pronunciations(self, node: YamlNode | None) -> dict[str, str]:
        pairs = self._pairs(node, "pronunciations", _WORD)
        return {word: self._text(value, f"pronunciation of '{word}'") for word, value in pairs}

    def _parts(self, node: YamlNode | None) -> dict[str, Node]:
        parts: dict[str, Node] = {}
        for name, value in self._pairs(node, "parts"):
            parts[name] = self._pattern(value, f"part '{name}'", parts)
        return parts

    def _around(self, node: YamlNode | None, name: str, parts: Mapping[str, Node]) -> Node:
        return NOTHING if node is None else Choice((NOTHING, self._pattern(node, name, parts)))

    def _intents(self, node: YamlNode, parts: Mapping[str, Node], known: Sequence[str]) -> tuple[Intent, ...]:
        found: dict[str, Intent] = {}
        for number, item in enumerate(self._items(node, "intents"), 1):
            intent = self._intent(item, f"intent {number}", parts, known)
            if intent.name in found:
                raise self._error(item, f"intent '{intent.name}'", "stands there twice; join the two or rename one")
            found[intent.name] = intent
        return tuple(found.values())

    def _intent(self, node: YamlNode, owner: str, parts: Mapping[str, Node], known: Sequence[str]) -> Intent:
        fields = self._mapping(node, owner, _INTENT)
        self._require(fields, "name", node, owner)
        name = self._text(fields["name"], owner)
        owner = f"intent '{name}'"
        for needed in ("phrases", "answers"):
            self._require(fields, needed, node, owner)
        phrases = [self._pattern(item, owner, parts) for item in self._items(fields["phrases"], owner + " phrases")]
        return Intent(
            name=name,
            phrases=phrases[0] if len(phrases) == 1 else Choice(tuple(phrases)),
            answers=self._texts(fields["answers"], owner, known),
            suggest=self._text(fields["suggest"], owner + " suggest") if "suggest" in fields else "",
        )

    def _suggestions(self, node: YamlNode | None, facts: Mapping[str, str]) -> tuple[str, ...]:
        if node is None:
            return ()
        texts = self._texts(node, "suggestions", (*facts, EXAMPLES))
        for item in node.value:
            if "{examples}" not in item.value:
                raise self._error(item, "suggestions", "each needs {examples}")
        return texts

    # --- the tree -------------------------------------------------------------------------------------------------

    def _mapping(self, node: YamlNode, owner: str, allowed: Sequence[str]) -> dict[str, YamlNode]:
        found: dict[str, YamlNode] = {}
        if node.id != "mapping":
            raise self._error(node, owner, f"must have the entries {', '.join(allowed)}")
        for key, value in node.value:
            name = self._text(key, f"{owner}: a name")
            if name not in allowed:
                raise self._error(key, owner, f"unknown entry '{name}'; known: {', '.join(allowed)}")
            if name in found:
                raise self._error(key, owner, f"'{name}' stands there twice")
            found[name] = value
        return found

    def _pairs(self, node: YamlNode | None, owner: str, name: str = _NAME) -> Iterator[tuple[str, YamlNode]]:
        if node is None:
            return
        if node.id != "mapping":
            raise self._error(node, owner, "must be lines of 'name: text'")
        seen: set[str] = set()
        for key, value in node.value:
            word = self._text(key, f"{owner}: a name")
            if word in seen or not re.fullmatch(name, word):
                fault = "stands there twice" if word in seen else "must be in small letters, without spaces"
                raise self._error(key, owner, f"the name '{word}' {fault}")
            seen.add(word)
            yield word, value

    def _items(self, node: YamlNode, owner: str) -> list[YamlNode]:
        if node.id != "sequence" or not node.value:
            raise self._error(node, owner, "must be a list of at least one line that begins with '-'")
        return list(node.value)

    def _text(self, node: YamlNode, owner: str) -> str:
        if node.id != "scalar" or not node.value.strip():
            raise self._error(node, owner, "must be a text; put it in quotes if it contains : # { [ or *")
        return str(node.value).strip()

    def _texts(self, node: YamlNode, owner: str, known: Sequence[str]) -> tuple[str, ...]:
        texts = []
        for item in self._items(node, owner):
            texts.append(self._text(item, owner))
            for name in PLACEHOLDER.findall(texts[-1]):
                if name not in known:
                    raise self._error(item, owner, f"unknown placeholder {{{name}}}; known: {', '.join(known)}")
        return tuple(texts)

    def _pattern(self, node: YamlNode, owner: str, parts: Mapping[str, Node]) -> Node:
        text = self._text(node, owner)
        try:
            pattern = parse(text, parts)
        except PhraseError as error:
            raise self._error(node, owner, str(error)) from error
        self._words += pattern.size
        if self._words > _MAX_WORDS:
            raise self._error(node, owner, f"all patterns so far come to more than {_MAX_WORDS} words with their parts")
        return pattern

    def _require(self, fields: Mapping[str, YamlNode], name: str, node: YamlNode, owner: str) -> None:
        if name not in fields:
            raise self._error(node, owner, f"'{name}' is missing")

    def _error(self, node: YamlNode | None, owner: str, what: str) -> ConfigError:
        line = f"line {node.start_mark.line + 1}, " if node is not None else ""
        return ConfigError("answers_file", f"{self._path}: {line}{owner[:200]}: {what[:1000]}")
