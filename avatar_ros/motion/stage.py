"""The expression stage: features, playback, mood, gaze, sentences and what was heard in; both layers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from ..core.clock import ns_from_s, s_from_ns
from ..core.stage import Out, Stage
from ..core.types import (
    LOCAL_SESSION,
    AudioFeatures,
    AvatarState,
    Expression,
    GazeTarget,
    Interrupt,
    InterruptAction,
    Layer,
    Message,
    Mood,
    PlaybackClock,
    PlaybackState,
    Sentence,
    SessionEvent,
    SessionKind,
    Transcript,
)
from .base import MOTION_BACKENDS, LipModel, MotionSettings
from .idle import IdleFace
from .reaction import Reaction
from .track import LipTrack

_NONE = (-1, -1)
#: A clock that says PLAYING and is older than this is dead.
_CLOCK_DEAD_S = 1.0
#: Expressions of sentences are kept for this many.
_SENTENCES_KEPT = 64
_OWN_FRAMES = ("", "avatar")


class _Performer:
    """One session: the turns being spoken and prepared, the playback clock, and the face."""

    def __init__(self, settings: MotionSettings, session: str, model: LipModel) -> None:
        self.face = IdleFace(settings, session)
        self.reaction = Reaction()
        self.mood = Mood.IDLE
        self._settings = settings
        self._session = session
        self._model = model
        self._newest = _NONE
        self._tracks: dict[tuple[int, int], LipTrack] = {}
        self._rate_hz = 24000
        self._clock: PlaybackClock | None = None
        self._emotions: dict[tuple[int, int, int], str] = {}
        self._spoken_emotion = ""  # of the sentence that is heard

    def features(self, message: AudioFeatures, now_s: float) -> Iterable[Out]:
        """Take features of a turn; the next turn may be prepared while one is still heard."""
        key = (message.epoch, message.turn)
        if key not in self._tracks:
            if key <= self._newest:
                return ()
            self._newest = key
            self._drop_done()
            self._tracks[key] = LipTrack(self._model, self._settings.rate_hz)
        self._rate_hz = message.sample_rate_hz
        self._tracks[key].add(message)
        return self.speak(now_s)

    def speak(self, now_s: float) -> Iterable[Out]:
        """Frames of the speech layer that are due."""
        for key, track in tuple(self._tracks.items()):
            if track.done:
                continue
            heard_s = self._heard_s(key, now_s)
            for frame in track.give(max(0.0, heard_s) + self._settings.ahead_s, heard_s):
                yield Out(
                    "motion/expression",
                    Expression(
                        session=self._session,
                        epoch=key[0],
                        turn=key[1],
                        layer=Layer.SPEECH,
                        sample=round(frame.time_s * self._rate_hz),
                        sample_rate_hz=self._rate_hz,
                        weights=frame.weights,
                        last=frame.last,
                    ),
                )

    def live(self, now_s: float) -> Out:
        """A frame of the idle layer."""
        self.face.emotion.want(self._spoken_emotion or self.reaction.at(now_s))
        pose = self.face.step(now_s, self.mood, self._loudness(now_s))
        return Out(
            "motion/expression",
            Expression(
                session=self._session,
                epoch=max(0, self._newest[0]),
                turn=max(0, self._newest[1]),
                layer=Layer.IDLE,
                weights=pose.weights,
                head_rotation=pose.rotation,
                head_translation=pose.translation,
                steady_ns=ns_from_s(now_s),
            ),
        )

    def playback(self, clock: PlaybackClock) -> None:
        """Take the clock; the sentence that is heard sets the expression."""
        self._clock = clock
        if clock.state is PlaybackState.ENDED:
            self._spoken_emotion = ""
            self._drop((clock.epoch, clock.turn))
        elif clock.state is PlaybackState.PLAYING:
            self._spoken_emotion = self._emotions.get((clock.epoch, clock.turn, clock.sentence), "")

    def sentence(self, sentence: Sentence) -> None:
        """Remember a sentence's expression until it is heard."""
        self._emotions[sentence.epoch, sentence.turn, sentence.index] = sentence.expression
        while len(self._emotions) > _SENTENCES_KEPT:
            self._emotions.pop(next(iter(self._emotions)))

    def cancel(self, order: Interrupt) -> None:
        """Forget the turn; its late features are dropped."""
        key = (order.epoch, order.turn)
        self._newest = max(self._newest, key)
        self._drop(key)
        if self._clock is not None and (self._clock.epoch, self._clock.turn) <= key:
            self._spoken_emotion = ""

    def _drop(self, until: tuple[int, int]) -> None:
        """Forget the lips of all turns up to and including `until`."""
        self._tracks = {key: track for key, track in self._tracks.items() if key > until}

    def _drop_done(self) -> None:
        # Where nobody says ENDED (no speaker), finished turns would pile up.
        heard = (self._clock.epoch, self._clock.turn) if self._clock is not None else _NONE
        self._tracks = {key: track for key, track in self._tracks.items() if key == heard or not track.done}

    def _loudness(self, now_s: float) -> float:
        """How loud the avatar is heard now."""
        clock = self._clock
        if clock is None or clock.state is not PlaybackState.PLAYING:
            return 0.0
        key = (clock.epoch, clock.turn)
        return self._tracks[key].loudness(self._heard_s(key, now_s)) if key in self._tracks else 0.0

    def _heard_s(self, key: tuple[int, int], now_s: float) -> float:
        """Position of playback in a turn, seconds; -1: not begun."""
        clock = self._clock
        if clock is None or (clock.epoch, clock.turn) != key:
            return -1.0
        heard_s = clock.sample / clock.sample_rate_hz
        if clock.state is PlaybackState.PLAYING and clock.steady_ns:
            heard_s += min(max(0.0, now_s - s_from_ns(clock.steady_ns)), _CLOCK_DEAD_S)
        return heard_s


