"""Phones of a sentence whose text is known, in any language: those of the text where they fit the sound.

The text's phones are aligned to what our network hears (speech/text_graph.py). What is said beside the text is free,
and shows what the sound alone would; and where for a second or so the text fits hardly better than any other would, it
loses its weight.
"""

from __future__ import annotations

import numpy as np

from ..core.arrays import F32, Pcm
from ..speech.forward_backward import ForwardBackward
from ..speech.phones import PHONE_CLASSES, PHONE_COUNT, SIL
from ..speech.text_graph import FREE, TextGraph, class_scores
from .sources import PhoneSource

#: Share of the log likelihood that counts: neighbouring frames say much the same, and the network has heard them.
_SCALE = 0.15
#: Frames that are heard after the one that is decided; the network has heard 50 ms more already. The first sound does
#: not wait for more than the first, but soon the voice is far ahead of what is heard (tts/pacing.py), and what a vowel
#: was is known when the syllable is over, which takes 200 ms.
_DELAY, _GROWN_DELAY = 4, 20
#: When a phone comes is uncertain, so its probability is spread: the likeliest is made likelier.
_SHARPNESS = 1.5
_BILABIALS = np.array([name in ("P", "B", "M") for name in PHONE_CLASSES])
#: Hasty speech runs away from its text for a word or so. What the network hears as p, b or m is therefore kept: from
#: the first of these probabilities on more and more, from the second on wholly. Not where the text has a pause: silence
#: sounds like the closure of a p.
_KEPT_FROM, _KEPT_WHOLLY = 0.3, 0.5
#: How much worse the text's phones may fit than those that fit best, in mean log likelihood a frame of speech: where
#: the text is doubted, and where it does not count any more. French, Spanish and English people speaking the text have
#: -2.5 or better in 19 of 20 frames (half: -1.8), other texts -2.1 or worse.
_DOUBTED, _DISBELIEVED = -2.1, -2.5
#: The mean is over this many frames of speech, and begins with as many of half of them that fit usually.
_REMEMBERED, _USUAL, _USUAL_FRAMES = 100.0, -1.8, 50.0


class TextAligner:
    """A text's phones beside a network's frames: probabilities of classes and of FREE, and how far to believe them."""

    def __init__(self, graph: TextGraph) -> None:
        self._graph = graph
        self._states = ForwardBackward(graph.transitions, graph.start, graph.ends, _SCALE, _DELAY, _GROWN_DELAY)
        self._columns = np.eye(FREE + 1, dtype=np.float32)[graph.classes]
        self._scores: F32 = np.zeros((0, FREE + 1), np.float32)
        self._misfit, self._frames = _USUAL * _USUAL_FRAMES, _USUAL_FRAMES

    def push(self, rows: F32) -> tuple[F32, F32]:
        """Frames of the network [T, PHONE_COUNT] -> those decided now [n, FREE + 1], and belief [n, 1]."""
        scores = class_scores(rows)
        self._scores = np.concatenate([self._scores, scores])
        return self._decided(self._states.push(scores[:, self._graph.classes]))

    def finish(self) -> tuple[F32, F32]:
        """The frames that are left."""
        return self._decided(self._states.finish())

    def _decided(self, states: F32) -> tuple[F32, F32]:
        shares = states @ self._columns
        scores, self._scores = self._scores[: len(shares)], self._scores[len(shares) :]
        worse = shares * (scores - scores[:, :PHONE_COUNT].max(axis=1, keepdims=True, initial=-np.inf))
        spoken = np.delete(np.arange(FREE + 1), SIL)
        pairs = zip(worse[:, spoken].sum(axis=1).tolist(), shares[:, spoken].sum(axis=1).tolist(), strict=True)
        belief = np.array([self._belief(misfit, share) for misfit, share in pairs], np.float32)
        return shares, belief[:, None]

    def _belief(self, misfit: float, share: float) -> float:
        """misfit: log likelihood of the frame's phones less that of the best, times share: how much of it is speech."""
        keep = 1 - 1 / _REMEMBERED
        self._misfit, self._frames = keep * self._misfit + misfit, keep * self._frames + share
        mean = self._misfit / max(self._frames, 1.0)
        return min(1.0, max(0.0, (mean - _DISBELIEVED) / (_DOUBTED - _DISBELIEVED)))


