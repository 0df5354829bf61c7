"""How loud somebody spoke."""

from __future__ import annotations

import numpy as np

from ..core.types import Pcm

_BLOCK_SAMPLES = 320  # 20 ms at 16 kHz
_SILENCE_DBFS = -100.0
#: Speech is as loud as the loudest tenth of an utterance, pre-roll, pauses and the wait for its end included.
_LOUD_PERCENTILE = 90.0


class Loudness:
    """Level of one utterance, found as the sound comes."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._powers: list[float] = []

    def add(self, pcm: Pcm) -> None:
        """Take the next sound, int16 at 16 kHz."""
        sound = np.concatenate([self._rest, pcm])
        whole = len(sound) - len(sound) % _BLOCK_SAMPLES
        self._rest = sound[whole:]
        blocks = sound[:whole].reshape(-1, _BLOCK_SAMPLES).astype(np.float64) / 32768.0
        self._powers.extend(np.mean(np.square(blocks), axis=1).tolist())

    @property
    def dbfs(self) -> float:
        """RMS level of the speech relative to full scale, dB; at least -100, which also no sound at all is."""
        if not self._powers:
            return _SILENCE_DBFS
        power = float(np.percentile(self._powers, _LOUD_PERCENTILE))
        return max(10.0 * float(np.log10(power)), _SILENCE_DBFS) if power > 0 else _SILENCE_DBFS
