"""Which message goes where."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from .events import (
    Alive,
    AvatarState,
    ClockPing,
    Control,
    FrameInfo,
    GazeTarget,
    Gesture,
    Interrupt,
    KeyFrame,
    Offer,
    People,
    Say,
    SayResult,
    SessionEvent,
    SpeechFault,
    TurnReport,
    VoiceDirection,
    Wear,
    WearResult,
)
from .types import (
    AudioFeatures,
    AudioFrame,
    AvatarVoice,
    ChatMessage,
    Expression,
    Mark,
    PlaybackClock,
    Prompt,
    Reply,
    Sentence,
    SpeechChunk,
    Talk,
    Transcript,
    VoiceActivity,
)

Message = (
    AudioFrame
    | VoiceActivity
    | Talk
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
    | VoiceDirection
    | People
    | Control
    | Gesture
    | Offer
    | Wear
    | WearResult
)


#: By name: those that travel alone, that are part of others, and what nodes tell each other (ros/peers.py,
#: ros/clock_link.py).
KINDS: Mapping[str, type] = MappingProxyType(
    {kind.__name__: kind for kind in (*get_args(Message), ChatMessage, Mark, KeyFrame, AvatarVoice, Alive, ClockPing)}
)

#: Topic of each message kind, relative to the kiosk's namespace (docs/architecture.md). One name per (type, role).
TOPICS: Mapping[str, type] = MappingProxyType(
    {
        "mic/audio": AudioFrame,
        "mic/voice_activity": VoiceActivity,
        "mic/talk": Talk,
        "mic/utterance": AudioFrame,
        "mic/direction": VoiceDirection,
        "speech/transcript": Transcript,
        "dialogue/prompt": Prompt,
        "dialogue/reply": Reply,
        "speech/sentence": Sentence,
        "speech/draft": Sentence,
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
        "control": Control,
        "gesture": Gesture,
        "offer": Offer,
        "people": People,
        "wear": Wear,
        "wear_result": WearResult,
    }
)
