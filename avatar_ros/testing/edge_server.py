"""Microsoft Edge's read-aloud WebSocket on 127.0.0.1, as edge_tts speaks it (https://github.com/rany2/edge-tts,
src/edge_tts/communicate.py): turn.start, word metadata and mp3 by turns, turn.end. A tone of 0.4 s a word.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from typing import Any, Self
from xml.sax.saxutils import unescape

import numpy as np

from ..core.arrays import Pcm

RATE_HZ = 24000
WORD_S = 0.4
_START_S = 60.0
_LOOK_S = 0.01


def tone(seconds: float, rate_hz: int) -> Pcm:
    """440 Hz, int16, a quarter of full scale."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.round(8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


def mp3_bytes(pcm: Pcm, rate_hz: int = RATE_HZ) -> bytes:
    """`pcm` as mp3 of 48 kbit/s, as the service sends it (PyAV's libmp3lame)."""
    import av

    codec: Any = av.CodecContext.create("libmp3lame", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = rate_hz, "mono", "s16p", 48000
    frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16p", layout="mono")
    frame.sample_rate = rate_hz
    fifo = av.AudioFifo()
    fifo.write(frame)
    out = b""
    while (piece := fifo.read(576, partial=True)) is not None:
        out += b"".join(bytes(packet) for packet in codec.encode(piece))
    return out + b"".join(bytes(packet) for packet in codec.encode(None))


class EdgeServer:
    """mode: ok; cut: the connection breaks after two words; half: all words are told of, but the mp3 stops in the
    middle; nonsense: the words are marked without saying when; hang: two words, mute: not one, and then nothing until
    the client leaves, to whom not even goodbye is said. first_s: from the text to the first byte of sound.

    asked: (when the text came, when the first sound was sent; seconds of CLOCK_MONOTONIC) a sentence.
    began: sentences that came. left: released each time a client leaves one that hangs.
    """

    def __init__(self, mode: str = "ok", first_s: float = 0.0) -> None:
        self.mode = mode
        self.url = ""
        self.asked: list[tuple[float, float]] = []
        self.began = 0
        self.left = threading.Semaphore(0)
        self._first_s = first_s
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_S):
            raise RuntimeError(f"the stand-in for Edge's voice did not start within {_START_S:.0f} s")
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        from aiohttp import web

        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/edge", self._talk)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        mp3_bytes(tone(WORD_S, RATE_HZ))  # the encoder's first use loads it; a service has been running for long
        self._loop.run_until_complete(site.start())
        port = runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{port}/edge?x=1"
        self._ready.set()
        self._loop.run_forever()

    async def _talk(self, request: Any) -> Any:
        mode = self.mode
        try:
            return await self._say(request, mode)
        finally:
            if mode in ("hang", "mute"):  # also where the client left while a word was on its way
                self.left.release()

    async def _say(self, request: Any, mode: str) -> Any:
        from aiohttp import web

        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()  # speech.config
        ssml = await socket.receive_str()
        self.began += 1
        came_s = time.monotonic()
        words = unescape(re.sub(r"<[^>]*>", " ", ssml[ssml.index("<speak") :])).split()
        await socket.send_str("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        data = mp3_bytes(tone(WORD_S * len(words), RATE_HZ))
        await asyncio.sleep(max(0.0, came_s + self._first_s - time.monotonic()))
        if mode != "mute":
            self.asked.append((came_s, time.monotonic()))
        for i, word in enumerate(words):
            if i >= {"cut": 2, "hang": 2, "mute": 0}.get(mode, len(words)):
                break
            await socket.send_str(_metadata(i, word).replace("Offset", "Nothing" if mode == "nonsense" else "Offset"))
            if i >= len(words) / 2 and mode == "half":
                continue
            await socket.send_bytes(_audio(data[i * len(data) // len(words) : (i + 1) * len(data) // len(words)]))
        if mode in ("hang", "mute"):
            await self._hang(request)
            return socket
        if mode in ("ok", "half"):
            await socket.send_str("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.close()
        return socket

    async def _hang(self, request: Any) -> None:
        """Until the connection is gone. To wait for a message would be to answer the client's goodbye."""
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(_LOOK_S)


def _metadata(i: int, word: str) -> str:
    text = {"Text": word, "Length": len(word), "BoundaryType": "WordBoundary"}
    data = {"Offset": round(i * WORD_S * 1e7), "Duration": 3_500_000, "text": text}
    body = json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]})
    return "X-RequestId:1\r\nContent-Type:application/json\r\nPath:audio.metadata\r\n\r\n" + body


def _audio(data: bytes) -> bytes:
    head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
    return len(head).to_bytes(2, "big") + head + data
