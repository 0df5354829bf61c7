"""A page's microphone by WebRTC: a peer connection beside its socket, which carries offer, answer and candidates.

Runs on the server's loop; what is heard goes on as frames of the microphone, as if the socket had brought it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

from ..core.arrays import Pcm
from . import page_frames
from .page_connection import PageConnection
from .page_frames import WIDE_HZ
from .refusal import RefusalError
from .rtc_messages import RtcCandidate, RtcEnd, RtcMessage, RtcOffer
from .rtp_clock import RtpClock

#: Signals of a page that wait.
_MOST_WAITING = 64
#: Sound that stays away for so long: the way is lost, s.
LOST_S = 0.7
#: Ends of connections are not waited for longer, s.
_CLOSE_S = 2.0
#: Packets that one which is missing holds up. aiortc's own 16, of which 4 always wait, would cost 80 ms each time.
_HELD_PACKETS = 4
_JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"  # there is no public way to it in 1.16.0
#: What a foreign description makes the library raise.
_BAD = (ValueError, LookupError, TypeError, AttributeError, AssertionError, InvalidAccessError, InvalidStateError)


class RtcEar:
    """Of one socket. Its work is done in order by one task; `close` ends it."""

    def __init__(self, connection: PageConnection, origin_s: float) -> None:
        self._connection = connection
        self._origin_s = origin_s
        self._signals: asyncio.Queue[RtcMessage] = asyncio.Queue(_MOST_WAITING)
        self._peer: RTCPeerConnection | None = None
        self._id = 0
        self._hearing: asyncio.Task[None] | None = None
        self._working = asyncio.create_task(self._work())

    def signal(self, message: RtcMessage) -> None:
        """Something that the page says of it. Raises RefusalError where it says too much."""
        try:
            self._signals.put_nowait(message)
        except asyncio.QueueFull:
            raise RefusalError("too_much", "more signals than a page has to give") from None

    async def close(self) -> None:
        """The socket is gone."""
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)
        await self._end()

    async def _work(self) -> None:
        while True:
            message = await self._signals.get()
            try:
                await self._obey(message)
            except _BAD:
                self._tell(kind="rtc_state", id=self._id, state="lost")
                await self._end()

    async def _obey(self, message: RtcMessage) -> None:
        if isinstance(message, RtcOffer):
            await self._end()
            self._id = message.id
            await self._answer(message)
        elif message.id != self._id or self._peer is None:
            return
        elif isinstance(message, RtcCandidate):
            await self._peer.addIceCandidate(_candidate(message))
        elif isinstance(message, RtcEnd):
            await self._end()

    async def _answer(self, offer: RtcOffer) -> None:
        if re.findall(r"^m=(\w+)", offer.sdp, re.MULTILINE) != ["audio"]:
            raise ValueError("one microphone is taken, nothing else")
        # Without a list of its own the library would ask a server of Google's who we are.
        peer = self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        clock = RtpClock(offer.trip_s / 2)

        @peer.on("track")
        def begin(track: MediaStreamTrack) -> None:
            for receiver in peer.getReceivers():
                setattr(receiver, _JITTER_BUFFER, JitterBuffer(_HELD_PACKETS))
            self._hearing = asyncio.create_task(self._hear(track, clock))

        await peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        self._tell(kind="rtc_answer", id=self._id, sdp=peer.localDescription.sdp)

    async def _hear(self, track: MediaStreamTrack, clock: RtpClock) -> None:
        flows = False
        with contextlib.suppress(MediaStreamError, TimeoutError):
            while True:
                frame: Any = await asyncio.wait_for(track.recv(), LOST_S if flows else None)
                now_s = time.monotonic()
                at_s = clock.at_s(frame.pts / WIDE_HZ, now_s) - self._origin_s
                data = page_frames.mic(frame.pts // 3, at_s, _mono(frame), page_frames.MIC_RTC)
                try:
                    self._connection.heard(data, now_s)
                except RefusalError as error:
                    self._connection.close(error.close_code, str(error))
                    return
                if not flows:
                    flows = True
                    self._tell(kind="rtc_state", id=self._id, state="flows")
        self._tell(kind="rtc_state", id=self._id, state="lost")

    async def _end(self) -> None:
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
        peer, self._peer = self._peer, None
        if peer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(peer.close(), _CLOSE_S)

    def _tell(self, **fields: Any) -> None:
        self._connection.send(json.dumps(fields))


def _mono(frame: Any) -> Pcm:
    """Of interleaved int16."""
    channels = len(frame.layout.channels)
    return np.asarray(frame.to_ndarray().reshape(-1, channels).mean(axis=1), np.int16)


def _candidate(message: RtcCandidate) -> Any:
    if not message.candidate:
        return None  # there are no more
    candidate = candidate_from_sdp(message.candidate.removeprefix("candidate:"))
    candidate.sdpMid, candidate.sdpMLineIndex = message.mid, 0
    return candidate
