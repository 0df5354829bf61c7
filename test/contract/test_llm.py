"""What the dialogue may rely on, whoever answers."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from avatar_ros.core.enums import SessionKind
from avatar_ros.core.events import SessionEvent
from avatar_ros.core.types import ChatMessage
from chat_server import answer, chat_server
from chat_user import ChatUser

BACKENDS = (
    "fake",
    "answers",
    pytest.param(
        "openai",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("openai") is None, reason="the openai library is not installed: pip install openai"
        ),
    ),
)


@pytest.fixture(params=BACKENDS)
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatUser]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with chat_server(answer("The exit is ", "behind you.")) as server:
        own = {"openai": {"url": server.url, "env_file": ""}, "fake": {"delay_s": 0.0, "gap_s": 0.0}}
        user = ChatUser(backend=request.param, **own.get(request.param, {}))
        yield user
        user.close()


def test_reply_is_numbered_and_ends_once(user):
    prompt = user.ask("where is the exit")
    assert user.hear(prompt).strip()
    replies = user.of(prompt)
    assert [reply.seq for reply in replies] == list(range(len(replies)))
    assert [reply.final for reply in replies] == [False] * (len(replies) - 1) + [True]
    user.advance(60.0)
    assert user.of(prompt) == replies and not user.errors


def test_every_prompt_gets_an_end(user):
    history = (ChatMessage("user", "hello"), ChatMessage("assistant", "Hello!"))
    for fields in ({}, {"rejected": True}, {"history": history}, {"locale": "zh-CN"}):
        for text in ("where is the exit", "", "   ", "word " * 500, "[happy] {time} \x00 😀", "出口在哪里"):
            prompt = user.ask(text, **fields)
            user.hear(prompt)
            assert user.text(prompt).strip() or user.stage.status()["backend"] == "fake"
    assert not user.errors and not user.warning


def test_sessions_get_their_own_replies(user):
    prompts = [user.ask("where is the exit", session=f"session {i}") for i in range(5)]
    for prompt in prompts:
        user.hear(prompt)
    assert {reply.session for reply in user.replies} == {prompt.session for prompt in prompts}


def test_cancelled_prompt_says_nothing_more_and_the_next_one_is_answered(user):
    prompt = user.ask("where is the exit")
    user.cancel(prompt)
    said = list(user.of(prompt))
    user.advance(60.0)
    assert user.of(prompt) == said
    assert user.answer("where is the exit")


def test_closed_session_and_stage_can_be_used_again(user):
    user.answer("where is the exit", session="web")
    list(user.stage.session(SessionEvent("web", SessionKind.CLOSED), user.now_s))
    assert user.answer("where is the exit", session="web")
    user.close()
    user.stage.load()
    assert user.answer("where is the exit")
    assert int(user.stage.status()["running"]) == 0
