"""What the dialogue may rely on, whoever answers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator

import pytest

from avatar_ros.llm.base import LLM_BACKENDS, Chat, LlmSettings
from avatar_ros.testing.contracts import CHAT
from avatar_ros.testing.settings import make
from chat_server import answer, chat_server

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
def chat(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with chat_server(answer("The exit is ", "behind you.")) as server:
        own = {"openai": {"url": server.url, "env_file": ""}, "fake": {"delay_s": 0.0, "gap_s": 0.0}}
        yield make(LLM_BACKENDS, LlmSettings, backend=request.param, **own.get(request.param, {}))


@pytest.mark.parametrize("check", CHAT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Chat], None], chat: Chat) -> None:
    check(chat)
