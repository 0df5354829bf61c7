"""The speaker stage: speech in, sound out, and the clock that all that is seen follows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress

from ..core.arrays import Pcm
from ..core.clock import ns_from_s
from ..core.enums import Layer, PlaybackState
from ..core.events import Interrupt
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import Expression, PlaybackClock, SpeechChunk
from .base import SPEAKER_BACKENDS, Speaker, SpeakerSettings
from .gain_ramp import GainRamp
from .playback import MAX_TURNS, Event, Key, Playback
from .played_frames import PlayedFramer

_TICK_S = 0.02
#: A clock that stands still is repeated, so that who waits for it knows that the speaker lives.
_STANDING_PERIOD_S = 0.5
_LIPS = frozenset({"motion/expression"})


class SpeakerStage(Stage):
    """Connects the messages, the playback (pure) and a device, whose thread may ask for sound at any time."""

    says_alive = True

    def __init__(self, settings: SpeakerSettings, speaker: Speaker) -> None:
        super().__init__()
        self.tick_period_s = _TICK_S
        self._settings = settings
        self._speaker = speaker
        self._lock = threading.Lock()
        self._playback = Playback(settings)
        self._framer = PlayedFramer(settings)
        self._volume = GainRamp(settings.volume)
        self._aimed_volume = settings.volume
        self._rendered: deque[tuple[Pcm, float]] = deque()
        self._lips: set[Key] = set()  # turns whose first expression has come, perhaps before their sound
        self._foreseen: Key = (0, 0)  # the newest turn of which sound has come
        self._sound_since_s: dict[Key, float] = {}
        self._starving_since_s: float | None = None
        self._last: Event | None = None
        self._clock_due_s = 0.0
        self._opened = False
        self._ignored = 0
        self._problem = ""

    def load(self) -> None:
        """Look for the device; it opens with the first tick, when there is somebody to play to."""
        self._speaker.load()

    def heeds(self, topic: str, message: Message) -> bool:
        """Of a turn's expressions only the first matters: 90 others a second come while it speaks."""
        if not isinstance(message, Expression):
            return True
        return message.layer is Layer.SPEECH and (message.epoch, message.turn) not in self._lips

    def drowsy(self) -> Set[str]:
        """Lips wake it only where sound has come that waits for them."""
        return _LIPS if self._foreseen in self._lips else frozenset()

    def foresee(self, topic: str, message: Message, now_s: float) -> None:
        """Sound of a turn has come."""
        if isinstance(message, SpeechChunk) and message.session == self._settings.session:
            self._foreseen = max(self._foreseen, (message.epoch, message.turn))

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Sound to play, or the lips that it waits for."""
        if getattr(message, "session", "") != self._settings.session:
            return ()
        if isinstance(message, SpeechChunk):
            self._offer(message, now_s)
        elif isinstance(message, Expression) and message.layer is Layer.SPEECH:
            self._see(message)
        else:
            return ()
        return self._flow(now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """DUCK, PAUSE, RESUME, CANCEL: with the next samples."""
        if order.session != self._settings.session:
            return ()
        with self._lock:
            self._playback.order(order)
        return self._flow(now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Keep the device going; publish what was played and where it stands."""
        if not self._opened:
            self._speaker.open(self._render, now_s)
            self._opened = True
        self._watch(now_s)
        return self._flow(now_s)

    def status(self) -> Mapping[str, str]:
        """The device, and what went wrong so far."""
        with self._lock:
            play = self._playback
            counts = {"starved": play.starved, "lost_samples": play.lost, "doubled_samples": play.doubled}
        out = {**self._speaker.status(), **{name: str(count) for name, count in counts.items() if count}}
        if self._ignored:
            out["ignored_chunks"] = str(self._ignored)
        if self._problem:
            out["last_problem"] = self._problem
        return out

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Fall silent: close the device, forget all turns, and say of the one that was heard that it is over."""
        self.close()
        with self._lock:
            over, self._playback = self._playback.abandoned(now_s), Playback(self._settings)
        self._rendered.clear()
        self._framer = PlayedFramer(self._settings)
        self._lips.clear()
        self._sound_since_s.clear()
        self._starving_since_s = None
        self._last = None
        if over is not None:
            yield self._clock(over, now_s)

    def close(self) -> None:
        """Close the device."""
        self._speaker.close()
        self._opened = False

    # --- messages ------------------------------------------------------------------------------------------------

    def _offer(self, chunk: SpeechChunk, now_s: float) -> None:
        key = (chunk.epoch, chunk.turn)
        with self._lock:
            taken = self._playback.offer(chunk)
            if not taken:
                self._ignored += 1
                return
            first_s = self._sound_since_s.setdefault(key, now_s)
            if key in self._lips or now_s - first_s >= self._settings.lips_wait_s:
                self._playback.allow(key)

    def _see(self, expression: Expression) -> None:
        key = (expression.epoch, expression.turn)
        if key in self._lips:
            return
        self._lips = set(sorted({seen for seen in self._lips if seen >= key} | {key})[-MAX_TURNS:])
        with self._lock:
            self._playback.allow(key)

    def _watch(self, now_s: float) -> None:
        """What waits too long is helped on: for its lips, or for its sound."""
        with self._lock:
            for key, first_s in self._sound_since_s.items():
                if now_s - first_s >= self._settings.lips_wait_s:
                    self._playback.allow(key)
            if not self._playback.is_starving:
                self._starving_since_s = None
            elif self._starving_since_s is None:
                self._starving_since_s = now_s
            elif now_s - self._starving_since_s > self._settings.starve_limit_s:
                self._problem = f"a turn's sound stayed away for {self._settings.starve_limit_s:.0f} s; it was ended"
                self._playback.give_up()

    # --- sound ---------------------------------------------------------------------------------------------------

    def _render(self, count: int, at_s: float) -> Pcm:
        """Called by the device, perhaps on its own thread."""
        with self._lock:
            events = len(self._playback.events)
            pcm = self._loud(self._playback.render(count, at_s))
            self._rendered.append((pcm, at_s))
            changed = len(self._playback.events) > events
        if changed:
            self.wake()
        return pcm

    def _loud(self, pcm: Pcm) -> Pcm:
        """As loud as is wanted now, without a jump."""
        if self._aimed_volume != self._settings.volume:
            self._aimed_volume = self._settings.volume
            self._volume.aim(self._aimed_volume, round(self._settings.duck_fade_s * self._settings.speech_rate_hz))
        return self._volume.apply(pcm)

    def _flow(self, now_s: float) -> Iterator[Out]:
        if self._opened:
            self._speaker.pump(now_s)
        yield from self._clocks(now_s)
        while self._rendered:
            self._framer.add(*self._rendered.popleft())
        for frame in self._framer.frames():
            yield Out("speech/played", frame)

    def _clocks(self, now_s: float) -> Iterator[Out]:
        """Changes of state, each when it is heard (PLAYING early: the renderer prepares), and the periodic clock."""
        for event in self._due_events(now_s):
            self._last = event
            if event.state is PlaybackState.ENDED:
                self._forget(event.key)
            yield self._clock(event, now_s)
        if self._last is None or now_s < self._clock_due_s or self._last.state is PlaybackState.ENDED:
            return
        if self._last.state is not PlaybackState.PLAYING:
            yield self._clock(self._last, now_s)
            return
        with self._lock:
            beat = self._playback.clock(now_s)
        if beat is not None and beat.key == self._last.key:
            yield self._clock(beat, now_s)

    def _due_events(self, now_s: float) -> list[Event]:
        due = []
        with self._lock, suppress(IndexError):
            while (event := self._playback.events[0]).state is PlaybackState.PLAYING or event.at_s <= now_s:
                due.append(self._playback.events.popleft())
        return due

    def _clock(self, event: Event, now_s: float) -> Out:
        playing = event.state is PlaybackState.PLAYING
        self._clock_due_s = now_s + (self._settings.clock_period_s if playing else _STANDING_PERIOD_S)
        clock = PlaybackClock(
            session=self._settings.session,
            epoch=event.key[0],
            turn=event.key[1],
            sample=event.sample,
            sample_rate_hz=self._settings.speech_rate_hz,
            state=event.state,
            sentence=event.sentence,
            sentence_progress=event.progress,
            steady_ns=ns_from_s(event.at_s),
        )
        return Out("speech/playback", clock)

    def _forget(self, key: Key) -> None:
        for known in [known for known in self._sound_since_s if known <= key]:
            del self._sound_since_s[known]


def build_speaker(settings: SpeakerSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that `settings` names. Raises UnknownBackendError."""
    return SpeakerStage(settings, SPEAKER_BACKENDS.make(settings.backend, settings, own=own))
