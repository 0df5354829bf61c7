"""A client of /face (docs/web_protocol.md): gives a voice to the face, tells what became of it. Needs websockets alone.

    async with FaceClient("ws://localhost:8000/face", rate_hz=24000) as face:
        print("open", face.page)
        await face.sound(pcm)
        await face.end()
        async for event in face.events(): ...
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import wave
from collections.abc import AsyncIterator
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

#: int16 mono in one frame: 64 KiB at most, its head included.
MOST_BYTES = 60_000
_SOUND, _TURN_END, _MIC_HEADER_BYTES = 32, 1, 24


class FaceClient:
    """rate_hz: of the sound that will be given; mic: the page's microphone is wanted (`hear`, 16 kHz)."""

    def __init__(self, url: str, *, rate_hz: int = 24000, mic: bool = False, locale: str = "", token: str = "") -> None:
        self.url, self.rate_hz = url, rate_hz
        self._hello = {"kind": "hello", "protocol": 1, "rate_hz": rate_hz, "mic": mic, "locale": locale}
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue(500)  # of the page's microphone: int16 mono at 16 kHz
        self.page = ""

    async def __aenter__(self) -> Self:
        self._socket: ClientConnection = await connect(self.url, additional_headers=self._headers, open_timeout=60)
        await self._send(**self._hello)
        told = json.loads(await self._socket.recv())
        parts = urlsplit(self.url)
        self.page = f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}{told['page']}"
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def sound(self, pcm: bytes, *, end: bool = False) -> None:
        """Little-endian int16 mono at rate_hz, as fast as it is made. end: the turn ends with it."""
        for first in range(0, max(1, len(pcm)), MOST_BYTES):
            last = end and first + MOST_BYTES >= len(pcm)
            head = struct.pack("<BBH", _SOUND, _TURN_END * last, 0)
            await self._socket.send(head + pcm[first : first + MOST_BYTES])

    async def say(self, text: str, *, end: bool = True) -> None:
        """Have it spoken by the server's own voice."""
        await self._send(kind="say", text=text, end=end)

    async def caption(self, text: str) -> None:
        """What the sound that comes now says."""
        await self._send(kind="caption", text=text)

    async def end(self) -> None:
        """The turn is complete."""
        await self._send(kind="end")

    async def order(self, kind: str) -> None:
        """interrupt, clear, pause or resume."""
        await self._send(kind=kind)

    async def state(self, state: str) -> None:
        """What the page shows while nothing is said: idle, listening or thinking."""
        await self._send(kind="state", state=state)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """page, playback, spoken, text, stop, talk, error, bye; ends with the socket."""
        while (event := await self._events.get()) is not None:
            yield event

    async def _send(self, **fields: Any) -> None:
        await self._socket.send(json.dumps(fields))

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                if isinstance(frame, str):
                    self._events.put_nowait(json.loads(frame))
                elif not self.heard.full():
                    self.heard.put_nowait(frame[_MIC_HEADER_BYTES:])
        except ConnectionClosed:
            pass
        self._events.put_nowait(None)


async def main() -> None:
    """Speak a WAV file, or a text."""
    parser = argparse.ArgumentParser(description="Speak a WAV file (int16 mono) or a text with the face of a browser.")
    parser.add_argument("--url", default="ws://localhost:8000/face", help="of ./avatar web (default: %(default)s)")
    parser.add_argument("--wav", help="WAV file")
    parser.add_argument("--text", default="Hello. I lend my face to anybody.", help="where no file is given")
    options = parser.parse_args()
    rate_hz, pcm = _wav(options.wav) if options.wav else (24000, b"")
    async with FaceClient(options.url, rate_hz=rate_hz) as face:
        print(f"open {face.page}", flush=True)
        await (face.sound(pcm, end=True) if pcm else face.say(options.text))
        async for event in face.events():
            print(event, flush=True)
            if event["kind"] == "spoken":
                return


def _wav(path: str) -> tuple[int, bytes]:
    with wave.open(path, "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise SystemExit(f"{path}: give int16 mono")
        return file.getframerate(), file.readframes(file.getnframes())


if __name__ == "__main__":
    asyncio.run(main())
