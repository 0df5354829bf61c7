"""A visitor without a browser: speaks docs/web_protocol.md over a real socket, plays the voice by the clock, as a page
does, and keeps what it was told. For tests and load.

    async with WebVisitor("ws://localhost:8000/ws") as visitor:
        await visitor.type("what time is it")
        await visitor.until(lambda: visitor.heard_turns)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ

MIC_S, STEP_S, PREBUFFER_S = 0.02, 0.02, 0.08
_CLOCK_S = 0.04
_OPEN_S = 60.0
_VOICE, _FACE, _MIC = struct.Struct("<BBHIIIII"), struct.Struct("<BBHIIIIId7f"), struct.Struct("<BBHIIId")


@dataclass
class SpokenTurn:
    """The sound of a turn as it came. start_s: when its first sample was heard here; faces: samples of its faces."""

    number: int
    rate_hz: int = 24000
    pcm: list[Pcm] = field(default_factory=list)
    end: int = 0
    complete: bool = False
    played: float = 0.0
    state: str = ""
    start_s: float | None = None
    faces: list[int] = field(default_factory=list)


class WebVisitor:
    """told: JSON frames in order; turns: by number; heard_turns: numbers that were played to their end."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        resume: dict[str, Any] | None = None,
        wishes: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        """wishes: of its hello: locale, voice, avatar; options: of websockets' connect (origin, ssl, …)."""
        self.url = url
        self.told: list[dict[str, Any]] = []
        self.turns: dict[int, SpokenTurn] = {}
        self.heard_turns: list[int] = []
        self.session: dict[str, Any] = {}
        self.idle_faces = 0
        self.seq = 0
        self.close_code: int | None = None
        self._hello = {"kind": "hello", "protocol": 1, **(wishes or {}), **({"resume": resume} if resume else {})}
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._options = options
        self._offset_s = 0.0
        self._held_up_to = self._over_up_to = 0
        self._mic_sample = 0
        self._told_clock_s = 0.0
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    # --- what a test calls ---------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed

        self._options.setdefault("additional_headers", self._headers)
        self._socket = await connect(self.url, max_size=1 << 20, open_timeout=_OPEN_S, **self._options)
        with contextlib.suppress(ConnectionClosed):  # turned away at once: `close_code` will say why
            await self.send(**self._hello)
        self._tasks = [asyncio.create_task(work()) for work in (self._read, self._play)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def vanish(self) -> dict[str, Any]:
        """Lose the socket, as a network does; what to give as `resume`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.transport.abort()
        return {"key": self.session["key"], "seq": self.seq}

    def take_over(self, other: WebVisitor) -> None:
        """Go on where another socket of the same page stopped: its sound and its place in it."""
        self.turns, self.heard_turns, self.told = other.turns, other.heard_turns, other.told
        self.seq, self._mic_sample = other.seq, other._mic_sample
        self._held_up_to, self._over_up_to = other._held_up_to, other._over_up_to

    async def send(self, **fields: Any) -> None:
        """A text frame."""
        await self._socket.send(json.dumps(fields))

    async def send_raw(self, frame: str | bytes) -> None:
        """Whatever it is."""
        await self._socket.send(frame)

    async def type(self, text: str) -> None:
        """Type a question."""
        await self.send(kind="text", id="1", text=text)

    async def speak(self, pcm: Pcm) -> None:
        """Into the microphone, in real time, 16 kHz."""
        size = round(MIC_S * LISTENING_RATE_HZ)
        start_s = time.monotonic()
        for i, first in enumerate(range(0, len(pcm), size)):
            piece = pcm[first : first + size]
            now_s = time.monotonic() - self._offset_s
            head = _MIC.pack(16, 0, 0, LISTENING_RATE_HZ, self._mic_sample, len(piece), now_s - MIC_S)
            if len(piece) == size:
                await self._socket.send(head + piece.astype("<i2").tobytes())
            self._mic_sample += len(piece)
            await asyncio.sleep(max(0.0, start_s + (i + 1) * MIC_S - time.monotonic()))

    async def until(self, condition: Callable[[], object], timeout_s: float = 120.0, what: str = "") -> None:
        """Wait for something that it was told, or has played. Raises TimeoutError with all it was told."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: bool(condition())), timeout_s)
            except TimeoutError:
                raise TimeoutError(f"{what or condition}: {self.told[-40:]}") from None

    def of(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """What it was told of a kind, with these fields."""
        found = (one for one in self.told if one["kind"] == kind)
        return [one for one in found if all(one.get(name) == value for name, value in fields.items())]

    def said(self, turn: int) -> str:
        """The caption of a turn."""
        return " ".join(one["text"] for one in self.of("sentence", turn=turn) if one["text"])

    # --- what a page does ----------------------------------------------------------------------------------------

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async for frame in self._socket:
                async with self._changed:
                    self._take(frame)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        async with self._changed:
            self.close_code = self._socket.close_code
            self._changed.notify_all()

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            told = json.loads(frame)
            self.seq = max(self.seq, told.get("seq", 0))
            self.told.append(told)
            if told["kind"] == "session":
                self.session = told
                self._offset_s = time.monotonic() - told["now_s"]
            elif told["kind"] == "order":
                self._obey(told)
        elif frame[0] == 1:
            self._voice(frame)
        else:
            self._face(frame)

    def _obey(self, order: dict[str, Any]) -> None:
        if order["action"] in ("cancel", "repeat"):
            self._over_up_to = max(self._over_up_to, order["turn"])
        elif order["action"] == "pause":
            self._held_up_to = max(self._held_up_to, order["turn"])
        elif order["action"] == "resume":
            self._held_up_to = 0

    def _voice(self, frame: bytes) -> None:
        _, flags, _, seq, number, first, rate_hz, count = _VOICE.unpack_from(frame)
        self.seq = max(self.seq, seq)
        turn = self.turns.setdefault(number, SpokenTurn(number, rate_hz))
        if first + count > turn.end:
            turn.pcm.append(np.frombuffer(frame, "<i2", count, _VOICE.size))
            turn.end = first + count
        turn.complete = turn.complete or bool(flags & 2)

    def _face(self, frame: bytes) -> None:
        kind, _, _, seq, number, sample, *_ = _FACE.unpack_from(frame)
        if kind == 3:
            self.idle_faces += 1
            return
        self.seq = max(self.seq, seq)
        self.turns.setdefault(number, SpokenTurn(number)).faces.append(sample)

    async def _play(self) -> None:
        before_s = time.monotonic()
        while True:
            await asyncio.sleep(STEP_S)
            now_s = time.monotonic()
            turn = next((turn for _, turn in sorted(self.turns.items()) if turn.state != "ended"), None)
            if turn is not None:
                async with self._changed:
                    await self._step(turn, now_s - before_s, now_s)
                    self._changed.notify_all()
            before_s = now_s

    async def _step(self, turn: SpokenTurn, passed_s: float, now_s: float) -> None:
        state = turn.state
        if turn.state == "playing":
            turn.played = min(float(turn.end), turn.played + passed_s * turn.rate_hz)
        if turn.number <= self._over_up_to or (turn.complete and turn.played >= turn.end):
            turn.state = "ended"
        elif turn.number <= self._held_up_to:
            turn.state = "paused" if state else ""
        elif turn.state != "playing":
            enough = turn.complete or turn.end - turn.played >= PREBUFFER_S * turn.rate_hz
            turn.state = "playing" if enough and turn.end else turn.state
        elif turn.played >= turn.end:
            turn.state = "starved"
        if turn.state == "playing" and turn.start_s is None:
            turn.start_s = now_s
        if turn.state and (turn.state != state or now_s - self._told_clock_s >= _CLOCK_S):
            await self._report(turn, now_s)
        if turn.state == "ended" and turn.number > self._over_up_to:
            self.heard_turns.append(turn.number)

    async def _report(self, turn: SpokenTurn, now_s: float) -> None:
        self._told_clock_s = now_s
        at_s = now_s - self._offset_s
        await self.send(kind="clock", turn=turn.number, sample=int(turn.played), at_s=at_s, state=turn.state)
