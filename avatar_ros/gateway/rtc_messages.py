"""Signals of a page about WebRTC, within bounds: docs/web_protocol.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .page_messages import LONGEST_FRAME, count_of, fields_of, text_of

_LONGEST_CANDIDATE = 1000
_LONGEST_TRIP_S = 2.0
#: How such a frame is told from others before it is read.
MARK = '"rtc_'


@dataclass(frozen=True)
class RtcOffer:
    """sdp: the page's description; trip_s: of a message there and back, by its socket."""

    id: int
    sdp: str
    trip_s: float


@dataclass(frozen=True)
class RtcCandidate:
    """An address of the page; "": there are no more."""

    id: int
    candidate: str
    mid: str


@dataclass(frozen=True)
class RtcEnd:
    """The page goes on by the socket."""

    id: int


RtcMessage = RtcOffer | RtcCandidate | RtcEnd


def read_rtc(data: str) -> RtcMessage | None:
    """A text frame of a page; None where it is about something else. Raises RefusalError."""
    if MARK not in data:
        return None
    fields = fields_of(data)
    kind = fields.get("kind")
    if kind == "rtc_offer":
        return RtcOffer(count_of(fields, "id"), text_of(fields, "sdp", LONGEST_FRAME), _trip_s(fields.get("trip_s")))
    if kind == "rtc_candidate":
        candidate = text_of(fields, "candidate", _LONGEST_CANDIDATE)
        return RtcCandidate(count_of(fields, "id"), candidate, text_of(fields, "mid"))
    return RtcEnd(count_of(fields, "id")) if kind == "rtc_end" else None


def _trip_s(value: object) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return min(max(float(value), 0.0), _LONGEST_TRIP_S) if usable else 0.0  # type: ignore[arg-type]
