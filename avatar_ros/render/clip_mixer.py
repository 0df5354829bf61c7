"""The avatar's own head movements, chosen by the conversation's state and blended so that nothing jumps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..avatar.model import Clip
from ..core.arrays import F32
from ..core.enums import AgentState
from .pose import mix, smoothstep

#: Clips of a LAM avatar for each state: what is played once at its beginning, then what is played in turn as long as it
#: lasts. What an avatar lacks is skipped. The way out of a thought (LAM's think_part_3) is the blend to what follows.
CLIPS_BY_STATE: Mapping[AgentState, tuple[tuple[str, ...], tuple[str, ...]]] = {
    AgentState.IDLE: ((), ("idle",)),
    AgentState.SLEEPING: ((), ("idle",)),
    AgentState.LISTENING: ((), ("listen",)),
    AgentState.THINKING: (("think_part_1",), ("think_part_2",)),
    AgentState.SPEAKING: ((), ("speak_1", "speak_2", "speak_3", "speak_4")),
}
HELLO = "hello"
BLEND_S = 0.6
GREET_AFTER_S = 60.0
"""The first words, and those after a longer silence, are spoken to a new visitor: `hello` comes first."""
IDENTITY: F32 = np.eye(4, dtype=np.float32)


@dataclass(frozen=True)
class Sequence:
    """Clips from `since_s` on: those of `first` once, those of `then` in turn for ever, each blended into the next."""

    first: tuple[Clip, ...]
    then: tuple[Clip, ...]
    since_s: float

    def at(self, at_s: float) -> F32:
        """The head at an instant; identity where there is nothing to play."""
        clips = [*self.first, *self.then, *self.then[:1]]
        if not clips:
            return IDENTITY
        fades_s = [min(BLEND_S, a.duration_s / 2, b.duration_s / 2) for a, b in pairwise(clips)]
        time_s = self._within_a_round(max(at_s - self.since_s, 0.0), clips, fades_s)
        for (clip, following), fade_s in zip(pairwise(clips), fades_s, strict=True):
            follows_s = clip.duration_s - fade_s  # both play during the fade
            if time_s < follows_s:
                return clip.at(time_s, loop=False)
            time_s -= follows_s
            if time_s < fade_s:
                before = clip.at(follows_s + time_s, loop=False)
                return mix(before, following.at(time_s, loop=False), smoothstep(time_s / fade_s))
        return clips[-1].at(time_s, loop=False)

    def _within_a_round(self, time_s: float, clips: list[Clip], fades_s: list[float]) -> float:
        """The time less the whole rounds of `then` that have passed; a round is over when its last clip has faded."""
        if not self.then:
            return time_s
        steps_s = [clip.duration_s - fade_s for clip, fade_s in zip(clips[:-1], fades_s, strict=True)]
        begins_s, round_s = sum(steps_s[: len(self.first)]) + fades_s[-1], sum(steps_s[len(self.first) :])
        return time_s - max(0.0, (time_s - begins_s) // round_s) * round_s if round_s > 0 else 0.0


class ClipMixer:
    """The head's matrix [4, 4] at an instant: the state's clips, cross-faded over `BLEND_S` while both play on.

    amount: 0 switches the clips off, 1 plays them as they were made.
    """

    def __init__(self, clips: Mapping[str, Clip], amount: float = 1.0) -> None:
        self._clips = clips
        self._amount = amount
        self._state: AgentState | None = None
        self._spoke_s: float | None = None
        self._playing: list[Sequence] = [Sequence((), (), float("-inf"))]  # the last one counts, earlier ones fade

    def set_state(self, state: AgentState, now_s: float) -> None:
        """The conversation's state changed."""
        greets = state is AgentState.SPEAKING and (self._spoke_s is None or now_s - self._spoke_s > GREET_AFTER_S)
        if AgentState.SPEAKING in (state, self._state):
            self._spoke_s = now_s
        if state is self._state:
            return
        self._state = state
        first, then = (self._found(names) for names in CLIPS_BY_STATE[state])
        if state is AgentState.LISTENING and not then:
            then = self._found(("idle",))
        if greets:
            first = (*self._found((HELLO,)), *first)
        if first or then != self._playing[-1].then:
            self._playing.append(Sequence(first, then, now_s))

    def at(self, at_s: float) -> F32:
        """The matrix at `at_s`, avatar space to avatar space; identity where there is nothing to play."""
        if self._amount <= 0:
            return IDENTITY
        while len(self._playing) > 1 and at_s >= self._playing[1].since_s + BLEND_S:
            self._playing.pop(0)
        matrix = self._playing[0].at(at_s)
        for sequence in self._playing[1:]:
            matrix = mix(matrix, sequence.at(at_s), smoothstep((at_s - sequence.since_s) / BLEND_S))
        return rigid(mix(IDENTITY, matrix, self._amount))

    def _found(self, names: tuple[str, ...]) -> tuple[Clip, ...]:
        return tuple(clip for name in names if (clip := find_clip(self._clips, name)) is not None)


def find_clip(clips: Mapping[str, Clip], name: str) -> Clip | None:
    """The clip of that name; LAM's files put the animator's own prefix before it ("yumi_h5_a3_idle")."""
    if name in clips:
        return clips[name]
    return next((clip for full, clip in clips.items() if full.endswith("_" + name)), None)


def rigid(matrix: F32) -> F32:
    """The nearest rotation in place of the upper 3x3: a mix of two rotations shrinks a little."""
    u, _, vt = np.linalg.svd(matrix[:3, :3].astype(np.float64))
    out = matrix.copy()
    out[:3, :3] = u @ vt
    return out


def pose_matrix(
    rotation_wxyz: NDArray[np.float64], translation: NDArray[np.float64], pivot: NDArray[np.float64]
) -> F32:
    """A head pose as a matrix [4, 4]: rotate about `pivot` (metres, avatar space), then move by `translation`."""
    w, x, y, z = rotation_wxyz
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    out = np.eye(4)
    out[:3, :3] = turn
    out[:3, 3] = pivot - turn @ pivot + translation
    return out.astype(np.float32)
