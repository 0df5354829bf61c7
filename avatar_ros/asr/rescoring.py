"""Hypotheses and scores of our own phone network, beside PocketSphinx's.

The network (models/lips.md) was trained on few voices, so on people it finds fewer sentences than PocketSphinx; but its
errors are others, and how well a sentence fits its probabilities tells right from wrong where PocketSphinx is unsure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core.arrays import F64, Pcm
from ..speech import phone_graph
from ..speech.mel_features import BandStream, VoiceLevel
from ..speech.mel_filterbank import SHIFT
from ..speech.minimal_dfa import Automaton
from ..speech.phone_graph import Chain
from ..speech.phone_network import PhoneNetwork
from ..speech.phones import PHONE_COUNT
from ..speech.pronunciation_score import FLOOR, pronunciation_features
from ..speech.viterbi_search import PhoneSearch

#: The network reads all of its weights for each piece of sound, however short.
_TOGETHER_SAMPLES = 2048


class Rescorer:
    """One utterance at a time: `start`, `accept`…, `sentence` and `features` at any time."""

    def __init__(self, network: PhoneNetwork, grammar: Automaton, pronunciations: Mapping[str, str]) -> None:
        """pronunciations: ARPABET phones of the grammar's words and of their variants, "word(2)"."""
        self._network = network
        self._chains: dict[str, list[Chain]] = phone_graph.chains(pronunciations)
        self._search = PhoneSearch(phone_graph.build(grammar, self._chains))
        self._rows: list[F64] = []
        self._waiting: list[Pcm] = []

    def start(self, head: Pcm) -> None:
        """Begin with the first sound, at the usual level, from which level and colour of the voice are estimated."""
        level = VoiceLevel(self._network.colour)
        BandStream(level).push(head)
        self._bands = BandStream(level)
        self._state = self._network.start()
        self._late_frames = self._network.delay_frames
        self._rows = []
        self._waiting = [head]
        self._search.start()

    def accept(self, pcm: Pcm) -> None:
        """The next sound, at the same level."""
        self._waiting.append(pcm)
        if sum(map(len, self._waiting)) >= _TOGETHER_SAMPLES:
            self._run()

    def end(self) -> None:
        """Forget the utterance: half a minute of it takes 14 MB."""
        self._rows, self._waiting = [], []
        self._search.start()

    def _run(self) -> None:
        phones, self._state = self._network.step(self._bands.push(np.concatenate(self._waiting)), self._state)
        self._waiting.clear()
        late = min(self._late_frames, len(phones))
        self._late_frames -= late
        probabilities = phones[late:].astype(np.float64)
        self._rows.append(probabilities)
        self._search.accept(np.log(probabilities + FLOOR))

    def sentence(self) -> tuple[str, ...]:
        """The grammar's sentence that fits best; empty where none ends here."""
        if self._waiting:
            self._run()
        return self._search.sentence()

    def features(self, words: Sequence[str], first_sample: int, last_sample: int) -> dict[str, float]:
        """Features of the sentence `words` (see pronunciation_features) between two samples of the utterance."""
        if self._waiting:
            self._run()
        rows = np.concatenate([np.zeros((0, PHONE_COUNT)), *self._rows])[first_sample // SHIFT : last_sample // SHIFT]
        return pronunciation_features(rows, [self._chains[word] for word in words])
