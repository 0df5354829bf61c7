"""A long utterance in pieces, cut at pauses, each decoded when it is over: what was said early costs nothing at the
end, and no piece is longer than the model can take.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.arrays import Pcm
from .base import Hypothesis
from .utterance_decoder import UtteranceDecoder

#: A piece this long is cut at such a pause: the longer it gets, the shorter a pause will do. Seconds, both.
_PAUSES = ((26.0, 0.02), (18.0, 0.15), (10.0, 0.3))
#: Without any pause.
_LONGEST_S = 28.0


class PiecewiseStream:
    """A RecognitionStream over any number of UtteranceDecoders."""

    def __init__(self, begin: Callable[[], UtteranceDecoder]) -> None:
        self._begin = begin
        self._piece = begin()
        self._done: list[Hypothesis] = []

    def accept(self, pcm: Pcm) -> None:
        """Take the next sound; begin a new piece where the old one may end."""
        self._piece.accept(pcm)
        if self._is_over():
            found = self._piece.finish()
            if not found.rejected:
                self._done.append(found)
            self._piece = self._begin()

    def partial(self) -> Hypothesis:
        """The words so far."""
        return joined([*self._done, self._piece.partial()])

    def finish(self) -> Hypothesis:
        """All words. A last piece in which there are none takes nothing from the others."""
        last = self._piece.finish()
        return joined([*self._done, last]) if not last.rejected or not self._done else joined(self._done)

    def abandon(self) -> None:
        """Nothing is kept outside."""

    def _is_over(self) -> bool:
        sound_s, silent_s = self._piece.sound_s, self._piece.speech.silent_s
        return sound_s >= _LONGEST_S or any(sound_s >= long_s and silent_s >= pause_s for long_s, pause_s in _PAUSES)


def joined(pieces: list[Hypothesis]) -> Hypothesis:
    """One hypothesis of several: their words, and the mean of their confidence, weighted by words."""
    if len(pieces) == 1:
        return pieces[0]
    spoken = [piece for piece in pieces if piece.text]
    counts = [len(piece.text.split()) for piece in spoken]
    total = sum(piece.confidence * count for piece, count in zip(spoken, counts, strict=True))
    return Hypothesis(
        " ".join(piece.text for piece in spoken),
        total / sum(counts) if counts else 0.0,
        rejected=not spoken and pieces[-1].rejected,
        complete=pieces[-1].complete,
        locale=spoken[-1].locale if spoken else pieces[-1].locale,
        events=tuple(dict.fromkeys(event for piece in pieces for event in piece.events)),
    )
