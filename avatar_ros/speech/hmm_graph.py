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
class _Way:
    """One pronunciation of one word, or a silence: its phones' first and last state."""

    phones: Pronunciation
    first_state: int

    @property
    def last_state(self) -> int:
        return self.first_state + STATES * len(self.phones) - 1


def sentence_graph(definition: Definition, spoken: Sequence[Sequence[Pronunciation]]) -> HmmGraph:
    """The graph of a sentence: words in order, any of their pronunciations, pauses where the speaker likes."""
    slots: list[list[_Way]] = [[_Way((SILENCE,), 0)]]
    size = STATES
    for word in spoken:
        ways = []
        for phones in word:
            ways.append(_Way(tuple(phones), size))
            size += STATES * len(phones)
        slots += [ways, [_Way((SILENCE,), size)]]
        size += STATES
    senones = np.zeros(size, np.int32)
    classes = np.zeros((size, PHONE_COUNT), np.float32)
    transitions = np.zeros((size, size), np.float32)
    bases = {name: i for i, name in enumerate(definition.phones)}
    for number, ways in enumerate(slots):
        left = slots[number - 2] if number % 2 and number > 1 else None
        right = slots[number + 2] if number % 2 and number + 2 < len(slots) else None
        for way in ways:
            _fill(definition, bases, way, _edge(left, -1), _edge(right, 0), senones, classes)
            _stay_and_advance(way, transitions)
    _connect(slots, transitions)
    start = np.zeros(size, np.float32)
    for way in slots[0] + (slots[1] if len(slots) > 1 else []):
        start[way.first_state] = 1.0
    ends = np.zeros(size, np.float32)
    for way in slots[-1] + (slots[-2] if len(slots) > 1 else []):
        ends[way.last_state] = 1.0
    return HmmGraph(senones, transitions, start, ends, classes)


def _edge(ways: Sequence[_Way] | None, index: int) -> str:
    """The neighbouring word's nearest phone: what the first pronunciation has there, silence at the sentence's edge."""
    return ways[0].phones[index] if ways else SILENCE


def _fill(
    definition: Definition, bases: Mapping[str, int], way: _Way, left: str, right: str,
    senones: NDArray[np.int32], classes: F32,
) -> None:  # fmt: skip
    phones = (left, *way.phones, right)
    for i, phone in enumerate(way.phones):
        base = bases[phone]
        unit = base
        if phone != SILENCE:
            unit = definition.unit(base, bases[phones[i]], bases[phones[i + 2]], _position(i, len(way.phones)))
        at = way.first_state + STATES * i
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


def _stay_and_advance(way: _Way, transitions: F32) -> None:
    stay = _STAY_SILENT if way.phones == (SILENCE,) else _STAY
    states = np.arange(way.first_state, way.last_state + 1)
    transitions[states, states] = stay
    transitions[states[:-1], states[1:]] = 1 - stay


def _connect(slots: Sequence[Sequence[_Way]], transitions: F32) -> None:
    # Slots alternate: silence, word, silence, word, …, silence.
    for number in range(len(slots) - 1):
        for way in slots[number]:
            leave = 1 - transitions[way.last_state, way.last_state]
            if number % 2 == 0:  # from a silence to the word
                _share(transitions, way.last_state, slots[number + 1], leave)
                continue
            last_word = number + 2 >= len(slots)
            _share(transitions, way.last_state, slots[number + 1], leave * (1.0 if last_word else _PAUSE_BETWEEN_WORDS))
            if not last_word:
                _share(transitions, way.last_state, slots[number + 2], leave * (1 - _PAUSE_BETWEEN_WORDS))


def _share(transitions: F32, state: int, ways: Sequence[_Way], probability: float) -> None:
    for way in ways:
        transitions[state, way.first_state] = probability / len(ways)


def loop_graph(definition: Definition, names: Sequence[str], bigram: F32) -> HmmGraph:
    """Any phones in any order. names: the base phones; bigram [N, N]: P(next | phone), rows summing to 1."""
    numbers = [definition.phones.index(name) for name in names]
    count = len(names)
    transitions = np.zeros((STATES * count, STATES * count), np.float32)
    for i in range(count):
        way = _Way((names[i],), STATES * i)
        _stay_and_advance(way, transitions)
        leave = 1 - transitions[way.last_state, way.last_state]
        transitions[way.last_state, ::STATES] += leave * bigram[i]
    start = np.zeros(STATES * count, np.float32)
    start[::STATES] = 1.0
    classes = np.concatenate([state_classes(name) for name in names])
    senones = definition.senones[numbers].reshape(-1)
    return HmmGraph(senones, transitions, start, np.ones(STATES * count, np.float32), classes)
