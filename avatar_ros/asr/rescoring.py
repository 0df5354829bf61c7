"""What our own phone network makes of an utterance, as it comes: a second opinion beside PocketSphinx's.

The network (models/lips.md) knows few voices, so on people it finds fewer sentences than PocketSphinx; but it errs in
other places, and how well a sentence fits what it heard tells right from wrong where PocketSphinx is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core.arrays import F64, Pcm
from ..speech import phone_graph
from ..speech.mel_features import SHIFT, BandStream, VoiceLevel
from ..speech.minimal_dfa import Automaton
from ..speech.phone_graph import Chain
from ..speech.phone_network import PhoneNetwork
from ..speech.phones import PHONE_COUNT
from ..speech.pronunciation_score import FLOOR, features
from ..speech.viterbi_search import PhoneSearch

#: The network reads all of its weights for each piece of sound, however short.
_TOGETHER_SAMPLES = 2048


class Rescorer:
    """One utterance at a time: `start`, `accept`…, `sentence` and `fit` at any time."""

    def __init__(self, network: PhoneNetwork, grammar: Automaton, spellings: Mapping[str, str]) -> None:
        """spellings: ARPABET phones of the grammar's words and of their variants, "word(2)"."""
        self._network = network
        self._chains: dict[str, list[Chain]] = phone_graph.chains(spellings)
        self._search = PhoneSearch(phone_graph.build(grammar, self._chains))
        self._rows: list[F64] = []
        self._waiting: list[Pcm] = []

    def start(self, head: Pcm) -> None:
        """Begin with the first sound, at the usual level, of which level and colour of the voice are learnt."""
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
            self._hear()

    def end(self) -> None:
        """Forget the utterance: half a minute of it takes 14 MB."""
        self._rows, self._waiting = [], []
        self._search.start()

    def _hear(self) -> None:
        phones, self._state = self._network.step(self._bands.push(np.concatenate(self._waiting)), self._state)
        self._waiting.clear()
        late = min(self._late_frames, len(phones))
        self._late_frames -= late
        heard = phones[late:].astype(np.float64)
        self._rows.append(heard)
        self._search.accept(np.log(heard + FLOOR))

    def sentence(self) -> tuple[str, ...]:
        """The grammar's sentence that fits best; empty where none ends here."""
        if self._waiting:
            self._hear()
        return self._search.sentence()

    def fit(self, words: Sequence[str], first_sample: int, last_sample: int) -> dict[str, float]:
        """Features of the sentence `words` (see phone_fit.features) between two samples of the utterance."""
        if self._waiting:
            self._hear()
        heard = np.concatenate([np.zeros((0, PHONE_COUNT)), *self._rows])
        return features(heard[first_sample // SHIFT : last_sample // SHIFT], [self._chains[word] for word in words])
