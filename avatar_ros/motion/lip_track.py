"""The lips of one turn: features in as they come, frames of the speech layer out as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.errors import MotionError
from ..core.types import AudioFeatures
from ..speech.phones import LOUDNESS, PHONE_DIM, PHONE_KIND, silent_frames
from .base import LipModel
from .offline import resample_weights
from .seams import Seam, faded_in

#: The mouth is at rest this long after the last frame of features.
REST_AFTER_S = 0.1
#: Lost features are bridged up to this; what is further away begins the stream anew.
MAX_GAP_S = 30.0
#: A frame that is needed within this time is made with whatever context there is.
URGENT_S = 0.15
#: Frames that are needed later than this are made in batches of BATCH_S.
PATIENT_S, BATCH_S = 0.3, 0.2


@dataclass(frozen=True)
class LipFrame:
    """Weights [52] that hold `time_s` into the turn's speech."""

    time_s: float
    weights: F32
    last: bool


class LipTrack:
    """Gives each output frame once, in order.

    The first frame is made as soon as `required_after` frames of features follow it, so that the voice need not wait;
    later ones with full context, unless they are urgent. A stream that is met in the middle (the node was started
    again) begins with the first features that are seen.
    """

    def __init__(self, model: LipModel, rate_hz: float) -> None:
        self._model = model
        self._rate_hz = rate_hz
        self._silence = _silent_frame(model)
        self._hold_s = 1 / rate_hz if model.hold_frames else 0.0
        self._seam = Seam(model.seam_frames, model.rate_hz)
        self._begin(0)
        self._batch = round(BATCH_S * rate_hz)
        self._ended = False
        self.done = False

    @property
    def frames(self) -> int:
        """Frames of features so far."""
        return self._first + len(self._features)

    def add(self, message: AudioFeatures) -> None:
        """Take features. Raises MotionError where they do not fit the model."""
        if (message.kind, message.dim, message.rate_hz) != (self._model.kind, self._model.dim, self._model.rate_hz):
            raise MotionError(
                "features_kind",
                f"features '{message.kind}' [{message.dim}] at {message.rate_hz} Hz; this backend takes "
                f"'{self._model.kind}' [{self._model.dim}] at {self._model.rate_hz} Hz: choose encoder and expression "
                "backends that fit",
            )
        if self._ended:
            return
        data = np.nan_to_num(np.asarray(message.data, np.float32).reshape(message.frames, message.dim))
        start = round(message.first_sample / message.sample_rate_hz * message.rate_hz)
        if not len(self._features) or abs(start - self.frames) > MAX_GAP_S * message.rate_hz:
            self._begin(start)
        if start > self.frames:
            self._bridge(start - self.frames, data)
        self._append(data[max(0, self.frames - start) :])
        if message.last:
            self._end()

    def give(self, until_s: float, heard_s: float) -> list[LipFrame]:
        """Frames that are due: up to `until_s`; heard_s: playback's position (negative: not begun)."""
        self._skip_past(heard_s)
        count = self._ready(until_s, heard_s)
        if count <= 0 or (count < self._batch and self._patient(heard_s)):
            return []
        times_s = (self._next + np.arange(count)) / self._rate_hz
        weights = self._continued(times_s)
        self._next += count
        self._is_first = False
        return [self._frame(float(t), w) for t, w in zip(times_s, weights, strict=True)]

    def loudness(self, time_s: float) -> float:
        """Loudness 0–1 at `time_s`, where the features have it; 0 where nothing is known."""
        i = round(time_s * self._model.rate_hz) - self._first
        return float(self._features[i, LOUDNESS]) if 0 <= i < len(self._features) else 0.0

    def _begin(self, frame: int) -> None:
        self._features: F32 = np.zeros((0, self._model.dim), np.float32)
        self._first = frame  # number of the frame in _features[0]
        self._lost: list[tuple[float, float]] = []  # from the last frame before a gap to the first after it, s
        self._next = ceil(frame / self._model.rate_hz * self._rate_hz - 1e-6)  # number of the next output frame
        self._is_first = True
        self._start_s: float | None = None  # instant of the first frame that was given
        self._seam.forget()

    def _append(self, data: F32) -> None:
        self._features = np.concatenate([self._features, data])

    def _bridge(self, frames: int, following: F32) -> None:
        """Fill a gap with silence, or, where the model knows none, with its neighbours, while the lips rest."""
        if self._silence is not None:
            self._append(np.repeat(self._silence, frames, axis=0))
            return
        self._lost.append(((self.frames - 1) / self._model.rate_hz, (self.frames + frames) / self._model.rate_hz))
        before = self._features[-1:]
        after = following[:1] if len(following) else before
        half = frames // 2
        self._append(np.repeat(before, half, axis=0))
        self._append(np.repeat(after, frames - half, axis=0))

    def _end(self) -> None:
        # Lips close towards silence; a model that knows none ends where its features do, as it does in whole files.
        self._end_s = self.frames / self._model.rate_hz
        self._ended = True
        if self._silence is not None:
            tail = ceil(REST_AFTER_S * self._model.rate_hz) + self._model.after + 2
            self._append(np.repeat(self._silence, tail, axis=0))

    def _skip_past(self, heard_s: float) -> None:
        # What was heard already is not worth drawing; one frame before now is kept to mix from.
        late = floor(heard_s * self._rate_hz) - 1
        if not self._ended or heard_s < self._end_s:
            self._next = max(self._next, late)

    def _ready(self, until_s: float, heard_s: float) -> int:
        if self.done:
            return 0
        urgent = self._is_first or self._next / self._rate_hz - heard_s < URGENT_S
        full = self._last_with(self._model.after)
        last = full
        if urgent:
            hurried = self._last_with(self._model.required_after)
            limit = self._next if self._is_first else floor((heard_s + URGENT_S) * self._rate_hz)
            last = max(full, min(hurried, limit))
        if self._ended:
            last = ceil((self._end_s + REST_AFTER_S) * self._rate_hz - 1e-6)
        return min(last, floor(until_s * self._rate_hz + 1e-6)) - self._next + 1

    def _patient(self, heard_s: float) -> bool:
        """Whether frames may wait for others, to be made together, which is cheaper."""
        return not self._is_first and not self._ended and self._next / self._rate_hz - heard_s > PATIENT_S

    def _last_with(self, after: int) -> int:
        """Number of the last output frame that has `after` frames of features behind the two it mixes."""
        known = self.frames - 1 - after
        return floor(known / self._model.rate_hz * self._rate_hz + 1e-6) if known >= 0 else -1

    def _continued(self, times_s: NDArray[np.float64]) -> F32:
        """Weights [N, 52] at times_s; they begin at rest and go on from what was shown, where the model wants that."""
        shown_s = self._seam.shown_s
        if shown_s is not None and times_s[0] - shown_s > 1.5 / self._rate_hz:  # frames were left out
            self._seam.forget()
            shown_s = None
        made = self._weights(times_s if shown_s is None else np.concatenate([[shown_s], times_s]))
        before, weights = (None, made) if shown_s is None else (made[0], made[1:])
        self._start_s = float(times_s[0]) if self._start_s is None else self._start_s
        joined = self._seam.joined(times_s, weights, before)
        return faded_in(joined, times_s - self._start_s, self._model.fade_in_frames, self._model.rate_hz)

    def _weights(self, times_s: NDArray[np.float64]) -> F32:
        rate = self._model.rate_hz
        low = max(self._first, min(floor(times_s[0] * rate) - self._model.before - 1, self.frames - 1))
        high = min(self.frames, ceil(times_s[-1] * rate) + self._model.after + 2)
        window = self._model.weights(self._features[low - self._first : high - self._first])
        out = resample_weights(window, rate, times_s - low / rate, self._hold_s)
        if self._lost:
            out = out * self._presence(times_s)[:, None]
        self._forget(times_s[-1])
        return out

    def _presence(self, times_s: NDArray[np.float64]) -> F32:
        """Share of the weights that is shown [N]: lips rest within REST_AFTER_S of where features were lost."""
        out = np.ones(len(times_s))
        for start_s, end_s in self._lost:
            depth_s = np.minimum(times_s - start_s, end_s - times_s)
            out = np.minimum(out, np.clip(1 - depth_s / REST_AFTER_S, 0, 1))
        return out.astype(np.float32)

    def _forget(self, until_s: float) -> None:
        self._lost = [gap for gap in self._lost if gap[1] > until_s]
        # A second is kept for `loudness`, which is asked for what is heard now.
        drop = floor((until_s - 1.5) * self._model.rate_hz) - self._model.before - self._first
        drop = min(drop, len(self._features) - 1)
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


def has_loudness(model: LipModel) -> bool:
    """Whether the model's features say how loud the voice is: those of kind "phones" do."""
    return (model.kind, model.dim) == (PHONE_KIND, PHONE_DIM)


def _silent_frame(model: LipModel) -> F32 | None:
    """Features of silence [1, dim]; None where the kind of features has none (hidden states: zero is no silence)."""
    return silent_frames(1, PHONE_DIM) if has_loudness(model) else None
