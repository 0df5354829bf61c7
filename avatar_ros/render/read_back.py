"""Bytes of frames for who wants them: of one that lies on a card they come while the next one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..core.arrays import U8
from ..core.egl import CardPicture
from ..core.errors import RenderError
from ..core.frame_sink import FrameSink
from .shown_head import Head


class ReadBack:
    """Hands frames over as bytes; a card's a frame later than it was drawn, with its own instant."""

    def __init__(self) -> None:
        self._sent: tuple[CardPicture, U8, float] | None = None
        self._sinks: Sequence[FrameSink] = ()

    def hand_over(self, sinks: Sequence[FrameSink], head: Head, shown_at_s: float) -> None:
        """The frame that `head` has drawn last, to these sinks."""
        picture = head.picture
        if picture is None:
            self._sent = None
            for sink in sinks:
                sink.show(head.frame.numpy(), shown_at_s)
            return
        if self._sent is not None and self._sent[0].home != picture.home:
            self._sent = None  # it went with its window
        self._deliver(sinks)
        if sinks:
            picture.send()
            self._sent, self._sinks = (picture, head.out, shown_at_s), sinks

    def finish(self) -> None:
        """The last frame, to those who wanted it."""
        with suppress(RenderError):  # its context may be gone
            self._deliver(self._sinks)

    def _deliver(self, sinks: Sequence[FrameSink]) -> None:
        sent, self._sent = self._sent, None
        if sent is not None and sinks:
            picture, buffer, at_s = sent
            rgba = picture.bytes_in(buffer)
            for sink in sinks:
                sink.show(rgba, at_s)
