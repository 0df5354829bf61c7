"""What the messages' small numbers mean; the constants of msg/."""

from __future__ import annotations

from enum import IntEnum


class VoiceKind(IntEnum):
    """STARTED: speech began at `sample`; STOPPED: the last speech sample was `sample`.

    PAUSED: as STOPPED, but it is waited whether more follows; RESUMED: more did.
    """

    STARTED = 1
    STOPPED = 2
    PAUSED = 3
    RESUMED = 4


class InterruptAction(IntEnum):
    """DUCK: play softer; PAUSE: hold; RESUME: go on where it stopped, full volume; CANCEL: void for good.

    REPEAT: void the sound, not the answer; the turn after says it again.
    """

    DUCK = 1
    PAUSE = 2
    RESUME = 3
    CANCEL = 4
    REPEAT = 5

    @property
    def ends_speech(self) -> bool:
        """Whether what is spoken, up to and including the order's turn, is void."""
        return self in (InterruptAction.CANCEL, InterruptAction.REPEAT)


class PlaybackState(IntEnum):
    """STARVED: waits for sound that has not come yet; ENDED: the turn's last sample was played, or it was cancelled."""

    PLAYING = 1
    PAUSED = 2
    STARVED = 3
    ENDED = 4


class AgentState(IntEnum):
    """State of the conversation (AvatarState.state)."""

    IDLE = 0
    LISTENING = 1
    THINKING = 2
    SPEAKING = 3
    SLEEPING = 4


class ControlAction(IntEnum):
    """What a program wants of the conversation as a whole (Control.action).

    CLAIM: what people say is the program's, and not answered; RELEASE: the avatar answers again; IGNORE: the microphone
    is not listened to, until LISTEN.
    """

    FORGET = 1
    SLEEP = 2
    WAKE = 3
    LISTEN = 4
    IGNORE = 5
    CLAIM = 6
    RELEASE = 7


class Layer(IntEnum):
    """SPEECH is placed by sample of the turn's speech, IDLE by time."""

    SPEECH = 1
    IDLE = 2


class Duty(IntEnum):
    """Of a node that lives. STANDS_IN: in the place of another host's; WAITS until that one leaves, and says LEAVES."""

    SERVES = 1
    STANDS_IN = 2
    WAITS = 3
    LEAVES = 4


class MarkKind(IntEnum):
    """Unit that a Mark names: a phone or a word."""

    PHONE = 1
    WORD = 2


class SayWhen(IntEnum):
    """QUEUE: after what is being said; NOW: drop what is queued, let the current sentence end; INTERRUPT: at once.

    WITHDRAW: take back the `say` of that id; STOP: fall silent and take back all of them. Any other number is a value,
    too, but not `known`: its sender gets a result all the same.
    """

    QUEUE = 1
    NOW = 2
    INTERRUPT = 3
    WITHDRAW = 4
    STOP = 5

    @classmethod
    def _missing_(cls, value: object) -> SayWhen | None:
        if not isinstance(value, int):
            return None
        unknown = int.__new__(cls, value)
        unknown._name_, unknown._value_ = "UNKNOWN", value
        return unknown

    @property
    def known(self) -> bool:
        """Whether it is one of those above."""
        return self.name in SayWhen.__members__


class SessionKind(IntEnum):
    OPENED = 1
    CLOSED = 2
