"""The classifier: its minimiser against the loss's own slope, and what it learns."""

from __future__ import annotations

import numpy as np

from avatar_ros.answers.classifier import minimise, train

RNG = np.random.default_rng(5)


def clusters(count: int = 3, each: int = 20, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    centres = np.eye(size, dtype=np.float32)[:count]
    vectors = np.repeat(centres, each, axis=0) + RNG.normal(0, 0.15, (count * each, size)).astype(np.float32)
    return vectors, np.repeat(np.arange(count), each)


def test_it_finds_the_least_of_a_quadratic():
    scale = np.array([[1.0, 10.0, 0.1]], np.float32)
    goal = np.array([[3.0, -2.0, 0.5]], np.float32)
    found = minimise(
        lambda x: (float((scale * (x - goal) ** 2).sum()), 2 * scale * (x - goal)), np.zeros((1, 3), np.float32)
    )
    np.testing.assert_allclose(found, goal, atol=0.05)


def test_what_was_learnt_is_told_apart_and_probabilities_sum_to_one():
    vectors, classes = clusters()
    learnt = train(vectors, classes, 3, np.ones(len(classes), np.float32), decay=0.1)
    chances = learnt(vectors)
    assert (chances.argmax(axis=1) == classes).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)


def test_the_same_sentences_give_the_same_classifier():
    vectors, classes = clusters()
    one, other = (train(vectors, classes, 3, np.ones(len(classes), np.float32), 0.1) for _ in range(2))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_no_change_of_the_weights_makes_the_loss_smaller():
    vectors, classes = clusters(each=8)
    importance, decay = RNG.uniform(0.5, 2, len(classes)).astype(np.float32), 0.5
    learnt = train(vectors, classes, 3, importance, decay)

    def loss(weights: np.ndarray, bias: np.ndarray) -> float:
        scores = (vectors @ weights + bias).astype(float)
        log_sum = np.log(np.exp(scores).sum(axis=1))
        return float(
            (importance * (log_sum - scores[np.arange(len(classes)), classes])).sum() + decay / 2 * (weights**2).sum()
        )

    least = loss(learnt.weights, learnt.bias)
    for _ in range(50):
        step = RNG.normal(0, 0.05, learnt.weights.shape).astype(np.float32)
        assert loss(learnt.weights + step, learnt.bias) > least - 1e-3


def test_a_sentence_of_more_importance_wins():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
    learnt = train(vectors, np.array([0, 1]), 2, np.array([1.0, 5.0], np.float32), decay=0.01)
    assert learnt(vectors)[0].argmax() == 1
