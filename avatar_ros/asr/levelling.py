"""Brings an utterance to the usual level, in soft noise, as it comes: microphones differ by more than voices do."""

from __future__ import annotations

import numpy as np

from ..core.types import Pcm

#: RMS of the loudest 20 ms after levelling, of the noise that is added, int16.
LOUDEST_RMS, _HISS_RMS = 6000.0, 50.0


class Levelling:
    """One utterance: the same sound gives the same result. loudest: RMS of its loudest part so far, int16."""

    def __init__(self, loudest: float) -> None:
        self._gain = LOUDEST_RMS / max(loudest, 1.0)
        # Logarithms of digital silence would spoil the cepstral mean.
        self._rng = np.random.default_rng(0)

    def level(self, pcm: Pcm) -> Pcm:
        """The next sound."""
        levelled = pcm * self._gain + self._rng.normal(0.0, _HISS_RMS, len(pcm))
        return np.clip(np.rint(levelled), -32768, 32767).astype(np.int16)
