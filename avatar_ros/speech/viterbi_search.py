"""The most likely sentence of a grammar, given phone probabilities frame by frame: Viterbi search, all states at once.

Exact (nothing is pruned): some 15 000 phone states are a vector, and a frame is a dozen operations on it, 2 to 3 % of
real time on one core. `pronunciation_score.align` is the slow and obvious way, for one sentence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, F64
from .phone_graph import PhoneGraph
from .phones import SIL

Tokens = NDArray[np.int32]

_NEVER = np.float32(-1e30)


class PhoneSearch:
    """One utterance at a time: `start`, then `accept` its frames; `sentence` at any time.

    A token is the number of the word that ended last: frame · nodes + node where it ended, plus 1; 0 before any word.
    """

    def __init__(self, graph: PhoneGraph) -> None:
        self._graph = graph
        self._chance = graph.chance.astype(np.float32)
        self._targets, self._begins = np.unique(graph.target, return_index=True)
        sizes = np.diff(np.append(self._begins, len(graph.target)))
        self._group = np.repeat(np.arange(len(self._targets)), sizes)
        self.start()

    def start(self) -> None:
        """Forget the utterance before."""
        graph = self._graph
        self._score: F32 = np.full(len(graph.phone), _NEVER)
        self._token: Tokens = np.zeros(len(graph.phone), np.int32)
        self._silence: F32 = np.full(graph.nodes, _NEVER)  # silence after a node
        self._silence_token: Tokens = np.zeros(graph.nodes, np.int32)
        self._node: F32 = np.full(graph.nodes, _NEVER)
        self._node[0] = 0.0
        self._node_token: Tokens = np.zeros(graph.nodes, np.int32)
        self._ended: list[tuple[Tokens, Tokens]] = []  # a frame's words: (arc, token before it) for each target

    def accept(self, logs: F64) -> None:
        """The next frames: natural logarithms of the phone classes' probabilities [T, PHONE_COUNT]."""
        for row in logs.astype(np.float32):
            self._frame(row)

    def _frame(self, row: F32) -> None:
        graph = self._graph
        before, token_before = np.empty_like(self._score), np.empty_like(self._token)
        before[1:], token_before[1:] = self._score[:-1], self._token[:-1]
        before[graph.first] = self._node[graph.source] + self._chance
        token_before[graph.first] = self._node_token[graph.source]
        moved = before > self._score
        self._score = np.maximum(before, self._score) + row[graph.phone]
        self._token = np.where(moved, token_before, self._token)
        fell_silent = self._node > self._silence
        self._silence = np.maximum(self._node, self._silence) + row[SIL]
        self._silence_token = np.where(fell_silent, self._node_token, self._silence_token)
        self._end_words()

    def _end_words(self) -> None:
        ends = self._score[self._graph.last]
        best = np.maximum.reduceat(ends, self._begins)
        winners = np.flatnonzero(ends >= best[self._group])
        arc = np.empty(len(self._targets), np.int64)
        arc[self._group[winners[::-1]]] = winners[::-1]  # of equals the first
        number = len(self._ended) * self._graph.nodes + 1
        self._ended.append((arc.astype(np.int32), self._token[self._graph.last[arc]]))
        self._node, self._node_token = self._silence.copy(), self._silence_token.copy()
        better = best > self._node[self._targets]
        nodes = self._targets[better]
        self._node[nodes], self._node_token[nodes] = best[better], number + nodes

    def sentence(self) -> tuple[str, ...]:
        """The best whole sentence that ends now; empty where none can."""
        finals = self._graph.finals
        final = int(finals[np.argmax(self._node[finals])])
        if self._node[final] <= _NEVER / 2:
            return ()
        words, token = [], int(self._node_token[final])
        while token:
            frame, node = divmod(token - 1, self._graph.nodes)
            at = int(np.searchsorted(self._targets, node))
            arc, token = (int(column[at]) for column in self._ended[frame])
            words.append(self._graph.words[arc])
        return tuple(reversed(words))

    @property
    def score(self) -> float:
        """Log-probability of `sentence`, chances of its words included."""
        return float(self._node[self._graph.finals].max())
