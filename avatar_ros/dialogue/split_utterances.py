"""Long speech is one thing said, though vad_node cuts it into utterances."""

from __future__ import annotations

from dataclasses import replace

from ..core.spoken_text import join_sentences
from ..core.types import EVENT_TOO_QUIET, Transcript
from .user_speech import UserTurn


def joined_turns(first: UserTurn, second: UserTurn) -> UserTurn:
    """Two pieces of what the user said without a pause as one."""
    before, utterance = first.utterance, second.utterance
    whole = replace(
        utterance,
        started_at_s=before.started_at_s,
        start_received_s=before.start_received_s,
        from_idle=before.from_idle,
        interrupted=before.interrupted or utterance.interrupted,
        voice_s=None if utterance.stopped_at_s is None else utterance.stopped_at_s - before.started_at_s,
    )
    return UserTurn(joined(first.transcript, second.transcript), whole)


def joined(first: Transcript, second: Transcript) -> Transcript:
    """Two transcripts as one. What was not understood adds nothing; where neither was, neither is the whole."""
    events = _events(first, second)
    if second.rejected or not second.text:
        return replace(first, events=events)
    if first.rejected or not first.text:
        return replace(second, events=events)
    return replace(
        second,
        text=join_sentences([first.text, second.text]),
        confidence=min(first.confidence, second.confidence),
        locale=first.locale,
        emotion=second.emotion or first.emotion,
        events=events,
    )


def _events(first: Transcript, second: Transcript) -> tuple[str, ...]:
    """The sounds of both. Only what is quiet throughout is too quiet: the end of long speech is often silence."""
    quiet = EVENT_TOO_QUIET in first.events and EVENT_TOO_QUIET in second.events
    return tuple(event for event in (*first.events, *second.events) if quiet or event != EVENT_TOO_QUIET)
