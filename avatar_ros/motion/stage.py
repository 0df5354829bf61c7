"""The expression stage: features, sound, playback, state, gaze, sentences and what is heard in; both layers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import degrees, isfinite

import yaml

from ..core.enums import SessionKind
from ..core.errors import ConfigError
from ..core.events import AvatarState, GazeTarget, Gesture, Interrupt, SessionEvent, VoiceDirection
from ..core.gestures import Movement, Movements, load_gestures
from ..core.paths import share_file
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Stage
from ..core.tf_frames import FrameError, Frames, OwnFrames
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, AudioFeatures, AudioFrame, PlaybackClock, Sentence, Transcript, VoiceActivity
from .base import MOTION_BACKENDS, LipModel, MotionSettings
from .emotions import EMOTIONS
from .lip_track import has_loudness
from .session_animator import SessionAnimator


class ExpressionStage(Stage):
    """Serves all sessions; each has its own animator."""

    says_alive = True

    def __init__(self, settings: MotionSettings, model: LipModel, frames: Frames | None = None) -> None:
        super().__init__()
        self._frames = frames or OwnFrames()
        self.tick_period_s = 1.0 / settings.idle_rate_hz
        self.unread = frozenset({"speech/played"} if has_loudness(model) else ())
        self._settings = settings
        self._model = model
        self._animators = {LOCAL_SESSION: SessionAnimator(settings, LOCAL_SESSION, model)}
        self._used_s: dict[str, float] = {}
        self._ticks, self._made = 0, 0
        self._every = max(1, round(settings.idle_rate_hz / settings.session_idle_rate_hz))
        self._warning = ""
        self._movements = Movements()

    def load(self) -> None:
        """Read the movements. Raises ConfigError naming what is wrong in their file."""
        self._movements = load_gestures(yaml, share_file(self._settings.gestures_file))

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take a message of the port."""
        if isinstance(message, AudioFeatures):
            yield from self._animator(message.session, now_s).features(message, now_s)
        elif isinstance(message, PlaybackClock):
            animator = self._animator(message.session, now_s)
            animator.playback(message, now_s)
            yield from animator.speak(now_s)
        elif isinstance(message, AvatarState):
            self._animator(message.session, now_s).agent_state = message.state
        elif isinstance(message, Sentence):
            movement = self._movement(message.gesture) if message.gesture else None
            self._animator(message.session, now_s).sentence(message, movement)
        elif isinstance(message, Gesture):
            self._gesture(message, now_s)
        elif isinstance(message, AudioFrame):
            self._animator(message.session, now_s).played(message, now_s)
        elif isinstance(message, VoiceActivity | Transcript):
            self._animator(message.session, now_s).hear(message, now_s)
        elif isinstance(message, GazeTarget):
            self._aim(message, now_s)
        elif isinstance(message, VoiceDirection):
            self._animator(message.session, now_s).hear_from(degrees(message.azimuth_rad), now_s)

    def foresee(self, topic: str, message: Message, now_s: float) -> None:
        """A target in a frame that was not asked for before: it may become known."""
        if isinstance(message, GazeTarget):
            self._frames.hear_of(message.frame_id)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL drops the turn's lips."""
        if order.action.ends_speech:
            self._animator(order.session, now_s).cancel(order)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """What is due of both layers, for each session."""
        self._expire(now_s)
        self._ticks += 1
        for session, animator in tuple(self._animators.items()):
            yield from animator.speak(now_s)
            if session == LOCAL_SESSION or (self._ticks + animator.number) % self._every == 0:
                yield animator.live(now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Meet a new session, forget a closed one."""
        if event.kind is SessionKind.CLOSED:
            self._drop(event.session)
        else:
            self._animator(event.session, now_s)
        return ()

    def status(self) -> Mapping[str, str]:
        """A warning where gaze targets come in a frame that is not understood."""
        return {"warning": self._warning} if self._warning else {}

    def _gesture(self, order: Gesture, now_s: float) -> None:
        animator = self._animator(order.session, now_s)
        if order.name in EMOTIONS:
            animator.express(order.name, order.hold_s, now_s)
            return
        try:
            movement = Movement.of("", "", order.key_frames) if order.key_frames else self._movement(order.name)
        except ConfigError as error:
            self._warning = f"gesture is ignored: {error.text}"
            return
        animator.face.gesture.start(movement, min(max(order.size, 0.0), 2.0), now_s)

    def _movement(self, name: str) -> Movement | None:
        """None for no name, and, with a warning, for one that nobody knows."""
        try:
            return self._movements.find(name) if name else None
        except ConfigError as error:
            self._warning = error.text
            return None

    def _animator(self, session: str, now_s: float) -> SessionAnimator:
        self._used_s[session] = now_s
        if session not in self._animators:
            self._made += 1
            self._animators[session] = SessionAnimator(self._settings, session, self._model, self._made)
        return self._animators[session]

    def _drop(self, session: str) -> None:
        self._used_s.pop(session, None)
        self._animators.pop(session, None)
        if session == LOCAL_SESSION:  # a kiosk's face lives on between visitors
            self._animators[session] = SessionAnimator(self._settings, session, self._model)

    def _expire(self, now_s: float) -> None:
        ttl_s = self._settings.session_ttl_s
        for session, used_s in tuple(self._used_s.items()):
            if ttl_s > 0 and session != LOCAL_SESSION and now_s - used_s > ttl_s:
                self._drop(session)

    def _aim(self, target: GazeTarget, now_s: float) -> None:
        if not all(isfinite(value) for value in (target.x, target.y, target.z)):
            self._warning = f"gaze_target ({target.x}, {target.y}, {target.z}) is ignored: it is no place"
            return
        try:
            x, y, z = self._frames.place(target.frame_id, (target.x, target.y, target.z), target.stamp_ns)
        except FrameError as error:
            self._warning = f"gaze_target is ignored: frame {error.text}"
            return
        self._warning = ""
        for animator in self._animators.values():
            animator.face.gaze.aim((x, y - self._settings.eye_height_m, z), now_s)


def build(settings: MotionSettings, own: Options = NO_OPTIONS, frames: Frames | None = None) -> Stage:
    """The stage with the backend that `settings` names. Raises UnknownBackendError."""
    model = MOTION_BACKENDS.make(settings.backend, settings, own=own)
    return ExpressionStage(settings, model, frames)
