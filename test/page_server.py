"""A small server that speaks docs/web_protocol.md for the page's tests, with the product's own stages (page_graph.py).

One conversation at a time; no limits, no log-in, no ROS: gateway/ is the real one.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web

from avatar_ros.avatar.model import Avatar
from avatar_ros.core.enums import InterruptAction, PlaybackState
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import AudioFrame, PlaybackClock, Transcript
from avatar_ros.gateway.avatar_binary import binary_name, to_binary
from avatar_ros.gateway.page_files import PageFiles
from page_graph import Graph

ANSWERS = Path(__file__).with_name("page_answers.yaml")
PAGE = Path(__file__).resolve().parents[1] / "avatar_ros/gateway/page"
TYPES = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
}  # fmt: skip
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; style-src 'self'; base-uri 'none'; form-action 'none'"
)


class PageServer:
    """Serves the page at `url`. clocks, figures, texts: what pages sent; mic: their sound; bytes_sent by path."""

    def __init__(self, folder: Path, avatars: dict[str, Avatar], answers_file: Path | None = None, *, places: int = 1,
                 token: str = "") -> None:
        self.folder, self.places, self.token = folder, places, token
        self.pages = PageFiles(PAGE)
        self.blobs = {name: to_binary(avatar) for name, avatar in avatars.items()}
        self.graph = Graph(folder, answers_file)
        self.graph.tell = self._tell
        self.clocks: list[dict] = []
        self.figures: list[dict] = []
        self.texts: list[str] = []
        self.mic: list[tuple[int, float, np.ndarray]] = []
        self.bytes_sent: dict[str, int] = {}
        self.sent: list[tuple[int, dict | bytes]] = []  # with their seq, for who comes back
        self.version, self.key, self.stall_s = "1", "", 0.0
        self.away = False  # no socket gets through
        self.talking: web.WebSocketResponse | None = None
        self.waiting: list[web.WebSocketResponse] = []
        self.hellos: list[dict] = []
        self._loop = asyncio.new_event_loop()
        self._out: asyncio.Queue[dict | bytes] = asyncio.Queue()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    def call(self, work: Callable[[], Any]) -> Any:
        """In the server's thread; its result."""
        async def done() -> Any:
            result = work()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)

    def cut(self) -> None:
        """The network breaks: the socket is gone without a word."""
        self.call(lambda: self.talking is not None and self.talking._req.transport.abort())

    def order(self, action: InterruptAction) -> None:
        self.graph.send("interrupt", Interrupt(epoch=self.graph.epoch, turn=self.graph.turn, action=action))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self.graph.close()

    # --- serving ---------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/", self._file)
        app.router.add_get("/{name:embed}", self._file)
        app.router.add_get("/static/{name}", self._file)
        app.router.add_get("/avatars", self._avatars)
        app.router.add_get("/avatar/{name}", self._avatar)
        app.router.add_get("/voices", self._voices)
        app.router.add_post("/login", self._login)
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/test/{name}", self._test_file)
        runner = web.AppRunner(app, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        writing = self._loop.create_task(self._write())
        self._loop.call_soon(self._started.set)
        self._loop.run_forever()
        writing.cancel()
        self._loop.run_until_complete(runner.cleanup())

    def _answer(self, request: web.Request, body: bytes, kind: str) -> web.Response:
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind, "Cache-Control": "no-cache"}
        if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 500:
            body = gzip.compress(body, 9)
            headers["Content-Encoding"] = "gzip"
        self.bytes_sent[request.path] = len(body)
        return web.Response(body=body, headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        file = self.pages.files.get(f"{name}.html" if name == "embed" else name)
        if file is None:
            raise web.HTTPNotFound
        return self._answer(request, file.data, file.kind)

    async def _test_file(self, request: web.Request) -> web.Response:
        path = Path(__file__).parent / "page" / request.match_info["name"]
        return web.Response(body=path.read_bytes(), headers={"Content-Type": TYPES[path.suffix]})

    def _check(self, request: web.Request) -> None:
        if self.token and request.cookies.get("token") != self.token:
            raise web.HTTPUnauthorized

    async def _login(self, request: web.Request) -> web.Response:
        if (await request.json())["token"] != self.token:
            raise web.HTTPUnauthorized
        answer = web.Response(status=204)
        answer.set_cookie("token", self.token, httponly=True, samesite="Strict")
        return answer

    async def _avatars(self, request: web.Request) -> web.Response:
        self._check(request)
        entries = [self._entry(name) | {"default": k == 0} for k, name in enumerate(self.blobs)]
        return web.json_response({"avatars": entries})

    def _entry(self, name: str) -> dict:
        blob = self.blobs[name]
        return {"id": name, "name": name, "url": f"/avatar/{binary_name(blob)}.bin", "bytes": len(blob)}

    async def _avatar(self, request: web.Request) -> web.Response:
        self._check(request)
        blob = {binary_name(blob) + ".bin": blob for blob in self.blobs.values()}[request.match_info["name"]]
        return self._answer(request, blob, "application/octet-stream")

    async def _voices(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({
            "voices": [
                {"id": "usual", "name": "Usual", "locale": "", "default": True},
                {"id": "f1", "name": "woman 1", "locale": "", "default": False},
                {"id": "joe", "name": "Joe", "locale": "en-US", "default": False},
                {"id": "thorsten", "name": "Thorsten", "locale": "de-DE", "default": False},
            ],
            "locales": [
                {"id": "en-US", "name": "English", "default": True, "heard": True},
                {"id": "de-DE", "name": "Deutsch", "default": False, "heard": False},
            ],
            "complete": True,
        })  # fmt: skip

    # --- the socket ------------------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=65536)
        await socket.prepare(request)
        if self.token and request.cookies.get("token") != self.token:
            await socket.close(code=4401)
            return socket
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._text(socket, json.loads(message.data))
                elif message.type is WSMsgType.BINARY:
                    self._mic(message.data)
        finally:
            await self._left(socket)
        return socket

    async def _text(self, socket: web.WebSocketResponse, m: dict) -> None:
        kind, graph = m["kind"], self.graph
        if kind == "ping":
            await socket.send_json({"kind": "pong", "t": m["t"], "now_s": time.monotonic()})
        elif kind == "hello":
            self.hellos.append(m)
            await self._enter(socket, m)
        elif kind == "clock":
            self.clocks.append({**m, "got_s": time.monotonic()})
            state = PlaybackState[m["state"].upper()]
            ns = round(m["at_s"] * 1e9)
            clock = PlaybackClock(epoch=graph.epoch, turn=m["turn"], sample=m["sample"], state=state, steady_ns=ns)
            graph.send("speech/playback", clock)
        elif kind == "text":
            self.texts.append(m["text"])
            graph.send("speech/transcript", Transcript(utterance=len(self.texts), text=m["text"]))
        elif kind == "interrupt":
            self.order(InterruptAction.CANCEL)
        elif kind == "figures":
            self.figures.append(m)

    async def _enter(self, socket: web.WebSocketResponse, hello: dict) -> None:
        if self.talking is not None and self.places == 1 and hello.get("resume", {}).get("key") != self.key:
            self.waiting.append(socket)
            await self._tell_queue()
            return
        resume = hello.get("resume", {})
        resumed = bool(self.key) and resume.get("key") == self.key
        if self.talking is not None and not self.talking.closed:
            await self.talking.close(code=4409)
        self.key = self.key if resumed else f"key{time.monotonic()}"
        if not resumed:
            self.sent.clear()
        name = hello.get("avatar") or next(iter(self.blobs))
        await socket.send_json({
            "kind": "session", "protocol": 1, "key": self.key, "resumed": resumed, "resume_s": 60.0,
            "now_s": time.monotonic(), "speech_rate_hz": 24000, "mic_rate_hz": 16000,
            "locale": hello.get("locale") or "en-US", "heard": hello.get("locale") != "de-DE",
            "avatar": self._entry(name), "idle_s": 300.0, "longest_s": 0.0, "version": self.version, "talk": "open",
        })  # fmt: skip
        told = resume.get("seq", 0)
        while missed := [(seq, frame) for seq, frame in self.sent if resumed and seq > told]:
            told = missed[-1][0]
            for _, frame in missed:
                await self._send(socket, frame)
        self.talking = socket

    async def _tell_queue(self) -> None:
        for place, socket in enumerate(self.waiting, 1):
            await socket.send_json({"kind": "queue", "place": place, "length": len(self.waiting)})

    async def _left(self, socket: web.WebSocketResponse) -> None:
        if socket in self.waiting:
            self.waiting.remove(socket)
            await self._tell_queue()
        if socket is self.talking:
            self.talking = None
            if self.waiting:
                await self._enter(self.waiting.pop(0), {})
                await self._tell_queue()

    def _mic(self, data: bytes) -> None:
        _, _, _, rate_hz, first, count, at_s = struct.unpack_from("<BBHIIId", data)
        pcm = np.frombuffer(data, "<i2", count, 24).astype(np.int16)
        self.mic.append((first, at_s, pcm))
        self.graph.send("mic/audio", AudioFrame(first_sample=first, sample_rate_hz=rate_hz, pcm=pcm,
                                                steady_ns=round(at_s * 1e9) if np.isfinite(at_s) else 0))  # fmt: skip

    def _tell(self, frame: dict | bytes) -> None:
        self._loop.call_soon_threadsafe(self._give, frame)

    def _give(self, frame: dict | bytes) -> None:
        seq = frame["seq"] if isinstance(frame, dict) else struct.unpack_from("<I", frame, 4)[0]
        if seq:
            self.sent.append((seq, frame))
        self._out.put_nowait(frame)

    async def _write(self) -> None:
        while True:
            frame = await self._out.get()
            if self.talking is not None and not self.talking.closed:
                await self._send(self.talking, frame)

    async def _send(self, socket: web.WebSocketResponse, frame: dict | bytes) -> None:
        if self.stall_s:
            await asyncio.sleep(self.stall_s)
        with suppress(ConnectionError):  # it is gone
            await (socket.send_json(frame) if isinstance(frame, dict) else socket.send_bytes(frame))


def say_goodbye(server: PageServer, reason: str) -> None:
    """The server ends the conversation."""
    async def end() -> None:
        assert server.talking is not None
        await server.talking.send_json({"kind": "bye", "reason": reason, "text": ""})
        await server.talking.close(code=WSCloseCode.OK)

    server.call(end)

