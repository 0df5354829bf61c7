"""What a text may sound like, as a hidden Markov model over our phone classes, in whatever language.

A phone's classes follow each other, each for 20 ms at least. What people do to a text is in it: a phone may be left
out (schwas, ends of words), and between words there may be silence, or something that the text does not say (FREE): a
hesitation, a word said twice, another text. Spoken by the phone network (speech/phone_network.py), so the states'
scores are the network's probabilities, softened by what it takes for what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from .ipa_text import Word
from .phone_mapping import Schedule
from .phones import PHONE_CLASSES, PHONE_COUNT, PHONE_INDEX, SIL

#: The column of a state that shows whatever is heard.
FREE = PHONE_COUNT
#: Probabilities of 10 ms more in the same state, and of silence between words.
_STAY, _STAY_SILENT, _STAY_FREE = 0.6, 0.9, 0.9
_PAUSE = 0.15
#: Of a phone that is left out: often a schwa, hardly ever what shuts the lips.
_LEFT_OUT = {**dict.fromkeys(PHONE_CLASSES, 0.02), "AX": 0.15, "P": 0.003, "B": 0.003, "M": 0.003}
#: Of words that are not in the text, at each word; and of silence after them.
_UNSAID, _SILENCE_AFTER_FREE = 0.0067, 0.02
#: Weight of a text that begins with the first frame, beside the silence before it.
_AT_ONCE = 0.5
#: Least states of a class that takes at least half of its phone; others have one.
_STATES = 2
#: Less likely arcs over several phones that are left out are left out themselves.
_LEAST_ARC = 1e-5
#: What is free is worse by this, in log likelihood a frame, than the class that fits best: it fits any sound.
_FREE_COST = 2.5
#: A matrix of this many states takes 9 MB.
_MOST_PHONES = 600

#: Classes that the network takes for each other, most from other languages than those that it knows best.
_ALIKE = (
    "AA AE AH AO AX EH", "AX IH UH ER AH EH", "IY IH Y EH", "UW UH W AO L", "UH UW AX ER", "P B M V", "P T K B",
    "B D G V DH", "M N NG", "F TH S HH V", "V DH W B", "DH D Z L", "TH F S T", "S Z SH TH", "SH ZH CH JH S",
    "CH T SH", "JH D ZH", "R ER HH L AO G", "R K HH G", "L W N R D", "HH SIL", "SIL P T K B D G M",
)  # fmt: skip
#: Share of a class's frames that is heard as one of those, and as anything.
_ALIKE_SHARE, _ANY_SHARE = 0.2, 0.05
_LEAST_LIKELIHOOD = 1e-6
#: Percent of its frames in which the network hears each class, on people reading English; 0.5 at least. A class that it
#: seldom names means more where it does.
_USUAL_PERCENT = (
    "SIL 10.5 AA 5.7 AE 2.7 AH 1.6 AO 5.6 AX 2.0 EH 6.5 ER 2.7 IH 4.2 IY 4.0 UH 2.2 UW 3.4 B 2.2 CH 0.8 D 2.0 DH 0.5 "
    "F 1.3 G 0.8 HH 5.7 JH 0.8 K 1.6 L 2.8 M 3.5 N 3.8 NG 0.9 P 1.7 R 3.8 S 6.1 SH 0.7 T 2.7 TH 0.8 V 0.9 W 1.6 Y 0.7 "
    "Z 3.3 ZH 0.5"
).split()


@dataclass(frozen=True)
class TextGraph:
    """classes [S]: column that each state shows, 0 … FREE; transitions [S, S]; start, ends [S]: as ForwardBackward's.

    States are in the order in which the text passes them.
    """

    classes: NDArray[np.int64]
    transitions: F32
    start: F32
    ends: F32


def text_graph(words: Sequence[Word]) -> TextGraph:
    """The graph of a text; of a very long one the beginning, which what is FREE follows. words: at least one."""
    builder = _TextGraphBuilder()
    builder.between_words(1.0)
    for word in _shortened(words):
        for schedule in word:
            builder.phone(schedule)
        builder.between_words(_PAUSE)
    return builder.graph()


def _shortened(words: Sequence[Word]) -> list[Word]:
    out, phones = [], 0
    for word in words:
        phones += len(word)
        if phones > _MOST_PHONES:
            break
        out.append(word)
    return out


@dataclass
class _TextGraphBuilder:
    """Adds states from the beginning to the end. leaving: state -> probability of going on to what comes next."""

    classes: list[int] = field(default_factory=list)
    arcs: dict[tuple[int, int], float] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    leaving: dict[int, float] = field(default_factory=dict)
    begun: bool = False

    def phone(self, schedule: Schedule) -> None:
        """A phone that may be left out."""
        columns = [PHONE_INDEX[name] for name, share in schedule for _ in range(_STATES if share >= 0.5 else 1)]
        states = [self._add(column, _STAY) for column in columns]
        for state, after in pairwise(states):
            self._arc(state, after, 1 - _STAY)
        if not self.begun:
            self.begun, self.first[states[0]] = True, _AT_ONCE
        share = _LEFT_OUT[schedule[0][0]]
        for state, probability in self.leaving.items():
            self._arc(state, states[0], probability * (1 - share))
        left_out = {state: p * share for state, p in self.leaving.items() if p * share > _LEAST_ARC}
        self.leaving = {states[-1]: 1 - _STAY, **left_out}

    def between_words(self, pause: float) -> None:
        """Silence with the probability `pause`, or what the text does not say; or nothing, unless it is the start."""
        silent, free = self._add(SIL, _STAY_SILENT), self._add(FREE, _STAY_FREE)
        self._arc(silent, free, _UNSAID)
        self._arc(free, silent, _SILENCE_AFTER_FREE)
        for state, probability in self.leaving.items():
            self._arc(state, silent, probability * pause)
            self._arc(state, free, probability * _UNSAID)
        if not self.first:
            self.first = {silent: 1.0, free: _UNSAID}
        on = {state: probability * (1 - pause) for state, probability in self.leaving.items()}
        self.leaving = {**on, silent: 1 - _STAY_SILENT, free: 1 - _STAY_FREE - _SILENCE_AFTER_FREE}

    def graph(self) -> TextGraph:
        """What was added."""
        size = len(self.classes)
        transitions = np.zeros((size, size), np.float32)
        for arc, probability in self.arcs.items():
            transitions[arc] = probability
        start, ends = np.zeros(size, np.float32), np.zeros(size, np.float32)
        start[list(self.first)] = list(self.first.values())
        ends[list(self.leaving)] = 1.0
        return TextGraph(np.array(self.classes, np.int64), transitions, start, ends)

    def _add(self, column: int, stay: float) -> int:
        self.classes.append(column)
        state = len(self.classes) - 1
        self._arc(state, state, stay)
        return state

    def _arc(self, state: int, after: int, probability: float) -> None:
        self.arcs[state, after] = self.arcs.get((state, after), 0.0) + probability


def class_scores(rows: F32) -> F32:
    """Class probabilities [T, PHONE_COUNT] -> log likelihoods [T, FREE + 1] that each class, or FREE, sounds so."""
    found = np.log(rows @ _HEARD_AS + _LEAST_LIKELIHOOD)  # hybrid models: likelihood ~ posterior / prior
    return np.concatenate([found, found.max(axis=1, keepdims=True) - _FREE_COST], axis=1).astype(np.float32)


def _heard_as() -> F32:
    """[heard, spoken]: share of each spoken class that is heard so, over how often that is heard at all."""
    alike = np.zeros((PHONE_COUNT, PHONE_COUNT))
    for group in _ALIKE:
        members = [PHONE_CLASSES.index(name) for name in group.split()]
        alike[np.ix_(members, members)] += 1
    np.fill_diagonal(alike, 0.0)
    alike /= np.maximum(alike.sum(axis=0, keepdims=True), 1.0)
    itself = 1 - _ALIKE_SHARE - _ANY_SHARE
    shares = itself * np.eye(PHONE_COUNT) + _ALIKE_SHARE * alike + _ANY_SHARE / PHONE_COUNT
    usual = dict(zip(_USUAL_PERCENT[::2], map(float, _USUAL_PERCENT[1::2]), strict=True))
    return np.asarray(shares / np.array([[usual[name] / 100] for name in PHONE_CLASSES]), np.float32)


_HEARD_AS = _heard_as()
