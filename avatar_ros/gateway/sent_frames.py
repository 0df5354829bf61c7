"""What a page was sent, kept for one that loses its socket and comes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

Frame = str | bytes
#: Of a page that is there, all that it may lack is on its way; of one that is not, tts_node stops 2 s ahead.
MOST_FRAMES, MOST_BYTES = 4000, 4 << 20
#: A page that is there has seen what it was sent so long ago, s: a socket that died unnoticed is closed within 40 s
#: (the server's pings). Without this a long conversation would hold MOST_BYTES.
SURELY_SEEN_S = 60.0
_MARK_EVERY_S = 5.0


class Kept(NamedTuple):
    seq: int
    frame: Frame


class SentFrames:
    """Numbers frames from 1 and keeps the last of them, bounded by count, by bytes and by age."""

    def __init__(self, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES) -> None:
        self._most_frames, self._most_bytes = most_frames, most_bytes
        self._kept: deque[Kept] = deque()
        self._marks: deque[tuple[float, int]] = deque()  # when the page was there, and what it had been sent by then
        self._bytes = 0
        self.seq = 0

    def add(self, make: Callable[[int], Frame]) -> Frame:
        """Make the next frame from its number, and keep it."""
        self.seq += 1
        frame = make(self.seq)
        self._kept.append(Kept(self.seq, frame))
        self._bytes += len(frame)
        while len(self._kept) > self._most_frames or self._bytes > self._most_bytes:
            self._drop_first()
        return frame

    def age(self, now_s: float, *, there: bool) -> None:
        """Drop what a page that is there must have seen; while it is away everything is kept."""
        marks = self._marks
        if not there:
            marks.clear()
            return
        if not marks or now_s - marks[-1][0] >= _MARK_EVERY_S:
            marks.append((now_s, self.seq))
        while now_s - marks[0][0] > SURELY_SEEN_S:
            seen = marks.popleft()[1]
            while self._kept and self._kept[0].seq <= seen:
                self._drop_first()

    def after(self, seq: int) -> list[Frame] | None:
        """All frames after that number; None where some are not kept any more, or it was never given."""
        if seq > self.seq or (seq < self.seq and (not self._kept or self._kept[0].seq > seq + 1)):
            return None
        return [kept.frame for kept in self._kept if kept.seq > seq]

    def _drop_first(self) -> None:
        self._bytes -= len(self._kept.popleft().frame)
