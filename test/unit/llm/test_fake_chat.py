"""The scripted source keeps its times; the stage's turns and orders, on it."""

from __future__ import annotations

import pytest

from avatar_ros.core.enums import SessionKind
from avatar_ros.core.events import SessionEvent
from avatar_ros.core.types import Prompt
from avatar_ros.llm.base import LLM_BACKENDS, PORT, LlmSettings
from avatar_ros.llm.stage import build
from avatar_ros.testing.chat_user import ChatUser
from avatar_ros.testing.settings import split
from harness import Harness


@pytest.fixture
def user() -> ChatUser:
    return ChatUser(backend="fake", script=("One two three.", "You: {text}"), delay_s=1.0, gap_s=0.5)


def test_words_come_when_the_script_says(user):
    prompt = user.ask("a")
    heard = []
    for _ in range(5):
        user.advance(0.5)
        heard.append(user.text(prompt))
    assert heard == ["", "One", "One two", "One two three.", "One two three."]
    assert user.finished(prompt)


def test_script_goes_on_and_begins_again(user):
    said = []
    for text in ("a", "b", "c"):
        prompt = user.ask(text)
        user.advance(60.0)
        said.append(user.text(prompt))
    assert said == ["One two three.", "You: b", "One two three."]


def test_stage_ticks_only_while_something_is_under_way(user):
    assert user.stage.tick_period_s == 0.0
    prompt = user.ask("a")
    assert user.stage.tick_period_s > 0.0
    user.cancel(prompt)
    assert user.stage.tick_period_s == 0.0


def test_old_and_repeated_prompts_start_nothing(user):
    prompt = user.ask("a")
    for late in (prompt, type(prompt)(epoch=0, turn=99, text="x")):
        assert list(user.stage.push("dialogue/prompt", late, user.now_s)) == []
    user.advance(60.0)
    assert user.text(prompt) == "One two three."


def test_order_for_another_turn_or_session_stops_nothing(user):
    prompt = user.ask("a")
    user.cancel(type(prompt)(epoch=1, turn=prompt.turn - 1))
    user.cancel(type(prompt)(session="web", epoch=1, turn=prompt.turn))
    user.advance(60.0)
    assert user.finished(prompt)


def test_closed_session_is_forgotten(user):
    prompt = user.ask("a", session="web")
    list(user.stage.session(SessionEvent("web", SessionKind.CLOSED), user.now_s))
    user.advance(60.0)
    assert user.of(prompt) == []


def test_stage_under_the_harness():
    run = Harness()
    run.add("llm", build(*split(LLM_BACKENDS, LlmSettings, backend="fake", delay_s=0.5, gap_s=0.1)), PORT)
    run.send("dialogue/prompt", Prompt(epoch=1, turn=1, text="hi"))
    run.until("dialogue/reply", final=True)
    assert "".join(reply.text for reply in run.sent("dialogue/reply")) == "You said: hi"
    times = run.times("dialogue/reply")
    assert times[0] == pytest.approx(1000.5, abs=0.05) and times[-1] == pytest.approx(1000.7, abs=0.05)
