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
    "intents", "not_understood", "not_understood_again", "suggestions", "did_you_mean",
)  # fmt: skip
_NAME, _WORD = r"[a-z_][a-z0-9_]*", r"[a-z][a-z'-]*"
#: The recogniser's grammar grows with it.
_MAX_WORDS = 100_000
_INTENT = ("name", "phrases", "examples", "not_this", "answers", "suggest", "named", "replies")
#: What `replies` may say: the question is a yes or a no to something that the avatar asked.
YES, NO = "yes", "no"
QUESTION = "question"


class YamlNode(Protocol):
    """A node of `yaml.compose`: id "mapping" (value: pairs of nodes), "sequence" (nodes) or "scalar" (text)."""

    id: str
    value: Any
    start_mark: Any


@dataclass(frozen=True)
class Intent:
    """One question. phrases: its patterns, without what may be said around them; suggest: how it is named, or "".

    examples, not_this: sentences that ask it, and such as do not though they look like it, in any script: for the
    search by meaning alone. named: how it is named in "did you mean"; replies: YES, NO or "".
    """

    name: str
    phrases: Node
    answers: tuple[str, ...]
    suggest: str = ""
    examples: tuple[str, ...] = ()
    not_this: tuple[str, ...] = ()
    named: str = ""
    replies: str = ""


@dataclass(frozen=True)
class Answers:
    """The whole file. before, after: what may be said around every question; both accept nothing at all.

    pronunciations: word -> ARPABET, for words that a pronouncing dictionary lacks. did_you_mean: what is said when a
    question was nearly understood, with {question}; empty: nothing is asked.
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
    did_you_mean: tuple[str, ...] = ()

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
            suggestions=self._asking(top.get("suggestions"), "suggestions", facts, EXAMPLES),
            pronunciations=self._pronunciations(top.get("pronunciations")),
            did_you_mean=self._asking(top.get("did_you_mean"), "did_you_mean", facts, QUESTION),
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
        suggest = self._text(fields["suggest"], owner + " suggest") if "suggest" in fields else ""
        return Intent(
            name=name,
            phrases=phrases[0] if len(phrases) == 1 else Choice(tuple(phrases)),
            answers=self._texts(fields["answers"], owner, known),
            suggest=suggest,
            examples=self._plain(fields.get("examples"), owner + " examples"),
            not_this=self._plain(fields.get("not_this"), owner + " not_this"),
            named=self._text(fields["named"], owner + " named") if "named" in fields else suggest,
            replies=self._replies(fields.get("replies"), owner + " replies"),
        )

    def _plain(self, node: YamlNode | None, owner: str) -> tuple[str, ...]:
        """Free sentences: no pattern, no placeholder."""
        if node is None:
            return ()
        texts = tuple(self._text(item, owner) for item in self._items(node, owner))
        for item, text in zip(node.value, texts, strict=True):
            if set(text) & set("()[]|<>{}"):
                raise self._error(item, owner, "must be plain sentences; patterns stand under 'phrases'")
            self._words += len(text.split())
        return texts

    def _replies(self, node: YamlNode | None, owner: str) -> str:
        text = "" if node is None else self._text(node, owner)
        if text not in ("", YES, NO):
            raise self._error(node, owner, f"must be {YES} or {NO}")
        return text

    def _asking(self, node: YamlNode | None, owner: str, facts: Mapping[str, str], needed: str) -> tuple[str, ...]:
        """Texts that name questions, each by {needed}."""
        if node is None:
            return ()
        texts = self._texts(node, owner, (*facts, needed))
        for item in node.value:
            if f"{{{needed}}}" not in item.value:
                raise self._error(item, owner, f"each needs {{{needed}}}")
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
