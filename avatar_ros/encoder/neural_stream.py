"""Streaming through a transformer that was trained on whole utterances: what is cached, and what is computed again.

Cached exactly, each computed once: the convolutional features (neural_features.py) and the positional convolution (as a
sum to which each token adds its share). Cached as an approximation: the statistics of the first group norm, and the
transformer's keys and values of older tokens, which stay as they were when `again` tokens had followed. Computed again
for each hop: the transformer over the last `again` tokens, which attend to all of the last `window`.

How far that is from the whole utterance: `./avatar bench neural`. Most of it is the group norm of a voice that is met
for the first time; from its second turn on a voice is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from ..core.arrays import F32
from .neural_features import FEATURE_RATE_HZ, FeatureStream, FrameRate, VoiceStatistics
from .neural_model import NeuralModel, Past


class ContextWindow:
    """The last tokens with their positional sums: from the turn's first token on, however long ago that was.

    size: how many tokens a new one sees; again: how many of them are computed again, now that more is known. Of the
    others keys and values are kept.
    """

    def __init__(self, model: NeuralModel, size: int, again: int) -> None:
        self._model, self._size, self._again = model, size, min(again, size)
        dim, taps = model.manifest.dim, model.manifest.taps
        self._behind, self._ahead = taps - 1 - taps // 2, taps // 2
        self._tokens: F32 = np.zeros((0, dim), np.float32)
        self._sums: F32 = np.zeros((self._ahead, dim), np.float32)
        self._past = Past.none(model.manifest)
        self.first = 0  # number of the token in _tokens[0]

    @property
    def count(self) -> int:
        """Tokens so far."""
        return self.first + len(self._tokens)

    def push(self, features: F32) -> None:
        """Take features [T, C]."""
        if not len(features):
            return
        tokens, spread = self._model.project(features)
        old = len(self._tokens)
        self._tokens = np.concatenate([self._tokens, tokens])
        self._sums = np.concatenate([self._sums, np.zeros_like(tokens)])
        for i, shares in enumerate(spread[:, ::-1], old):  # shares[m] goes to token i - behind + m
            start = max(0, i - self._behind)
            self._sums[start : i + self._ahead + 1] += shares[start - (i - self._behind) :]
        drop = max(0, len(self._tokens) - self._size)
        self._tokens, self._sums = self._tokens[drop:], self._sums[drop:]
        self.first += drop

    def hidden(self) -> F32:
        """Hidden states of the tokens from `first` on. All but the last `again` of them are done with after that."""
        seen = self._past.last(self._size - len(self._tokens))
        hidden, past = self._model.back(self._tokens, self._sums[: len(self._tokens)], seen)
        done = max(0, len(self._tokens) - self._again)
        self._past = self._past.then(past, done, self._size - self._again)
        self._tokens, self._sums = self._tokens[done:], self._sums[done:]
        self.first += done
        return hidden


@dataclass(frozen=True)
class Steps:
    """How a stream steps. first, hop: samples at 16 kHz; window, again, lookahead (not more than again): tokens."""

    first: int
    hop: int
    window: int
    again: int
    lookahead: int


class HiddenStream:
    """Sound at 16 kHz in, hidden states out, in steps that do not depend on how the sound is cut into chunks."""

    def __init__(self, model: NeuralModel, voice: VoiceStatistics, steps: Steps) -> None:
        self._model, self._steps = model, steps
        self._features = FeatureStream(model, voice)
        self._rate = FrameRate(model.manifest.rate_hz)
        self._window = ContextWindow(model, steps.window, steps.again)
        self._waiting: F32 = np.zeros(0, np.float32)
        self._taken = 0
        self.given = 0

    def push(self, sound: F32) -> F32:
        """Take samples [N] (±1); frames [T, dim] that are ready."""
        self._waiting = np.concatenate([self._waiting, sound])
        out = []
        while len(self._waiting) >= (size := self._until_step()):
            out.append(self._step(size, self._steps.lookahead))
        return self._joined(out)

    def finish(self, frames: int) -> F32:
        """What is left, up to `frames` in all, as if silence followed."""
        manifest = self._model.manifest
        last = ceil((frames - 1) * FEATURE_RATE_HZ / manifest.rate_hz - 1e-9)
        need = last * manifest.hop_samples + manifest.field_samples - self._taken
        short = max(0, need - len(self._waiting))
        out = [self.push(np.zeros(short, np.float32))] if short else []
        out.append(self._step(len(self._waiting), 0))
        return self._cut(self._joined(out), frames)

    def _cut(self, out: F32, frames: int) -> F32:
        surplus = max(0, self.given - frames)
        self.given -= surplus
        return out[: len(out) - surplus]

    def _until_step(self) -> int:
        if self._taken < self._steps.first:
            return self._steps.first - self._taken
        return self._steps.hop - self._taken % self._steps.hop

    def _step(self, size: int, lookahead: int) -> F32:
        sound, self._waiting = self._waiting[:size], self._waiting[size:]
        self._taken += size
        self._window.push(self._rate.push(self._features.push(sound)))
        until = self._window.count - lookahead
        if until <= self.given:
            return self._joined([])
        first = self._window.first
        out = self._window.hidden()[self.given - first : until - first]
        self.given = until
        return out

    def _joined(self, parts: list[F32]) -> F32:
        return np.concatenate(parts) if parts else np.zeros((0, self._model.manifest.dim), np.float32)


def whole_utterance(model: NeuralModel, sound: F32, frames: int) -> F32:
    """Hidden states [frames, dim] of the whole sound at once, as the network was trained: what streaming is held to."""
    steps = Steps(first=1 << 60, hop=1 << 60, window=1 << 30, again=1 << 30, lookahead=0)
    stream = HiddenStream(model, VoiceStatistics.unknown(model.manifest), steps)
    stream.push(sound)
    return stream.finish(frames)
