"""Frames of a program that lends its voice to the face, within bounds: docs/web_protocol.md, "A face for others"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.arrays import Pcm
from .page_messages import PROTOCOL, count_of, fields_of, text_of
from .refusal import RefusalError

SOUND = 32
TURN_END = 1
_HEADER_BYTES = 4
LOWEST_HZ, HIGHEST_HZ = 8000, 48000
LONGEST_TEXT = 5000
#: What a program may say of the conversation that it leads.
STATES = ("idle", "listening", "thinking")


@dataclass(frozen=True)
class FaceHello:
    """rate_hz: of the sound that will come; mic: the page's microphone is wanted."""

    rate_hz: int
    avatar: str = ""
    locale: str = ""
    mic: bool = False


@dataclass(frozen=True)
class FaceSound:
    """A piece of the voice. end: the turn ends with it."""

    pcm: Pcm
    end: bool


@dataclass(frozen=True)
class SpokenText:
    """To be spoken by the server's own voice. end: the turn ends with it."""

    text: str
    locale: str
    end: bool


@dataclass(frozen=True)
class Caption:
    """What the sound of this turn says."""

    text: str
    locale: str


@dataclass(frozen=True)
class Order:
    """interrupt, clear, pause, resume, end or bye: the protocol's text says what each does."""

    kind: str


@dataclass(frozen=True)
class ShownState:
    state: str


FaceMessage = FaceHello | FaceSound | SpokenText | Caption | Order | ShownState
ORDERS = frozenset({"interrupt", "clear", "pause", "resume", "end", "bye"})


def read_face_text(data: str) -> FaceMessage | None:
    """A text frame of a program; None for a kind that is not known here. Raises RefusalError."""
    fields = fields_of(data)
    kind = str(fields.get("kind"))
    if kind in ORDERS:
        return Order(kind)
    read = _READERS.get(kind)
    return read(fields) if read else None


def read_sound(data: bytes) -> FaceSound:
    """A binary frame of a program. Raises RefusalError where it is none."""
    if len(data) < _HEADER_BYTES or data[0] != SOUND or len(data) % 2:
        raise RefusalError("bad_frame", "a binary frame that is no sound")
    return FaceSound(np.frombuffer(data, "<i2", offset=_HEADER_BYTES).astype(np.int16), bool(data[1] & TURN_END))


def _hello(fields: Mapping[str, Any]) -> FaceHello:
    if count_of(fields, "protocol") != PROTOCOL:
        raise RefusalError("old_program", f"this server speaks version {PROTOCOL} of the protocol")
    rate_hz = count_of(fields, "rate_hz", 24000)
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise RefusalError("bad_frame", f"sound at {rate_hz} Hz; {LOWEST_HZ} to {HIGHEST_HZ} Hz is taken")
    return FaceHello(rate_hz, text_of(fields, "avatar"), text_of(fields, "locale"), fields.get("mic") is True)


def _say(fields: Mapping[str, Any]) -> SpokenText:
    text = _words(fields)
    return SpokenText(text, text_of(fields, "locale"), fields.get("end") is True)


def _words(fields: Mapping[str, Any]) -> str:
    text = text_of(fields, "text", LONGEST_TEXT).strip()
    if not text:
        raise RefusalError("bad_frame", "an empty text")
    return text


def _state(fields: Mapping[str, Any]) -> ShownState:
    state = text_of(fields, "state")
    if state not in STATES:
        raise RefusalError("bad_frame", f"'state' is none of {', '.join(STATES)}")
    return ShownState(state)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], FaceMessage]] = {
    "hello": _hello,
    "say": _say,
    "caption": lambda fields: Caption(_words(fields), text_of(fields, "locale")),
    "state": _state,
}
