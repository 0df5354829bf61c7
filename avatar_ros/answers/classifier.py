"""Multinomial logistic regression: vectors in, a probability for each class out, trained by L-BFGS in numpy.

L-BFGS as in Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5, with backtracking (3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
#: How many steps back the curvature is remembered.
_MEMORY = 8
_MOST_STEPS = 80
_ENOUGH = 1e-4
_LEAST_STEP = 1e-4


@dataclass(frozen=True)
class Classifier:
    """weights: [size, classes]; bias: [classes]."""

    weights: Array
    bias: Array

    def __call__(self, vectors: Array) -> Array:
        """Probabilities, [sentences, classes]."""
        return _softmax(vectors @ self.weights + self.bias)


def train(vectors: Array, classes: NDArray[np.int64], count: int, importance: Array, decay: float) -> Classifier:
    """The classifier of least weighted cross-entropy plus decay / 2 * |weights|^2.

    vectors: [sentences, size]; classes: of each sentence, 0 to count - 1; importance: of each sentence. The same
    sentences give the same classifier.
    """
    inputs = np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1)
    targets = np.eye(count, dtype=np.float32)[classes]

    def loss(parameters: Array) -> tuple[float, Array]:
        guessed = _softmax(inputs @ parameters)
        of_truth = np.maximum(guessed[np.arange(len(classes)), classes], 1e-30)
        shrunk = parameters * np.float32(decay)
        shrunk[-1] = 0  # the bias is free
        gradient = inputs.T @ ((guessed - targets) * importance[:, None]) + shrunk
        return float(-(importance * np.log(of_truth)).sum() + 0.5 * np.vdot(shrunk, parameters)), gradient

    found = minimise(loss, np.zeros((inputs.shape[1], count), np.float32))
    return Classifier(found[:-1], found[-1])


def minimise(loss: Callable[[Array], tuple[float, Array]], start: Array) -> Array:
    """Where `loss` (value, gradient) is least, as far as L-BFGS gets; it never goes up."""
    at, (value, gradient) = start, loss(start)
    pairs: list[tuple[Array, Array]] = []  # steps, and how the gradient changed over each
    for _ in range(_MOST_STEPS):
        direction = _direction(gradient, pairs)
        descent, step = float(np.vdot(gradient, direction)), 1.0
        while True:
            there = at - np.float32(step) * direction
            new_value, new_gradient = loss(there)
            if new_value <= value - 1e-4 * step * descent:
                break
            step *= 0.5
            if step < _LEAST_STEP:
                return at
        if np.vdot(there - at, new_gradient - gradient) > 1e-10:
            pairs = [*pairs, (there - at, new_gradient - gradient)][-_MEMORY:]
        gained = value - new_value
        at, value, gradient = there, new_value, new_gradient
        if gained < _ENOUGH * max(1.0, value):
            break
    return at


def _direction(gradient: Array, pairs: list[tuple[Array, Array]]) -> Array:
    """The gradient times the inverse of the curvature that the pairs tell of."""
    direction = gradient.copy()
    used = []
    for step, change in reversed(pairs):
        share = np.vdot(step, direction) / np.vdot(step, change)
        direction -= share * change
        used.append(share)
    if pairs:
        step, change = pairs[-1]
        direction *= np.vdot(step, change) / np.vdot(change, change)
    else:
        direction /= max(float(np.linalg.norm(gradient)), 1e-12)
    for (step, change), share in zip(pairs, reversed(used), strict=True):
        direction += (share - np.vdot(change, direction) / np.vdot(step, change)) * step
    return direction


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares
