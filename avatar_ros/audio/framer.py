"""Blocks of any length as frames of one length, each with the instant of its first sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from .base import Block


class Framer:
    """Sound is taken to be continuous; a frame is placed by the block that completes it. [n] or [n, channels]."""

    def __init__(self, frame_samples: int) -> None:
        self._size = frame_samples
        self._rest: Pcm = np.zeros(0, np.int16)

    def cut(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Frames that are full."""
        for block in blocks:
            if len(self._rest) and self._rest.ndim == block.pcm.ndim:
                at_s = block.at_s - len(self._rest) / LISTENING_RATE_HZ
                pcm = np.concatenate([self._rest, block.pcm])
            else:
                at_s, pcm = block.at_s, block.pcm
            while len(pcm) >= self._size:
                yield Block(pcm[: self._size], at_s)
                pcm, at_s = pcm[self._size :], at_s + self._size / LISTENING_RATE_HZ
            self._rest = pcm
