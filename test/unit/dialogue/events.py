"""The events of docs/conversation.md, each played on a conversation in any state: what they have in common.

user_events.py and avatar_events.py are the events; test_conversation_page.py compares what follows with the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dialogue_talk import Talk

from avatar_ros.core.enums import AgentState

STATES = [state.name for state in AgentState if state is not AgentState.SLEEPING]
FIXED = ("apology", "farewell", "greeting", "missed", "too_long", "too_quiet", "too_slow")
#: Fixed texts are spoken as their own names; these are only spoken in the rows that are about them.
TEXTS = {name: name for name in FIXED} | {"greeting": "", "farewell": ""}
PATIENT = {"think_patience_s": 300.0, "speak_patience_s": 300.0}


@dataclass(frozen=True)
class Row:
    """`play` prepares up to its `yield`, if it has one; what comes after it is the event."""

    play: Callable[[Talk], Iterator[None] | None]
    settings: dict[str, Any]


ROWS: dict[str, Row] = {}


def event(name: str, **settings: Any) -> Callable[[Callable[[Talk], Any]], None]:
    def keep(play: Callable[[Talk], Any]) -> None:
        assert name not in ROWS
        ROWS[name] = Row(play, settings)

    return keep


# --- the states -------------------------------------------------------------------------------------------------------


def enter(state: str, settings: dict[str, Any]) -> Talk:
    talk = Talk(**{**TEXTS, **settings})
    if state != "IDLE":
        talk.ask("where is it")
    if state in ("LISTENING", "SPEAKING"):
        talk.reply("It is here. Shall I go on? ", final=False)
        talk.play(0, 0.1)
    if state == "LISTENING":
        talk.reply("", 1)
        talk.end()
    assert talk.state.name == state
    return talk


def busy(talk: Talk) -> bool:
    return talk.state in (AgentState.THINKING, AgentState.SPEAKING)


def seq(talk: Talk) -> int:
    """Number of the reply's next piece."""
    return 1 if talk.state is AgentState.SPEAKING else 0


def finish_reply(talk: Talk) -> None:
    """The LLM has written all that it will: two sentences in either state."""
    if talk.state is AgentState.THINKING:
        talk.reply("It is here. Shall I go on?")
    elif talk.state is AgentState.SPEAKING:
        talk.reply("", 1)


def hear(talk: Talk, voice_s: float = 1.0) -> None:
    """The user speaks and stops."""
    talk.speak()
    talk.run(voice_s)
    talk.hush()
    talk.run(0.1)


def understood(name: str, text: str, voice_s: float = 1.0, then_s: float = 0.0, **options: Any) -> None:
    """A row: a final transcript of a voice. Options in capitals are the transcript's."""
    transcript = {key.lower(): value for key, value in options.items() if key.isupper()}

    @event(name, **{key: value for key, value in options.items() if key.islower()})
    def _(talk: Talk) -> Iterator[None]:
        hear(talk, voice_s)
        yield
        talk.words(text, **transcript)
        talk.run(then_s)


def partial(name: str, text: str, **transcript: Any) -> None:
    @event(name)
    def _(talk: Talk) -> Iterator[None]:
        talk.speak()
        yield
        talk.words(text, final=False, **{"confidence": 0.9, **transcript})


def waits(name: str, seconds: float, prepare: Callable[[Talk], None] = lambda talk: None, **settings: Any) -> None:
    """A row: nothing happens for so long."""

    @event(name, **settings)
    def _(talk: Talk) -> Iterator[None]:
        prepare(talk)
        yield
        talk.run(seconds)


def queue_question(talk: Talk) -> None:
    """A question waits for the end of the turn."""
    if talk.state is AgentState.THINKING:
        talk.tell_of(0, "tell me more")
    elif talk.state is AgentState.SPEAKING:
        finish_reply(talk)
        talk.play(1, 0.9)
        hear(talk)
        talk.words("yes")