class ExpressionStage(Stage):
    """Serves all sessions; each has its own performer."""

    def __init__(self, settings: MotionSettings, model: LipModel) -> None:
        super().__init__()
        self.tick_period_s = 1.0 / settings.idle_rate_hz
        self._settings = settings
        self._model = model
        self._performers = {LOCAL_SESSION: _Performer(settings, LOCAL_SESSION, model)}
        self._used_s: dict[str, float] = {}
        self._warning = ""

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take a message of the port."""
        if isinstance(message, AudioFeatures):
            yield from self._performer(message.session, now_s).features(message, now_s)
        elif isinstance(message, PlaybackClock):
            performer = self._performer(message.session, now_s)
            performer.playback(message)
            yield from performer.speak(now_s)
        elif isinstance(message, AvatarState):
            self._performer(message.session, now_s).mood = message.state
        elif isinstance(message, Sentence):
            self._performer(message.session, now_s).sentence(message)
        elif isinstance(message, Transcript):
            self._performer(message.session, now_s).reaction.hear(message, now_s)
        elif isinstance(message, GazeTarget):
            self._aim(message, now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL drops the turn's lips."""
        if order.action is InterruptAction.CANCEL:
            self._performer(order.session, now_s).cancel(order)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """What is due of both layers, for each session."""
        self._expire(now_s)
        for performer in tuple(self._performers.values()):
            yield from performer.speak(now_s)
            yield performer.live(now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Meet a new session, forget a closed one."""
        if event.kind is SessionKind.CLOSED:
            self._drop(event.session)
        else:
            self._performer(event.session, now_s)
        return ()

    def status(self) -> Mapping[str, str]:
        """A warning where gaze targets come in a frame that is not understood."""
        return {"warning": self._warning} if self._warning else {}

    def _performer(self, session: str, now_s: float) -> _Performer:
        self._used_s[session] = now_s
        if session not in self._performers:
            self._performers[session] = _Performer(self._settings, session, self._model)
        return self._performers[session]

    def _drop(self, session: str) -> None:
        self._used_s.pop(session, None)
        self._performers.pop(session, None)
        if session == LOCAL_SESSION:  # a kiosk's face lives on between visitors
            self._performers[session] = _Performer(self._settings, session, self._model)

    def _expire(self, now_s: float) -> None:
        ttl_s = self._settings.session_ttl_s
        for session, used_s in tuple(self._used_s.items()):
            if ttl_s > 0 and session != LOCAL_SESSION and now_s - used_s > ttl_s:
                self._drop(session)

    def _aim(self, target: GazeTarget, now_s: float) -> None:
        if target.frame_id not in _OWN_FRAMES:
            self._warning = (
                f"gaze_target in frame '{target.frame_id}' is ignored: only the avatar's own frame ('avatar') is "
                "understood without tf2"
            )
            return
        if not all(isfinite(value) for value in (target.x, target.y, target.z)):
            self._warning = f"gaze_target ({target.x}, {target.y}, {target.z}) is ignored: it is no place"
            return
        self._warning = ""
        for performer in self._performers.values():
            performer.face.gaze.aim((target.x, target.y - self._settings.eye_height_m, target.z), now_s)


def build(settings: MotionSettings) -> Stage:
    """The stage with the backend that `settings` names. Raises UnknownBackendError."""
    return ExpressionStage(settings, MOTION_BACKENDS.load(settings.backend)(settings))
