"""What all skills have in common: begun, told what happens and the time, over at some point, with one result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..core.events import Wear
from ..core.expressions import EXPRESSIONS
from ..core.gestures import Movements
from ..core.stage import Out
from ..core.tf_frames import Frames, OwnFrames
from ..core.topics import Message
from .base import SkillsSettings
from .goals import End, News
from .lives import Lives
from .observed import Observed

#: Topics of a skill that speaks, and of one that hears.
SPEAKING = frozenset({"speech/sentence", "speech/playback"})
HEARING = frozenset({"speech/transcript", "mic/voice_activity"})


@dataclass
class Worn:
    """The last wish for an avatar that came true; None: the renderer shows its own."""

    wish: Wear | None = None


@dataclass(frozen=True)
class Surroundings:
    """What a skill is given besides its goal. id: of this goal, for its `say`s."""

    settings: SkillsSettings
    observed: Observed
    movements: Movements
    id: str = ""
    frames: Frames = field(default_factory=OwnFrames)
    worn: Worn = field(default_factory=Worn)
    lives: Lives = field(default_factory=Lives)


class Skill:
    """One goal. end: its result, once it is over; news: its feedback, or None.

    group: of those that exclude each other, "" for none; topics: on demand, that it needs to hear; needs_lives: whether
    it must know which nodes live.
    """

    group = ""
    needs_lives = False
    topics: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.end: End | None = None
        self.news: News | None = None

    def begin(self, now_s: float) -> Iterable[Out]:
        """It is accepted."""
        return ()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """A message of the port, or of `topics`."""
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """What is due by time alone; called several times a second."""
        return ()

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """End before its time; the result may take a moment. Safe to call twice."""
        return ()


def is_expression(name: str) -> bool:
    """Whether a face has this name; "" is none in particular."""
    return not name or name in EXPRESSIONS
