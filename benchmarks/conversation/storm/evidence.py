"""What really happened, as any other node hears it: sound at the loudspeaker, the face, states, words, pictures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sensor_msgs.msg import Image

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.arrays import U8
from avatar_ros.core.enums import Layer
from avatar_ros.core.types import AudioFrame, Expression, SpeechChunk
from avatar_ros.ros import qos
from avatar_ros.ros.image_reader import picture_from_msg

if TYPE_CHECKING:
    from avatar_ros.ros.listener import Listener

TOPICS = (
    "state", "say", "say_result", "speech/audio", "speech/played", "speech/transcript", "dialogue/prompt",
    "dialogue/reply", "motion/expression", "gaze_target", "control", "wear_result",
)  # fmt: skip
#: Samples of a piece of sound that is looked for, and what is no sound, of 32767.
_BLOCK, _SILENT = 480, 200
_SMALL_PX = 24


@dataclass(frozen=True)
class Heard:
    """Of a sentence: how much left the loudspeaker (0-1 of what the voice made), seconds of it, and when it ended.

    lacking_s: of what the voice made and was not heard; unseen_s: of what was played and did not reach us, since DDS
    had not found us yet.
    """

    share: float = 0.0
    seconds: float = 0.0
    until_s: float = float("-inf")
    lacking_s: float = float("inf")
    unseen_s: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it was heard to its end, as far as could be seen."""
        return self.share > 0.9 or self.lacking_s < self.unseen_s


class Evidence:
    """Reads what a listener has heard. Times: s of CLOCK_MONOTONIC of this computer."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._faces: dict[str, U8] = {}

    def since(self, topic: str, since_s: float) -> Iterator[tuple[float, Any]]:
        """(when it came, message), in order."""
        heard = self._listener.heard
        pairs = zip(list(self._listener.times[topic]), list(heard[topic]), strict=False)
        return ((at_s, message) for at_s, message in pairs if at_s >= since_s)

    def forget(self, before_s: float) -> None:
        """Let go of what came before."""
        for topic in TOPICS:
            times, heard = self._listener.times[topic], self._listener.heard[topic]
            kept = next((i for i, at_s in enumerate(times) if at_s >= before_s), len(times))
            if topic == "state":
                kept = min(kept, max(0, len(times) - 1))
            del times[:kept], heard[:kept]

    def states(self, from_s: float, until_s: float) -> list[Any]:
        """All that held within an interval: the one that held at its beginning, and those that came."""
        told = [(at_s, state) for at_s, state in self.since("state", float("-inf")) if at_s <= until_s]
        first = max((i for i, (at_s, _) in enumerate(told) if at_s <= from_s), default=0)
        return [state for _, state in told[first:]]

    # --- sound ------------------------------------------------------------------------------------------------------

    def sound_of(self, sentence: str, since_s: float) -> Heard:
        """Of a sentence that no other has the text of; pieces that others sound like as well are none of it."""
        chunks = [chunk for _, chunk in self.since("speech/audio", since_s)]
        voices = _sounds(chunks, sentence)
        others = [_sounds(chunks, text)[0].tobytes() for text in _texts(chunks) - {sentence}] if voices else []
        frames = [frame for _, frame in self.since("speech/played", since_s)]
        played = _played(frames)
        found = (_found(voice, played, others) for voice in voices)
        best = max(found, key=lambda heard: heard.seconds, default=Heard())
        return replace(best, unseen_s=_unseen_s(frames))

    # --- the face ---------------------------------------------------------------------------------------------------

    def face(self, value: Callable[[Expression], float], from_s: float, until_s: float) -> list[float]:
        """A value of each idle face in an interval."""
        faces = self.since("motion/expression", from_s)
        return [value(face) for at_s, face in faces if at_s <= until_s and face.layer is Layer.IDLE]

    def face_gap_s(self, from_s: float, until_s: float) -> float:
        """Longest time without an idle face in an interval: what happened then was not seen."""
        times = [at_s for at_s, face in self.since("motion/expression", from_s) if face.layer is Layer.IDLE]
        return max((b - a for a, b in pairwise([from_s, *(t for t in times if t <= until_s), until_s])), default=0.0)

    # --- the picture ------------------------------------------------------------------------------------------------

    def picture(self, timeout_s: float = 30.0) -> U8:
        """What the renderer draws now, small."""
        seen: list[Any] = []
        watching = self._listener.subscribe(Image, "image_raw", seen.append, qos.for_images())
        try:
            self._listener.wait(lambda _: len(seen) > 1, "a picture", timeout_s)
        finally:
            self._listener.node.destroy_subscription(watching)
        whole = picture_from_msg(seen[-1])
        step = max(1, whole.shape[0] // _SMALL_PX)
        return whole[::step, ::step].copy()

    def remember(self, avatar: str) -> None:
        """The avatar that is shown now looks like this."""
        self._faces[avatar] = self.picture()

    def knows(self, avatar: str) -> bool:
        """Whether it is remembered."""
        return avatar in self._faces

    def shown(self) -> str:
        """Whose face is shown, of those that are remembered."""
        now = self.picture().astype(int)
        return min(self._faces, key=lambda name: float(np.abs(self._faces[name].astype(int) - now).mean()))


def shape(name: str) -> Callable[[Expression], float]:
    """A weight of a face."""
    return lambda face: float(face.weights[ARKIT_INDEX[name]])


def yaw_deg(face: Expression) -> float:
    """How far the head is turned to the avatar's left."""
    w, _, y, _ = face.head_rotation
    return float(np.degrees(2 * np.arctan2(y, w)))


