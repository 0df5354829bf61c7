"""Phones of a sentence from its sound: aligned to its text where there is one, recognised freely where there is none.

Both are done side by side on the same acoustic scores. Where the text explains the sound about as well as free phones
do, the text is believed; where it does not (a wrong text, laughter, a number read differently), the free phones are.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, Pcm
from ..speech.dereverberation import Room
from ..speech.forward_backward import ForwardBackward
from ..speech.hmm_graph import HmmGraph, loop_graph, sentence_graph
from ..speech.lexicon import Lexicon, Speller, foreign_share, slots
from ..speech.mfcc import CENTRE_S, CEPSTRA, Cepstra, with_deltas
from ..speech.number_readings import Readings
from ..speech.phones import PHONE_CLASSES, PHONE_COUNT, PHONE_RATE_HZ, SIL
from ..speech.pocketsphinx_acoustic import AcousticModel, Likelihoods, SenoneScorer
from ..speech.resample import Resampler
from .sources import FrameGrid

#: Share of the acoustic log likelihood that counts; neighbouring frames say much the same.
ALIGN_SCALE, LOOP_SCALE = 0.3, 0.25
#: Heard without a text, p, b and m are easily taken for other plosives and nasals. Lips that stay open where they must
#: close are seen at once, lips that close for a moment too many hardly: bilabials count this much more.
_MISSED_CLOSURE_COST = 4.0
#: Lips are where they must be this much before it is heard: a closure has begun when its sound stops.
LEAD_S = 0.01
#: In a room sounds end later than the mouth ends them: this much more.
_ROOM_LEAD_S = 0.02
#: Difference of log likelihood a frame (text less free phones) below which the text is doubted, and disbelieved.
_DOUBTED, _DISBELIEVED = -0.8, -1.6
#: A synthesizer's pauses are often pure zeros, which no recording that the model learnt from held: a little noise is
#: added, 78 dB below full scale.
DITHER_RMS = 4.0
#: Cepstral mean of ordinary speech, until the voice is known; how many frames that assumption is worth.
_FIRST_MEAN = (41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17)
_FIRST_MEAN_FRAMES, _VOICE_FRAMES = 80.0, 300.0
_QUIET_C0 = 15.0
_CONTEXT = 3
_LONGEST_TEXT_WORDS = 120
#: Sentences that may be expected at a time; the oldest is forgotten. A graph takes up to 20 MB.
_PREPARED = 2
#: A text of which more than this share is in another script cannot be aligned: the words that are left would be
#: stretched over the sound of the others.
_MOST_FOREIGN = 0.25
_CLASS_COSTS = np.array([_MISSED_CLOSURE_COST if name in "PBM" else 1.0 for name in PHONE_CLASSES], np.float32)


class AcousticModels:
    """What all sentences share: the acoustic model, the free phone loop, the dictionary, the mean of the voice."""

    def __init__(self, model_folder: Path, bigram: F32, names: tuple[str, ...], spell: Speller | None = None) -> None:
        self.model = AcousticModel(model_folder / "en-us")
        self.lexicon = Lexicon(model_folder / "cmudict-en-us.dict", spell)
        self.loop = loop_graph(self.model.definition, names, bigram)
        self.loop_scorer = self.model.scorer(self.loop.senones)
        self.mean = VoiceMean()
        self.room = Room()
        self._prepared: OrderedDict[tuple[Readings, ...], tuple[HmmGraph, SenoneScorer]] = OrderedDict()

    def forget_voice(self) -> None:
        """The next voice is another one, in another room."""
        self.mean, self.room = VoiceMean(), Room()

    def expect(self, text: str, locale: str) -> None:
        """A sentence whose sound will come: what can be done without the sound is done now."""
        if spoken := english_words(text, locale):
            self._prepared[spoken] = self._prepare(spoken)
            if len(self._prepared) > _PREPARED:
                self._prepared.popitem(last=False)

    def listen(self, grid: FrameGrid, text: str, locale: str, delay_s: float) -> ListenSource:
        """A source for one sentence; text in English, or "" where there is none that can be aligned."""
        aligner = None
        if spoken := english_words(text, locale):
            graph, scorer = self._prepared.pop(spoken) if spoken in self._prepared else self._prepare(spoken)
            aligner = _Track(graph, scorer, ALIGN_SCALE, delay_s)
        return ListenSource(self, grid, aligner, delay_s)

    def _prepare(self, spoken: tuple[Readings, ...]) -> tuple[HmmGraph, SenoneScorer]:
        graph = sentence_graph(self.model.definition, [self.lexicon.ways(readings) for readings in spoken])
        return graph, self.model.scorer(graph.senones)


def english_words(text: str, locale: str) -> tuple[Readings, ...]:
    """The words to align; none where the text is no English."""
    english = (not locale or locale.lower().startswith("en")) and foreign_share(text) <= _MOST_FOREIGN
    return tuple(slots(text)[:_LONGEST_TEXT_WORDS]) if english else ()


def _prefer_closures(rows: F32) -> F32:
    weighted = rows * _CLASS_COSTS
    return weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-30)


class VoiceMean:
    """Mean of the cepstra of the voice so far; subtracted, it takes the voice and the room out of the sound."""

    def __init__(self) -> None:
        self._weight = _FIRST_MEAN_FRAMES
        self._mean = np.array(_FIRST_MEAN)
        self._loudest = -np.inf

    def update(self, cepstra: F32) -> F32:
        """Take frames into account; the mean [CEPSTRA] to subtract from them."""
        if len(cepstra):
            self._loudest = max(self._loudest - 0.02 * len(cepstra), float(cepstra[:, 0].max()))
        voiced = cepstra[cepstra[:, 0] > self._loudest - _QUIET_C0]
        if len(voiced):
            weight = min(self._weight, _VOICE_FRAMES)
            self._mean = (self._mean * weight + voiced.sum(axis=0)) / (weight + len(voiced))
            self._weight = weight + len(voiced)
        return self._mean.astype(np.float32)


class _Track:
    """One graph being followed: scores in, phone classes out."""

    def __init__(self, graph: HmmGraph, scorer: SenoneScorer, scale: float, delay_s: float) -> None:
        self._scorer = scorer
        self._classes = graph.classes
        self._smoother = ForwardBackward(
            graph.transitions, graph.start, graph.ends, scale, max(1, round(delay_s * PHONE_RATE_HZ))
        )
        self._scale = scale

    @property
    def fit(self) -> float:
        """Log likelihood of recent frames, unscaled."""
        return self._smoother.fit / self._scale

    def push(self, found: Likelihoods) -> F32:
        low, high = self._smoother.window(len(found.peaks))
        return self._smoother.push(self._scorer.scores(found, low, high)) @ self._classes

    def finish(self) -> F32:
        return self._smoother.finish() @ self._classes


@dataclass
class _Rows:
    """Decided frames of the recogniser [n, PHONE_COUNT] from frame `first` of the sentence on."""

    rows: F32
    first: int = 0

    def at(self, positions: NDArray[np.float64]) -> F32:
        """Linear between frames; the first and the last hold beyond."""
        x = np.clip(positions - self.first, 0, max(0, len(self.rows) - 1))
        low = np.floor(x).astype(int)
        high = np.minimum(low + 1, len(self.rows) - 1)
        t = (x - low).astype(np.float32)[:, None]
        return self.rows[low] * (1 - t) + self.rows[high] * t


class ListenSource:
    """See sources.PhoneSource."""

    def __init__(self, ears: AcousticModels, grid: FrameGrid, aligner: _Track | None, delay_s: float) -> None:
        self._ears = ears
        self._grid = grid
        self._start_s = grid.end_sample / grid.rate_hz
        self._resampler = Resampler(grid.rate_hz)
        self._cepstra = Cepstra(ears.room)
        self._dither = np.random.default_rng(0)
        self._held: F32 = np.zeros((0, CEPSTRA), np.float32)
        self._aligner = aligner
        self._loop = _Track(ears.loop, ears.loop_scorer, LOOP_SCALE, delay_s)
        self._decided = _Rows(np.zeros((0, PHONE_COUNT), np.float32))

    def push(self, pcm: Pcm) -> F32:
        """Frames that are decided now."""
        self._grid.grow(len(pcm))
        self._take(self._cepstra.push(self._dithered(self._resampler.push(pcm))))
        last = self._decided.first + len(self._decided.rows) - 1
        end_s = self._start_s + last / PHONE_RATE_HZ + CENTRE_S - self._lead_s
        ready = int(np.floor(end_s * PHONE_RATE_HZ + 1e-6)) + 1 - self._grid.next_frame
        return self._give(min(max(0, ready), self._grid.rest())) if last >= 0 else self._give(0)

    def finish(self) -> F32:
        """Frames up to the last sample."""
        # The last window is filled up with silence, then the last deltas with what there is.
        tail = np.concatenate([self._resampler.finish(), np.zeros(512)])
        self._take(self._cepstra.push(self._dithered(tail)))
        if len(self._held):
            self._take(np.repeat(self._held[-1:], _CONTEXT, axis=0))
        self._add(self._loop.finish(), self._aligner.finish() if self._aligner is not None else None)
        return self._give(self._grid.rest())

    @property
    def _lead_s(self) -> float:
        return LEAD_S + _ROOM_LEAD_S * self._ears.room.echo

    def _dithered(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        return samples + self._dither.normal(0.0, DITHER_RMS, len(samples))

    def _take(self, cepstra: F32) -> None:
        if not len(cepstra):
            return
        if not len(self._held):
            self._held = np.repeat(cepstra[:1], _CONTEXT, axis=0)
        self._held = np.concatenate([self._held, cepstra])
        if len(self._held) <= 2 * _CONTEXT:
            return
        mean = self._ears.mean.update(cepstra)
        frames = with_deltas(self._held)
        frames[:, :CEPSTRA] -= mean
        self._held = self._held[-2 * _CONTEXT :]
        found = self._ears.model.likelihoods(frames)
        self._add(self._loop.push(found), self._aligner.push(found) if self._aligner is not None else None)

    def _add(self, free: F32, aligned: F32 | None) -> None:
        rows = _prefer_closures(free)
        if aligned is not None and self._aligner is not None:
            lead = self._aligner.fit - self._loop.fit
            belief = float(np.clip((lead - _DISBELIEVED) / (_DOUBTED - _DISBELIEVED), 0, 1))
            rows = belief * aligned + (1 - belief) * rows
        self._decided.rows = np.concatenate([self._decided.rows, rows])

    def _give(self, count: int) -> F32:
        first = self._grid.take(count)
        if not count:
            return np.zeros((0, PHONE_COUNT), np.float32)
        if not len(self._decided.rows):
            out = np.zeros((count, PHONE_COUNT), np.float32)
            out[:, SIL] = 1.0
            return out
        times_s = (first + np.arange(count)) / PHONE_RATE_HZ
        positions = (times_s - self._start_s - CENTRE_S + self._lead_s) * PHONE_RATE_HZ
        out = self._decided.at(positions)
        self._forget(float(positions[-1]))
        total = out.sum(axis=1, keepdims=True)
        return np.where(total > 1e-6, out / np.maximum(total, 1e-6), np.eye(PHONE_COUNT, dtype=np.float32)[SIL])

    def _forget(self, position: float) -> None:
        # One frame before, and as many as the lead may get shorter by.
        drop = int(position - _ROOM_LEAD_S * PHONE_RATE_HZ) - 1 - self._decided.first
        if 0 < drop < len(self._decided.rows):
            self._decided.rows = self._decided.rows[drop:]
            self._decided.first += drop
