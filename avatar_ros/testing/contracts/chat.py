"""What the dialogue may rely on, whoever answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...core.enums import SessionKind
from ...core.events import SessionEvent
from ...core.types import ChatMessage
from ...llm.base import Chat, LlmSettings
from ...llm.stage import LlmStage
from ..chat_user import ChatUser
from .common import check_status

QUESTION = "where is the exit"


@contextmanager
def _user(chat: Chat) -> Iterator[ChatUser]:
    """Somebody who asks a stage of this chat, loaded now and closed at the end."""
    user = ChatUser(LlmStage(LlmSettings(), chat))
    yield user
    user.close()


def a_reply_is_numbered_and_ends_once(chat: Chat) -> None:
    """Pieces come in order, the last one is final, and nothing follows it."""
    with _user(chat) as user:
        prompt = user.ask(QUESTION)
        assert user.hear(prompt).strip(), f"no answer to '{QUESTION}'"
        replies = user.of(prompt)
        assert [reply.seq for reply in replies] == list(range(len(replies)))
        assert [reply.final for reply in replies] == [False] * (len(replies) - 1) + [True]
        user.advance(60.0)
        assert user.of(prompt) == replies and not user.errors, f"{user.errors}"
        check_status(chat.status())


def every_prompt_gets_an_end(chat: Chat) -> None:
    """Rejected ones, empty ones, long ones, with a history and in other languages."""
    with _user(chat) as user:
        history = (ChatMessage("user", "hello"), ChatMessage("assistant", "Hello!"))
        for fields in ({}, {"rejected": True}, {"history": history}, {"locale": "zh-CN"}):
            for text in (QUESTION, "", "   ", "word " * 500, "[happy] {time} \x00 😀", "出口在哪里"):
                assert user.hear(user.ask(text, **fields)).strip(), f"no word of an answer to {text!r:.40} {fields}"
        assert not user.errors and not user.warning, f"{user.errors} {user.warning}"


def sessions_get_their_own_replies(chat: Chat) -> None:
    """Several people at once."""
    with _user(chat) as user:
        prompts = [user.ask(QUESTION, session=f"session {i}") for i in range(5)]
        for prompt in prompts:
            user.hear(prompt)
        assert {reply.session for reply in user.replies} == {prompt.session for prompt in prompts}


def a_cancelled_prompt_says_no_more(chat: Chat) -> None:
    """And the next one is answered."""
    with _user(chat) as user:
        prompt = user.ask(QUESTION)
        user.cancel(prompt)
        said = list(user.of(prompt))
        user.advance(60.0)
        assert user.of(prompt) == said, "it went on after a CANCEL"
        assert user.answer(QUESTION)


def closed_sessions_and_stages_can_be_used_again(chat: Chat) -> None:
    """A session that comes back, a node that is configured anew."""
    with _user(chat) as user:
        user.answer(QUESTION, session="web")
        list(user.stage.session(SessionEvent("web", SessionKind.CLOSED), user.now_s))
        assert user.answer(QUESTION, session="web")
        user.close()
        user.stage.load()
        assert user.answer(QUESTION)
        assert int(user.stage.status()["running"]) == 0


CHAT: tuple[Callable[[Chat], None], ...] = (
    a_reply_is_numbered_and_ends_once,
    every_prompt_gets_an_end,
    sessions_get_their_own_replies,
    a_cancelled_prompt_says_no_more,
    closed_sessions_and_stages_can_be_used_again,
)


def check_chat(chat: Chat) -> None:
    """All that the llm stage relies on. chat: not loaded yet; each check loads it and closes it."""
    for check in CHAT:
        check(chat)
