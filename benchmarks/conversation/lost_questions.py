"""Which questions of a soak run got no answer, and what the topics said around each: without that a lost one in hours
cannot be explained afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avatar_ros.core.events import AvatarState, Interrupt, TurnReport
from avatar_ros.core.types import Transcript, VoiceActivity

from .kills import Kill, in_flight

#: What is kept of a run; a message or two a second.
TOPICS = ("mic/voice_activity", "speech/transcript", "state", "interrupt", "turn_report")
#: When a question began is learnt from a diagnostic, so what led up to it is shown too, s.
BEFORE_S = 3.0
#: Speech that a node's death has cut began so long before it was found not to be understood, at most, s.
LONGEST_QUESTION_S = 4.0


@dataclass(frozen=True)
class ConversationEvent:
    """What a topic said, s after the run's start, in words. rejected: speech that was not understood."""

    at_s: float
    what: str
    rejected: bool = False


@dataclass(frozen=True)
class Lost:
    """A question without an answer. number: counts from 0; seen: what the topics said meanwhile, with its time, s."""

    number: int
    asked_s: float
    question: str
    seen: tuple[str, ...]


def lost_questions(
    asked: Sequence[float], answered: Sequence[float], questions: Sequence[str], seen: Sequence[ConversationEvent] = ()
) -> tuple[Lost, ...]:
    """Questions after which no answer was reported before the next one was asked.

    asked, answered: s; questions: asked in a loop; seen: in order.
    """
    ends = [*asked[1:], float("inf")]
    return tuple(
        Lost(
            number,
            begin_s,
            questions[number % len(questions)],
            tuple(f"{e.at_s:.2f} s: {e.what}" for e in seen if begin_s - BEFORE_S < e.at_s <= end_s),
        )
        for number, (begin_s, end_s) in enumerate(zip(asked, ends, strict=True))
        if not any(begin_s < at_s <= end_s for at_s in answered)
    )


def not_understood(seen: Sequence[ConversationEvent], seconds: float, kills: Sequence[Kill] = ()) -> int:
    """How often in the run speech was not understood: an apology is an answer, but not to the question. What was cut
    by the death of a node that was killed does not count.
    """
    rejected = [event.at_s for event in seen if event.rejected and 0 <= event.at_s <= seconds]
    return sum(not in_flight(kills, at_s - LONGEST_QUESTION_S, at_s) for at_s in rejected)


def account(
    heard: Mapping[str, Sequence[Any]], times: Mapping[str, Sequence[float]], origin_s: float
) -> list[ConversationEvent]:
    """What was heard on TOPICS, in the order of its coming."""
    rows = [
        ConversationEvent(at_s - origin_s, what, rejected=isinstance(message, Transcript) and message.rejected)
        for topic in TOPICS
        for at_s, message in zip(times[topic], heard[topic], strict=False)  # another may be coming in
        for what in _said(message)
    ]
    return sorted(rows, key=lambda event: event.at_s)


def _said(message: object) -> Iterator[str]:
    match message:
        case VoiceActivity():
            yield f"utterance {message.utterance} {message.kind.name.lower()}"
        case Transcript(final=True):
            kind = "not understood" if message.rejected else "understood"
            where = ", ".join((f"utterance {message.utterance}", *message.events))
            yield f"{kind} {message.text!r} with confidence {message.confidence:.2f} ({where})"
        case AvatarState():
            yield f"turn {message.turn} is {message.state.name.lower()}"
        case Interrupt():
            yield f"turn {message.turn}: {message.action.name.lower()} ({message.reason})"
        case TurnReport():
            yield (
                f"report of turn {message.turn}: utterance {message.utterance}, {message.transcript!r} - "
                f"{message.spoken!r}, first sound after {message.first_sound_ms:.0f} ms"
            )
