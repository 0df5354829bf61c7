"""One Whisper on CTranslate2 (MIT): sound in, words and how sure they are.

The published models were trained on windows of 30 s. Here a window is as long as whole steps of 8 s that hold the
sound: with 8 s and more the words stay the same (docs/measurements.md), shorter ones are said several times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from ..speech.whisper_mel import log_mel_of
from .repetition import repeats, without_repeats
from .whisper_vocabulary import Vocabulary

#: The network's longest window, and the steps in which ours grow.
LONGEST_S, WINDOW_S = 30.0, 8.0
#: Against greedy search it saves a fifth of the word errors and costs a fifth more (docs/measurements.md).
_BEAM = 5
#: Nobody says more tokens a second; CTranslate2's limit is twice that of the tokens that it writes.
_TOKENS_A_SECOND, _FEWEST_TOKENS, _MOST_TOKENS = 8.0, 16, 448


@dataclass(frozen=True)
class Decoded:
    """Words, the mean log probability of their tokens, the probability that there is no speech, and the language's
    code ("" for a model of English alone).
    """

    text: str
    log_probability: float
    no_speech: float
    language: str

    @property
    def confidence(self) -> float:
        """0–1: geometric mean of the tokens' probabilities, times that of speech."""
        return min(1.0, math.exp(min(0.0, self.log_probability)) * (1.0 - self.no_speech))


class WhisperModel:
    """Made from a complete folder; any number of decodes, one after the other."""

    def __init__(self, folder: Path, vocabulary: Vocabulary, device: str, threads: int) -> None:
        """device: "cpu" or "cuda". Raises what CTranslate2 raises."""
        self._vocabulary = vocabulary
        kind = "int8" if device == "cpu" else "float16"
        self._model: Any = ctranslate2.models.Whisper(str(folder), device, compute_type=kind, intra_threads=threads)
        self.is_multilingual = bool(self._model.is_multilingual)
        self._bands = int(self._model.n_mels)

    def decode(self, pcm: Pcm, language: str = "") -> Decoded:
        """The words of int16 sound at 16 kHz, at most 30 s of it. language: a code; "": found by the model."""
        seconds = window_s(len(pcm))
        found = self._decode(pcm, seconds, language)
        if repeats(found.text) and seconds < LONGEST_S:
            found = self._decode(pcm, min(seconds + WINDOW_S / 2, LONGEST_S), language)
        return Decoded(without_repeats(found.text), found.log_probability, found.no_speech, found.language)

    def _decode(self, pcm: Pcm, seconds: float, language: str) -> Decoded:
        heard: Any = ctranslate2.StorageView.from_array(log_mel_of(pcm, seconds, self._bands)[None])
        if self.is_multilingual and not language:
            heard = self._model.encode(heard)
            language = self._model.detect_language(heard)[0][0][0].strip("<|>")
        language = language if self.is_multilingual else ""
        # One call, and the interpreter's lock is free until it ends: encoded apart, the words would wait for the lock.
        best = self._model.generate(
            heard,
            [self._vocabulary.prompt(language)],
            beam_size=_BEAM,
            max_length=min(_MOST_TOKENS, 2 * round(_FEWEST_TOKENS + _TOKENS_A_SECOND * len(pcm) / LISTENING_RATE_HZ)),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text = self._vocabulary.text(best.sequences_ids[0])
        return Decoded(text, float(best.scores[0]), float(best.no_speech_prob), language)


def window_s(samples: int) -> float:
    """Seconds that the network is given for so many samples.

    >>> window_s(16000), window_s(8 * 16000 + 1), window_s(29 * 16000)
    (8.0, 16.0, 30.0)
    """
    steps = max(1, math.ceil(samples / LISTENING_RATE_HZ / WINDOW_S))
    return min(steps * WINDOW_S, LONGEST_S)
