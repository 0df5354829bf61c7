"""A face that a program of another voice framework speaks with: it leads the conversation, we lend lips and page.

No dialogue, no recogniser: its turns are of epoch 0, which belongs to no dialogue (core/known_turns.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..core.enums import InterruptAction, PlaybackState
from ..core.events import Interrupt
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import Expression, PlaybackClock, Sentence, SpeechChunk
from . import page_frames
from .face_messages import Caption, FaceMessage, FaceSound, Order, ShownState, SpokenText
from .face_turns import FaceTurn, FaceTurns
from .page_messages import ClockReport, StopButton, TalkPress, TypedText
from .page_session import PageSession, Visitor
from .refusal import NORMAL
from .sent_frames import Frame

EPOCH = 0


class _Nobody:
    """A program that is not there."""

    address = ""

    def send(self, frame: Frame, *, droppable: bool = False) -> None:
        """Nobody reads it."""

    def close(self, code: int, reason: str) -> None:
        """Nobody is there."""


NOBODY = _Nobody()
#: A program hears at least so often where its voice is, s; a text that has no sound after so long will have none, s.
_NEWS_S, _SILENT_S = 0.2, 20.0
#: A face that nobody hears says so often that it is there, s: expression_node keeps it alive.
_ALIVE_S = 5.0


@dataclass
class FaceSession(PageSession):
    """program: its socket; rate_hz: of its sound; wants_mic: whether the page's microphone goes to it;
    avatar: that it is to be, "" for the server's.
    """

    program: Visitor = NOBODY
    rate_hz: int = 24000
    wants_mic: bool = False
    avatar: str = ""
    _ending: dict[int, FaceTurn] = field(default_factory=dict)  # cut off, by number: how far they were heard comes yet
    _number: int = 0
    _shown: str = "idle"
    _told_at: tuple[PlaybackState | None, float] = (None, 0.0)
    _alive_s: float = -_ALIVE_S

    def __post_init__(self) -> None:
        super().__post_init__()
        self.turns = FaceTurns(self.rate_hz)

    def borrow(self, program: Visitor, rate_hz: int, avatar: str, *, mic: bool) -> None:
        """It is this program's, whose sound comes at that rate."""
        self.program, self.rate_hz, self.avatar, self.wants_mic = program, rate_hz, avatar, mic
        self.turns = FaceTurns(rate_hz)

    # --- from the program ----------------------------------------------------------------------------------------

    def command(self, message: FaceMessage, now_s: float) -> Iterator[Out]:
        """Something that the program says. Raises RefusalError."""
        self.used_s = now_s
        if isinstance(message, FaceSound):
            self.turns.sound(message.pcm, end=message.end)
        elif isinstance(message, SpokenText):
            self.turns.text(message)
        elif isinstance(message, Caption):
            self.turns.caption(message)
        elif isinstance(message, ShownState):
            self._shown = message.state
            self._show()
        elif isinstance(message, Order):
            yield from self._obey(message.kind, now_s)
        yield from self._hand_on(now_s)

    def _obey(self, kind: str, now_s: float) -> Iterator[Out]:
        first = self.turns.first
        if kind == "end":
            self.turns.end()
        elif kind in ("interrupt", "clear"):
            for turn in self.turns.drop_waiting():
                self._spoken(turn, interrupted=True)
            if kind == "interrupt" and first is not None and first.number:
                yield from self._cut(first)
        elif kind in ("pause", "resume") and first is not None and first.number:
            yield from self._send_order(first, InterruptAction[kind.upper()])

    def _cut(self, turn: FaceTurn) -> Iterator[Out]:
        self.turns.drop(turn)
        yield from self._send_order(turn, InterruptAction.CANCEL)
        if self.visitor is None or not turn.handed:
            self._spoken(turn, interrupted=True)
        else:
            self._ending[turn.number] = turn
        self._show()

    def _send_order(self, turn: FaceTurn, action: InterruptAction) -> Iterator[Out]:
        order = Interrupt(self.name, EPOCH, turn.number, action, "program")
        self._order(order, 0.0)
        yield Out("interrupt", order)

    def _hand_on(self, now_s: float) -> Iterator[Out]:
        turn = self.turns.first
        if turn is None or self.visitor is None:
            return
        if turn.is_text:
            yield from self._texts(turn, now_s)
        elif turn.is_sound or turn.complete:
            yield from self._sounds(turn, now_s)

    def _sounds(self, turn: FaceTurn, now_s: float) -> Iterator[Out]:
        for first, pcm, end in turn.pieces():
            self._begin(turn, now_s)
            while turn.captions and turn.captions[0][0] <= first:
                self._caption(turn, turn.captions.popleft()[1])
            sentence = max(0, turn.sentence)
            chunk = SpeechChunk(self.name, EPOCH, turn.number, sentence, first, turn.rate_hz, pcm, turn_end=end)
            self._voice(chunk, now_s)
            yield Out("speech/audio", chunk)

    def _texts(self, turn: FaceTurn, now_s: float) -> Iterator[Out]:
        while turn.texts:
            self._begin(turn, now_s)
            text = turn.texts.popleft()
            turn.spoken, turn.began_s = True, now_s
            last = turn.complete and not turn.texts
            self._caption(turn, text)
            turn.ended = last
            locale = text.locale or self.locale
            sentence = Sentence(self.name, EPOCH, turn.number, turn.sentence, text.text, locale, last=last)
            yield Out("speech/sentence", sentence)
        if turn.complete and not turn.ended:  # the end came after its last text
            turn.ended = True
            yield Out("speech/sentence", Sentence(self.name, EPOCH, turn.number, turn.sentence + 1, last=True))

    def _begin(self, turn: FaceTurn, now_s: float) -> None:
        if not turn.number:
            self._number += 1
            turn.number, turn.began_s = self._number, now_s
            self._turns.number((EPOCH, turn.number))
            self._show()

    def _caption(self, turn: FaceTurn, said: Caption | SpokenText) -> None:
        turn.sentence += 1
        locale = said.locale or self.locale
        self._sentence(Sentence(self.name, EPOCH, turn.number, turn.sentence, said.text, locale), 0.0)

    def _show(self) -> None:
        first = self.turns.first
        speaks = first is not None and first.number > 0
        number = self._turns.number((EPOCH, self._number)) if self._number else 0
        self._tell("state", turn=number, state="speaking" if speaks else self._shown)

    # --- from the graph ------------------------------------------------------------------------------------------

    def take(self, message: Message, now_s: float) -> None:
        """Lips, and sound of the server's own voice. The program's own sound comes back, too: it was sent already."""
        if isinstance(message, Expression):
            super().take(message, now_s)
        turn = self.turns.first
        if not isinstance(message, SpeechChunk) or turn is None or not turn.spoken:
            return
        if (message.epoch, message.turn) == (EPOCH, turn.number):
            turn.handed += len(message.pcm)
            turn.rate_hz, turn.began_s = message.sample_rate_hz, now_s
            self._voice(message, now_s)

    # --- from the page -------------------------------------------------------------------------------------------

    def hear(self, data: bytes, now_s: float) -> Iterator[Out]:
        """Sound of its microphone goes to the program, by whichever way it came. Raises RefusalError."""
        for first, block in self.ear.hear(data, self.origin_s, now_s):
            if self.wants_mic:
                self.program.send(page_frames.mic(first, block.at_s - self.origin_s, block.pcm))
        yield from ()

    def _clock(self, report: ClockReport, now_s: float) -> Iterator[Out]:
        key = self._turns.key(report.turn)
        yield from super()._clock(report, now_s)
        if key is None:
            return
        turn = self._ending.get(key[1]) or self.turns.first
        if turn is None or turn.number != key[1]:
            return
        turn.heard = min(report.sample, turn.handed)
        if report.state is PlaybackState.ENDED:
            yield from self._over(turn, now_s)
        else:
            self._told(turn, report.state, now_s)
            yield from self._hand_on(now_s)

    def _over(self, turn: FaceTurn, now_s: float) -> Iterator[Out]:
        interrupted = self._ending.pop(turn.number, None) is not None
        self.turns.drop(turn)
        self._spoken(turn, interrupted=interrupted)
        yield from self._hand_on(now_s)
        self._show()

    def _typed(self, typed: TypedText, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        self._say_to_program(kind="text", text=typed.text)
        return ()

    def _stop(self, button: StopButton, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        self._say_to_program(kind="stop")
        return self._obey("interrupt", now_s)

    def _talk(self, button: TalkPress, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        self._say_to_program(kind="talk", pressed=button.pressed)
        return ()

    # --- its life ------------------------------------------------------------------------------------------------

    def tick(self, now_s: float) -> Iterator[Out]:
        """Hand on what is due; hold what is spoken while no page is there."""
        turn = self.turns.first
        if self.visitor is None:
            yield from self._playback.lost(now_s)
        elif turn is None and now_s - self._alive_s >= _ALIVE_S:
            self._alive_s = now_s
            clock = PlaybackClock(self.name, EPOCH, self._number, state=PlaybackState.ENDED)
            yield Out("speech/playback", clock)
        if turn is not None and turn.spoken and not turn.handed and now_s - turn.began_s >= _SILENT_S:
            self._say_to_program(kind="error", code="no_voice", text="the server's voice gave no sound for a text")
            yield from self._cut(turn)
        yield from self._hand_on(now_s)

    def arrived(self, *, anew: bool) -> Iterator[Out]:
        """A page shows it. anew: another one than before, which has nothing of the turn that was being heard."""
        self._say_to_program(kind="page", present=True)
        first = self.turns.first
        if anew and first is not None and first.number:
            yield from self._cut(first)
            self._settle()
        self._show()

    def lose(self, now_s: float) -> Iterator[Out]:
        """The page's socket is gone; the program's face stays."""
        yield from super().lose(now_s)
        self.lost_s = None
        self._settle()
        self._say_to_program(kind="page", present=False)

    def move(self, name: str, apology: str) -> None:
        """Another graph goes on with it; what was being heard is cut off, and the program told."""
        first = self.turns.first
        if first is not None and first.number:
            self.turns.drop(first)
            self._spoken(first, interrupted=True)
        self._settle()
        super().move(name, "")
        self._alive_s = -1.0

    def close(self, now_s: float) -> Iterator[Out]:
        """It is over, and the program is told."""
        yield from super().close(now_s)
        self._say_to_program(kind="bye")
        self.program.close(NORMAL, "over")

    def _settle(self) -> None:
        """Nobody will say any more how far these were heard."""
        for turn in self._ending.values():
            self._spoken(turn, interrupted=True)
        self._ending.clear()

    def _told(self, turn: FaceTurn, state: PlaybackState, now_s: float) -> None:
        if state is self._told_at[0] and now_s - self._told_at[1] < _NEWS_S:
            return
        self._told_at = (state, now_s)
        heard = {"sample": turn.heard, "rate_hz": turn.rate_hz, "ahead_s": (turn.handed - turn.heard) / turn.rate_hz}
        self._say_to_program(kind="playback", turn=turn.id, state=state.name.lower(), **heard)

    def _spoken(self, turn: FaceTurn, *, interrupted: bool) -> None:
        self._told_at = (None, 0.0)
        heard_s = turn.heard / turn.rate_hz
        self._say_to_program(kind="spoken", turn=turn.id, heard_s=round(heard_s, 4), interrupted=interrupted)

    def _say_to_program(self, **fields: Any) -> None:
        self.program.send(json.dumps(fields, ensure_ascii=False))
