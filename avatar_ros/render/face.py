"""What the face does at a given instant: speech by sample, idle by time, faded so that nothing jumps.

Pure: told messages and times. A frame that will be seen at `at_s` shows the expression of the sample that will be
heard at `at_s`, by the last PlaybackClock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.arrays import F32
from ..core.clock import s_from_ns
from ..core.enums import InterruptAction, Layer, PlaybackState
from ..core.events import Interrupt
from ..core.types import Expression, PlaybackClock
from .idle_layer import IdleLayer
from .pose import REST_FACE, REST_POSE, FacePose, HeadPose, face_of, mix_faces, mix_quaternions, quaternion_product

#: Lips leave rest and return to it over this time when sound starts or stops in the middle of a shape: two frames at
#: 30 frames a second, so that they rest within 100 ms of an order.
FADE_S = 0.06
#: A clock that says PLAYING and is older than this is dead: the speaker publishes every 40 ms.
CLOCK_DEAD_S = 1.0
#: A speech frame further away than this from the sample heard says nothing about it.
TRACK_GAP_S = 0.1
#: Speech frames kept: 10 minutes at 60 Hz.
TRACK_LIMIT = 36000
#: Turns whose frames are kept at a time.
_MOST_TRACKS = 64


@dataclass(frozen=True)
class FaceState:
    """The face at one instant. weights: [52], 0–1; sample: of the turn's speech, -1 while nothing is played."""

    weights: F32
    head: HeadPose
    sample: int
    speaking: bool
    epoch: int
    turn: int


class SpeechTrack:
    """Speech-layer frames of one turn, by sample, in order."""

    def __init__(self) -> None:
        self.samples: deque[int] = deque(maxlen=TRACK_LIMIT)
        self._frames: deque[FacePose] = deque(maxlen=TRACK_LIMIT)
        self.rate_hz = 24000
        self.ended = False
        self.dropped = 0

    def add(self, expression: Expression) -> None:
        """Append; a stream that jumps back (a restarted stage) replaces what it overlaps."""
        while self.samples and self.samples[-1] >= expression.sample:
            self.samples.pop()
            self._frames.pop()
        self.rate_hz = expression.sample_rate_hz
        self.dropped += len(self.samples) == TRACK_LIMIT
        self.samples.append(expression.sample)
        self._frames.append(face_of(expression))
        self.ended = self.ended or expression.last

    def at(self, sample: float) -> FacePose | None:
        """Linear mix of the two frames around `sample`, or None where none is near."""
        after = bisect_right(self.samples, sample)
        before = after - 1
        limit = TRACK_GAP_S * self.rate_hz
        if before < 0:
            near = self.samples and self.samples[0] - sample <= limit
            return self._frames[0] if near else None
        if after == len(self.samples):
            found = self._frames[before] if sample - self.samples[before] <= limit else None
        else:
            found = self._mix(sample)
        self._forget(before)
        return found

    def _forget(self, before: int) -> None:
        # Playback only moves on; keeping two frames behind it makes the search trivial and the memory constant.
        for _ in range(before - 2):
            self.samples.popleft()
            self._frames.popleft()

    def _mix(self, sample: float) -> FacePose | None:
        after = bisect_right(self.samples, sample)
        start, end = self.samples[after - 1], self.samples[after]
        t = (sample - start) / (end - start)
        first, second = self._frames[after - 1], self._frames[after]
        if end - start > TRACK_GAP_S * self.rate_hz:  # frames were lost in between: do not smear over the gap
            return first if t * (end - start) <= TRACK_GAP_S * self.rate_hz else None
        return mix_faces(first, second, t)


class Face:
    """Collects expressions and the playback clock; says what the face does at an instant."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[int, int], SpeechTrack] = {}
        self._clock: PlaybackClock | None = None
        self._paused = (-1, -1)  # this turn and those before it are held
        self._idle = IdleLayer()
        self._held = REST_FACE
        self._gain = 0.0
        self._seen_s: float | None = None
        self._dropped = 0

    def express(self, expression: Expression) -> None:
        """Take a frame of either layer."""
        if expression.layer is not Layer.IDLE:
            self._tracks.setdefault((expression.epoch, expression.turn), SpeechTrack()).add(expression)
            if len(self._tracks) > _MOST_TRACKS:
                del self._tracks[min(self._tracks)]
            return
        self._idle.add(expression)

    @property
    def dropped(self) -> int:
        """Frames that came faster than they could be shown and gave way to newer ones."""
        return self._dropped + self._idle.dropped + sum(track.dropped for track in self._tracks.values())

    def playback(self, clock: PlaybackClock) -> None:
        """Take the newest playback clock; older turns' frames are dropped."""
        self._clock = clock
        current = (clock.epoch, clock.turn)
        done = clock.state is PlaybackState.ENDED
        self._keep(lambda key: key > current or (key == current and not done))

    def interrupt(self, order: Interrupt) -> None:
        """Lips return to rest at once: what a card still has in its buffer is not worth moving for."""
        if order.action.ends_speech:
            self._keep(lambda key: key > (order.epoch, order.turn))
        elif order.action is InterruptAction.PAUSE:
            self._paused = max(self._paused, (order.epoch, order.turn))
        elif order.action is InterruptAction.RESUME:
            self._paused = (-1, -1)

    def _keep(self, wanted: Callable[[tuple[int, int]], bool]) -> None:
        self._dropped += sum(track.dropped for key, track in self._tracks.items() if not wanted(key))
        self._tracks = {key: track for key, track in self._tracks.items() if wanted(key)}

    def at(self, at_s: float) -> FaceState:
        """The face at `at_s`; called with growing times, once a frame."""
        step_s = 0.0 if self._seen_s is None else max(0.0, at_s - self._seen_s)
        self._seen_s = at_s
        sample = self._sample(at_s)
        found = self._lookup(sample)
        if found is not None:
            self._held = found
        target = 1.0 if found is not None else 0.0
        # Frames start from rest by themselves; only an abrupt stop needs the fade, so the way up is twice as fast.
        limit = step_s / FADE_S
        self._gain = min(target, self._gain + 2 * limit) if target > self._gain else max(target, self._gain - limit)
        return self._compose(at_s, sample)

    def _sample(self, at_s: float) -> float | None:
        clock = self._clock
        if clock is None or clock.state is not PlaybackState.PLAYING or (clock.epoch, clock.turn) <= self._paused:
            return None
        age_s = at_s - s_from_ns(clock.steady_ns)
        if age_s > CLOCK_DEAD_S:
            return None
        return clock.sample + age_s * clock.sample_rate_hz

    def _lookup(self, sample: float | None) -> FacePose | None:
        if sample is None or self._clock is None:
            return None
        track = self._tracks.get((self._clock.epoch, self._clock.turn))
        return track.at(sample) if track is not None else None

    def _compose(self, at_s: float, sample: float | None) -> FaceState:
        idle_weights, idle_head = self._idle.at(at_s)
        weights, head = self._held
        gain = np.float32(self._gain)
        rotation = mix_quaternions(REST_POSE.rotation, head.rotation, self._gain)
        return FaceState(
            weights=np.clip(weights * gain + idle_weights, 0.0, 1.0),
            head=HeadPose(
                quaternion_product(idle_head.rotation, rotation), idle_head.translation + head.translation * self._gain
            ),
            sample=round(sample) if sample is not None else -1,
            speaking=sample is not None and self._gain > 0,
            epoch=self._clock.epoch if self._clock else 0,
            turn=self._clock.turn if self._clock else 0,
        )
