"""What the other nodes have said so far, as the skills need to know it."""

from __future__ import annotations

from collections.abc import Callable

from ..core.enums import AgentState
from ..core.events import AvatarState
from ..core.spoken_text import text_said
from ..core.topics import Message
from ..core.types import PlaybackClock, Sentence

Turn = tuple[int, int]  # (epoch, turn)
#: Turns of which the sentences are kept: one that is said again is another one.
_KEPT_TURNS = 4


class Observed:
    """reachable(topic): whether who should read it is there; hears(topic): whether a topic on demand is heard by now.
    Both may be asked on any thread.
    """

    def __init__(self, reachable: Callable[[str], bool], hears: Callable[[str], bool]) -> None:
        self.reachable = reachable
        self.hears = hears
        self.state: AvatarState | None = None
        self.claimed_until_s = float("-inf")  # till then nothing that is said is answered
        self.passed_on: dict[str, float] = {}  # what programs said to the avatar, and nobody to them -> when
        self._sentences: dict[Turn, dict[int, str]] = {}
        self._position: dict[Turn, tuple[int, float]] = {}

    @property
    def epoch(self) -> int:
        """Of the dialogue; 0: none has been heard of."""
        return self.state.epoch if self.state is not None else 0

    @property
    def turn(self) -> Turn:
        """The newest turn."""
        return (self.state.epoch, self.state.turn) if self.state is not None else (0, 0)

    @property
    def asleep(self) -> bool:
        return self.state is not None and self.state.state is AgentState.SLEEPING

    @property
    def listening(self) -> bool:
        return self.state is None or self.state.listening

    @property
    def busy(self) -> bool:
        """Whether the avatar speaks, or is about to."""
        return self.state is not None and self.state.state in (AgentState.THINKING, AgentState.SPEAKING)

    def take(self, message: Message) -> None:
        """Remember what concerns everybody."""
        if isinstance(message, AvatarState):
            self.state = message
        elif isinstance(message, Sentence):
            self._sentences.setdefault((message.epoch, message.turn), {})[message.index] = message.text
            self._forget()
        elif isinstance(message, PlaybackClock):
            turn = (message.epoch, message.turn)
            position = (message.sentence, message.sentence_progress)
            self._position[turn] = max(self._position.get(turn, (0, 0.0)), position)
            self._forget()

    def heard(self, turn: Turn) -> tuple[int, str]:
        """Of a turn: index of the sentence that is heard, and the words so far."""
        sentence, progress = self._position.get(turn, (0, 0.0))
        known = self._sentences.get(turn, {})
        texts = [known.get(i, "") for i in range(max(known, default=-1) + 1)]
        return sentence, text_said(texts, sentence, progress)

    def _forget(self) -> None:
        for kept in (self._sentences, self._position):
            while len(kept) > _KEPT_TURNS:
                del kept[min(kept)]
