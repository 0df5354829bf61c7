"""Opus packets of a page's microphone as sound (RFC 6716), by FFmpeg's decoder, which PyAV brings."""

from __future__ import annotations

import av
import numpy as np

from ..core.arrays import F64
from .page_frames import WIDE_HZ
from .refusal import RefusalError


class OpusDecoder:
    """One stream, mono. It sounds later than what was encoded by the encoder's pre-skip."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("opus", "r")
        assert isinstance(self._codec, av.AudioCodecContext)
        self._codec.sample_rate = WIDE_HZ
        self._codec.layout = "mono"
        self._codec.open()

    def decode(self, packet: bytes) -> F64:
        """[n] at WIDE_HZ, full scale 1. Raises RefusalError for a packet that is none."""
        try:
            frames = self._codec.decode(av.Packet(packet))
        except av.FFmpegError:
            raise RefusalError("bad_frame", "a packet that is no Opus") from None
        if not frames:
            return np.zeros(0)
        return np.concatenate([np.mean(frame.to_ndarray(), axis=0, dtype=np.float64) for frame in frames])
