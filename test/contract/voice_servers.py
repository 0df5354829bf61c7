"""Local servers that speak the voice services' real protocols, and misbehave on request."""

from __future__ import annotations

import json
import ssl
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np

from avatar_ros.testing.edge_server import EdgeServer, mp3_bytes, tone

__all__ = ["EdgeServer", "mp3_bytes", "speech_server", "tone"]


class SpeechHandler(BaseHTTPRequestHandler):
    """OpenAI's /audio/speech and CosyVoice's /inference_sft: a tone of 0.1 s a character, streamed.

    `ports` holds the client's port of each request: the same for requests on one connection. `connected` counts
    connections. The server's `mode`: ok, silence (until the client leaves), leaving (closes the connection behind the
    answer without having said so), once (the same, but only when the next request has come), 401, 429, 500, hang, cut,
    text, plain (text that says so), silent, wav, wav16 (another rate than usual), closing (as hang, with "Connection:
    close"), mp3, rate0 and rate500000 (a WAV that claims this rate).
    """

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.server.connected += 1
        super().setup()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/inference_sft"):
            text, rate = parse_qs(body.decode())["tts_text"][0], 22050
        else:
            text, rate = json.loads(body)["input"], 24000
        self.server.asked.append((self.path, text, self.headers.get("Authorization", "")))
        self.server.began += 1
        if self.server.mode == "once" and self.client_address[1] in self.server.ports:
            self.close_connection = True
            self.server.asked.pop()
            return
        self.server.ports.append(self.client_address[1])
        mode = self.server.mode
        if mode == "silence":
            self.connection.recv(1)
            self.close_connection = True
            self.server.left.release()
            return
        if mode.isdigit():
            self._refuse(int(mode))
            return
        pcm = tone(0.1 * len(text), rate) * (mode != "silent")
        data = {
            "mp3": lambda: mp3_bytes(pcm, rate),
            "wav": lambda: _wav(pcm, rate),
            "wav16": lambda: _wav(tone(0.1 * len(text), 16000), 16000),
            "text": lambda: b"<html>no sk-secret</html>",
            "plain": lambda: b"no sk-secret" * 1000,
            "rate0": lambda: _wav(pcm, 0),
            "rate500000": lambda: _wav(pcm, 500_000),
        }
        self._stream(data.get(mode, pcm.tobytes)(), mode)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Retry-After", "7")
        self.end_headers()

    def _stream(self, data: bytes, mode: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if mode == "plain" else "audio/pcm")
        self.send_header("Transfer-Encoding", "chunked")
        if mode == "closing":
            self.send_header("Connection", "close")
            mode = "hang"
        self.end_headers()
        try:
            self._pieces(data, mode)
        except OSError:  # the client left while a piece was on its way
            self.close_connection = True
        finally:
            if mode == "hang":
                self.server.left.release()
            if mode == "leaving":
                self.close_connection = True

    def _pieces(self, data: bytes, mode: str) -> None:
        half = len(data) // 2
        for at in range(0, half if mode in ("hang", "cut") else len(data), 4001):  # odd: samples are torn apart
            piece = data[at : min(at + 4001, half) if mode in ("hang", "cut") else at + 4001]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if mode == "hang":
            self.connection.recv(1)  # until the client leaves
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
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(pcm.tobytes())
    data = out.getvalue()
    return data[:24] + struct.pack("<II", rate_hz, 2 * rate_hz) + data[32:]


@contextmanager
def speech_server(mode: str = "ok", tls: ssl.SSLContext | None = None):
    """A ThreadingHTTPServer with `url`, `mode`, `asked`, and `left`: released when a client leaves one that hangs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SpeechHandler)
    server.daemon_threads = True
    server.mode, server.asked, server.ports, server.left = mode, [], [], threading.Semaphore(0)
    server.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.began = server.connected = 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
