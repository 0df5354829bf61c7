"""The messages of the conversation as frozen dataclasses: the seams between stages, free of ROS.

Each mirrors the message of the same name in msg/ field by field (ros/convert.py maps them), so what is said here of
units, shapes and ranges holds there too. Sounds are int16 mono, counted in samples; times named `*_s` are seconds,
`steady_ns` is CLOCK_MONOTONIC of the host in nanoseconds (0: unknown), `stamp_ns` the wall clock of the header.
Order within a session is (epoch, turn); `epoch` grows with each restart of the dialogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .arkit import ARKIT_COUNT

LOCAL_SESSION = "local"

#: Among Transcript.events of a partial: what was heard so far is a whole sentence that the recogniser knows.
EVENT_COMPLETE = "complete"
#: Among Transcript.events of a final that is rejected: what was heard was soft, which may be why.
EVENT_TOO_QUIET = "too_quiet"

Pcm = NDArray[np.int16]
Floats = NDArray[np.float32]


def _no_pcm() -> Pcm:
    return np.zeros(0, np.int16)


def _no_floats() -> Floats:
    return np.zeros(0, np.float32)


def _rest_weights() -> Floats:
    return np.zeros(ARKIT_COUNT, np.float32)


class VoiceKind(IntEnum):
    """STARTED: speech began at `sample`; STOPPED: the last speech sample was `sample`."""

    STARTED = 1
    STOPPED = 2


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


class Mood(IntEnum):
    """State of the conversation (AvatarState.state)."""

    IDLE = 0
    LISTENING = 1
    THINKING = 2
    SPEAKING = 3


class Layer(IntEnum):
    """SPEECH is placed by sample of the turn's speech, IDLE by time."""

    SPEECH = 1
    IDLE = 2


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


