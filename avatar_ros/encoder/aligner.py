"""Phones of a sentence from its sound: aligned to its text where there is one, recognised freely where there is none.

Both decoders run side by side on the same acoustic scores. Where the text explains the sound about as well as a free
phone loop does, its alignment is used; where it does not (a wrong text, laughter, a number read differently), the loop.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, Pcm
from ..core.interpolation import between
from ..speech.dereverberation import Room
from ..speech.forward_backward import ForwardBackward
from ..speech.hmm_graph import HmmGraph, loop_graph, sentence_graph
from ..speech.lexicon import G2p, Lexicon, foreign_share, sentence_readings
from ..speech.mfcc import CENTRE_S, CEPSTRA, Cepstra, CepstralMean, with_deltas
from ..speech.number_readings import Readings
from ..speech.phones import PHONE_COUNT, PHONE_RATE_HZ, silent_frames
from ..speech.pocketsphinx_acoustic import AcousticModel, Likelihoods, SenoneScorer, read_definition
from ..speech.resample import Resampler
from .sources import LEAD_S, FrameGrid, prefer_closures

#: Share of the acoustic log likelihood that counts; neighbouring frames say much the same.
ALIGN_SCALE, LOOP_SCALE = 0.3, 0.25
#: In a reverberant room sounds end later than the mouth ends them: lips lead by this much more.
_ROOM_LEAD_S = 0.02
#: Difference of log likelihood a frame (alignment less phone loop) below which the text loses weight, and all of it.
_DOUBTED, _DISBELIEVED = -0.8, -1.6
#: A synthesizer's pauses are often pure zeros, which no recording that the model learnt from held: a little noise is
#: added, 78 dB below full scale.
DITHER_RMS = 4.0
_CONTEXT = 3
_LONGEST_TEXT_WORDS = 120
#: Graphs of expected sentences that are kept; the oldest is dropped. One takes up to 20 MB.
_PREPARED = 2
#: A text of which more than this share is in another script cannot be aligned: the words that are left would be
#: stretched over the sound of the others.
_MOST_FOREIGN = 0.25


class AcousticModels:
    """What all sentences share: the acoustic model, the free phone loop, the dictionary, the mean of the voice."""

    def __init__(self, model_folder: Path, bigram: F32, names: tuple[str, ...], g2p: G2p | None = None) -> None:
        self.model = AcousticModel(model_folder / "en-us")
        self.lexicon = Lexicon(model_folder / "cmudict-en-us.dict", g2p)
        self.loop = loop_graph(self.model.definition, names, bigram)
        self.loop_scorer = self.model.scorer(self.loop.senones)
        self.mean = CepstralMean()
        self.room = Room()
        self._prepared: OrderedDict[tuple[Readings, ...], tuple[HmmGraph, SenoneScorer]] = OrderedDict()

    @classmethod
    def load(cls, folder: Path, g2p: G2p | None = None) -> AcousticModels:
        """Those of the model that installed_model() found."""
        from ..speech.pocketsphinx_bigram import phone_bigram

        names = tuple(name for name in read_definition(folder / "en-us" / "mdef").phones if not name.startswith("+"))
        return cls(folder, phone_bigram(folder / "en-us-phone.lm.bin", names), names, g2p)

    def forget_voice(self) -> None:
        """The next voice is another one, in another room."""
        self.mean, self.room = CepstralMean(), Room()

    def expect(self, text: str, locale: str) -> None:
        """A sentence whose sound will come: its graph is built now."""
        if readings := english_words(text, locale):
            self._prepared[readings] = self._prepare(readings)
            if len(self._prepared) > _PREPARED:
                self._prepared.popitem(last=False)

    def listen(self, grid: FrameGrid, text: str, locale: str, delay_s: float) -> AcousticSource:
        """A source for one sentence; text in English, or "" where there is none that can be aligned."""
        aligner = None
        if readings := english_words(text, locale):
            graph, scorer = self._prepared.pop(readings) if readings in self._prepared else self._prepare(readings)
            aligner = _PhoneDecoder(graph, scorer, ALIGN_SCALE, delay_s)
        return AcousticSource(self, grid, aligner, delay_s)

    def _prepare(self, readings: tuple[Readings, ...]) -> tuple[HmmGraph, SenoneScorer]:
        graph = sentence_graph(self.model.definition, [self.lexicon.pronunciations_of(word) for word in readings])
        return graph, self.model.scorer(graph.senones)


def english_words(text: str, locale: str) -> tuple[Readings, ...]:
    """The words to align; none where the text is no English."""
    english = (not locale or locale.lower().startswith("en")) and foreign_share(text) <= _MOST_FOREIGN
    return tuple(sentence_readings(text)[:_LONGEST_TEXT_WORDS]) if english else ()


class _PhoneDecoder:
    """One graph: acoustic likelihoods in, posteriors of the phone classes [T, PHONE_COUNT] out."""

    def __init__(self, graph: HmmGraph, scorer: SenoneScorer, scale: float, delay_s: float) -> None:
        self._scorer = scorer
        self._classes = graph.classes
        delay = max(1, round(delay_s * PHONE_RATE_HZ))
        self._states = ForwardBackward(graph.transitions, graph.start, graph.ends, scale, delay)
        self._scale = scale

    @property
    def log_likelihood(self) -> float:
        """Of recent frames, mean, unscaled."""
        return self._states.log_likelihood / self._scale

    def push(self, found: Likelihoods) -> F32:
        low, high = self._states.window(len(found.peaks))
        return self._states.push(self._scorer.scores(found, low, high)) @ self._classes

    def finish(self) -> F32:
        return self._states.finish() @ self._classes


class AcousticSource:
    """See sources.PhoneSource."""

    def __init__(self, models: AcousticModels, grid: FrameGrid, aligner: _PhoneDecoder | None, delay_s: float) -> None:
        self._models = models
        self._grid = grid
        self._start_s = grid.end_sample / grid.rate_hz
        self._resampler = Resampler(grid.rate_hz)
        self._cepstra = Cepstra(models.room)
        self._dither = np.random.default_rng(0)
        self._held: F32 = np.zeros((0, CEPSTRA), np.float32)
        self._aligner = aligner
        self._loop = _PhoneDecoder(models.loop, models.loop_scorer, LOOP_SCALE, delay_s)
        self._decided: F32 = np.zeros((0, PHONE_COUNT), np.float32)
        self._first_decided = 0  # frame of the sentence in _decided[0]

    def push(self, pcm: Pcm) -> F32:
        """Frames that are decided now."""
        self._grid.grow(len(pcm))
        self._take(self._cepstra.push(self._dithered(self._resampler.push(pcm))))
        last = self._first_decided + len(self._decided) - 1
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
        return LEAD_S + _ROOM_LEAD_S * self._models.room.reverberation

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
        mean = self._models.mean.update(cepstra)
        frames = with_deltas(self._held)
        frames[:, :CEPSTRA] -= mean
        self._held = self._held[-2 * _CONTEXT :]
        found = self._models.model.likelihoods(frames)
        self._add(self._loop.push(found), self._aligner.push(found) if self._aligner is not None else None)

    def _add(self, free: F32, aligned: F32 | None) -> None:
        rows = prefer_closures(free)
        if aligned is not None and self._aligner is not None:
            ratio = self._aligner.log_likelihood - self._loop.log_likelihood
            weight = float(np.clip((ratio - _DISBELIEVED) / (_DOUBTED - _DISBELIEVED), 0, 1))
            rows = weight * aligned + (1 - weight) * rows
        self._decided = np.concatenate([self._decided, rows])

    def _give(self, count: int) -> F32:
        first = self._grid.take(count)
        if not count or not len(self._decided):
            return silent_frames(count)
        times_s = (first + np.arange(count)) / PHONE_RATE_HZ
        positions = (times_s - self._start_s - CENTRE_S + self._lead_s) * PHONE_RATE_HZ
        out = between(self._decided, positions - self._first_decided)
        self._forget(float(positions[-1]))
        total = out.sum(axis=1, keepdims=True)
        return np.where(total > 1e-6, out / np.maximum(total, 1e-6), silent_frames(1))

    def _forget(self, position: float) -> None:
        # One frame before, and as many as the lead may get shorter by.
        drop = int(position - _ROOM_LEAD_S * PHONE_RATE_HZ) - 1 - self._first_decided
        if 0 < drop < len(self._decided):
            self._decided = self._decided[drop:]
            self._first_decided += drop
