"""The people stage: pictures in; where the nearest face is, who came and went out. Pictures stay here."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from ..core.arrays import U8
from ..core.enums import AgentState, ControlAction, SayWhen
from ..core.events import AvatarState, Control, GazeTarget, People, Say
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import AudioFrame
from .base import PEOPLE_BACKENDS, FaceBox, PeopleSettings
from .face_place import FacePlace, nearest, place_of
from .visitor_presence import PresenceNews, VisitorPresence
from .wake_word import WakeWord, make_wake_word

#: What is told without news, s; a picture that is older says nothing any more, s.
_TOLD_EVERY_S, _BLIND_S = 0.5, 3.0
#: A program's targets come several times a second; so long after the last one the nearest face is looked at again, s.
_PROGRAM_LOOKS_S = 1.0
#: Own targets that may come back; what is none of them is a program's.
_REMEMBERED = 30
GREETING_ID = "people/greeting"


class Watcher(Protocol):
    """Finds the faces in a stream of pictures: watcher.py's FaceWatcher."""

    def load(self) -> None:
        """Read the model. Raises ConfigError."""

    def look(self, picture: U8, now_s: float) -> list[FaceBox]:
        """The faces of this picture, in its pixels."""


class PictureSource(Protocol):
    """A camera or a topic: gives its newest picture, once."""

    def open(self) -> None:
        """Begin."""

    def take(self) -> U8 | None:
        """The newest picture [height, width, 3], BGR, if there is one that was not taken yet."""

    def status(self) -> Mapping[str, str]:
        """For /diagnostics; a "warning" while there is none."""

    def close(self) -> None:
        """Stop."""


