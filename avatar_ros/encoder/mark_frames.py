"""Phone marks to frames: the share of each 10 ms that each phone class holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.arrays import F32
from ..core.enums import MarkKind
from ..core.types import Mark
from ..speech.phone_mapping import Schedule, schedules
from ..speech.phones import PHONE_COUNT, PHONE_INDEX, PHONE_RATE_HZ, SIL

#: A stretch of one class: (class index, start s, end s) in seconds of the turn.
Stretch = tuple[int, float, float]


def stretches(marks: Sequence[Mark], sample_rate_hz: int) -> tuple[list[Stretch], list[str]]:
    """Phone marks (any order) as stretches of classes in order of time, and the unknown labels."""
    phones = sorted((m for m in marks if m.kind is MarkKind.PHONE), key=lambda m: (m.start_sample, m.end_sample))
    plans, unknown = schedules([mark.text for mark in phones])
    out: list[Stretch] = []
    for mark, plan in zip(phones, plans, strict=True):
        out.extend(_stretch(plan, mark.start_sample / sample_rate_hz, mark.end_sample / sample_rate_hz))
    return out, unknown


def _stretch(plan: Schedule, start_s: float, end_s: float) -> list[Stretch]:
    out, at_s = [], start_s
    for name, share in plan:
        until_s = at_s + share * (end_s - start_s)
        out.append((PHONE_INDEX[name], at_s, until_s))
        at_s = until_s
    return out


def frames_from_stretches(parts: Sequence[Stretch], first: int, count: int) -> F32:
    """Frames `first` … `first + count` of the turn, [count, PHONE_COUNT].

    A frame holds the share of the 10 ms around its instant that each class takes; what no mark covers is silence.
    """
    out = np.zeros((count, PHONE_COUNT), np.float32)
    edges = (first - 0.5 + np.arange(count + 1)) / PHONE_RATE_HZ
    for index, start_s, end_s in parts:
        if end_s <= edges[0] or start_s >= edges[-1]:
            continue
        low = max(0, int(np.searchsorted(edges, start_s, "right")) - 1)
        high = min(count, int(np.searchsorted(edges, end_s, "left")))
        overlap = np.minimum(edges[low + 1 : high + 1], end_s) - np.maximum(edges[low:high], start_s)
        out[low:high, index] += np.maximum(overlap, 0.0) * PHONE_RATE_HZ
    covered = out.sum(axis=1, keepdims=True)
    np.divide(out, covered, out=out, where=covered > 1)
    out[:, SIL] += np.maximum(0.0, 1 - np.minimum(covered[:, 0], 1))
    return out
