"""The messages of the conversation as frozen dataclasses: the seams between stages, free of ROS.

Each mirrors the message of the same name in msg/ field by field (ros/convert.py maps them), so what is said here of
units, shapes and ranges holds there too. Sounds are int16 mono, counted in samples; times named `*_s` are seconds,
`steady_ns` is CLOCK_MONOTONIC of the host in nanoseconds (0: unknown), `stamp_ns` the wall clock of the header;
`clock_id` is 0 where steady_ns is this host's, else see core/host_clocks.py.
Order within a session is (epoch, turn); `epoch` grows with each restart of the dialogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .arkit import ARKIT_COUNT
from .arrays import F32, Pcm
from .enums import Layer, MarkKind, PlaybackState, VoiceKind

LOCAL_SESSION = "local"

#: Among Transcript.events of a partial: what was heard so far is a whole sentence that the recogniser knows.
EVENT_COMPLETE = "complete"
#: The same before the recogniser is sure of it: enough to prepare an answer, not to end the user's turn.
EVENT_LIKELY = "likely"
#: A partial transcript of no more confidence is a guess at how a sentence may go on: it ends no turn and is not
#: answered beforehand.
GUESS_CONFIDENCE = 0.5
#: Among Transcript.events of a final that is rejected: what was heard was soft, which may be why.
EVENT_TOO_QUIET = "too_quiet"


def _no_pcm() -> Pcm:
    return np.zeros(0, np.int16)


def _no_floats() -> F32:
    return np.zeros(0, np.float32)


def _rest_weights() -> F32:
    return np.zeros(ARKIT_COUNT, np.float32)


@dataclass(frozen=True)
class OfTurn:
    """First fields of all that belongs to a turn of a session; its order is (epoch, turn)."""

    session: str = LOCAL_SESSION
    epoch: int = 0
    turn: int = 0


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
    clock_id: int = 0


@dataclass(frozen=True)
class VoiceActivity:
    """Speech began, ended, or may have ended. `sample` counts on mic/audio's stream; steady_ns: its time at the device.

    probability: of speech, 0–1; with PAUSED that the person is done, 0 where nobody can tell. voice_samples: with
    STOPPED, of the utterance, up to the last of speech.
    """

    session: str = LOCAL_SESSION
    utterance: int = 0
    kind: VoiceKind = VoiceKind.STARTED
    sample: int = 0
    sample_rate_hz: int = 16000
    probability: float = 0.0
    steady_ns: int = 0
    voice_samples: int = 0
    stamp_ns: int = 0
    clock_id: int = 0


@dataclass(frozen=True)
class Talk:
    """Somebody presses, or lets go of, what opens the session's microphone: a key, a button (vad_node's `talk`)."""

    session: str = LOCAL_SESSION
    pressed: bool = True
    stamp_ns: int = 0


@dataclass(frozen=True)
class Transcript:
    """What was heard. rejected: speech was heard but not understood (text may then be empty).

    confidence 0–1; locale BCP 47, "" where it is not known: then the session's; emotion an hri_msgs expression name or
    ""; events such as "laughter", "cough", EVENT_COMPLETE and EVENT_LIKELY on a partial whose text is already a whole
    question, and EVENT_TOO_QUIET on a rejected final. heard_samples: of the utterance, that a partial was made of.
    """

    session: str = LOCAL_SESSION
    utterance: int = 0
    text: str = ""
    final: bool = True
    confidence: float = 1.0
    locale: str = ""
    emotion: str = ""
    events: tuple[str, ...] = ()
    rejected: bool = False
    heard_samples: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class ChatMessage:
    """One line of the history. role: "system", "user" or "assistant"."""

    role: str = "user"
    text: str = ""


@dataclass(frozen=True)
class Prompt(OfTurn):
    """A question for the LLM with all it needs to know: the LLM keeps nothing between prompts.

    speculative: the user may not be done. The answer must do nothing to the world (call no tool) before an Interrupt
    RESUME of its turn; a CANCEL means that it was never wanted.
    first_characters, most_characters: how the dialogue will cut the answer's first sentence: at the next comma after
    the one, in any case after the other; whoever answers may give it to the voice as a draft. 0: may not.
    """

    text: str = ""
    history: tuple[ChatMessage, ...] = ()
    locale: str = "en-US"
    rejected: bool = False
    speculative: bool = False
    first_characters: int = 0
    most_characters: int = 0
    stamp_ns: int = 0


@dataclass(frozen=True)
class Reply(OfTurn):
    """A piece of the answer's text, in order of `seq` (from 0); the answer is the pieces joined as they are.

    A gap in `seq` before the final piece says that the answer broke off: what should have come there is missing.
    locale: what this piece is written in, BCP 47; "": what the Prompt asked for, as far as is known.
    """

    seq: int = 0
    text: str = ""
    final: bool = False
    stamp_ns: int = 0
    locale: str = ""


@dataclass(frozen=True)
class Sentence(OfTurn):
    """One sentence to be spoken. index from 0 within the turn; last: no more sentences in this turn.

    A turn may close with an empty last sentence. expression: hri_msgs name ("happy", …) or "";
    gesture: movement that begins with it, a name of config/gestures.yaml, or "".
    """

    index: int = 0
    text: str = ""
    locale: str = "en-US"
    expression: str = ""
    last: bool = False
    stamp_ns: int = 0
    gesture: str = ""


@dataclass(frozen=True)
class Mark:
    """Where a phone (IPA as espeak writes it, or ARPABET in lower case) or a word lies, in samples of the turn."""

    kind: MarkKind = MarkKind.PHONE
    text: str = ""
    start_sample: int = 0
    end_sample: int = 0


@dataclass(frozen=True)
class SpeechChunk(OfTurn):
    """Sound to be spoken, at the session's one rate. first_sample counts from the start of the turn's speech.

    text and locale come with the first chunk of a sentence. marks may arrive with any chunk, also later than their
    sound. sentence_end / turn_end: this chunk (perhaps empty) closes the sentence / the turn.
    """

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
class AudioFeatures(OfTurn):
    """Frames of an encoder. data: [frames, dim] row-major float32; frame i stands at
    first_sample / sample_rate_hz + i / rate_hz seconds of the turn's speech. kind: the encoder's name; a stage
    refuses a kind or dim that it was not made for. last: no more frames in this turn.
    """

    first_sample: int = 0
    sample_rate_hz: int = 24000
    kind: str = ""
    rate_hz: float = 100.0
    frames: int = 0
    dim: int = 0
    data: F32 = field(default_factory=_no_floats)
    last: bool = False
    stamp_ns: int = 0


@dataclass(frozen=True)
class Expression(OfTurn):
    """52 ARKit weights (0–1, order of core/arkit.py) and the head's pose relative to rest.

    SPEECH layer: holds at `sample` of the turn's speech (rate sample_rate_hz); IDLE layer: holds at steady_ns.
    head_rotation: quaternion wxyz; head_translation: metres, x to the avatar's left, y up, z forward.
    last: no more speech frames in this turn.
    """

    layer: Layer = Layer.SPEECH
    sample: int = 0
    sample_rate_hz: int = 24000
    weights: F32 = field(default_factory=_rest_weights)
    head_rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    head_translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    last: bool = False
    steady_ns: int = 0
    stamp_ns: int = 0
    clock_id: int = 0


@dataclass(frozen=True)
class PlaybackClock(OfTurn):
    """Which sample of the turn's speech leaves the speaker at which instant: the time base of all that is seen.

    While PLAYING, sample(t) = sample + (t - steady_ns) * 1e-9 * sample_rate_hz. sentence: index of the sentence that
    is heard; sentence_progress: 0–1, how much of that sentence's text was heard, as far as known.
    """

    sample: int = 0
    sample_rate_hz: int = 24000
    state: PlaybackState = PlaybackState.PLAYING
    sentence: int = 0
    sentence_progress: float = 0.0
    steady_ns: int = 0
    stamp_ns: int = 0
    clock_id: int = 0


@dataclass(frozen=True)
class AvatarVoice:
    """A voice that suits an avatar. backend: of tts_node; voice: as the backend's parameter `voices` has it."""

    backend: str = ""
    locale: str = ""
    voice: str = ""
