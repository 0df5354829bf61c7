"""A page's microphone as one line of samples, by whichever way its sound comes: nothing twice, gaps kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..audio.base import Block
from ..core.rates import LISTENING_RATE_HZ

#: A gap in the microphone's count that is longer is a stream that began anew, s.
LONGEST_GAP_S = 60.0


@dataclass
class MicLine:
    """Within a way the page's counts say where sound belongs; from one way to the other its instants do.

    The page keeps the last seconds, and sends them again where WebRTC fails: what was heard already is cut off.
    way: by which the last sound came.
    """

    way: str = ""
    _next_own: int = 0
    _next_theirs: int = 0
    _end_s: float = 0.0  # when the last sample that was heard ended

    def place(self, way: str, first_sample: int, block: Block) -> tuple[int, Block] | None:
        """(number of its first sample, what of it is new); None where all of it was heard already."""
        if self.way and way != self.way:
            gap = round((block.at_s - self._end_s) * LISTENING_RATE_HZ)
            if gap <= -len(block.pcm):
                return None
            first_sample, block = _without(max(0, -gap), first_sample, block)
        else:
            gap = first_sample - self._next_theirs if self.way else 0
        if not 0 <= gap <= LONGEST_GAP_S * LISTENING_RATE_HZ:
            gap = 0
        own, count = self._next_own + gap, len(block.pcm)
        self.way = way
        self._next_own, self._next_theirs = own + count, first_sample + count
        self._end_s = block.at_s + count / LISTENING_RATE_HZ
        return own, block


def _without(count: int, first_sample: int, block: Block) -> tuple[int, Block]:
    return first_sample + count, Block(block.pcm[count:], block.at_s + count / LISTENING_RATE_HZ)
