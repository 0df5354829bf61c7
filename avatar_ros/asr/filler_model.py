"""A filler model: any English words, as a competing hypothesis to the grammar's sentence.

The general language model that comes with PocketSphinx gets every second word wrong, too many to answer by, but where
something else was said than a question of the answers file it finds words that fit the sound better. It decodes while
the sound comes, so that it is ready when the utterance is over.
"""

from __future__ import annotations

import itertools

import pocketsphinx

from ..core.arrays import Pcm
from .cepstral_mean import HeadCepstrum
from .confidence import Rival, Segment, is_word

_HOP_SAMPLES = 160
#: A first pass without rescoring, and a coarse one, since it runs beside a renderer: 0.06 of
#: real time on one core instead of 0.18 (ds: acoustic scores for every second frame only; topn: of two Gaussians).
_OPTIONS = {
    "loglevel": "FATAL",
    "fwdflat": False,
    "bestpath": False,
    "maxhmmpf": 1000,
    "maxwpf": 5,
    "pl_window": 5,
    "ds": 2,
    "topn": 2,
}


class FillerModel:
    """A decoder for one utterance at a time: `start`, `accept`…, `rival` at any time, `end`."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(**_OPTIONS)
        self._mean = HeadCepstrum()

    def pronunciations(self, word: str) -> dict[str, str]:
        """Phones of the word and of its variants, "word(2)"…; empty for a word that the dictionary lacks."""
        names = itertools.chain([word], (f"{word}({number})" for number in itertools.count(2)))
        looked_up = ((name, self._decoder.lookup_word(name)) for name in names)
        return dict(itertools.takewhile(lambda found: found[1] is not None, looked_up))

    def start(self, head: Pcm) -> None:
        """Begin with the first sound, at the usual level."""
        data = head.tobytes()
        self._decoder.reinit_feat()  # else the first frames are mixed with those of the utterance before
        self._decoder.set_cmn(self._mean.text(data))
        self._decoder.start_utt()
        self._decoder.process_raw(data, False, False)

    def accept(self, pcm: Pcm) -> None:
        """The next sound, at the same level."""
        self._decoder.process_raw(pcm.tobytes(), False, False)

    def rival(self, first_sample: int) -> Rival:
        """The words so far, on the clock of a sound that begins at `first_sample` of the utterance."""
        skipped = round(first_sample / _HOP_SAMPLES)
        segments = [
            Segment(s.word, max(s.start_frame - skipped, 0), s.end_frame - skipped)
            for s in self._decoder.seg() or ()
            if s.end_frame >= max(s.start_frame, skipped)
        ]
        phones = [tuple(self._decoder.lookup_word(s.text).split()) for s in segments if is_word(s.text)]
        return Rival(tuple(segments), tuple(phones))

    def end(self) -> None:
        """The utterance is over."""
        self._decoder.end_utt()
