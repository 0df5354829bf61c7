"""Messages about the conversation: orders, state, sessions, wishes, reports. See core/types.py for what all share."""

from __future__ import annotations

from dataclasses import dataclass

from .enums import AgentState, InterruptAction, SayWhen, SessionKind
from .types import LOCAL_SESSION, OfTurn


@dataclass(frozen=True)
class Interrupt(OfTurn):
    """An order to every stage. CANCEL voids all up to and including (epoch, turn), for good; REPEAT its sound."""

    action: InterruptAction = InterruptAction.CANCEL
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class AvatarState(OfTurn):
    """The conversation's state, published on change and kept for late joiners."""

    state: AgentState = AgentState.IDLE
    stamp_ns: int = 0


@dataclass(frozen=True)
class SessionEvent:
    """A session opened or closed; stages drop its state when closed or after ttl_s without a message."""

    session: str = LOCAL_SESSION
    kind: SessionKind = SessionKind.OPENED
    ttl_s: float = 0.0
    locale: str = "en-US"
    avatar: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class Say:
    """Words that a robot's own program wants spoken, or taken back. id comes back in SayResult."""

    session: str = LOCAL_SESSION
    id: str = ""
    text: str = ""
    when: SayWhen = SayWhen.QUEUE
    locale: str = ""
    expression: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class SayResult:
    """What became of a Say, one each. done: spoken to the end, else `reason` says why not; spoken: what was heard."""

    session: str = LOCAL_SESSION
    id: str = ""
    done: bool = True
    spoken: str = ""
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class SpeechFault(OfTurn):
    """A sentence that will not be heard, or not to its end. spoken: 0-1, how much of its text has sound."""

    sentence: int = 0
    spoken: float = 0.0
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class Alive:
    """A node works. life: which of its starts this is; of another, it has forgotten what it knew before."""

    node: str = ""
    life: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class FrameInfo(OfTurn):
    """A frame that was shown: at steady_ns it showed the face of `sample` of the turn's speech.

    mouth_open: 0–1, drawn jawOpen less mouthClose; speaking: lips follow sound now; render_ms: cost of the frame;
    dropped: frames skipped so far.
    """

    sample: int = 0
    speaking: bool = False
    mouth_open: float = 0.0
    render_ms: float = 0.0
    fps: float = 0.0
    dropped: int = 0
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class TurnReport(OfTurn):
    """One turn's words and delays, ms from the end of the user's speech; NaN where it did not happen.

    spoken: what was really heard of `reply`; interrupted: the turn was cancelled.
    """

    utterance: int = 0
    transcript: str = ""
    reply: str = ""
    spoken: str = ""
    interrupted: bool = False
    voice_stop_ms: float = float("nan")
    transcript_ms: float = float("nan")
    first_reply_ms: float = float("nan")
    first_tts_ms: float = float("nan")
    first_expression_ms: float = float("nan")
    first_sound_ms: float = float("nan")
    first_mouth_ms: float = float("nan")
    stamp_ns: int = 0


@dataclass(frozen=True)
class GazeTarget:
    """Where the avatar shall look, metres in the frame `frame_id` (geometry_msgs/PointStamped on the wire).

    "" and "avatar" name the avatar's own frame (docs/conventions.md); without tf2 no other is understood.
    """

    frame_id: str = "avatar"
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    stamp_ns: int = 0
