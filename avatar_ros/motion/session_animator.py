"""One session's face: turns that are spoken and made ready, the playback clock, what is heard, and the idle layer."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.clock import ns_from_s, s_from_ns
from ..core.enums import AgentState, Layer, PlaybackState, VoiceKind
from ..core.events import Interrupt
from ..core.gestures import Movement
from ..core.stage import Out
from ..core.types import AudioFeatures, AudioFrame, Expression, PlaybackClock, Sentence, Transcript, VoiceActivity
from .base import LipModel, MotionSettings
from .head import STRESS_LEAD_S
from .idle import IdleFace
from .lip_track import LipTrack, has_loudness
from .mirroring import Mirroring
from .playback_loudness import PlaybackLoudness

Key = tuple[int, int]  # (epoch, turn)

_NONE = (-1, -1)
#: The speaker tells the clock every 0.5 s at least; one that was told longer ago than this is dead.
_CLOCK_DEAD_S = 1.0
#: Expressions of sentences are kept for this many.
_SENTENCES_KEPT = 64


class SessionAnimator:
    """Told all that concerns its session; says what its face does. number: how many were made before it."""

    def __init__(self, settings: MotionSettings, session: str, model: LipModel, number: int = 0) -> None:
        self.number = number
        self.face = IdleFace(settings, session)
        self.mirroring = Mirroring()
        self.agent_state = AgentState.IDLE
        self._settings = settings
        self._session = session
        self._model = model
        self._newest = _NONE
        self._tracks: dict[Key, LipTrack] = {}
        self._playback_loudness = PlaybackLoudness()
        self._rate_hz = 24000
        self._clock: PlaybackClock | None = None
        self._clock_s = 0.0  # when it came
        self._emotions: dict[tuple[int, int, int], str] = {}
        self._gestures: dict[tuple[int, int, int], Movement] = {}
        self._somebody_speaks = False
        self._sentence_emotion = ""  # of the sentence that is heard
        self._wish, self._wish_until_s = "", float("-inf")  # the face that a program wants

    def features(self, message: AudioFeatures, now_s: float) -> Iterable[Out]:
        """Take features of a turn; the next turn may be prepared while one is still heard."""
        key = (message.epoch, message.turn)
        if key not in self._tracks:
            if key <= self._newest:
                return ()
            self._newest = key
            self._drop_old()
            self._tracks[key] = LipTrack(self._model, self._settings.rate_hz)
        self._rate_hz = message.sample_rate_hz
        self._tracks[key].add(message)
        return self.speak(now_s)

    def played(self, frame: AudioFrame, now_s: float) -> None:
        """Take what the speaker plays."""
        self._playback_loudness.add(frame, now_s)

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
        spoken = self._sentence_emotion if self._is_heard(now_s) else ""
        wished = self._wish if now_s < self._wish_until_s else ""
        self.face.emotion.fade_to(spoken or wished or self.mirroring.at(now_s))
        pose = self.face.step(now_s, self.agent_state, self._loudness(now_s))
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

    def playback(self, clock: PlaybackClock, now_s: float) -> None:
        """Take the clock; the sentence that is heard sets the expression."""
        self._clock, self._clock_s = clock, now_s
        if clock.state is PlaybackState.ENDED:
            self._sentence_emotion = ""
            self._drop((clock.epoch, clock.turn))
        elif clock.state is PlaybackState.PLAYING:
            key = (clock.epoch, clock.turn, clock.sentence)
            self._sentence_emotion = self._emotions.get(key, "")
            if (movement := self._gestures.pop(key, None)) is not None:
                self.face.gesture.start(movement, 1.0, now_s)

    def sentence(self, sentence: Sentence, movement: Movement | None = None) -> None:
        """Remember a sentence's expression, and the movement that it begins with, until it is heard."""
        key = (sentence.epoch, sentence.turn, sentence.index)
        self._emotions[key] = sentence.expression
        if movement is not None:
            self._gestures[key] = movement
        for kept in (self._emotions, self._gestures):
            while len(kept) > _SENTENCES_KEPT:
                kept.pop(next(iter(kept)))

    def express(self, name: str, hold_s: float, now_s: float) -> None:
        """A program wants this face, for hold_s, or 0: until it wants another."""
        self._wish, self._wish_until_s = name, now_s + hold_s if hold_s > 0 else float("inf")

    def hear(self, message: VoiceActivity | Transcript, now_s: float) -> None:
        """Take what is heard of who speaks to it."""
        if isinstance(message, VoiceActivity):
            self._somebody_speaks = message.kind is not VoiceKind.STOPPED
            self.face.nods.hear(message, now_s)
            return
        self.face.nods.read(message, now_s)
        self.mirroring.hear(message, now_s)

    def hear_from(self, yaw_deg: float, now_s: float) -> None:
        """A sound comes from there, degrees to the avatar's left; of a voice only that is looked at."""
        if self._somebody_speaks:
            self.face.gaze.aim_at_voice(yaw_deg, now_s)

    def cancel(self, order: Interrupt) -> None:
        """Forget the turn; its late features are dropped, and it shows nothing while the card plays what it has."""
        key = (order.epoch, order.turn)
        self._newest = max(self._newest, key)
        self._drop(key)
        self._emotions = {of: name for of, name in self._emotions.items() if of[:2] > key}
        self._gestures = {of: movement for of, movement in self._gestures.items() if of[:2] > key}
        if self._clock is not None and (self._clock.epoch, self._clock.turn) <= key:
            self._sentence_emotion = ""

    def _drop(self, until: Key) -> None:
        """Forget the lips of all turns up to and including `until`."""
        self._tracks = {key: track for key, track in self._tracks.items() if key > until}

    def _drop_old(self) -> None:
        # Where nobody says ENDED (no speaker), turns would pile up: what is heard and the newest stay.
        heard = (self._clock.epoch, self._clock.turn) if self._clock is not None else _NONE
        kept = {heard, max(self._tracks, default=_NONE)}
        self._tracks = {key: track for key, track in self._tracks.items() if key in kept}

    def _is_heard(self, now_s: float) -> bool:
        """Whether a turn is under way, as far as a living speaker says."""
        clock = self._clock
        return clock is not None and clock.state is not PlaybackState.ENDED and now_s - self._clock_s <= _CLOCK_DEAD_S

    def _loudness(self, now_s: float) -> float:
        """How loud the avatar will be heard in STRESS_LEAD_S: as its features say, or else as it is played."""
        if not has_loudness(self._model):
            return self._playback_loudness.at(now_s, STRESS_LEAD_S)
        clock = self._clock
        if clock is None or clock.state is not PlaybackState.PLAYING or not self._is_heard(now_s):
            return 0.0
        key = (clock.epoch, clock.turn)
        return self._tracks[key].loudness(self._heard_s(key, now_s) + STRESS_LEAD_S) if key in self._tracks else 0.0

    def _heard_s(self, key: Key, now_s: float) -> float:
        """Position of playback in a turn, seconds; negative: not begun."""
        clock = self._clock
        if clock is None or (clock.epoch, clock.turn) != key:
            return -1.0
        heard_s = clock.sample / clock.sample_rate_hz
        if clock.state is PlaybackState.PLAYING and clock.steady_ns:  # it may speak of what the card has yet to play
            heard_s += max(-_CLOCK_DEAD_S, min(now_s - s_from_ns(clock.steady_ns), _CLOCK_DEAD_S))
        return heard_s
