"""The lips of one turn: features in as they come, frames of the speech layer out as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_COUNT
from ..core.errors import MotionError
from ..core.phones import LOUDNESS, PHONE_DIM, SIL
from ..core.types import AudioFeatures
from .base import LipModel
from .express import resample_weights

F32 = NDArray[np.float32]

#: The mouth is at rest this long after the last frame of features.
REST_AFTER_S = 0.1
#: Lost features are bridged by silence up to this.
MAX_GAP_S = 30.0
#: A frame that is needed within this time is made with whatever context there is.
URGENT_S = 0.15
#: Frames that are needed later than this are made in batches of BATCH_S.
PATIENT_S, BATCH_S = 0.3, 0.1


@dataclass(frozen=True)
class LipFrame:
    """Weights [52] that hold `time_s` into the turn's speech."""

    time_s: float
    weights: F32
    last: bool


class LipTrack:
    """Gives each output frame once, in order.

    The first frame is made as soon as `required_after` frames of features follow it, so that the voice need not wait;
    later ones with full context, unless they are urgent.
    """

    def __init__(self, model: LipModel, rate_hz: float) -> None:
        self._model = model
        self._rate_hz = rate_hz
        self._features: F32 = np.zeros((0, model.dim), np.float32)
        self._first = 0  # number of the frame in _features[0]
        self._hold_s = 1 / rate_hz if model.hold_frames else 0.0
        self._next = 0  # number of the next output frame
        self._batch = round(BATCH_S * rate_hz)
        self._ended = False
        self.done = False

    @property
    def frames(self) -> int:
        """Frames of features so far."""
        return self._first + len(self._features)

    def add(self, message: AudioFeatures) -> None:
        """Take features. Raises MotionError where they do not fit the model, or lie far ahead of the others."""
        if (message.kind, message.dim, message.rate_hz) != (self._model.kind, self._model.dim, self._model.rate_hz):
            raise MotionError(
                "features_kind",
                f"features '{message.kind}' [{message.dim}] at {message.rate_hz} Hz; this backend takes "
                f"'{self._model.kind}' [{self._model.dim}] at {self._model.rate_hz} Hz: choose encoder and expression "
                "backends that fit",
            )
        data = np.nan_to_num(np.asarray(message.data, np.float32).reshape(message.frames, message.dim))
        gap = round(message.first_sample / message.sample_rate_hz * message.rate_hz) - self.frames
        if gap > MAX_GAP_S * message.rate_hz:
            raise MotionError("features_gap", f"features of frame {self.frames + gap} came, {self.frames} was expected")
        if gap > 0:
            self._append(self._silence(gap))
        self._append(data[max(0, -gap) :])
        if message.last and not self._ended:
            self._end_s = self.frames / self._model.rate_hz
            self._ended = True
            tail = ceil(REST_AFTER_S * self._model.rate_hz) + self._model.after + 2
            self._append(self._silence(tail))

    def give(self, until_s: float, heard_s: float) -> list[LipFrame]:
        """Frames that are due: up to `until_s`; heard_s: playback's position (negative: not begun)."""
        self._skip_past(heard_s)
        count = self._ready(until_s, heard_s)
        if count <= 0 or (count < self._batch and self._patient(heard_s)):
            return []
        times_s = (self._next + np.arange(count)) / self._rate_hz
        weights = self._weights(times_s)
        self._next += count
        return [self._frame(float(t), w) for t, w in zip(times_s, weights, strict=True)]

    def loudness(self, time_s: float) -> float:
        """Loudness 0–1 at `time_s`; 0 where nothing is known."""
        i = round(time_s * self._model.rate_hz) - self._first
        if self._model.dim != PHONE_DIM or not 0 <= i < len(self._features):
            return 0.0
        return float(self._features[i, LOUDNESS])

    def _append(self, data: F32) -> None:
        self._features = np.concatenate([self._features, data])

    def _silence(self, frames: int) -> F32:
        out = np.zeros((frames, self._model.dim), np.float32)
        if self._model.dim == PHONE_DIM:
            out[:, SIL] = 1.0
        return out

    def _skip_past(self, heard_s: float) -> None:
        # What was heard already is not worth drawing; one frame before now is kept to mix from.
        late = floor(heard_s * self._rate_hz) - 1
        if not self._ended or heard_s < self._end_s:
            self._next = max(self._next, late)

    def _ready(self, until_s: float, heard_s: float) -> int:
        if self.done:
            return 0
        urgent = self._next == 0 or self._next / self._rate_hz - heard_s < URGENT_S
        full = self._last_with(self._model.after)
        last = full
        if urgent:
            hurried = self._last_with(self._model.required_after)
            limit = 0 if self._next == 0 else floor((heard_s + URGENT_S) * self._rate_hz)
            last = max(full, min(hurried, limit))
        if self._ended:
            last = ceil((self._end_s + REST_AFTER_S) * self._rate_hz - 1e-6)
        return min(last, floor(until_s * self._rate_hz + 1e-6)) - self._next + 1

    def _patient(self, heard_s: float) -> bool:
        """Whether frames may wait for others, to be made together, which is cheaper."""
        return self._next > 0 and not self._ended and self._next / self._rate_hz - heard_s > PATIENT_S

    def _last_with(self, after: int) -> int:
        """Number of the last output frame that has `after` frames of features behind the two it mixes."""
        known = self.frames - 1 - after
        return floor(known / self._model.rate_hz * self._rate_hz + 1e-6) if known >= 0 else -1

    def _weights(self, times_s: NDArray[np.float64]) -> F32:
        rate = self._model.rate_hz
        low = max(self._first, floor(times_s[0] * rate) - self._model.before - 1)
        high = min(self.frames, ceil(times_s[-1] * rate) + self._model.after + 2)
        window = self._model.weights(self._features[low - self._first : high - self._first])
        out = resample_weights(window, rate, times_s - low / rate, self._hold_s)
        self._forget(floor(times_s[-1] * rate))
        return out

    def _forget(self, frame: int) -> None:
        # A second is kept for `loudness`, which is asked for what is heard now.
        drop = frame - round(1.5 * self._model.rate_hz) - self._model.before - self._first
        if drop > 0:
            self._features = self._features[drop:]
            self._first += drop

    def _frame(self, time_s: float, weights: F32) -> LipFrame:
        if not self._ended:
            return LipFrame(time_s, weights, last=False)
        over_s = time_s - self._end_s
        left = min(1.0, max(0.0, 1 - over_s / REST_AFTER_S))
        self.done = over_s >= REST_AFTER_S - 1e-6
        rest = np.zeros(ARKIT_COUNT, np.float32)
        return LipFrame(time_s, rest if self.done else weights * np.float32(left), last=self.done)
