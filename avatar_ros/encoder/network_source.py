"""Our own network (speech/phone_network.py) as a source of phones, streaming: alone, or beside another source."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, Pcm
from ..speech.mel_features import BandStream, VoiceLevel
from ..speech.mel_filterbank import SHIFT
from ..speech.phone_network import PhoneNetwork
from ..speech.phones import PHONE_COUNT, PHONE_RATE_HZ, silent_frames
from ..speech.resample import Resampler
from .sources import LEAD_S, FrameGrid, PhoneSource, prefer_closures

_LEAD_FRAMES = round(LEAD_S * PHONE_RATE_HZ)


class NetworkSource:
    """See sources.PhoneSource. A frame needs _LEAD_FRAMES + delay_frames frames and half a window of sound after it.

    heard: told of the network's frames, those of the source in order and some after the last, bilabials not raised.
    """

    def __init__(
        self, model: PhoneNetwork, level: VoiceLevel, grid: FrameGrid, heard: Callable[[F32], None] | None = None
    ) -> None:
        self._model = model
        self._heard = heard
        self._grid = grid
        self._resampler = Resampler(grid.rate_hz)
        self._bands = BandStream(level, grid.next_frame / PHONE_RATE_HZ - grid.end_sample / grid.rate_hz)
        self._state = model.start()
        self._skip = model.delay_frames + _LEAD_FRAMES
        self._rows: F32 = np.zeros((0, PHONE_COUNT), np.float32)

    def push(self, pcm: Pcm) -> F32:
        """Frames that are decided now."""
        self._grid.grow(len(pcm))
        self._take(self._resampler.push(pcm))
        return self._give(min(len(self._rows), self._grid.rest()))

    def finish(self) -> F32:
        """Frames up to the last sample, as if silence followed."""
        silence = np.zeros((self._model.delay_frames + _LEAD_FRAMES + 3) * SHIFT)
        self._take(np.concatenate([self._resampler.finish(), silence]))
        return self._give(self._grid.rest())

    def _take(self, samples: NDArray[np.float64]) -> None:
        rows, self._state = self._model.step(self._bands.push(samples), self._state)
        drop = min(self._skip, len(rows))
        self._skip -= drop
        if self._heard is not None:
            self._heard(rows[drop:])
        self._rows = np.concatenate([self._rows, prefer_closures(rows[drop:])])

    def _give(self, count: int) -> F32:
        self._grid.take(count)
        out, self._rows = self._rows[:count], self._rows[count:]
        return np.concatenate([out, silent_frames(count - len(out))])


class FusedSource:
    """Two sources of one sentence, combined frame by frame: the weighted product of their probabilities.

    first, second: on grids of their own that begin alike; share: weight of the first, 0–1.
    """

    _FLOOR = 1e-3

    def __init__(self, first: PhoneSource, second: PhoneSource, share: float) -> None:
        self._sources = (first, second)
        self._shares = (share, 1.0 - share)
        self._held = [np.zeros((0, PHONE_COUNT), np.float32) for _ in range(2)]

    def push(self, pcm: Pcm) -> F32:
        """Frames that both have decided."""
        return self._mix([source.push(pcm) for source in self._sources])

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._mix([source.finish() for source in self._sources])

    def _mix(self, fresh: list[F32]) -> F32:
        self._held = [np.concatenate(pair) for pair in zip(self._held, fresh, strict=True)]
        count = min(len(rows) for rows in self._held)
        logs = sum(
            share * np.log(rows[:count] + self._FLOOR) for share, rows in zip(self._shares, self._held, strict=True)
        )
        self._held = [rows[count:] for rows in self._held]
        out = np.exp(np.asarray(logs, np.float32))
        return np.asarray(out / np.maximum(out.sum(axis=1, keepdims=True), 1e-9), np.float32)