class LatestPicture:
    """One picture, the newest; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._picture: U8 | None = None

    def put(self, picture: U8) -> None:
        """Replaces one that was not taken."""
        with self._lock:
            self._picture = picture

    def take(self) -> U8 | None:
        """It is given once."""
        with self._lock:
            picture, self._picture = self._picture, None
        return picture


class PeopleStage(Stage):
    """Looks at what the source shows, `pictures_hz` times a second."""

    def __init__(
        self, settings: PeopleSettings, watcher: Watcher, source: PictureSource, wake_word: WakeWord | None = None
    ) -> None:
        super().__init__()
        self.tick_period_s = 1 / settings.pictures_hz
        self.unread = frozenset() if wake_word is not None else frozenset({"mic/audio"})
        self._settings = settings
        self._watcher = watcher
        self._source = source
        self._wake_word = wake_word
        self._presence = VisitorPresence(settings)
        self._place: FacePlace | None = None
        self._count = 0
        self._picture_s = self._told_s = self._greeted_s = float("-inf")
        self._state = AvatarState(state=AgentState.IDLE)
        self._put_to_sleep = False
        self._opened = False
        self._blind = True  # no picture has come yet, or none for long
        self._aimed: deque[GazeTarget] = deque(maxlen=_REMEMBERED)
        self._program_looks_until_s = float("-inf")

    def load(self) -> None:
        """Read the models. Raises ConfigError."""
        self._watcher.load()
        if self._wake_word is not None:
            self._wake_word.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """The conversation's state; sound, for the wake word."""
        if isinstance(message, AvatarState) and message.session == self._settings.session:
            self._state = message
            if message.state is not AgentState.SLEEPING:
                self._put_to_sleep = False
            if message.state in (AgentState.LISTENING, AgentState.THINKING, AgentState.SPEAKING):
                self._presence.stay_awake(now_s)
        elif isinstance(message, AudioFrame) and message.session == self._settings.session:
            yield from self._listen(message, now_s)
        elif isinstance(message, GazeTarget) and not self._is_own(message):
            self._program_looks_until_s = now_s + _PROGRAM_LOOKS_S

    def tick(self, now_s: float) -> Iterable[Out]:
        """Look at the newest picture, if there is one."""
        if not self._opened:
            self._source.open()
            self._opened = True
        picture = self._source.take()
        if picture is not None:
            self._picture_s, self._blind = now_s, False
            yield from self._see(picture, now_s)
        elif now_s - self._picture_s > _BLIND_S and not self._blind:
            self._blind, self._place, self._count = True, None, 0
            self._presence.blind()
            yield self._told(now_s)

    def status(self) -> Mapping[str, str]:
        """Who is there; what is wrong with the camera."""
        seen = {"people": str(self._count), "present": str(self._presence.present).lower()}
        return {**seen, **self._source.status()}

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Let the camera go."""
        self.close()
        return ()

    def close(self) -> None:
        """Let the camera go."""
        self._source.close()
        self._opened = False

    def _see(self, picture: U8, now_s: float) -> Iterable[Out]:
        faces = self._watcher.look(picture, now_s)
        face = nearest(faces)
        size = (picture.shape[1], picture.shape[0])
        self._place = place_of(face, size, self._settings) if face is not None else None
        near = self._place is not None and self._place.distance_m <= self._settings.near_m
        news = self._presence.update(near, now_s)
        if self._place is not None and self._settings.look and now_s >= self._program_looks_until_s:
            self._aimed.append(GazeTarget("avatar", *self._place))
            yield Out("gaze_target", self._aimed[-1])
        if news or len(faces) != self._count or now_s - self._told_s >= _TOLD_EVERY_S:
            self._count = len(faces)
            yield self._told(now_s)
        for one in news:
            yield from self._act(one, now_s)

    def _is_own(self, target: GazeTarget) -> bool:
        """Whether it is what was said here: the topic brings that back, too."""
        return any((one.x, one.y, one.z) == (target.x, target.y, target.z) for one in self._aimed)

    def _told(self, now_s: float) -> Out:
        self._told_s = now_s
        told = People(self._settings.session, self._count, self._presence.present)
        if self._place is not None:
            told = replace(told, azimuth_rad=self._place.azimuth_rad, distance_m=self._place.distance_m)
        return Out("people", told)

    def _act(self, news: PresenceNews, now_s: float) -> Iterable[Out]:
        settings, asleep = self._settings, self._state.state is AgentState.SLEEPING
        if news is PresenceNews.CAME:
            if asleep and self._put_to_sleep:
                yield Out("control", Control(settings.session, ControlAction.WAKE))
            if settings.greeting and self._may_greet(now_s, asleep=asleep and not self._put_to_sleep):
                self._greeted_s = now_s
                yield Out("say", Say(settings.session, GREETING_ID, settings.greeting, SayWhen.QUEUE))
        elif news is PresenceNews.LONG_ALONE and not asleep:
            self._put_to_sleep = True
            yield Out("control", Control(settings.session, ControlAction.SLEEP))

    def _may_greet(self, now_s: float, *, asleep: bool) -> bool:
        """Nobody is greeted by who sleeps, or is talking already."""
        busy = self._state.state in (AgentState.LISTENING, AgentState.THINKING, AgentState.SPEAKING)
        return not asleep and not busy and now_s - self._greeted_s >= self._settings.greet_again_s

    def _listen(self, frame: AudioFrame, now_s: float) -> Iterable[Out]:
        if self._wake_word is None or self._state.state is not AgentState.SLEEPING:
            return
        if self._wake_word.hear(frame.pcm):
            self._presence.stay_awake(now_s)
            yield Out("control", Control(self._settings.session, ControlAction.WAKE))


def build_people(settings: PeopleSettings, source: PictureSource, own: Options = NO_OPTIONS) -> PeopleStage:
    """The stage with the detector that `settings` names. Raises UnknownBackendError."""
    from .watcher import FaceWatcher

    watcher = FaceWatcher(PEOPLE_BACKENDS.make(settings.backend, settings, own=own))
    return PeopleStage(settings, watcher, source, make_wake_word(settings))
