"""Text frames of a page, within bounds: docs/web_protocol.md. What is unknown is ignored, what is wrong refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.enums import PlaybackState
from .refusal import TOO_LARGE, RefusalError

PROTOCOL = 1
LONGEST_FRAME = 16 << 10
LONGEST_TEXT = 1000
_NAME = 200
_LARGEST_COUNT = 2**32 - 1
_STATES = {state.name.lower(): state for state in PlaybackState}
FIGURES = ("fps", "delay_ms", "lip_error_ms", "underruns")


@dataclass(frozen=True)
class Hello:
    """resume_key: of an earlier session, "" for none; resume_seq: the last frame of it that was seen; face: key of a
    program's face that is to be shown, "" for a conversation.
    """

    locale: str = ""
    voice: str = ""
    avatar: str = ""
    resume_key: str = ""
    resume_seq: int = 0
    token: str = ""
    face: str = ""


@dataclass(frozen=True)
class ClockReport:
    """At `at_s` of the session `sample` of the page's turn number `turn` is heard, and `state` begins."""

    turn: int
    sample: int
    at_s: float
    state: PlaybackState
    gain: float = 1.0


@dataclass(frozen=True)
class TypedText:
    text: str


@dataclass(frozen=True)
class StopButton:
    """Be silent now."""


@dataclass(frozen=True)
class TalkPress:
    pressed: bool


@dataclass(frozen=True)
class Figures:
    """What the page measured: a number by each name of FIGURES that it knows."""

    values: Mapping[str, float]


@dataclass(frozen=True)
class SpeechChoice:
    """Of a language (BCP 47) and a voice (of /voices); "": as it was."""

    locale: str = ""
    voice: str = ""


@dataclass(frozen=True)
class MicNote:
    """A microphone is open. echo_cancelled: the browser takes the avatar's voice out of it itself."""

    echo_cancelled: bool


@dataclass(frozen=True)
class Goodbye:
    """The person leaves."""


PageMessage = Hello | ClockReport | TypedText | StopButton | TalkPress | Figures | SpeechChoice | MicNote | Goodbye


def read_text(data: str) -> PageMessage | None:
    """A text frame of a page; None for a kind that is not known here. Raises RefusalError."""
    fields = fields_of(data)
    read = _READERS.get(str(fields.get("kind")))
    return read(fields) if read else None


def fields_of(data: str) -> Mapping[str, Any]:
    """Of a text frame. Raises RefusalError where it is too long or no JSON object."""
    if len(data) > LONGEST_FRAME:
        raise RefusalError("too_large", f"a text frame of more than {LONGEST_FRAME} characters", TOO_LARGE)
    try:
        fields = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusalError("bad_frame", "a text frame that is no JSON") from None
    if not isinstance(fields, dict):
        raise RefusalError("bad_frame", "a text frame that is no JSON object")
    return fields


def _no_constant(name: str) -> float:
    raise ValueError(name)


def text_of(fields: Mapping[str, Any], name: str, longest: int = _NAME) -> str:
    """A text of a frame, "" where it is missing. Raises RefusalError."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > longest or not _encodes(value):
        raise RefusalError("bad_frame", f"'{name}' is no text of at most {longest} characters")
    return value


def _encodes(text: str) -> bool:
    """Half of a surrogate pair is no character: it would break whatever writes it down."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _number(fields: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53 or not math.isfinite(value):
        raise RefusalError("bad_frame", f"'{name}' is no number")
    return float(value)


def count_of(fields: Mapping[str, Any], name: str, default: float | None = None) -> int:
    """A count of a frame. Raises RefusalError."""
    value = _number(fields, name, default)
    if not 0 <= value <= _LARGEST_COUNT or value != int(value):
        raise RefusalError("bad_frame", f"'{name}' is no count")
    return int(value)


def _hello(fields: Mapping[str, Any]) -> Hello:
    if count_of(fields, "protocol") != PROTOCOL:
        raise RefusalError("old_page", f"this server speaks version {PROTOCOL} of the protocol: load the page again")
    resume = fields.get("resume") or {}
    if not isinstance(resume, dict):
        raise RefusalError("bad_frame", "'resume' is no object")
    key = text_of(resume, "key")
    seq = count_of(resume, "seq", 0)
    locale, voice, avatar = (text_of(fields, name) for name in ("locale", "voice", "avatar"))
    return Hello(locale, voice, avatar, key, seq, text_of(fields, "token"), text_of(fields, "face"))


def _clock(fields: Mapping[str, Any]) -> ClockReport:
    state = _STATES.get(str(fields.get("state")))
    if state is None:
        raise RefusalError("bad_frame", f"'state' of a clock is none of {', '.join(_STATES)}")
    gain = min(1.0, max(0.0, _number(fields, "gain", 1.0)))
    return ClockReport(count_of(fields, "turn"), count_of(fields, "sample"), _number(fields, "at_s"), state, gain)


def _typed(fields: Mapping[str, Any]) -> TypedText:
    text = text_of(fields, "text", LONGEST_TEXT).strip()
    if not text:
        raise RefusalError("bad_frame", "an empty text")
    return TypedText(text)


def _talk(fields: Mapping[str, Any]) -> TalkPress:
    return TalkPress(fields.get("pressed") is True)


def _figures(fields: Mapping[str, Any]) -> Figures:
    return Figures({name: _number(fields, name) for name in FIGURES if name in fields})


_READERS: Mapping[str, Callable[[Mapping[str, Any]], PageMessage]] = {
    "hello": _hello,
    "clock": _clock,
    "text": _typed,
    "interrupt": lambda fields: StopButton(),
    "talk": _talk,
    "figures": _figures,
    "choose": lambda fields: SpeechChoice(text_of(fields, "locale"), text_of(fields, "voice")),
    "mic": lambda fields: MicNote(fields.get("echo_cancelled") is True),
    "bye": lambda fields: Goodbye(),
}
