"""What the captions say and where their lines break. Pure: no fonts, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..core.enums import AgentState, PlaybackState
from ..core.events import AvatarState
from ..core.topics import Message
from ..core.types import PlaybackClock, Sentence, Transcript
from .base import Captions

ELLIPSIS = "…"
LINGER_S = 3.0
KEPT_SENTENCES = 200


class CaptionBoard:
    """Follows the conversation and knows what should be written at any instant.

    The sentence shown is the one that is heard, by PlaybackClock; where none comes, the newest.
    """

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._heard = ""
        self._sentences: dict[tuple[int, int, int], str] = {}
        self._said = ""
        self._clears_at_s: float | None = None
        self._by_playback = False
        self._playing: tuple[int, int] | None = None  # (epoch, turn) that is heard, or was
        self._newest: Sentence | None = None  # shown once its turn is under way
        self.state = AgentState.IDLE
        self._turn = (0, 0)

    def hear(self, message: Message, now_s: float) -> None:
        """Take note of a Transcript, Sentence, PlaybackClock or AvatarState; ignore the rest."""
        if isinstance(message, Transcript):
            self._transcript(message)
        elif isinstance(message, Sentence):
            self._sentence(message)
        elif isinstance(message, PlaybackClock):
            self._playback(message, now_s)
        elif isinstance(message, AvatarState):
            self._state(message, now_s)

    def at(self, now_s: float) -> Captions:
        """The words to write at `now_s`; the last ones linger for a while after the talk."""
        if self._clears_at_s is not None and now_s >= self._clears_at_s:
            self._heard = self._said = ""
            self._clears_at_s = None
        return Captions(self._heard, self._said)

    def _transcript(self, message: Transcript) -> None:
        if message.text:
            self._heard, self._said, self._clears_at_s = message.text, "", None

    def _sentence(self, message: Sentence) -> None:
        if not message.text:
            return
        if len(self._sentences) >= KEPT_SENTENCES:
            del self._sentences[next(iter(self._sentences))]
        self._sentences[message.epoch, message.turn, message.index] = message.text
        self._newest = message
        self._show_newest()

    def _show_newest(self) -> None:
        """Where no playback tells what is heard, the newest sentence; but none of a turn that is, or was, prepared."""
        newest = self._newest
        if self._by_playback or newest is None or self.state is AgentState.LISTENING:
            return
        self._newest = None
        if (newest.epoch, newest.turn) >= self._turn:
            self._said, self._clears_at_s = newest.text, None

    def _playback(self, message: PlaybackClock, now_s: float) -> None:
        self._by_playback = True
        turn = (message.epoch, message.turn)
        if message.state is PlaybackState.ENDED and self._playing not in (None, turn):
            return  # nothing of it was heard
        self._playing = turn
        if message.state is PlaybackState.ENDED:
            self._clears_at_s = now_s + self._linger_s
            return
        self._clears_at_s = None
        self._said = self._sentences.get((message.epoch, message.turn, message.sentence), self._said)

    def _state(self, message: AvatarState, now_s: float) -> None:
        self.state, self._turn = message.state, (message.epoch, message.turn)
        self._show_newest()
        if message.state is AgentState.LISTENING:
            self._said = ""
        elif message.state in (AgentState.IDLE, AgentState.SLEEPING):
            self._clears_at_s = now_s + self._linger_s


def wrap(text: str, width_of: Callable[[str], float], width: float, max_lines: int) -> list[str]:
    """Break `text` into at most `max_lines` lines no wider than `width`; what does not fit ends in an ellipsis.

    Breaks at spaces, and anywhere in scripts that have none or in a word that is wider than a line. width_of: width
    of a piece of text, in the unit of `width`.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, width_of, width):
        if line and width_of((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
            if len(lines) > max_lines:  # the rest is not shown
                break
        else:
            line += piece if line else piece.lstrip()
    if line.strip():
        lines.append(line.rstrip())
    if len(lines) <= max_lines:
        return lines
    return [*lines[: max_lines - 1], _shortened(lines[max_lines - 1], width_of, width)]


def balanced(text: str, width_of: Callable[[str], float], width: float, max_lines: int) -> list[str]:
    """`wrap`, with lines about equally long: the narrowest column that needs no more lines."""
    lines = wrap(text, width_of, width, max_lines)
    if not lines or lines[-1].endswith(ELLIPSIS):
        return lines
    low, high = width / 2, width
    for _ in range(6):
        middle = (low + high) / 2
        narrower = wrap(text, width_of, middle, max_lines + 1)
        low, high = (low, middle) if len(narrower) <= len(lines) else (middle, high)
    return wrap(text, width_of, high, max_lines)


def _pieces(text: str, width_of: Callable[[str], float], width: float) -> Iterator[str]:
    """Parts between which a line may break, spaces at their ends."""
    for word in " ".join(text.split()).replace(" ", " \0").split("\0"):
        part = ""
        for character in word:
            if part and (_breaks_anywhere(character) or width_of(part + character.rstrip()) > width):
                yield part
                part = ""
            part += character
        if part:
            yield part


def _breaks_anywhere(character: str) -> bool:
    """Chinese, Japanese and Thai letters, but not the punctuation that must not begin a line."""
    code = ord(character)
    return 0x2E80 <= code <= 0x2FFF or 0x3040 <= code <= 0x9FFF or 0x0E00 <= code <= 0x0E7F or 0x20000 <= code < 0x30000


def _shortened(line: str, width_of: Callable[[str], float], width: float) -> str:
    while line and width_of(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
