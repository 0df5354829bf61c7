"""Marks to frames: exact shares, against a count sample by sample."""

from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.core.types import Mark
from avatar_ros.encoder.mark_frames import frames_from_stretches, stretches
from avatar_ros.speech.phones import PHONE_COUNT, PHONE_INDEX, SIL

RATE_HZ = 24000


def by_samples(parts, first, count):
    """The slow way: each frame is 240 samples, each sample belongs to the stretch that covers it."""
    out = np.zeros((count, PHONE_COUNT), np.float32)
    for i in range(count):
        for n in range(240):
            time_s = (240 * (first + i - 0.5) + n + 0.5) / RATE_HZ
            classes = [index for index, start, end in parts if start <= time_s < end] or [SIL]
            out[i, classes[0]] += 1 / 240
    return out


def test_frames_equal_a_count_of_samples():
    rng = np.random.default_rng(3)
    edges = np.sort(rng.integers(0, 9600, 12))
    parts = [(int(rng.integers(PHONE_COUNT)), a / RATE_HZ, b / RATE_HZ) for a, b in pairwise(edges)]
    np.testing.assert_allclose(frames_from_stretches(parts, 5, 30), by_samples(parts, 5, 30), atol=1e-5)


def test_a_plosive_is_closure_then_release():
    parts, unknown = stretches([Mark(MarkKind.PHONE, "p", 2400, 4800)], RATE_HZ)
    frames = frames_from_stretches(parts, 0, 25)
    assert not unknown
    assert frames[12, PHONE_INDEX["P"]] == 1.0
    assert frames[19, PHONE_INDEX["HH"]] == 1.0
    assert frames[5, SIL] == frames[22, SIL] == 1.0


def test_rows_sum_to_one_even_where_marks_overlap():
    marks = [Mark(MarkKind.PHONE, "aa", 0, 4800), Mark(MarkKind.PHONE, "m", 2400, 7200)]
    frames = frames_from_stretches(stretches(marks, RATE_HZ)[0], 0, 40)
    assert frames.sum(axis=1) == pytest.approx(1.0)


def test_words_are_no_phones():
    assert stretches([Mark(MarkKind.WORD, "map", 0, 100)], RATE_HZ) == ([], [])
