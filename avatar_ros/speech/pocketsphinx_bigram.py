"""Which phone follows which: the phone language model that comes with the pocketsphinx package, as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pocketsphinx import Config, LogMath, NGramModel

from ..core.arrays import F32


def phone_bigram(path: Path, names: tuple[str, ...]) -> F32:
    """P(next | phone) [N, N] for the base phones `names`, rows summing to 1."""
    logmath = LogMath()
    model = NGramModel(Config(), logmath, str(path))
    table = np.array([[logmath.exp(model.prob([after, before])) for after in names] for before in names])
    shares: F32 = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
