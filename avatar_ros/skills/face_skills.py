"""The skills of the face: LookAt and Gesture. Of each kind the newest goal counts."""

from __future__ import annotations

from collections.abc import Iterable
from math import atan2, degrees, isfinite

from ..core.errors import ConfigError
from ..core.events import GazeTarget, Gesture
from ..core.gestures import Movement
from ..core.stage import Out
from ..core.tf_frames import FrameError
from .goals import GestureEnd, GestureGoal, GestureNews, LookAtEnd, LookAtGoal, LookAtNews
from .lives import FACE
from .skill import Skill, Surroundings

#: A frame that is not known, or has not been heard of lately, is waited for so long, s.
_FRAME_WAIT_S = 1.0
#: Eyes and head together turn no further (motion/gaze.py), degrees.
_FURTHEST_DEG = 58.0
#: A target is said again so often, s; the face keeps it for 2 s.
_AGAIN_S = 0.2
#: The head has followed the eyes by then, s.
_REACHED_S = 0.6
_LOOK, _GLANCE = 0, 1
#: Where nothing of the face was heard yet, its first sign of life is waited for so long, s.
_LIFE_WAIT_S = 3.0
_GLANCE_S = 0.8


class LookAtSkill(Skill):
    """Says a target for as long as it holds."""

    group = "gaze"
    needs_lives = True

    def __init__(self, goal: LookAtGoal, around: Surroundings) -> None:
        super().__init__()
        self._goal = goal
        self._observed = around.observed
        self._lives = around.lives
        self._frames = around.frames
        self._place = goal.target
        self._placed_s = float("-inf")  # when its frame was last known
        self._hold_s = _GLANCE_S if goal.style == _GLANCE else goal.hold_s
        self._began_s = self._said_s = float("-inf")

    def begin(self, now_s: float) -> Iterable[Out]:
        """Refuse what is no place; else look there."""
        self._began_s = self._placed_s = now_s
        fault = self._fault()
        if fault:
            self.end = LookAtEnd(reason=fault)
            return
        yield from self.tick(now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Go on looking there, or end."""
        if self.end is not None or not self._follow(now_s):
            return
        held_s = now_s - self._began_s
        self.news = LookAtNews(held_s)
        if self._hold_s > 0 and held_s >= self._hold_s:
            self._end_by_itself(now_s)
        elif now_s - self._said_s >= _AGAIN_S - 1e-6:
            self._said_s = now_s
            yield Out("gaze_target", GazeTarget("avatar", *self._place))

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Look there no more."""
        if self.end is None:
            self.end = LookAtEnd(self._in_reach and self._has_turned(now_s), reason)
        return ()

    def _end_by_itself(self, now_s: float) -> None:
        if not self._in_reach:
            self.end = LookAtEnd(reason="out_of_reach")
        elif self._observed.asleep:
            self.end = LookAtEnd(reason="asleep")
        elif self._has_turned(now_s):
            self.end = LookAtEnd(True)
        elif self._lives.seen(FACE, self._began_s) or now_s - self._began_s > self._hold_s + _LIFE_WAIT_S:
            self.end = LookAtEnd(reason="face_lost")

    def _has_turned(self, now_s: float) -> bool:
        """Whether the face has been there for long enough."""
        held_s = now_s - self._began_s
        return held_s >= min(_REACHED_S, self._hold_s or _REACHED_S) and self._lives.through(
            FACE, now_s - min(held_s, _REACHED_S), now_s
        )

    def _follow(self, now_s: float) -> bool:
        """Where it is now, in a frame that may move; False while that is not known. Ends it where it stays so."""
        try:
            self._place = self._frames.place(self._goal.frame_id, self._goal.target)
        except FrameError as error:
            if not error.retryable or now_s - self._placed_s > _FRAME_WAIT_S:
                self.end = LookAtEnd(reason=f"{error.code}: {error.text}")
            return False
        self._placed_s = now_s
        return True

    @property
    def _in_reach(self) -> bool:
        x, _, z = self._place
        return abs(degrees(atan2(x, z))) <= _FURTHEST_DEG

    def _fault(self) -> str:
        goal = self._goal
        if not all(isfinite(value) for value in (*goal.target, goal.hold_s)):
            return "no_place"
        if goal.style not in (_LOOK, _GLANCE):
            return "unknown_style"
        if self._observed.asleep:
            return "asleep"
        return "" if self._observed.reachable("gaze_target") else "no_face"


class GestureSkill(Skill):
    """Has a movement made, and waits until it is over."""

    group = "gesture"
    needs_lives = True

    def __init__(self, goal: GestureGoal, around: Surroundings) -> None:
        super().__init__()
        self._goal = goal
        self._around = around
        self._began_s = 0.0
        self._duration_s = 0.0

    def begin(self, now_s: float) -> Iterable[Out]:
        """Refuse what is none; else begin it."""
        goal, session = self._goal, self._around.settings.session
        self._began_s = now_s
        try:
            movement = self._around.movements.find(goal.name) if goal.name else Movement.of("", "", goal.key_frames)
        except ConfigError as error:
            self.end = GestureEnd(reason=f"{error.code}: {error.text}")
            return
        if not self._around.observed.reachable("gesture"):
            self.end = GestureEnd(reason="no_face")
            return
        self._duration_s = movement.duration_s
        yield Out("gesture", Gesture(session, goal.name, goal.key_frames, goal.size))

    def tick(self, now_s: float) -> Iterable[Out]:
        """End when it is over."""
        if self.end is None:
            share = (now_s - self._began_s) / self._duration_s if self._duration_s else 1.0
            self.news = GestureNews(min(1.0, share))
            if share >= 1.0:
                self._end_by_itself(now_s)
        return ()

    def _end_by_itself(self, now_s: float) -> None:
        """It was made, unless the face died meanwhile."""
        lives, over_s = self._around.lives, self._began_s + self._duration_s
        if lives.through(FACE, self._began_s, now_s):
            self.end = GestureEnd(done=True)
        elif lives.seen(FACE, self._began_s) or now_s - over_s > _LIFE_WAIT_S:
            self.end = GestureEnd(reason="face_lost")

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Let the face go back to rest, unless another movement follows."""
        if self.end is not None:
            return
        self.end = GestureEnd(reason=reason)
        if reason != "replaced":
            yield Out("gesture", Gesture(self._around.settings.session))