class TextSource:
    """See sources.PhoneSource: another source and, where `heard` was called with its network's frames, the text.

    heard: to be told all of the network's frames in order, the first being the first of `sound`.
    """

    def __init__(self, graph: TextGraph) -> None:
        self._aligner = TextAligner(graph)
        self._sound: PhoneSource | None = None
        self._free: F32 = np.zeros((0, PHONE_COUNT), np.float32)
        self._heard: F32 = np.zeros((0, PHONE_COUNT), np.float32)
        self._said: F32 = np.zeros((0, FREE + 1), np.float32)
        self._belief: F32 = np.zeros((0, 1), np.float32)

    def beside(self, sound: PhoneSource) -> TextSource:
        """Itself, with the source of what the sound alone shows."""
        self._sound = sound
        return self

    def heard(self, rows: F32) -> None:
        """The network's next frames [T, PHONE_COUNT]."""
        self._heard = np.concatenate([self._heard, rows])
        self._add(*self._aligner.push(rows))

    def push(self, pcm: Pcm) -> F32:
        """Frames that are decided now."""
        assert self._sound is not None
        self._free = np.concatenate([self._free, self._sound.push(pcm)])
        return self._give(min(len(self._free), len(self._said)))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        assert self._sound is not None
        self._free = np.concatenate([self._free, self._sound.finish()])
        self._add(*self._aligner.finish())
        return self._give(min(len(self._free), len(self._said)), last=True)

    def _add(self, said: F32, belief: F32) -> None:
        self._said, self._belief = np.concatenate([self._said, said]), np.concatenate([self._belief, belief])

    def _give(self, count: int, *, last: bool = False) -> F32:
        free, said, belief, heard = (each[:count] for each in (self._free, self._said, self._belief, self._heard))
        rest = self._free[count:]
        self._free, self._said, self._belief = rest, self._said[count:], self._belief[count:]
        self._heard = self._heard[count:]
        spoken = with_heard_closures(shown(said, free), heard, said[:, SIL])
        out = belief * spoken + (1 - belief) * free
        out = np.asarray(out / np.maximum(out.sum(axis=1, keepdims=True), 1e-9), np.float32)
        return np.concatenate([out, rest]) if last else out


def shown(said: F32, free: F32) -> F32:
    """Phones [T, PHONE_COUNT] of what is said [T, FREE + 1]; free [T, PHONE_COUNT]: what FREE shows."""
    sharp = said[:, :PHONE_COUNT] ** _SHARPNESS
    sharp /= np.maximum(sharp.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray((1 - said[:, FREE:]) * sharp + said[:, FREE:] * free, np.float32)


def with_heard_closures(rows: F32, heard: F32, silent: F32) -> F32:
    """Phones [T, PHONE_COUNT] in which p, b and m are at least as likely as where the network [T, PHONE_COUNT] is sure.

    silent [T], 0–1: how far the text has a pause, in which that does not hold. The shares of those that are raised
    among each other are the network's.
    """
    closures = np.where(_BILABIALS, heard, 0.0)
    sure = closures.sum(axis=1, keepdims=True)
    least = (1 - silent[:, None]) * sure * np.clip((sure - _KEPT_FROM) / (_KEPT_WHOLLY - _KEPT_FROM), 0, 1)
    share = np.where(_BILABIALS, rows, 0.0).sum(axis=1, keepdims=True)
    raised = np.maximum(least - share, 0) / np.maximum(1 - share, 1e-6)
    return np.asarray((1 - raised) * rows + raised * closures / np.maximum(sure, 1e-6), np.float32)
