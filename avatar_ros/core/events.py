"""Messages about the conversation: orders, state, sessions, wishes, reports. See core/types.py for what all share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .arrays import F32
from .enums import AgentState, ControlAction, Duty, InterruptAction, SayWhen, SessionKind
from .types import LOCAL_SESSION, AvatarVoice, OfTurn

#: In Offer.locales: BCP 47's "no linguistic content".
NO_LANGUAGE = ("zxx",)


def _no_amounts() -> F32:
    return np.zeros(0, np.float32)


@dataclass(frozen=True)
class Interrupt(OfTurn):
    """An order to every stage. CANCEL voids all up to and including (epoch, turn), for good; REPEAT its sound."""

    action: InterruptAction = InterruptAction.CANCEL
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class AvatarState(OfTurn):
    """The conversation's state, published on change and kept for late joiners.

    say: id of the Say whose words the turn speaks, "" for none; listening: False while the microphone is ignored.
    """

    state: AgentState = AgentState.IDLE
    stamp_ns: int = 0
    say: str = ""
    listening: bool = True


@dataclass(frozen=True)
class SessionEvent:
    """A session opened or closed; stages drop its state when closed or after ttl_s without a message.

    avatar: with a name it tells that this one is shown from now on, and avatar_voices what suits it.
    """

    session: str = LOCAL_SESSION
    kind: SessionKind = SessionKind.OPENED
    ttl_s: float = 0.0
    locale: str = ""
    avatar: str = ""
    voice: str = ""
    avatar_voices: tuple[AvatarVoice, ...] = ()
    stamp_ns: int = 0


@dataclass(frozen=True)
class Offer:
    """What a node can do for people of several languages. locales: its own first, () any, NO_LANGUAGE none; voices: ids
    of SessionEvent.voice, with their names, and their languages ("": all of the node's).
    """

    node: str = ""
    locales: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    voice_names: tuple[str, ...] = ()
    voice_locales: tuple[str, ...] = ()
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
class Wear:
    """Another avatar is to be shown; or, with `withdraw`, what has this id is wanted no more.

    avatar: a name, or a file on the renderer's computer; axes: of a file of splats alone, "" as the renderer has it.
    """

    session: str = LOCAL_SESSION
    id: str = ""
    avatar: str = ""
    axes: str = ""
    withdraw: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class WearResult:
    """What became of a Wear, one each. avatar: whose face is shown now; reason: why not the wanted one."""

    session: str = LOCAL_SESSION
    id: str = ""
    done: bool = True
    avatar: str = ""
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class Control:
    """What a program wants of the conversation as a whole: to forget, sleep, wake, listen or not, leave answers to it.

    lease_s: how long a CLAIM holds, s, 0-60.
    """

    session: str = LOCAL_SESSION
    action: ControlAction = ControlAction.FORGET
    lease_s: float = 0.0
    stamp_ns: int = 0


@dataclass(frozen=True)
class KeyFrame:
    """One moment of a gesture. amounts: one for each of `shapes`, -1 to 1, added to what the face does; angles degrees.

    shapes: ARKit's names, or one without Left and Right for both; yaw to the avatar's left, pitch down, roll to its
    left shoulder.
    """

    time_s: float = 0.0
    shapes: tuple[str, ...] = ()
    amounts: F32 = field(default_factory=_no_amounts)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


@dataclass(frozen=True)
class Gesture:
    """A movement, or a lasting face, laid over speech. name: of config/gestures.yaml, or an hri_msgs expression.

    key_frames: the movement itself, where name is ""; without them what goes on ends. size: 0-2, factor; hold_s: of an
    expression, 0 until the next one.
    """

    session: str = LOCAL_SESSION
    name: str = ""
    key_frames: tuple[KeyFrame, ...] = ()
    size: float = 1.0
    hold_s: float = 0.0
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
    """A node works. life: which of its starts this is; of another, it has forgotten what it knew before.

    version: of avatar_ros, "" of a program of another kind; duty: see core/standby.py.
    """

    node: str = ""
    life: int = 0
    stamp_ns: int = 0
    version: str = ""
    duty: Duty = Duty.SERVES


@dataclass(frozen=True)
class ClockPing:
    """A question for the time of another host, and with `heard_ns` set its answer (core/host_clocks.py).

    asker, asked: clock ids; node: who should answer, or did; "": any node of that clock. Times are CLOCK_MONOTONIC of
    the one (asked_ns) and of the other host.
    """

    asker: int = 0
    asked: int = 0
    node: str = ""
    asked_ns: int = 0
    heard_ns: int = 0
    answered_ns: int = 0
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
    clock_id: int = 0


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
class VoiceDirection:
    """Where a voice or another sound comes from, in `frame_id` (REP 103: x to the front, y left, z up).

    azimuth_rad: anticlockwise seen from above, -pi to pi, 0 to the front; spread_rad: scatter of the last half second;
    sureness: 0-1; steady_ns: when it was heard.
    """

    session: str = LOCAL_SESSION
    frame_id: str = ""
    azimuth_rad: float = 0.0
    spread_rad: float = 0.0
    sureness: float = 0.0
    steady_ns: int = 0
    clock_id: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class People:
    """Who stands before the avatar, as a camera sees them. present: somebody is near, and has been for a moment.

    azimuth_rad, distance_m: of the nearest face, as VoiceDirection has it and in metres; 0: there is none.
    """

    session: str = LOCAL_SESSION
    count: int = 0
    present: bool = False
    azimuth_rad: float = 0.0
    distance_m: float = 0.0
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
