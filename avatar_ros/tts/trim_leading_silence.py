"""The silence before a voice's first sound, taken away: the user who asked something waits through it.

mp3 begins with its encoder's delay (46 ms at 24 kHz), and services add silence of their own. It goes from each
sentence, so the pauses between them are `pause_s` and what the service leaves behind the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..core.levels import loud_samples
from .base import Part

#: Kept before the first sound: a voice does not begin from one sample to the next.
KEPT_S = 0.003
#: No more than this is taken: a voice that is silent for longer means it, or is broken.
MOST_S = 0.5


def trim_leading_silence(parts: Iterable[Part]) -> Iterator[Part]:
    """`parts` of an utterance, beginning KEPT_S before the first audible sample; its marks move with it."""
    lead: _Lead | None = _Lead()
    taken_s = 0.0
    for fresh in parts:
        part = lead.take(fresh) if lead is not None else fresh
        if part is None:
            continue
        if lead is not None:
            taken_s, lead = lead.taken_s, None
        yield Part(part.pcm, part.sample_rate_hz, tuple(mark.shifted(-taken_s) for mark in part.marks))


class _Lead:
    """The silence so far: of its sound the last KEPT_S, of its marks all. taken_s: what was left out."""

    def __init__(self) -> None:
        self.taken_s = 0.0
        self._held = Part(np.zeros(0, np.int16), 0)

    def take(self, part: Part) -> Part | None:
        """What the utterance begins with; None while it is silent."""
        rate_hz, before = part.sample_rate_hz, self._held
        kept = round(KEPT_S * rate_hz)
        pcm = np.concatenate([before.pcm, part.pcm]) if before.sample_rate_hz == rate_hz else part.pcm
        loud = loud_samples(pcm)
        silent = max(0, (int(loud[0]) if len(loud) else len(pcm)) - kept)
        most = round((MOST_S - self.taken_s) * rate_hz)
        first = min(silent, most)
        self.taken_s += first / rate_hz
        self._held = Part(pcm[first:], rate_hz, before.marks + part.marks)
        return self._held if len(loud) or silent > most else None
