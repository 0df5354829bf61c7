"""The grammar expanded to our phone classes: the graph that the phone network's probabilities are searched with.

Every word between two states of the automaton is a chain of phone states for each of its pronunciations; between words
there may be silence. Diphthongs and plosives are the targets they are heard as (speech/phone_mapping.py).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64
from .minimal_dfa import Automaton
from .phone_mapping import UNKNOWN, arpabet_schedule
from .phones import PHONE_INDEX

Ints = NDArray[np.int64]
#: Phone classes (columns of AudioFeatures of kind "phones") in the order in which they are spoken.
Chain = tuple[int, ...]

_VARIANT = re.compile(r"\(\d+\)$")


@lru_cache(maxsize=4096)
def chain(pronunciation: str) -> Chain:
    """ARPABET phones in upper case, separated by spaces, as phone classes; an unknown phone is the neutral vowel."""
    plans = [arpabet_schedule(phone) or UNKNOWN for phone in pronunciation.split()]
    return tuple(PHONE_INDEX[name] for plan in plans for name, _ in plan)


def chains(spellings: Mapping[str, str]) -> dict[str, list[Chain]]:
    """All pronunciations of each word. spellings: word or variant ("read(2)") -> ARPABET phones."""
    found: dict[str, list[Chain]] = defaultdict(list)
    for name, pronunciation in spellings.items():
        found[_VARIANT.sub("", name)].append(chain(pronunciation))
    return dict(found)


@dataclass(frozen=True)
class PhoneGraph:
    """Arcs in the order of their targets, each with phone states first…last.

    phone [S]: class of each phone state; first, last, source, target [A]: states of an arc, and the nodes it joins;
    chance [A]: natural logarithm of its probability among the arcs of its node; words [A]; finals: where a sentence
    may end; nodes: how many, 0 is the start.
    """

    phone: Ints
    first: Ints
    last: Ints
    source: Ints
    target: Ints
    chance: F64
    words: tuple[str, ...]
    finals: Ints
    nodes: int


def build(grammar: Automaton, pronunciations: Mapping[str, Sequence[Chain]]) -> PhoneGraph:
    """The graph of a grammar. pronunciations: of each of its words, at least one, none of them empty."""
    arcs: list[tuple[int, int, str, Chain, float]] = []
    for node, after in enumerate(grammar.arcs):
        chance = -math.log(max(len(after) + (node in grammar.finals), 1))
        arcs += [(node, end, word, spoken, chance) for word, end in after.items() for spoken in pronunciations[word]]
    arcs.sort(key=lambda arc: arc[1])
    sizes = np.array([len(arc[3]) for arc in arcs], np.int64)
    last = np.cumsum(sizes) - 1
    return PhoneGraph(
        phone=np.array([phone for arc in arcs for phone in arc[3]], np.int64),
        first=last - sizes + 1,
        last=last,
        source=np.array([arc[0] for arc in arcs], np.int64),
        target=np.array([arc[1] for arc in arcs], np.int64),
        chance=np.array([arc[4] for arc in arcs]),
        words=tuple(arc[2] for arc in arcs),
        finals=np.array(sorted(grammar.finals), np.int64),
        nodes=len(grammar.arcs),
    )
