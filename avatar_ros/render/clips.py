"""The avatar's own head movements, chosen by the conversation's state and blended so that nothing jumps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..avatar.model import Clip
from ..core.types import Mood

Matrix = NDArray[np.float32]

#: Clips of a LAM avatar for each state, in the order in which they are played; what an avatar lacks is skipped.
CLIPS_BY_MOOD: Mapping[Mood, tuple[str, ...]] = {
    Mood.IDLE: ("idle",),
    Mood.LISTENING: ("listen", "idle"),
    Mood.THINKING: ("think_part_1", "think_part_2", "think_part_3"),
    Mood.SPEAKING: ("speak_1", "speak_2", "speak_3", "speak_4"),
}
BLEND_S = 0.6
IDENTITY: Matrix = np.eye(4, dtype=np.float32)


class ClipMixer:
    """The head's matrix [4, 4] at an instant: the state's clips in turn, cross-faded over `BLEND_S`.

    amount: 0 switches the clips off, 1 plays them as they were made.
    """

    def __init__(self, clips: Mapping[str, Clip], amount: float = 1.0) -> None:
        names = {name for wanted in CLIPS_BY_MOOD.values() for name in wanted}
        self._clips = {name: clip for name in names if (clip := find_clip(clips, name)) is not None}
        self._amount = amount
        self._names: tuple[str, ...] = ()
        self._since_s = 0.0
        self._from = IDENTITY
        self._changed_s = float("-inf")
        self._last = IDENTITY

    def mood(self, mood: Mood, now_s: float) -> None:
        """The conversation's state changed."""
        names = tuple(name for name in CLIPS_BY_MOOD[mood] if name in self._clips)
        if mood is Mood.LISTENING:
            names = names[:1]
        if names == self._names:
            return
        self._from, self._changed_s = self._last, now_s
        self._names, self._since_s = names, now_s

    def at(self, at_s: float) -> Matrix:
        """The matrix at `at_s`, avatar space to avatar space; identity where there is nothing to play."""
        if self._amount <= 0:
            return IDENTITY
        target = self._playing(at_s - self._since_s)
        target = IDENTITY + np.float32(self._amount) * (target - IDENTITY)
        t = np.float32(smoothstep((at_s - self._changed_s) / BLEND_S))
        self._last = rigid(self._from * (1 - t) + target * t)
        return self._last

    def _playing(self, elapsed_s: float) -> Matrix:
        if not self._names:
            return IDENTITY
        clips = [self._clips[name] for name in self._names]
        total_s = sum(clip.duration_s for clip in clips)
        if total_s <= 0:
            return clips[0].at(0.0)
        return self._seamless(clips, elapsed_s % total_s)

    def _seamless(self, clips: list[Clip], time_s: float) -> Matrix:
        """The clips end to end; the end of each is blended into the start of the next."""
        for i, clip in enumerate(clips):
            if time_s < clip.duration_s:
                here = clip.at(time_s, loop=False)
                left_s = clip.duration_s - time_s
                fade_s = min(BLEND_S, clip.duration_s / 2)
                if left_s >= fade_s:
                    return here
                following = clips[(i + 1) % len(clips)].at(0.0)
                t = np.float32(smoothstep(1 - left_s / fade_s))
                return here * (1 - t) + following * t
            time_s -= clip.duration_s
        return clips[0].at(0.0)


def find_clip(clips: Mapping[str, Clip], name: str) -> Clip | None:
    """The clip of that name; LAM's files put the animator's own prefix before it ("yumi_h5_a3_idle")."""
    if name in clips:
        return clips[name]
    return next((clip for full, clip in clips.items() if full.endswith("_" + name)), None)


def smoothstep(t: float) -> float:
    """0 before 0, 1 after 1, smooth in between (3t² - 2t³)."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def rigid(matrix: Matrix) -> Matrix:
    """The nearest rotation in place of the upper 3x3: a mix of two rotations shrinks a little."""
    u, _, vt = np.linalg.svd(matrix[:3, :3].astype(np.float64))
    out = matrix.copy()
    out[:3, :3] = u @ vt
    return out


def pose_matrix(
    rotation_wxyz: NDArray[np.float64], translation: NDArray[np.float64], pivot: NDArray[np.float64]
) -> Matrix:
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
