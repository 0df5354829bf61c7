"""pipecat: the face as a processor that stands where an output transport would. pip install pipecat-ai websockets

    pipeline = Pipeline([..., llm, tts, AvatarFace(face), assistant_aggregator])
"""

from __future__ import annotations

import argparse
import asyncio
import wave
from typing import Any

from face_client import FaceClient
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner


class AvatarFace(FrameProcessor):
    """Takes TTSAudioRawFrame at face.rate_hz; says BotStartedSpeaking and BotStoppedSpeaking as the page hears it.

    With mic=True of the client the page's microphone comes as InputAudioRawFrame, upstream and downstream.
    """

    def __init__(self, face: FaceClient) -> None:
        super().__init__()
        self._face = face
        self._speaking = False
        self._works: list[asyncio.Task[None]] = []
        self.spoken: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Sound goes to the face, orders too, everything goes on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, StartFrame):
            self._works = [self.create_task(self._listen()), self.create_task(self._hear())]
        elif isinstance(frame, TTSAudioRawFrame):
            if (frame.sample_rate, frame.num_channels) != (self._face.rate_hz, 1):
                raise ValueError(f"sound at {frame.sample_rate} Hz; the face was told {self._face.rate_hz} Hz, mono")
            await self._face.sound(frame.audio)
        elif isinstance(frame, TTSStoppedFrame):
            await self._face.end()
        elif isinstance(frame, InterruptionFrame):
            await self._face.order("interrupt")
        elif isinstance(frame, EndFrame | CancelFrame):
            for work in self._works:
                await self.cancel_task(work)
        await self.push_frame(frame, direction)

    async def _listen(self) -> None:
        async for event in self._face.events():
            if event["kind"] == "playback" and event["state"] == "playing":
                await self._say(True)
            elif event["kind"] == "spoken":
                await self._say(False)
                self.spoken.put_nowait(event)
            elif event["kind"] == "stop":
                await self.broadcast_interruption()

    async def _say(self, speaking: bool) -> None:
        if speaking == self._speaking:
            return
        self._speaking = speaking
        kind = BotStartedSpeakingFrame if speaking else BotStoppedSpeakingFrame
        await self.push_frame(kind(), FrameDirection.DOWNSTREAM)
        await self.push_frame(kind(), FrameDirection.UPSTREAM)

    async def _hear(self) -> None:
        while True:
            pcm = await self._face.heard.get()
            await self.push_frame(InputAudioRawFrame(pcm, 16000, 1))


async def main() -> None:
    """A voice that is a WAV file stands in for your TTS service."""
    parser = argparse.ArgumentParser(description="Speak a WAV file through a pipecat pipeline and the face.")
    parser.add_argument("wav", help="int16 mono")
    parser.add_argument("--url", default="ws://localhost:8000/face")
    options = parser.parse_args()
    with wave.open(options.wav, "rb") as file:
        rate_hz, pcm = file.getframerate(), file.readframes(file.getnframes())
    async with FaceClient(options.url, rate_hz=rate_hz) as face:
        print(f"open {face.page}", flush=True)
        avatar = AvatarFace(face)
        worker = PipelineWorker(Pipeline([avatar]), cancel_on_idle_timeout=False)
        runner = WorkerRunner()
        await runner.add_workers(worker)

        async def speak() -> None:
            piece = rate_hz // 25 * 2
            sounds = [TTSAudioRawFrame(pcm[i : i + piece], rate_hz, 1) for i in range(0, len(pcm), piece)]
            for frame in (TTSStartedFrame(), *sounds, TTSStoppedFrame()):
                await worker.queue_frame(frame)
            print(await avatar.spoken.get(), flush=True)
            await worker.queue_frame(EndFrame())

        await asyncio.gather(runner.run(), speak())


if __name__ == "__main__":
    asyncio.run(main())
