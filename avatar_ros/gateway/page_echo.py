"""The product's own echo cancellation for a page: what the page says that it played is taken out of what it hears.

For browsers that do not do it themselves. The reference comes when the page reports, not before it is heard: so a
frame waits for it, and where nothing plays, that is silence.
"""

from __future__ import annotations

import importlib.util
from collections import deque
from collections.abc import Iterator

import numpy as np

from ..aec.base import EchoCanceller
from ..audio.base import Block
from ..audio.framer import Framer
from ..core.clock import ns_from_s, s_from_ns
from ..core.errors import ConfigError
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import how_to_install
from ..core.types import AudioFrame

FRAME = LISTENING_RATE_HZ // 50
#: A page reports every 40 ms where it is; a report that has not come after this time is not waited for, s.
LONGEST_HOLD_S = 0.15
#: The canceller wants to know the reference so much further than the frame, s.
_FURTHER_S = 0.03
#: Reference that does not begin where the last ended, within this, s, does not follow it.
_SEAM_S = 0.005


class PageEcho:
    """Of one session. cancel: the canceller, which sees frames of 20 ms."""

    def __init__(self, cancel: EchoCanceller) -> None:
        self._cancel = cancel
        self._framer = Framer(FRAME)
        self._held: deque[tuple[int, Block]] = deque()
        self._next = -1  # number of the next sample that comes
        self._frame = 0  # number of the next frame's first sample
        self._end_s = -1.0  # up to here it is known what was played
        self._count = 0
        self._playing = False

    def played(self, frame: AudioFrame) -> None:
        """What the page has played, by its report."""
        self._tell(frame, s_from_ns(frame.steady_ns))

    def plays(self, *, playing: bool) -> None:
        """Whether more will be reported."""
        self._playing = playing

    def hear(self, first: int, block: Block, now_s: float) -> Iterator[tuple[int, Block]]:
        """Sound, `first` being the number of its first sample -> frames without the echo."""
        if first != self._next:
            self._framer, self._frame = Framer(FRAME), first
        self._next = first + len(block.pcm)
        for frame in self._framer.cut([block]):
            self._held.append((self._frame, frame))
            self._frame += FRAME
        yield from self.due(now_s)

    def due(self, now_s: float) -> Iterator[tuple[int, Block]]:
        """Frames whose reference has come, or is not waited for any more."""
        while self._held:
            first, frame = self._held[0]
            end_s = frame.at_s + FRAME / LISTENING_RATE_HZ
            if not self._playing and self._end_s > 0:
                self._silent_until(end_s + _FURTHER_S)
            if not self._cancel.ready(frame) and now_s - end_s < LONGEST_HOLD_S:
                return
            self._held.popleft()
            yield first, Block(self._cancel.treat(frame), frame.at_s)

    def _silent_until(self, until_s: float) -> None:
        missing = round((until_s - self._end_s) * LISTENING_RATE_HZ)
        if 0 < missing <= LISTENING_RATE_HZ:
            silence = np.zeros(missing, np.int16)
            self._tell(AudioFrame(pcm=silence, sample_rate_hz=LISTENING_RATE_HZ), self._end_s)
        elif missing > 0:  # nobody has listened meanwhile
            self._end_s = until_s

    def _tell(self, frame: AudioFrame, at_s: float) -> None:
        joined = abs(at_s - self._end_s) <= _SEAM_S
        self._count += 0 if joined else 1  # a number that does not follow says so
        length_s = len(frame.pcm) / frame.sample_rate_hz
        at_ns, rate_hz = ns_from_s(max(0.0, at_s)), frame.sample_rate_hz
        self._cancel.played(
            AudioFrame(first_sample=self._count, sample_rate_hz=rate_hz, pcm=frame.pcm, steady_ns=at_ns)
        )
        self._count += len(frame.pcm)
        self._end_s = max(self._end_s, at_s + length_s)


def make_page_echo(echo: str, *, cancelled_there: bool) -> PageEcho | None:
    """What the setting asks for: auto: where the browser does not do it itself and the canceller is installed.

    Raises ConfigError where it was asked for by name and is not installed.
    """
    if echo == "off" or (echo == "auto" and cancelled_there):
        return None
    if importlib.util.find_spec("livekit") is None:
        if echo == "auto":
            return None
        raise ConfigError(
            "backend_not_installed", f"echo is 'webrtc', but livekit is not installed; {how_to_install('aec')}"
        )
    from ..aec.webrtc import WebRtcEcho

    return PageEcho(WebRtcEcho())
