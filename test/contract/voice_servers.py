"""Local servers that speak the voice services' real protocols, and misbehave on request."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np


def tone(seconds: float, rate_hz: int) -> np.ndarray:
    """440 Hz, int16."""
    return np.round(8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.int16)


def mp3_bytes(pcm: np.ndarray, rate_hz: int = 24000) -> bytes:
    """`pcm` as mp3 (PyAV's libmp3lame); "" where this PyAV cannot write mp3."""
    import av

    codec = av.CodecContext.create("libmp3lame", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = rate_hz, "mono", "s16p", 48000
    frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16p", layout="mono")
    frame.sample_rate = rate_hz
    fifo = av.AudioFifo()
    fifo.write(frame)
    out = b""
    while (piece := fifo.read(576, partial=True)) is not None:
        out += b"".join(bytes(packet) for packet in codec.encode(piece))
    return out + b"".join(bytes(packet) for packet in codec.encode(None))


class SpeechHandler(BaseHTTPRequestHandler):
    """OpenAI's /audio/speech and CosyVoice's /inference_sft: a tone of 0.1 s a character, streamed.

    The server's `mode`: ok, 401, 429, 500, hang, cut, text, silent, wav, mp3.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/inference_sft"):
            text, rate = parse_qs(body.decode())["tts_text"][0], 22050
        else:
            text, rate = json.loads(body)["input"], 24000
        self.server.asked.append((self.path, text, self.headers.get("Authorization", "")))
        mode = self.server.mode
        if mode.isdigit():
            self._refuse(int(mode))
            return
        pcm = tone(0.1 * len(text), rate) * (mode != "silent")
        data = {"mp3": lambda: mp3_bytes(pcm, rate), "wav": lambda: _wav(pcm, rate), "text": lambda: b"<html>no</html>"}
        self._stream(data.get(mode, pcm.tobytes)(), mode)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Retry-After", "7")
        self.end_headers()

    def _stream(self, data: bytes, mode: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(data) // 2
        for at in range(0, half if mode in ("hang", "cut") else len(data), 4001):  # odd: samples are torn apart
            piece = data[at : min(at + 4001, half) if mode in ("hang", "cut") else at + 4001]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if mode == "hang":
            time.sleep(3)
        if mode in ("hang", "cut"):
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


def _wav(pcm: np.ndarray, rate_hz: int) -> bytes:
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(pcm.tobytes())
    return out.getvalue()


@contextmanager
def speech_server(mode: str = "ok"):
    """A ThreadingHTTPServer with `url`, `mode` and `asked`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SpeechHandler)
    server.daemon_threads = True
    server.mode, server.asked = mode, []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class EdgeServer:
    """Edge's read-aloud WebSocket: turn.start, word metadata and mp3 by turns, turn.end. 0.4 s a word.

    mode: ok, cut (the connection breaks after two words), hang.
    """

    def __init__(self, mode: str = "ok") -> None:
        self.mode = mode
        self.url = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> EdgeServer:
        self._thread.start()
        self._ready.wait(10)
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
        self._loop.run_until_complete(site.start())
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/edge?x=1"
        self._ready.set()
        self._loop.run_forever()

    async def _talk(self, request):
        import re
        from xml.sax.saxutils import unescape

        from aiohttp import web

        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()  # speech.config
        ssml = await socket.receive_str()
        words = unescape(re.sub(r"<[^>]*>", " ", ssml[ssml.index("<speak") :])).split()
        await socket.send_str("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        data = mp3_bytes(tone(0.4 * len(words), 24000))
        for i, word in enumerate(words):
            if i >= 2 and self.mode != "ok":
                if self.mode == "hang":
                    await asyncio.sleep(5)
                await socket.close()
                return socket
            await socket.send_str(_metadata(i, word))
            await socket.send_bytes(_audio(data[i * len(data) // len(words) : (i + 1) * len(data) // len(words)]))
        await socket.send_str("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.close()
        return socket


def _metadata(i: int, word: str) -> str:
    text = {"Text": word, "Length": len(word), "BoundaryType": "WordBoundary"}
    data = {"Offset": i * 4_000_000, "Duration": 3_500_000, "text": text}
    body = json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]})
    return "X-RequestId:1\r\nContent-Type:application/json\r\nPath:audio.metadata\r\n\r\n" + body


def _audio(data: bytes) -> bytes:
    head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
    return len(head).to_bytes(2, "big") + head + data
