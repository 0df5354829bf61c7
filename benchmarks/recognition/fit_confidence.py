"""Weights for asr/confidence.py: ridge logistic regression by Newton's method, written to asr/confidence_weights.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from avatar_ros.asr import confidence_weights as weights
from avatar_ros.core.arrays import F64
from avatar_ros.core.outputs import write_whole

_RIDGE = 4.0
_STEPS = 30
_HEAD = '''"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to {cases} sentences that were weighed in the development set, {right} of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {{
'''


def fit(cases: Iterable[tuple[Mapping[str, float], bool]]) -> str:
    """The text of weights.py. cases: features of a sentence and whether it was right; both kinds must occur."""
    features, right = zip(*cases, strict=True)
    names = list(features[0])
    x = np.array([[found[name] for name in names] for found in features])
    mean, deviation = x.mean(0), x.std(0) + 1e-9
    found = _regression((x - mean) / deviation, np.array(right, float))
    rows = "".join(
        f'    "{name}": ({m:.3f}, {d:.3f}, {w:.2f}),\n'
        for name, m, d, w in zip(names, mean, deviation, found, strict=False)
    )
    head = _HEAD.format(cases=len(right), right=sum(right))
    return f"{head}{rows}}}\nBIAS = {found[-1]:.2f}\n"


def write(text: str) -> Path:
    """Replace asr/confidence_weights.py; takes effect with the next start."""
    path = Path(weights.__file__)
    write_whole(path, text)
    return path


def _regression(x: F64, y: F64) -> F64:
    """Weights, the bias last."""
    z = np.column_stack([x, np.ones(len(x))])
    ridge = np.diag([_RIDGE] * x.shape[1] + [1e-6])
    found = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-z @ found))
        hessian = (z * (chance * (1 - chance))[:, None]).T @ z + ridge
        found = found - np.linalg.solve(hessian, z.T @ (chance - y) + ridge @ found)
    return found
