"""docs/conversation.md against the dialogue: each event in each state does what its cell says; none is left out."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import dialogue_avatar_events  # noqa: F401 - each fills ROWS
import dialogue_user_events  # noqa: F401
import pytest
from dialogue_events import FIXED, ROWS, STATES, TEXTS, enter
from dialogue_talk import Talk

from avatar_ros.core.enums import InterruptAction, PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.events import Interrupt
from avatar_ros.core.peers import PeerChange
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.conversation import WAITS_FOR, Event

PAGE = Path(__file__).resolve().parents[3] / "docs" / "conversation.md"


def cells() -> dict[str, dict[str, str]]:
    """Event -> state -> cell, of all tables of the page whose columns are the states."""
    found: dict[str, dict[str, str]] = {}
    inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        columns = [column.strip() for column in line.strip("|").split("|")]
        if columns == ["event", *STATES]:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not re.fullmatch(r"[|-]+", line):
            name, *row = columns
            assert name not in found and len(row) == len(STATES), line
            found[name] = dict(zip(STATES, row, strict=True))
    return found


def in_words(message: Any) -> str:
    kind = type(message).__name__
    if kind == "Prompt":
        if message.speculative:
            return "prepare"
        both = "where is it" in message.text and "tell me more" in message.text
        return "prompt of both" if both else "prompt"
    if kind == "Sentence":
        return f"say {message.text}" if message.text in FIXED else "sentences" if message.text else "empty sentence"
    if kind == "Interrupt":
        return f"{message.action.name} {message.reason}"
    if kind == "SayResult":
        return "result done" if message.done else f"result {message.reason}"
    return f"session {message.kind.name}"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ROWS)
def test_the_dialogue_does_what_the_page_says(name: str, state: str) -> None:
    talk = enter(state, ROWS[name].settings)
    done: list[str] = []
    play = ROWS[name].play
    steps = play(talk) if inspect.isgeneratorfunction(play) else None
    if steps is not None:
        next(steps)
    before = len(talk.records)
    if steps is not None:
        assert next(steps, None) is None
    else:
        play(talk)
    for record in talk.records[before:]:
        if record.sender and record.topic != "state" and (word := in_words(record.message)) not in done[-1:]:
            done.append(word)
    after = "" if talk.state.name == state else f"→ {talk.state.name}"
    assert cells()[name][state] == (" ".join([", ".join(done), after]).strip() or "·"), talk.story()


def test_every_event_stands_in_the_page_and_no_other() -> None:
    assert set(cells()) == set(ROWS)


def test_every_limit_of_time_and_every_choice_stands_in_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    unnamed = {"session", "locale", "epoch_file", "forget_when_idle", "history_messages", "history_characters"}
    unnamed |= {"ignore_noise", "backchannels", "quiet_voice_s", *FIXED}
    unnamed |= {"first_clause_characters", "clause_characters", "sentence_characters"}  # how text is cut
    missing = {setting.name for setting in fields(DialogueSettings) if f"`{setting.name}`" not in text}
    assert missing <= unnamed, missing - unnamed


def test_every_message_and_every_value_of_it_is_an_event_of_the_page() -> None:
    seen: set[Any] = set()
    nodes: set[str] = set()

    class Listening(Talk):
        def send(self, topic: str, message: Any, after_s: float = 0.0) -> None:
            values = (getattr(message, field.name) for field in fields(message))
            seen.update({type(message), *(value for value in values if isinstance(value, kinds))})
            super().send(topic, message, after_s)

        def peer(self, node: str, change: PeerChange) -> None:
            nodes.add(node)
            seen.add(change)
            super().peer(node, change)

    kinds = (VoiceKind, PlaybackState, SayWhen, InterruptAction)
    for row in ROWS.values():
        talk = Listening(**{**TEXTS, **row.settings})
        talk.ask("where is it")
        for _ in row.play(talk) or ():
            pass
    assert seen >= {*Event.__args__, Interrupt, *PeerChange, *(value for kind in kinds for value in kind)}
    assert nodes == WAITS_FOR
