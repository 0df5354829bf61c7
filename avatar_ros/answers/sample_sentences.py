"""Some of the sentences of a pattern, without writing all of them out."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ..speech.phrase_grammar import Choice, Node, Series, Word

#: A pattern has at least so many attempts for each sentence that is wanted.
_ATTEMPTS = 4


def sample(pattern: Node, each: int, seed: int = 1) -> tuple[str, ...]:
    """At most `each` different sentences of every alternative of the pattern, the same ones each time."""
    alternatives = pattern.options if isinstance(pattern, Choice) else (pattern,)
    found: dict[str, None] = {}
    for alternative in alternatives:
        rng = random.Random(seed)  # a line added to the file leaves the others' sentences as they were
        tried = (" ".join(_one(alternative, rng)) for _ in range(each * _ATTEMPTS))
        found.update(dict.fromkeys([text for text in dict.fromkeys(tried) if text][:each]))
    return tuple(found)


def _one(node: Node, rng: random.Random) -> Iterator[str]:
    if isinstance(node, Word):
        yield node.text
    elif isinstance(node, Series):
        for part in node.parts:
            yield from _one(part, rng)
    elif node.options:
        yield from _one(rng.choice(node.options), rng)
