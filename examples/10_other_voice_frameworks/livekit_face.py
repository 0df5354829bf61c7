"""LiveKit agents: the face as an AudioOutput. pip install livekit-agents websockets

    session.output.audio = AvatarFace(face)
    await session.start(agent)
"""

from __future__ import annotations

import argparse
import asyncio
import time
import wave
from collections.abc import AsyncIterator

from face_client import FaceClient
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities


class AvatarFace(AudioOutput):
    """What an agent says is heard, and its lips are seen, in the page of the face. The client's rate is taken."""

    def __init__(self, face: FaceClient) -> None:
        super().__init__(
            label="avatar_ros", capabilities=AudioOutputCapabilities(pause=True), sample_rate=face.rate_hz
        )
        self._face = face
        self._orders: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._capturing = False
        self._sounds = False
        self._tasks = [asyncio.create_task(self._give()), asyncio.create_task(self._listen())]

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Sound, faster than it is heard."""
        await super().capture_frame(frame)
        self._capturing = True
        self._orders.put_nowait(bytes(frame.data.cast("B")))

    def flush(self) -> None:
        """The segment is complete."""
        super().flush()
        if self._capturing:
            self._capturing = False
            self._orders.put_nowait("end")

    def clear_buffer(self) -> None:
        """Be silent now."""
        self._capturing = False
        self._orders.put_nowait("interrupt")

    def pause(self) -> None:
        """Hold the voice."""
        self._orders.put_nowait("pause")

    def resume(self) -> None:
        """Go on at the same sample."""
        self._orders.put_nowait("resume")

    async def aclose(self) -> None:
        """End with the session."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _give(self) -> None:
        while True:
            order = await self._orders.get()
            await (self._face.sound(order) if isinstance(order, bytes) else self._face.order(order))

    async def _listen(self) -> None:
        async for event in self._face.events():
            if event["kind"] == "playback" and event["state"] == "playing" and not self._sounds:
                self._sounds = True
                self.on_playback_started(created_at=time.time())
            elif event["kind"] == "spoken":
                self._sounds = False
                self.on_playback_finished(playback_position=event["heard_s"], interrupted=event["interrupted"])


async def frames(pcm: bytes, rate_hz: int) -> AsyncIterator[rtc.AudioFrame]:
    """Pieces of 40 ms."""
    piece = rate_hz // 25 * 2
    for first in range(0, len(pcm), piece):
        data = pcm[first : first + piece]
        yield rtc.AudioFrame(data, rate_hz, 1, len(data) // 2)


async def main() -> None:
    """An agent without a room and without services: its voice is a WAV file."""
    parser = argparse.ArgumentParser(description="An agent of LiveKit's speaks a WAV file with the face.")
    parser.add_argument("wav", help="int16 mono")
    parser.add_argument("--url", default="ws://localhost:8000/face")
    options = parser.parse_args()
    with wave.open(options.wav, "rb") as file:
        rate_hz, pcm = file.getframerate(), file.readframes(file.getnframes())
    async with FaceClient(options.url, rate_hz=rate_hz) as face:
        print(f"open {face.page}", flush=True)
        session = AgentSession()
        output = AvatarFace(face)
        output.on("playback_finished", lambda event: print(event, flush=True))
        session.output.audio = output
        await session.start(Agent(instructions="You lend a voice."))
        await session.say("A sound of ours.", audio=frames(pcm, rate_hz))
        await session.aclose()
        await output.aclose()


if __name__ == "__main__":
    asyncio.run(main())
