"""Hidden Markov models: a sentence as its words' phones in order, and any speech as a loop of phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from .lexicon import Pronunciation
from .phone_mapping import ARPABET
from .phones import PHONE_COUNT, PHONE_INDEX
from .pocketsphinx_acoustic import BEGIN, END, INNER, SINGLE, STATES, Definition

SILENCE = "SIL"
#: Probability of staying in a state for another 10 ms: phones of 75 ms, silences of any length.
_STAY, _STAY_SILENT = 0.6, 0.9
_PAUSE_BETWEEN_WORDS = 0.15


@dataclass(frozen=True)
class HmmGraph:
    """senones [S] of the states; transitions [S, S]; start, ends [S]; classes [S, PHONE_COUNT] that states show."""

    senones: NDArray[np.int32]
    transitions: F32
    start: F32
    ends: F32
    classes: F32


@dataclass(frozen=True)
class _Chain:
    """States of one pronunciation of one word, or of a silence, in a row."""

    phones: Pronunciation
    first_state: int

    @property
    def last_state(self) -> int:
        return self.first_state + STATES * len(self.phones) - 1


def sentence_graph(definition: Definition, words: Sequence[Sequence[Pronunciation]]) -> HmmGraph:
    """The graph of a sentence: words in order, any of their pronunciations, optional silence between them."""
    slots: list[list[_Chain]] = [[_Chain((SILENCE,), 0)]]
    size = STATES
    for word in words:
        chains = []
        for phones in word:
            chains.append(_Chain(tuple(phones), size))
            size += STATES * len(phones)
        slots += [chains, [_Chain((SILENCE,), size)]]
        size += STATES
    senones = np.zeros(size, np.int32)
    classes = np.zeros((size, PHONE_COUNT), np.float32)
    transitions = np.zeros((size, size), np.float32)
    bases = {name: i for i, name in enumerate(definition.phones)}
    for number, chains in enumerate(slots):
        left = slots[number - 2] if number % 2 and number > 1 else None
        right = slots[number + 2] if number % 2 and number + 2 < len(slots) else None
        for chain in chains:
            _fill(definition, bases, chain, _edge(left, -1), _edge(right, 0), senones, classes)
            _stay_and_advance(chain, transitions)
    _connect(slots, transitions)
    start = np.zeros(size, np.float32)
    for chain in slots[0] + (slots[1] if len(slots) > 1 else []):
        start[chain.first_state] = 1.0
    ends = np.zeros(size, np.float32)
    for chain in slots[-1] + (slots[-2] if len(slots) > 1 else []):
        ends[chain.last_state] = 1.0
    return HmmGraph(senones, transitions, start, ends, classes)


def _edge(chains: Sequence[_Chain] | None, index: int) -> str:
    """The neighbouring word's nearest phone: what the first pronunciation has there, silence at the sentence's edge."""
    return chains[0].phones[index] if chains else SILENCE


def _fill(
    definition: Definition, bases: Mapping[str, int], chain: _Chain, left: str, right: str,
    senones: NDArray[np.int32], classes: F32,
) -> None:  # fmt: skip
    phones = (left, *chain.phones, right)
    for i, phone in enumerate(chain.phones):
        base = bases[phone]
        unit = base
        if phone != SILENCE:
            unit = definition.unit(base, bases[phones[i]], bases[phones[i + 2]], _position(i, len(chain.phones)))
        at = chain.first_state + STATES * i
        senones[at : at + STATES] = definition.senones[unit]
        classes[at : at + STATES] = state_classes(phone)


def _position(index: int, count: int) -> int:
    if count == 1:
        return SINGLE
    return BEGIN if index == 0 else END if index == count - 1 else INNER


@cache
def state_classes(phone: str) -> F32:
    """Which phone class each of a phone's three states shows [STATES, PHONE_COUNT]: a schedule's second part is the
    last state (the end of a diphthong, the release of a plosive).
    """
    out = np.zeros((STATES, PHONE_COUNT), np.float32)
    schedule = ARPABET[phone]
    out[:, PHONE_INDEX[schedule[0][0]]] = 1.0
    if len(schedule) > 1:
        out[-1] = 0.0
        out[-1, PHONE_INDEX[schedule[1][0]]] = 1.0
    out.flags.writeable = False  # it is shared
    return out


def _stay_and_advance(chain: _Chain, transitions: F32) -> None:
    stay = _STAY_SILENT if chain.phones == (SILENCE,) else _STAY
    states = np.arange(chain.first_state, chain.last_state + 1)
    transitions[states, states] = stay
    transitions[states[:-1], states[1:]] = 1 - stay


def _connect(slots: Sequence[Sequence[_Chain]], transitions: F32) -> None:
    # Slots alternate: silence, word, silence, word, …, silence.
    for number in range(len(slots) - 1):
        skips = number % 2 == 1 and number + 2 < len(slots)  # a word may be followed by the next one, without silence
        for chain in slots[number]:
            leave = 1 - transitions[chain.last_state, chain.last_state]
            pause = leave * (_PAUSE_BETWEEN_WORDS if skips else 1.0)
            _spread(transitions, chain.last_state, slots[number + 1], pause)
            if skips:
                _spread(transitions, chain.last_state, slots[number + 2], leave * (1 - _PAUSE_BETWEEN_WORDS))


def _spread(transitions: F32, state: int, chains: Sequence[_Chain], probability: float) -> None:
    for chain in chains:
        transitions[state, chain.first_state] = probability / len(chains)


def loop_graph(definition: Definition, names: Sequence[str], bigram: F32) -> HmmGraph:
    """Any phones in any order. names: the base phones; bigram [N, N]: P(next | phone), rows summing to 1."""
    numbers = [definition.phones.index(name) for name in names]
    count = len(names)
    transitions = np.zeros((STATES * count, STATES * count), np.float32)
    for i in range(count):
        chain = _Chain((names[i],), STATES * i)
        _stay_and_advance(chain, transitions)
        leave = 1 - transitions[chain.last_state, chain.last_state]
        transitions[chain.last_state, ::STATES] += leave * bigram[i]
    start = np.zeros(STATES * count, np.float32)
    start[::STATES] = 1.0
    classes = np.concatenate([state_classes(name) for name in names])
    senones = definition.senones[numbers].reshape(-1)
    return HmmGraph(senones, transitions, start, np.ones(STATES * count, np.float32), classes)
