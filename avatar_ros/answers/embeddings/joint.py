"""Two encoders that err differently, as one: their vectors side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .base import Vectors, check_sentences
from .transformer import MiniLm
from .use_multilingual import UseMultilingual

#: How much the second one's half counts: found on benchmarks/understanding/development.yaml.
_SECOND = np.float32(0.8)


class EnglishEncoder:
    """MiniLM and the Universal Sentence Encoder; measured better than either alone (docs/measurements.md)."""

    languages = ("en",)

    def __init__(self, folder: str = "") -> None:
        self._both = (MiniLm(folder), UseMultilingual(folder))
        self.identity = ""

    def load(self) -> None:
        """Load both."""
        for each in self._both:
            each.load()
        self.identity = " + ".join(each.identity for each in self._both)

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """[sentences, 384 + 512]."""
        first, second = (each.encode(sentences) for each in self._both)
        return check_sentences(np.concatenate([first, second * _SECOND], axis=1), len(sentences), self.identity)

    def close(self) -> None:
        """Free both."""
        for each in self._both:
            each.close()