def pieces(numbers: Iterable[int]) -> re.Pattern[str]:
    """Sentences of these goals."""
    return re.compile(rf"\brobot ({'|'.join(map(str, numbers))})\b", re.I)


def _texts(chunks: list[SpeechChunk]) -> set[str]:
    """Of all sentences that there is sound of."""
    with_sound = {(c.epoch, c.turn, c.sentence) for c in chunks if len(c.pcm)}
    return {c.text.strip() for c in chunks if c.text.strip() and (c.epoch, c.turn, c.sentence) in with_sound}


def _sounds(chunks: list[SpeechChunk], sentence: str) -> list[np.ndarray]:
    """Each time that a voice made this sentence."""
    keys = {(c.epoch, c.turn, c.sentence) for c in chunks if c.text.strip() == sentence}
    found = []
    for key in keys:
        own = [c for c in chunks if (c.epoch, c.turn, c.sentence) == key and len(c.pcm)]
        if own:
            found.append(np.concatenate([c.pcm for c in sorted(own, key=lambda c: c.first_sample)]))
    return found


def _played(frames: list[AudioFrame]) -> list[tuple[float, int, bytes]]:
    """Stretches without a gap: when they began, their rate, and their samples."""
    runs: list[list[AudioFrame]] = []
    for frame in frames:
        last = runs[-1][-1] if runs else None
        if last is None or frame.first_sample != last.first_sample + len(last.pcm):
            runs.append([])
        runs[-1].append(frame)
    return [
        (run[0].steady_ns * 1e-9, run[0].sample_rate_hz, np.concatenate([f.pcm for f in run]).tobytes()) for run in runs
    ]


def _unseen_s(frames: list[AudioFrame]) -> float:
    """How much of it did not come: a loudspeaker that begins anew counts from 0."""
    samples = 0
    for last, frame in pairwise(frames):
        end = last.first_sample + len(last.pcm)
        samples += frame.first_sample - (end if frame.first_sample >= end else 0)
    return samples / frames[0].sample_rate_hz if frames else 0.0


@lru_cache(4096)
def _shared(voice: bytes, other: bytes) -> frozenset[int]:
    """Pieces of a sound that another one has as well: "Robot 122" and "Robot 124" end in the very same samples."""
    step = 2 * _BLOCK
    pieces = range(len(voice) // step)
    return frozenset(i for i in pieces if _find(other, voice[i * step : (i + 1) * step], 0) >= 0)


def _found(voice: np.ndarray, played: list[tuple[float, int, bytes]], others: Sequence[bytes] = ()) -> Heard:
    """Which pieces of a sound were played, sample by sample, in order."""
    blocks = [voice[i : i + _BLOCK] for i in range(0, len(voice) - _BLOCK + 1, _BLOCK)]
    of_others = frozenset[int]().union(*(_shared(voice.tobytes(), other) for other in others))
    own = (i for i in range(len(blocks)) if i not in of_others)
    loud = [i for i in own if np.abs(blocks[i].astype(int)).max() > _SILENT]
    found: dict[int, tuple[int, int]] = {}  # piece -> stretch, and where in it
    until_s = float("-inf")
    place: dict[int, int] = {}
    for i in loud:
        for number, (began_s, rate_hz, sound) in enumerate(played):
            at = _find(sound, blocks[i].tobytes(), place.get(number, 0))
            if at >= 0:
                place[number] = at
                found[i] = number, at // 2
                until_s = max(until_s, began_s + (at // 2 + _BLOCK) / rate_hz)
                break
    if not found:
        return Heard()
    block_s = _BLOCK / played[0][1]
    heard = set(found) | {i for i in loud if i not in found and _cut_by_gap(found.get(i - 1), found.get(i + 1))}
    lacking_s = (len(loud) - len(heard)) * block_s
    return Heard(len(heard) / len(loud), (max(found) + 1) * block_s, until_s, lacking_s)


def _cut_by_gap(before: tuple[int, int] | None, after: tuple[int, int] | None) -> bool:
    """Whether a piece between two that were played, by their (stretch, sample), had time to be played, and more: a
    loudspeaker whose sound comes too late fades out, is silent, and fades in again where it stopped.
    """
    if before is None or after is None:
        return False
    return before[0] != after[0] or after[1] - before[1] > 2 * _BLOCK


def _find(sound: bytes, block: bytes, start: int) -> int:
    """Where whole samples of it begin, -1: nowhere."""
    at = sound.find(block, start)
    while at >= 0 and at % 2:
        at = sound.find(block, at + 1)
    return at


def now_s() -> float:
    """The time of all that is noted here."""
    return time.monotonic()
