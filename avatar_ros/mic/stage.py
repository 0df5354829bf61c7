"""The mic stage: one continuous stream of frames, without the avatar's own voice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import degrees

from ..aec.base import EchoCanceller, NoEcho
from ..audio.base import Block
from ..audio.framer import Framer
from ..core.clock import ns_from_s
from ..core.enums import AgentState
from ..core.events import AvatarState
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import AudioFrame
from .array_listener import ArrayListener, make_listener
from .base import MIC_BACKENDS, Mic, MicSettings
from .echo import make_echo

#: A device's thread wakes the stage; this only looks whether the device is still there.
_WATCH_S = 0.25
#: A loudspeaker tells what it plays before it is heard, but messages travel: a frame waits for them at most so long, s.
LONGEST_HOLD_S = 0.04
#: What is heard so soon after the avatar's own voice may be its echo, s.
_OWN_VOICE_TAIL_S = 0.4


class MicStage(Stage):
    """Reads the microphone, cuts frames, treats the echo."""

    def __init__(
        self, settings: MicSettings, mic: Mic, echo: EchoCanceller, array: ArrayListener | None = None
    ) -> None:
        super().__init__()
        self._array = array
        self._own_voice_until_s = float("-inf")
        self._settings = settings
        self._mic = mic
        self._echo = echo
        if isinstance(echo, NoEcho) and array is None:
            self.unread = frozenset({"speech/played"})
        self._cutter = Framer(round(settings.frame_s * LISTENING_RATE_HZ))
        self._opened = False
        self._opened_s = 0.0
        self._speaking: bool | None = None  # the conversation's state, until the microphone is told
        self.awaits_conversation = self._waits = settings.backend == "file" and settings.ready_wait_s > 0
        self._sample = 0
        self._held: deque[Block] = deque()  # heard, while the reference of its echo is awaited
        self.tick_period_s = settings.frame_s

    def load(self) -> None:
        """Look for the device, read the files. Sound begins with the first tick."""
        self._mic.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """What is played, for the echo; the conversation's state, for questions from files."""
        if isinstance(message, AudioFrame) and message.session == self._settings.session:
            self._echo.played(message)
            if self._array is not None and message.pcm.any():
                self._own_voice_until_s = now_s + len(message.pcm) / message.sample_rate_hz + _OWN_VOICE_TAIL_S
            return self._treated(now_s)
        if isinstance(message, AvatarState) and message.session == self._settings.session:
            self._speaking = message.state in (AgentState.THINKING, AgentState.SPEAKING)
            self._tell_mood(now_s)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Frames that have been heard since."""
        if not self._opened:
            self._mic.open(now_s, self.wake)
            self._opened, self._opened_s = True, now_s
        self._tell_mood(now_s)
        if self._waits and now_s - self._opened_s > self._settings.ready_wait_s:
            self._fail()
        self.tick_period_s = self._settings.frame_s if self._mic.paced else _WATCH_S
        return self._frames(now_s)

    def status(self) -> Mapping[str, str]:
        """The device, how echo is treated; a warning where something is missing."""
        out = {**self._mic.status(), "echo": self._echo.name, **self._echo.status()}
        if self._array is not None and self._array.direction is not None:
            out["direction_deg"] = f"{degrees(self._array.direction.azimuth_rad):.0f}"
        warnings = [text for text in (out.get("warning", ""), self._echo.warning) if text]
        return {**out, "warning": "; ".join(warnings)} if warnings else out

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Be deaf: a device that goes on would fill the memory with what nobody reads."""
        self.close()
        return ()

    def close(self) -> None:
        """Close the device."""
        self._mic.close()
        self._opened = False

    def _tell_mood(self, now_s: float) -> None:
        """The first one says that there is a conversation: not before everybody is ready who takes part in it."""
        if self._speaking is not None and not self.missing:
            self._mic.mood(self._speaking, now_s)
            self._speaking, self._waits = None, False

    def _fail(self) -> None:
        missing = ", ".join(sorted(self.missing)) or "the dialogue's state"
        self.failure = f"no question was asked: {missing} did not come within {self._settings.ready_wait_s:g} s"
        self.finished = True

    def _frames(self, now_s: float) -> Iterator[Out]:
        blocks = self._cutter.cut(self._mic.read(now_s))
        if self._array is None:
            self._held.extend(blocks)
        else:
            yield from self._heard_as_one(self._array, blocks)
        yield from self._treated(now_s)

    def _heard_as_one(self, array: ArrayListener, blocks: Iterable[Block]) -> Iterator[Out]:
        for block in blocks:
            heard, direction = array.hear(block, own_voice=block.at_s < self._own_voice_until_s)
            self._held.append(heard)
            if direction is not None:
                yield Out("mic/direction", direction)

    def _treated(self, now_s: float) -> Iterator[Out]:
        while self._held:
            block = self._held[0]
            late_s = now_s - block.at_s - len(block.pcm) / LISTENING_RATE_HZ
            if not self._echo.ready(block) and late_s < LONGEST_HOLD_S:
                return
            self._held.popleft()
            frame = AudioFrame(
                session=self._settings.session,
                first_sample=self._sample,
                sample_rate_hz=LISTENING_RATE_HZ,
                pcm=self._echo.treat(block),
                steady_ns=ns_from_s(block.at_s),
            )
            self._sample += len(block.pcm)
            yield Out("mic/audio", frame)


def build_mic(settings: MicSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend and echo treatment that `settings` name. Raises UnknownBackendError, ConfigError."""
    return MicStage(
        settings, MIC_BACKENDS.make(settings.backend, settings, own=own), make_echo(settings), make_listener(settings)
    )
