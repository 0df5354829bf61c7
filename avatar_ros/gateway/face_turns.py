"""What a program wants said, in turns: bounded, and handed on no further ahead of what is heard than must be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..core.arrays import Pcm
from .face_messages import Caption, SpokenText
from .refusal import TOO_MUCH, RefusalError

#: Sound that is handed on ahead of what is heard, and that may wait behind that, s.
AHEAD_S, BUFFER_S = 2.0, 120.0
#: Sound in one piece, s.
PIECE_S = 0.04
#: Turns, and texts of one turn, that may wait.
MOST_TURNS, MOST_TEXTS = 64, 200


@dataclass
class FaceTurn:
    """id: as the program counts; number: as the graph does, 0 before it has begun. handed, heard: samples.

    complete: the program has given all of it; ended: its end was handed on; spoken: a text of it was; captions: of its
    sound, each with the sample that it begins at.
    """

    id: int
    rate_hz: int
    number: int = 0
    complete: bool = False
    ended: bool = False
    handed: int = 0
    heard: int = 0
    sentence: int = -1
    began_s: float = 0.0
    texts: deque[SpokenText] = field(default_factory=deque)
    spoken: bool = False
    captions: deque[tuple[int, Caption]] = field(default_factory=deque)
    _pieces: deque[Pcm] = field(default_factory=deque)
    waiting: int = 0

    @property
    def is_sound(self) -> bool:
        return bool(self.handed or self.waiting) and not self.is_text

    @property
    def is_text(self) -> bool:
        return bool(self.texts) or self.spoken

    def add(self, pcm: Pcm) -> None:
        """Sound that follows."""
        if len(pcm):
            self._pieces.append(pcm)
            self.waiting += len(pcm)

    def pieces(self) -> Iterator[tuple[int, Pcm, bool]]:
        """(first sample, sound, whether the turn ends with it) of what may be handed on now."""
        size = round(PIECE_S * self.rate_hz)
        while not self.ended and self.handed - self.heard < AHEAD_S * self.rate_hz:
            if self.waiting < size and not self.complete:
                return
            pcm = self._take(size)
            first, self.handed = self.handed, self.handed + len(pcm)
            self.ended = self.complete and not self.waiting
            yield first, pcm, self.ended

    def _take(self, count: int) -> Pcm:
        taken: list[Pcm] = []
        while count and self._pieces:
            piece = self._pieces.popleft()
            taken.append(piece[:count])
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
            count -= len(taken[-1])
        self.waiting -= sum(map(len, taken))
        return np.concatenate(taken) if taken else np.zeros(0, np.int16)


class FaceTurns:
    """In their order; the first is the one that is heard. The newest takes what comes until it is complete."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._turns: deque[FaceTurn] = deque()
        self._ids = 0

    @property
    def first(self) -> FaceTurn | None:
        return self._turns[0] if self._turns else None

    @property
    def waiting_s(self) -> float:
        """Sound that was not handed on yet."""
        return sum(turn.waiting for turn in self._turns) / self._rate_hz

    def open(self) -> FaceTurn:
        """The turn that what comes now belongs to. Raises RefusalError where too many wait."""
        if not self._turns or self._turns[-1].complete:
            if len(self._turns) >= MOST_TURNS:
                raise RefusalError("too_much", f"more than {MOST_TURNS} turns wait", TOO_MUCH)
            self._ids += 1
            self._turns.append(FaceTurn(self._ids, self._rate_hz))
        return self._turns[-1]

    def sound(self, pcm: Pcm, *, end: bool) -> None:
        """Raises RefusalError where it does not fit: a turn of texts, or too much of it."""
        turn = self.open()
        if turn.is_text:
            raise RefusalError("mixed_turn", "sound in a turn of texts: send end first")
        if self.waiting_s + len(pcm) / self._rate_hz > BUFFER_S:
            raise RefusalError("too_much", f"more than {BUFFER_S:g} s of sound wait", TOO_MUCH)
        turn.add(pcm)
        turn.complete = end

    def text(self, text: SpokenText) -> None:
        """Raises RefusalError where it does not fit: a turn of sound, or too many."""
        turn = self.open()
        if turn.is_sound:
            raise RefusalError("mixed_turn", "a text in a turn of sound: send end first")
        if len(turn.texts) >= MOST_TEXTS:
            raise RefusalError("too_much", f"more than {MOST_TEXTS} texts wait", TOO_MUCH)
        turn.texts.append(text)
        turn.complete = text.end

    def caption(self, caption: Caption) -> None:
        """Of the sound that comes now. Raises RefusalError for too many."""
        turn = self.open()
        if len(turn.captions) >= MOST_TEXTS:
            raise RefusalError("too_much", f"more than {MOST_TEXTS} captions wait", TOO_MUCH)
        turn.captions.append((turn.handed + turn.waiting, caption))

    def end(self) -> None:
        """Nothing more comes in this turn."""
        if self._turns:
            self._turns[-1].complete = True

    def drop(self, turn: FaceTurn) -> None:
        """It is over."""
        if turn in self._turns:
            self._turns.remove(turn)

    def drop_waiting(self) -> list[FaceTurn]:
        """Those that have not begun."""
        dropped = [turn for turn in self._turns if not turn.number]
        self._turns = deque(turn for turn in self._turns if turn.number)
        return dropped
