"""What is played: turns in their order, paused, ducked and cancelled without a click. No device, no thread, no clock.

IDLE ──first sound ready──▶ PLAYING ──nothing left, more to come──▶ STARVED ──▶ PLAYING
                               │ ▲                                     │
                         PAUSE ▼ │ RESUME                              ▼ starve_limit_s, CANCEL
                             PAUSED ───────────CANCEL───────────────▶ ENDED (turn over, the next one may begin)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..core.arrays import Pcm
from ..core.enums import InterruptAction, PlaybackState
from ..core.errors import SpeakerError
from ..core.events import Interrupt
from ..core.levels import gain_from_db
from ..core.types import SpeechChunk
from .base import SpeakerSettings
from .gain_ramp import GainRamp
from .turn_buffer import TurnBuffer

Key = tuple[int, int]
_NEVER: Key = (-1, -1)
#: Turns that may wait behind the one that plays.
MAX_TURNS = 64


@dataclass(frozen=True)
class Event:
    """At `at_s` the turn's `sample` is heard and `state` begins; sentence and progress as in PlaybackClock."""

    key: Key
    state: PlaybackState
    sample: int
    at_s: float
    sentence: int = 0
    progress: float = 0.0


class Playback:
    """`render` is called by the device for the next samples; the rest by the stage. The caller locks.

    events: what happened, in order, for the stage to take and publish.
    """

    def __init__(self, settings: SpeakerSettings) -> None:
        self._settings = settings
        self._rate_hz = settings.speech_rate_hz
        self._turns: deque[TurnBuffer] = deque()
        self._allowed: set[Key] = set()
        self._over = _NEVER  # newest turn that ended or was cancelled
        self._state: PlaybackState | None = None  # of the first turn; None: it has not begun
        self._gain = GainRamp()
        self._stopping: PlaybackState | None = None  # PAUSED or ENDED, once the fade is over
        self._paused = _NEVER  # this turn and those before it are held
        self._ducked = False
        self._anchor = (0, 0.0)  # (sample, when it is heard) of the block that was rendered last
        self.events: deque[Event] = deque()
        self.lost = self.doubled = self.starved = 0

    # --- what the stage calls ------------------------------------------------------------------------------------

    def offer(self, chunk: SpeechChunk) -> bool:
        """Take a chunk; False where its turn is over. Raises SpeakerError for a wrong rate or too much sound."""
        key = (chunk.epoch, chunk.turn)
        if key <= self._over:
            return False
        if chunk.sample_rate_hz != self._rate_hz:
            raise SpeakerError(
                "speaker_rate",
                f"speech came at {chunk.sample_rate_hz} Hz; this speaker plays {self._rate_hz} Hz "
                "(speech_rate_hz must be the same for tts and speaker)",
            )
        if self._turns and chunk.epoch > self._turns[0].key[0]:
            self._cancel((chunk.epoch, -1))  # the dialogue was restarted: nobody will end its old turns
        buffer = self._buffer(key)
        if buffer is None:
            return False
        buffer.put(chunk)
        return True

    def allow(self, key: Key) -> None:
        """The turn's lips are ready, or were waited for long enough."""
        if key > self._over:
            self._allowed = set(sorted(self._allowed | {key})[-MAX_TURNS:])

    def order(self, order: Interrupt) -> None:
        """Obey an Interrupt. PAUSE and CANCEL concern its turn and all before, DUCK and RESUME what plays."""
        if order.action.ends_speech:
            self._cancel((order.epoch, order.turn))
        elif order.action is InterruptAction.PAUSE:
            self._pause((order.epoch, order.turn))
        elif order.action is InterruptAction.RESUME:
            self._resume()
        elif order.action is InterruptAction.DUCK:
            self._ducked = True
            self._aim_to_normal(self._settings.duck_fade_s)

    def give_up(self) -> None:
        """The turn's sound stays away: end it with the next samples."""
        if self._turns:
            self._fade_out(PlaybackState.ENDED)

    @property
    def current(self) -> tuple[Key, PlaybackState | None] | None:
        """The turn at the head of the queue, and its state (None: not begun); None where there is nothing to play."""
        return (self._turns[0].key, self._state) if self._turns else None

    @property
    def is_starving(self) -> bool:
        """The turn could go on, but its sound is not there."""
        waits = self._state in (None, PlaybackState.STARVED)
        return bool(self._turns) and waits and not self._is_paused and not self._turns[0].complete

    def clock(self, now_s: float) -> Event | None:
        """While PLAYING: the first sample of the block rendered last, when it is heard, and the progress now."""
        if not self._turns or self._state is not PlaybackState.PLAYING:
            return None
        turn, (sample, at_s) = self._turns[0], self._anchor
        heard = min(turn.next_sample, sample + round((now_s - at_s) * self._rate_hz))
        return Event(turn.key, PlaybackState.PLAYING, sample, at_s, *turn.progress(max(0, heard)))

    def abandoned(self, now_s: float) -> Event | None:
        """ENDED where the turn stands now, for a device that is being closed; None where none has begun."""
        if not self._turns or self._state is None:
            return None
        turn, sample = self._turns[0], self._turns[0].next_sample
        if self._state is PlaybackState.PLAYING:
            begun, at_s = self._anchor
            sample = max(0, min(sample, begun + round((now_s - at_s) * self._rate_hz)))
        return Event(turn.key, PlaybackState.ENDED, sample, now_s, *turn.progress(sample))

    # --- what the device calls -----------------------------------------------------------------------------------

    def render(self, count: int, at_s: float) -> Pcm:
        """The next `count` samples; the first is heard at `at_s`."""
        out, done = np.zeros(count, np.int16), 0
        while done < count:
            here_s = at_s + done / self._rate_hz
            while self._step(here_s):
                pass
            if self._state is not PlaybackState.PLAYING:
                break  # silence until somebody calls
            piece = self._play(count - done, here_s)
            out[done : done + len(piece)] = piece
            done += len(piece)
        return out

    def _step(self, at_s: float) -> bool:
        """Make the change of state that is due at `at_s`; whether there was one."""
        if not self._turns:
            return False
        turn = self._turns[0]
        if self._stopping is not None and not (self._gain.remaining and turn.waiting):
            self._stop(at_s)
        elif self._state is PlaybackState.PLAYING:
            if turn.waiting:
                return False
            self._run_dry(at_s)
        elif self._ready():
            self._begin(at_s)
        elif self._state is PlaybackState.PAUSED and not self._is_paused:
            self._enter(PlaybackState.STARVED, at_s)
        else:
            return False
        return True

    def _play(self, count: int, at_s: float) -> Pcm:
        """At least one sample of the turn, up to `count`, or to the end of a fade-out."""
        turn = self._turns[0]
        if self._stopping is not None:
            count = min(count, self._gain.remaining)
        self._anchor = (turn.next_sample, at_s)
        return self._gain.apply(turn.take(count))

    def _run_dry(self, at_s: float) -> None:
        if self._turns[0].complete:
            self._end(at_s)
        else:
            self._enter(PlaybackState.STARVED, at_s)

    def _ready(self) -> bool:
        turn = self._turns[0]
        if self._is_paused:
            return False
        if turn.complete and not turn.waiting:
            return True
        allowed = turn.key in self._allowed or self._state is not None
        enough = round(self._settings.prebuffer_s * self._rate_hz)
        return allowed and turn.waiting > 0 and (turn.waiting >= enough or turn.complete or turn.sentence_complete)

    @property
    def _is_paused(self) -> bool:
        return self._turns[0].key <= self._paused

    def _begin(self, at_s: float) -> None:
        turn = self._turns[0]
        if not turn.waiting:  # a turn without sound, or without any more
            self._end(at_s)
            return
        self._gain.set(0.0)
        self._aim_to_normal(0.0 if self._state is None else self._settings.fade_s)
        self._anchor = (turn.next_sample, at_s)
        self._enter(PlaybackState.PLAYING, at_s)

    def _stop(self, at_s: float) -> None:
        """The fade-out is over, or there was nothing to fade."""
        turn = self._turns[0]
        if self._stopping is PlaybackState.PAUSED and not (turn.complete and not turn.waiting):
            self._stopping = None
            self._enter(PlaybackState.PAUSED, at_s)
        else:
            self._end(at_s)

    def _enter(self, state: PlaybackState, at_s: float) -> None:
        self.starved += state is PlaybackState.STARVED
        self._state = state
        self._report(state, at_s)

    def _end(self, at_s: float) -> None:
        self._report(PlaybackState.ENDED, at_s)
        self._over = max(self._over, self._turns[0].key)
        self._drop_first()
        self._state = self._stopping = None

    def _report(self, state: PlaybackState, at_s: float) -> None:
        turn = self._turns[0]
        self.events.append(Event(turn.key, state, turn.next_sample, at_s, *turn.progress(turn.next_sample)))

    # --- turns and orders ----------------------------------------------------------------------------------------

    def _buffer(self, key: Key) -> TurnBuffer | None:
        """The turn's buffer, made in its place; None for a turn that others have overtaken."""
        for turn in self._turns:
            if turn.key == key:
                return turn
        begun = self._state is not None
        if (begun and key < self._turns[0].key) or len(self._turns) >= MAX_TURNS:
            return None
        place = sum(turn.key < key for turn in self._turns)
        self._turns.insert(place, TurnBuffer(key, self._rate_hz))
        return self._turns[place]

    def _drop_first(self) -> None:
        turn = self._turns.popleft()
        self._allowed.discard(turn.key)
        self.lost += turn.lost
        self.doubled += turn.doubled

    def _cancel(self, key: Key) -> None:
        self._over = max(self._over, key)
        self._ducked = False
        self._allowed = {allowed for allowed in self._allowed if allowed > key}
        for turn in [turn for turn in list(self._turns)[1:] if turn.key <= key]:
            self._turns.remove(turn)
        if self._turns and self._turns[0].key <= key:
            self._fade_out(PlaybackState.ENDED)

    def _pause(self, key: Key) -> None:
        self._paused = max(self._paused, key)
        sounding = self._state in (PlaybackState.PLAYING, PlaybackState.STARVED)
        if sounding and self._is_paused and self._stopping is None:
            self._fade_out(PlaybackState.PAUSED)

    def _resume(self) -> None:
        self._paused = _NEVER
        self._ducked = False
        if self._stopping is PlaybackState.PAUSED:
            self._stopping = None
        if self._stopping is None:
            self._aim_to_normal(self._settings.duck_fade_s)

    def _fade_out(self, then: PlaybackState) -> None:
        self._stopping = then
        if self._state is PlaybackState.PLAYING:
            self._gain.aim(0.0, round(self._settings.fade_s * self._rate_hz))
        else:
            self._gain.set(0.0)

    def _aim_to_normal(self, seconds: float) -> None:
        normal = gain_from_db(self._settings.duck_db) if self._ducked else 1.0
        self._gain.aim(normal, round(seconds * self._rate_hz))
