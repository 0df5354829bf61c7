"""Goals, their feedback and results: the fields of action/*.action, free of ROS. Defaults of results are failures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ..core.events import KeyFrame


@dataclass(frozen=True)
class Goal:
    """client: who looks after it, by the name that it says on `alive`; "" for nobody."""

    client: str = ""


@dataclass(frozen=True)
class SayGoal(Goal):
    """Words to be spoken. when: of core/enums.SayWhen, QUEUE, NOW or INTERRUPT."""

    text: str = ""
    when: int = 1
    locale: str = ""
    expression: str = ""


@dataclass(frozen=True)
class SayEnd:
    """What became of them."""

    done: bool = False
    spoken: str = ""
    reason: str = ""


class SayPhase(IntEnum):
    """How far words to be spoken are."""

    WAITING = 0
    PREPARING = 1
    SPEAKING = 2
    PAUSED = 3


@dataclass(frozen=True)
class SayNews:
    """state: a SayPhase; progress: 0-1 of the text; spoken: the words so far."""

    state: int = SayPhase.WAITING
    sentence: int = 0
    progress: float = 0.0
    spoken: str = ""


@dataclass(frozen=True)
class ListenGoal(Goal):
    """timeout_s: for somebody to begin to speak, 0 without end; phrases: () for anything."""

    timeout_s: float = 10.0
    phrases: tuple[str, ...] = ()
    locale: str = ""


@dataclass(frozen=True)
class ListenEnd:
    """What was heard. phrase: index of the phrase that it is, or -1."""

    heard: bool = False
    transcript: str = ""
    phrase: int = -1
    confidence: float = 0.0
    locale: str = ""
    emotion: str = ""
    reason: str = ""


class HearPhase(IntEnum):
    """Of a Listen: nobody speaks, somebody does."""

    WAITING = 0
    HEARING = 1


@dataclass(frozen=True)
class ListenNews:
    """state: a HearPhase."""

    state: int = HearPhase.WAITING
    partial: str = ""


@dataclass(frozen=True)
class AskGoal(Goal):
    """A question; choices: the answers that there are, () for any."""

    question: str = ""
    choices: tuple[str, ...] = ()
    timeout_s: float = 8.0
    locale: str = ""
    expression: str = ""


@dataclass(frozen=True)
class AskEnd:
    """choice: index of the choice that the answer is, or -1; asked: how often."""

    understood: bool = False
    answer: str = ""
    choice: int = -1
    asked: int = 0
    reason: str = ""


class AskPhase(IntEnum):
    """Of an Ask: the question is being said, the answer is awaited, it is being given."""

    ASKING = 0
    WAITING = 1
    HEARING = 2


@dataclass(frozen=True)
class AskNews:
    """state: an AskPhase."""

    state: int = AskPhase.ASKING
    asked: int = 1
    partial: str = ""


@dataclass(frozen=True)
class LookAtGoal(Goal):
    """A point, metres in `frame_id`; style: 0 look, 1 glance; hold_s: 0 until cancelled."""

    frame_id: str = ""
    target: tuple[float, float, float] = (0.0, 0.0, 1.0)
    style: int = 0
    hold_s: float = 3.0


@dataclass(frozen=True)
class LookAtEnd:
    reached: bool = False
    reason: str = ""


@dataclass(frozen=True)
class LookAtNews:
    held_s: float = 0.0


@dataclass(frozen=True)
class GestureGoal(Goal):
    """name: of the gestures' file, or "" with key frames; size: 0-2."""

    name: str = ""
    key_frames: tuple[KeyFrame, ...] = field(default=())
    size: float = 1.0


@dataclass(frozen=True)
class GestureEnd:
    done: bool = False
    reason: str = ""


@dataclass(frozen=True)
class GestureNews:
    progress: float = 0.0


@dataclass(frozen=True)
class ChatGoal(Goal):
    """What a person would have said."""

    text: str = ""
    locale: str = ""
    timeout_s: float = 30.0


@dataclass(frozen=True)
class ChatEnd:
    answered: bool = False
    reply: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ChatNews:
    reply: str = ""


@dataclass(frozen=True)
class SetAvatarGoal(Goal):
    """avatar: a name, or a file on the renderer's computer; axes: of splats alone, "" as the renderer has it."""

    avatar: str = ""
    axes: str = ""


@dataclass(frozen=True)
class SetAvatarEnd:
    """avatar: whose face is shown now, "" where no renderer said."""

    done: bool = False
    avatar: str = ""
    reason: str = ""


@dataclass(frozen=True)
class SetAvatarNews:
    waited_s: float = 0.0


End = SayEnd | ListenEnd | AskEnd | LookAtEnd | GestureEnd | ChatEnd | SetAvatarEnd
News = SayNews | ListenNews | AskNews | LookAtNews | GestureNews | ChatNews | SetAvatarNews