@dataclass(frozen=True)
class AudioFrame:
    """A piece of sound: microphone, utterance, or what was played.

    utterance: number of the utterance, 0 for a continuous stream; first_sample: index of pcm[0] since the stream (or
    utterance) began, gaps visible; last: nothing follows in this utterance; steady_ns: when pcm[0] was at the device.
    """

    session: str = LOCAL_SESSION
    utterance: int = 0
    first_sample: int = 0
    sample_rate_hz: int = 16000
    channels: int = 1
    pcm: Pcm = field(default_factory=_no_pcm)
    last: bool = False
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class VoiceActivity:
    """Speech began or ended. `sample` counts on mic/audio's stream; steady_ns is that sample's time at the device."""

    session: str = LOCAL_SESSION
    utterance: int = 0
    kind: VoiceKind = VoiceKind.STARTED
    sample: int = 0
    sample_rate_hz: int = 16000
    probability: float = 0.0
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class Transcript:
    """What was heard. rejected: speech was heard but not understood (text may then be empty).

    confidence 0–1; locale BCP 47; emotion an hri_msgs expression name or ""; events such as "laughter", "cough", and
    EVENT_COMPLETE on a partial whose text is already a whole question, EVENT_TOO_QUIET on a rejected final.
    """

    session: str = LOCAL_SESSION
    utterance: int = 0
    text: str = ""
    final: bool = True
    confidence: float = 1.0
    locale: str = "en-US"
    emotion: str = ""
    events: tuple[str, ...] = ()
    rejected: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class ChatMessage:
    """One line of the history. role: "system", "user" or "assistant"."""

    role: str = "user"
    text: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question for the LLM with all it needs to know: the LLM keeps nothing between prompts."""

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    text: str = ""
    history: tuple[ChatMessage, ...] = ()
    locale: str = "en-US"
    rejected: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class Reply:
    """A piece of the answer's text, in order of `seq` (from 0); the answer is the pieces joined as they are.

    A gap in `seq` before the final piece says that the answer broke off: what should have come there is missing.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    seq: int = 0
    text: str = ""
    final: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class Sentence:
    """One sentence to be spoken. index from 0 within the turn; last: no more sentences in this turn.

    A turn may close with an empty last sentence. expression: hri_msgs name ("happy", …) or "".
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    index: int = 0
    text: str = ""
    locale: str = "en-US"
    expression: str = ""
    last: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class Mark:
    """Where a phone (IPA as espeak writes it, or ARPABET in lower case) or a word lies, in samples of the turn."""

    kind: MarkKind = MarkKind.PHONE
    text: str = ""
    start_sample: int = 0
    end_sample: int = 0


@dataclass(frozen=True)
class SpeechChunk:
    """Sound to be spoken, at the session's one rate. first_sample counts from the start of the turn's speech.

    text and locale come with the first chunk of a sentence. marks may arrive with any chunk, also later than their
    sound. sentence_end / turn_end: this chunk (perhaps empty) closes the sentence / the turn.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    sentence: int = 0
    first_sample: int = 0
    sample_rate_hz: int = 24000
    pcm: Pcm = field(default_factory=_no_pcm)
    text: str = ""
    locale: str = ""
    marks: tuple[Mark, ...] = ()
    sentence_end: bool = False
    turn_end: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class AudioFeatures:
    """Frames of an encoder. data: [frames, dim] row-major float32; frame i stands at
    first_sample / sample_rate_hz + i / rate_hz seconds of the turn's speech. kind: the encoder's name; a stage
    refuses a kind or dim that it was not made for. last: no more frames in this turn.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    first_sample: int = 0
    sample_rate_hz: int = 24000
    kind: str = ""
    rate_hz: float = 100.0
    frames: int = 0
    dim: int = 0
    data: Floats = field(default_factory=_no_floats)
    last: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class Expression:
    """52 ARKit weights (0–1, order of core/arkit.py) and the head's pose relative to rest.

    SPEECH layer: holds at `sample` of the turn's speech (rate sample_rate_hz); IDLE layer: holds at steady_ns.
    head_rotation: quaternion wxyz; head_translation: metres, x to the avatar's left, y up, z forward.
    last: no more speech frames in this turn.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    layer: Layer = Layer.SPEECH
    sample: int = 0
    sample_rate_hz: int = 24000
    weights: Floats = field(default_factory=_rest_weights)
    head_rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    head_translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    last: bool = False
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class PlaybackClock:
    """Which sample of the turn's speech leaves the speaker at which instant: the time base of all that is seen.

    While PLAYING, sample(t) = sample + (t - steady_ns) * 1e-9 * sample_rate_hz. sentence: index of the sentence that
    is heard; sentence_progress: 0–1, how much of that sentence's text was heard, as far as known.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    sample: int = 0
    sample_rate_hz: int = 24000
    state: PlaybackState = PlaybackState.PLAYING
    sentence: int = 0
    sentence_progress: float = 0.0
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class Interrupt:
    """An order to every stage. CANCEL voids all up to and including (epoch, turn), for good; REPEAT its sound."""

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    action: InterruptAction = InterruptAction.CANCEL
    reason: str = ""
    stamp_ns: int = 0


@dataclass(frozen=True)
class AvatarState:
    """The conversation's state, published on change and kept for late joiners."""

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    state: Mood = Mood.IDLE
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
class SpeechFault:
    """A sentence that will not be heard, or not to its end. spoken: 0-1, how much of its text has sound."""

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
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
class FrameInfo:
    """A frame that was shown: at steady_ns it showed the face of `sample` of the turn's speech.

    mouth_open: 0–1, drawn jawOpen less mouthClose; speaking: lips follow sound now; render_ms: cost of the frame;
    dropped: frames skipped so far.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
    sample: int = 0
    speaking: bool = False
    mouth_open: float = 0.0
    render_ms: float = 0.0
    fps: float = 0.0
    dropped: int = 0
    steady_ns: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class TurnReport:
    """One turn's words and delays, ms from the end of the user's speech; NaN where it did not happen.

    spoken: what was really heard of `reply`; interrupted: the turn was cancelled.
    """

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0
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


Message = (
    AudioFrame
    | VoiceActivity
    | Transcript
    | Prompt
    | Reply
    | Sentence
    | SpeechChunk
    | AudioFeatures
    | Expression
    | PlaybackClock
    | Interrupt
    | AvatarState
    | SessionEvent
    | Say
    | SayResult
    | SpeechFault
    | FrameInfo
    | TurnReport
    | GazeTarget
)

#: Topic of each message kind, relative to the kiosk's namespace (docs/architecture.md). One name per (type, role).
TOPICS: Mapping[str, type] = MappingProxyType(
    {
        "mic/audio": AudioFrame,
        "mic/voice_activity": VoiceActivity,
        "mic/utterance": AudioFrame,
        "speech/transcript": Transcript,
        "dialogue/prompt": Prompt,
        "dialogue/reply": Reply,
        "speech/sentence": Sentence,
        "speech/audio": SpeechChunk,
        "speech/fault": SpeechFault,
        "motion/features": AudioFeatures,
        "motion/expression": Expression,
        "speech/playback": PlaybackClock,
        "speech/played": AudioFrame,
        "interrupt": Interrupt,
        "state": AvatarState,
        "session": SessionEvent,
        "say": Say,
        "say_result": SayResult,
        "frame_info": FrameInfo,
        "turn_report": TurnReport,
        "gaze_target": GazeTarget,
    }
)
