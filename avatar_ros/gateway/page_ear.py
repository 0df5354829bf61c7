"""What a page's microphone hears: decoded, brought to one rate, put on one line, its echo treated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..audio.base import Block
from ..audio.low_latency_resampler import LowLatencyResampler
from ..core.arrays import F64
from ..core.levels import FULL_SCALE, pcm_from_unit
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import AudioFrame
from .mic_line import LONGEST_GAP_S, MicLine
from .page_echo import PageEcho
from .page_frames import MIC, MIC_OPUS, MIC_RTC, WIDE_HZ, MicFrame, read_mic
from .refusal import RefusalError

if TYPE_CHECKING:
    from .opus_decoder import OpusDecoder

#: What the figures call the ways.
WAYS = {MIC: "pcm", MIC_OPUS: "opus", MIC_RTC: "webrtc"}
_SOCKET, _WEBRTC = "socket", "webrtc"


class PageEar:
    """Of one session. way: by which its sound came last, "" before any; echo: set where the product takes it out."""

    def __init__(self) -> None:
        self.way = ""
        self.echo: PageEcho | None = None
        self._line = MicLine()
        self._opus: OpusDecoder | None = None
        self._narrow = {kind: LowLatencyResampler(WIDE_HZ) for kind in (MIC_OPUS, MIC_RTC)}

    def hear(self, data: bytes, origin_s: float, now_s: float) -> Iterator[tuple[int, Block]]:
        """A frame -> (number of the first sample, sound). origin_s: of the session's time. Raises RefusalError."""
        mic = read_mic(data)
        at_s = mic.at_s + origin_s
        if not abs(at_s + mic.length_s - now_s) <= LONGEST_GAP_S:  # NaN, too
            at_s = now_s - mic.length_s
        first, block = self._decoded(mic, max(0.0, min(at_s, now_s)))
        placed = self._line.place(_WEBRTC if mic.kind == MIC_RTC else _SOCKET, first, block)
        if placed is None:
            return
        self.way = WAYS[mic.kind]
        if self.echo is None:
            yield placed
        else:
            yield from self.echo.hear(*placed, now_s)

    def due(self, now_s: float) -> Iterator[tuple[int, Block]]:
        """What has waited for its echo's reference long enough."""
        if self.echo is not None:
            yield from self.echo.due(now_s)

    def played(self, frame: AudioFrame) -> None:
        """What the page has played."""
        if self.echo is not None:
            self.echo.played(frame)

    def _decoded(self, mic: MicFrame, at_s: float) -> tuple[int, Block]:
        if mic.kind == MIC:
            return mic.first_sample, Block(mic.pcm, at_s)
        if mic.kind == MIC_RTC:
            return mic.first_sample, self._narrowed(mic.kind, mic.pcm / FULL_SCALE, at_s)
        wide = self._decode(mic.packet)
        if len(wide) * LISTENING_RATE_HZ != mic.samples * WIDE_HZ:
            raise RefusalError("bad_frame", f"an Opus packet of {len(wide)} samples where {mic.samples} were said")
        late_s = mic.skip / WIDE_HZ
        return mic.first_sample - round(late_s * LISTENING_RATE_HZ), self._narrowed(mic.kind, wide, at_s - late_s)

    def _decode(self, packet: bytes) -> F64:
        if self._opus is None:
            from .opus_decoder import OpusDecoder

            self._opus = OpusDecoder()
        return self._opus.decode(packet)

    def _narrowed(self, kind: int, wide: F64, at_s: float) -> Block:
        return Block(pcm_from_unit(self._narrow[kind].push(wide)), at_s)
