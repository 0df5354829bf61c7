"""A grammar as the smallest deterministic automaton over words.

PocketSphinx searches a separate tree of sounds for every state, and a JSGF grammar compiled as it is written has one
branch for each pattern: with some hundred questions, hundreds of equal first words are scored side by side. In the
minimal automaton equal beginnings and equal endings are one state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .phrase_grammar import Choice, Node, Word

Arcs = dict[str, int]


@dataclass(frozen=True)
class Automaton:
    """States 0…n-1, 0 is the start. arcs[state]: word -> next state. finals: where a sentence may end."""

    arcs: tuple[Arcs, ...]
    finals: frozenset[int]

    def accepts(self, words: Iterable[str]) -> bool:
        """Whether `words` is a whole sentence."""
        return self.walk(words) in self.finals

    def walk(self, words: Iterable[str]) -> int | None:
        """The state after `words`, None where no sentence begins with them."""
        state: int | None = 0
        for word in words:
            if state is None:
                return None
            state = self.arcs[state].get(word)
        return state

    @property
    def words(self) -> frozenset[str]:
        return frozenset(word for arcs in self.arcs for word in arcs)


def build(node: Node) -> Automaton:
    """The minimal automaton of all sentences of `node`."""
    return _minimise(_determinise(_DfaBuilder(node)))


class _DfaBuilder:
    """Thompson's construction: a nondeterministic automaton with silent arcs."""

    def __init__(self, node: Node) -> None:
        self.silent: dict[int, list[int]] = defaultdict(list)
        self.spoken: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._states = 1
        self.final = self._add(node, 0)

    def _new(self) -> int:
        self._states += 1
        return self._states - 1

    def _add(self, node: Node, start: int) -> int:
        if isinstance(node, Word):
            end = self._new()
            self.spoken[start].append((node.text, end))
            return end
        if isinstance(node, Choice):
            end = self._new()
            for option in node.options:
                self.silent[self._add(option, start)].append(end)
            return end
        for part in node.parts:
            start = self._add(part, start)
        return start

    def closure(self, states: Iterable[int]) -> frozenset[int]:
        found, waiting = set(states), list(states)
        while waiting:
            for state in self.silent[waiting.pop()]:
                if state not in found:
                    found.add(state)
                    waiting.append(state)
        return frozenset(found)


def _determinise(nfa: _DfaBuilder) -> Automaton:
    start = nfa.closure([0])
    index, waiting = {start: 0}, [start]
    arcs: list[Arcs] = []
    for states in waiting:  # grows while it is read
        targets: dict[str, set[int]] = defaultdict(set)
        for state in states:
            for word, end in nfa.spoken[state]:
                targets[word].add(end)
        row: Arcs = {}
        for word, ends in sorted(targets.items()):
            closed = nfa.closure(ends)
            if closed not in index:
                index[closed] = len(index)
                waiting.append(closed)
            row[word] = index[closed]
        arcs.append(row)
    return Automaton(tuple(arcs), frozenset(i for i, states in enumerate(waiting) if nfa.final in states))


def _minimise(dfa: Automaton) -> Automaton:
    """Merges equal states, deepest first; sentences are finite, so there are no cycles."""
    merged: dict[int, int] = {}
    known: dict[tuple[bool, tuple[tuple[str, int], ...]], int] = {}
    for state in _deepest_first(dfa.arcs):
        arcs = tuple((word, merged[end]) for word, end in dfa.arcs[state].items())
        merged[state] = known.setdefault((state in dfa.finals, arcs), state)
    return _renumbered(dfa, merged)


def _deepest_first(arcs: Sequence[Arcs]) -> list[int]:
    order: list[int] = []
    seen: set[int] = set()
    stack = [(0, False)]
    while stack:
        state, done = stack.pop()
        if done:
            order.append(state)
        elif state not in seen:
            seen.add(state)
            stack.append((state, True))
            stack.extend((end, False) for end in arcs[state].values())
    return order


def _renumbered(dfa: Automaton, merged: dict[int, int]) -> Automaton:
    kept = sorted(set(merged.values()), key=lambda state: (state != merged[0], state))
    number = {state: i for i, state in enumerate(kept)}
    arcs = tuple({word: number[merged[end]] for word, end in dfa.arcs[state].items()} for state in kept)
    return Automaton(arcs, frozenset(number[state] for state in kept if state in dfa.finals))
