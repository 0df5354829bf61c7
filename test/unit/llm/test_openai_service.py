"""A real server on 127.0.0.1 that answers, dawdles and fails; deadlines pass by a virtual clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import ChatMessage
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.openai_settings import OpenAiSettings
from avatar_ros.llm.stage import build
from avatar_ros.testing.chat_user import ChatUser
from avatar_ros.testing.settings import split
from chat_server import PATIENCE_S, Act, ChatServer, answer, chat_server, event, refusal, then

pytest.importorskip("openai", reason="the openai library is not installed: pip install openai")

KEY = "sk-secret-0123456789"
BACKOFF_S, PROBE_S, GAP_S, FIRST_S, WHOLE_S = 0.5, 20.0, 4.0, 5.0, 12.0


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def talking(*script: Act, **settings: Any) -> Iterator[tuple[ChatServer, ChatUser]]:
    with ExitStack() as stack:
        server = stack.enter_context(chat_server(*script))
        user = ChatUser(
            **{
                "backend": "openai",
                "url": server.url,
                **({} if settings.get("fallback") == "" else {"seed": 1}),
                "backoff_s": BACKOFF_S,
                "probe_after_s": PROBE_S,
                "gap_timeout_s": GAP_S,
                "first_token_timeout_s": FIRST_S,
                "patience_s": WHOLE_S,
                "env_file": "",
                **settings,
            }
        )
        stack.callback(user.close)
        yield server, user


def is_local(text: str) -> bool:
    """The answers file's words on its name."""
    return "Robin" in text


def test_pieces_pass_on_as_they_come_and_end():
    with talking(answer("[happy] Hel", "lo, ", "you.")) as (_, user):
        prompt = user.ask("hi")
        assert user.hear(prompt) == "[happy] Hello, you."
        replies = user.of(prompt)
        assert [reply.seq for reply in replies] == list(range(len(replies)))
        assert [reply.final for reply in replies] == [False] * (len(replies) - 1) + [True]
        assert not user.warning and not user.errors


def test_first_piece_passes_on_before_the_answer_is_complete():
    with talking(then(["One. "], lambda exchange: exchange.hang())) as (_, user):
        prompt = user.ask("hi")
        user.until(lambda: user.text(prompt) == "One. ")
        assert not user.finished(prompt)


def test_request_holds_time_place_history_and_limits_and_the_key_only_in_its_header():
    history = (ChatMessage("user", "a"), ChatMessage("assistant", "b"), ChatMessage("user", "c"))
    with talking(
        answer("Yes."), history_messages=2, temperature=0.25, max_tokens=77, place="the zoo", extra_body='{"top_k": 3}'
    ) as (server, user):
        user.answer("where am i", history=history, locale="de-DE")
        request = server.requests.get(timeout=PATIENCE_S)
        assert request.path == "/v1/chat/completions"
        assert request.authorization == f"Bearer {KEY}"
        assert KEY not in str(request.body)
        assert {name: request.body[name] for name in ("stream", "temperature", "max_tokens", "top_k")} == {
            "stream": True,
            "temperature": 0.25,
            "max_tokens": 77,
            "top_k": 3,
        }
        head, *rest = request.body["messages"]
        assert head["role"] == "system" and "the zoo" in head["content"] and "de-DE" in head["content"]
        assert "[happy]" in head["content"] and "{" not in head["content"]
        assert [(line["role"], line["content"]) for line in rest] == [
            ("assistant", "b"),
            ("user", "c"),
            ("user", "where am i"),
        ]


def test_what_was_not_understood_is_not_put_into_the_users_mouth():
    with talking(answer("Pardon?")) as (server, user):
        assert user.answer("mumble", rejected=True) == "Pardon?"
        said = server.requests.get(timeout=PATIENCE_S).body["messages"][-1]["content"]
        assert "mumble" not in said and "did not understand" in said


def test_a_connection_is_ready_when_somebody_speaks_after_a_while():
    """The service closes the first one, without having said that it would."""
    left = threading.Event()

    def answer_and_leave(exchange):
        answer("One.")(exchange)
        exchange.cut()
        left.set()

    with talking(answer_and_leave, answer("More.")) as (server, user):
        chat = user.stage._chat._service
        chat._warming.result(PATIENCE_S)
        start = server.greeted.get(timeout=PATIENCE_S)
        user.answer("hello")
        assert left.wait(PATIENCE_S)
        user.advance(60.0)
        user.begin_to_speak()
        chat._warming.result(PATIENCE_S)
        ready = server.greeted.get(timeout=PATIENCE_S)
        user.answer("and then?")
        user.begin_to_speak()
        assert [server.requests.get(timeout=PATIENCE_S).connection for _ in range(2)] == [start, ready]
        assert start != ready
        assert server.greeted.empty(), "it is in use: nothing to make ready"
        assert not user.warning and not user.errors


def test_nobody_is_greeted_while_the_service_fails():
    with talking(refusal(401)) as (server, user):
        server.greeted.get(timeout=PATIENCE_S)
        assert is_local(user.answer("what is your name"))
        user.advance(60.0)
        user.begin_to_speak()
        assert is_local(user.answer("what is your name"))
        assert server.greeted.empty() and user.warning


def test_connections_serve_the_next_turns():
    with talking(answer("One.")) as (server, user):
        for _ in range(6):
            user.answer("a")
        used = {server.requests.get(timeout=PATIENCE_S).connection for _ in range(6)}
        assert len(used) <= 2  # the one made at the start, and one for a prompt that came before it stood


def test_sessions_are_answered_side_by_side():
    scripts = [then([f"{n} "], lambda exchange: exchange.hang()) for n in range(4)] + [answer("quick")]
    with talking(*scripts) as (_, user):
        slow = []
        for n in range(4):
            slow.append(user.ask("x", session=f"s{n}"))
            user.until(lambda: bool(user.text(slow[-1])))
        assert user.answer("y", session="last") == "quick"
        assert [user.text(prompt) for prompt in slow] == ["0 ", "1 ", "2 ", "3 "]


def test_more_answers_than_allowed_come_from_the_file():
    with talking(then(["One "], lambda exchange: exchange.hang()), parallel=1) as (_, user):
        first = user.ask("x", session="one")
        user.until(lambda: bool(user.text(first)))
        assert is_local(user.answer("what is your name", session="two"))


# --- failures before the first word: tried again, then the file answers, then the service again ---------------------


def test_retries_after_pauses_that_grow():
    with talking(refusal(500), refusal(503), answer("At last.")) as (server, user):
        prompt = user.ask("what is your name")
        for pause_s in (BACKOFF_S, 2 * BACKOFF_S):
            server.requests.get(timeout=PATIENCE_S)
            user.until(lambda: user.stage.status()["running"] == "1" and _waits(user))
            user.advance(pause_s - 0.01)
            assert server.requests.empty()
            user.advance(0.02)
        assert user.hear(prompt) == "At last."
        assert not user.warning


def _waits(user: ChatUser) -> bool:
    """Whether the answer under way has no connection: it pauses before it tries again."""
    (running,) = user.stage._running.values()
    return getattr(running.answer, "_answer", running.answer)._stream is None


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (refusal(500), "llm_server_error"),
        (lambda exchange: exchange.cut(), "llm_unreachable"),
        (then([], lambda exchange: exchange.cut()), "llm_cut"),
        (then([], event("{not json")), "llm_malformed"),
        (then([], event('"text"')), "llm_malformed"),
        (then([], event("17")), "llm_malformed"),
        (then([], event('{"choices": 5}')), "llm_malformed"),
        (then([], event('{"error": {"message": "overloaded"}}')), "llm_server_error"),
        (answer(), "llm_empty"),
        (answer("  ", "\n"), "llm_empty"),
        (answer(reason=None, done=False), "llm_cut"),
        (answer(reason="content_filter"), "llm_filtered"),
        (refusal(401, "invalid_api_key"), "llm_unauthorized"),
        (refusal(404, "model_not_found"), "llm_not_found"),
        (refusal(400, "context_length_exceeded"), "llm_refused"),
        (refusal(429, "insufficient_quota"), "llm_rate_limited"),
    ],
)
def test_failing_service_is_answered_for_and_used_again_when_it_works(act, code):
    with talking(act, retries=0) as (server, user):
        assert is_local(user.answer("what is your name"))
        assert user.warning and not user.errors
        server.script[:] = [answer("I am back.")]
        user.advance(PROBE_S)
        assert user.answer("what is your name") == "I am back."
        assert not user.warning
    with talking(act, retries=0, fallback="") as (_, user):
        assert user.answer("what is your name") == ""
        assert [error.code for error in user.errors] == [code]


def test_service_that_is_not_there():
    with chat_server(answer("x")) as server:
        url = server.url  # a port that nobody listens on any more
    user = ChatUser(backend="openai", url=url, retries=0, env_file="")
    assert is_local(user.answer("what is your name"))
    assert "cannot be reached" in user.warning
    user.close()


def test_failing_service_is_left_alone_and_tried_by_one_prompt_at_a_time():
    with talking(refusal(500), retries=0) as (server, user):
        user.answer("what is your name")
        server.requests.get(timeout=PATIENCE_S)
        assert is_local(user.answer("what is your name"))
        assert server.requests.empty()
        server.script[:] = [lambda exchange: exchange.hang()]
        user.advance(PROBE_S)
        probe = user.ask("what is your name", session="one")
        assert is_local(user.answer("what is your name", session="two"))
        server.requests.get(timeout=PATIENCE_S)
        user.advance(OpenAiSettings().probe_timeout_s + 0.1)  # less patience than with a service that works
        assert is_local(user.hear(probe))
        assert server.requests.empty()


def test_wrong_key_is_not_tried_again_and_says_what_to_do():
    with talking(refusal(401, "invalid_api_key"), retries=5) as (server, user):
        assert is_local(user.answer("what is your name"))
        assert server.requests.qsize() == 1
        assert "OPENAI_API_KEY" in user.warning and "401" in user.warning


def test_service_says_when_to_come_back():
    with talking(refusal(429, "", Retry_After="3"), answer("Now.")) as (server, user):
        prompt = user.ask("what is your name")
        server.requests.get(timeout=PATIENCE_S)
        user.until(lambda: _waits(user))
        user.advance(2.9)
        assert server.requests.empty()
        user.advance(0.2)
        assert user.hear(prompt) == "Now."


def test_service_that_wants_to_be_left_alone_for_longer_than_anybody_waits():
    with talking(refusal(429, "", Retry_After="300"), answer("Now.")) as (server, user):
        assert is_local(user.answer("what is your name"))
        user.advance(PROBE_S)
        assert is_local(user.answer("what is your name"))
        assert server.requests.qsize() == 1
        user.advance(300 - PROBE_S)
        assert user.answer("what is your name") == "Now."


def test_service_that_never_begins():
    with talking(lambda exchange: exchange.hang()) as (server, user):
        prompt = user.ask("what is your name")
        server.requests.get(timeout=PATIENCE_S)
        user.advance(FIRST_S + 0.1)
        server.gone.get(timeout=PATIENCE_S)  # the first connection is closed, not left to itself
        user.advance(BACKOFF_S + 0.1)
        server.requests.get(timeout=PATIENCE_S)
        user.advance(WHOLE_S)
        assert user.finished(prompt) and is_local(user.text(prompt))
        assert "did not begin" in user.warning


# --- failures after the first word: nothing is said twice -----------------------------------------------------------


@pytest.mark.parametrize(
    "last", [lambda exchange: exchange.cut(), event("{broken"), lambda exchange: exchange.end(False)]
)
def test_answer_that_breaks_off_ends_and_the_next_one_works(last):
    with talking(then(["My name "], last), answer("Bob.")) as (server, user):
        assert user.answer("what is your name") == "My name "
        assert server.requests.qsize() == 1 and user.warning
        assert user.answer("what is your name") == "Bob."
        assert not user.warning


def test_service_that_hangs_in_the_middle():
    with talking(then(["My name "], lambda exchange: exchange.hang()), answer("Bob.")) as (server, user):
        prompt = user.ask("what is your name")
        user.until(lambda: bool(user.text(prompt)))
        user.advance(GAP_S - 0.1)
        assert not user.finished(prompt)
        user.advance(0.2)
        assert user.finished(prompt) and user.text(prompt) == "My name "
        server.gone.get(timeout=PATIENCE_S)
        assert "middle" in user.warning
        assert user.answer("what is your name") == "Bob."


# --- orders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [[], ["One "]])
def test_cancel_hangs_up_at_once_and_nothing_more_is_said(pieces):
    with talking(then(pieces, lambda exchange: exchange.hang()), answer("Two.")) as (server, user):
        prompt = user.ask("a")
        server.requests.get(timeout=PATIENCE_S)
        user.until(lambda: user.text(prompt) == "".join(pieces))
        user.cancel(prompt)
        server.gone.get(timeout=PATIENCE_S)
        said = len(user.replies)
        user.advance(60.0)
        assert len(user.replies) == said and not user.finished(prompt)
        assert user.answer("b") == "Two." and not user.warning


def test_an_answer_longer_than_max_tokens_breaks_off_and_says_what_to_do():
    with talking(answer("One. ", "Two and", reason="length")) as (_, user):
        prompt = user.ask("a")
        user.until(lambda: user.finished(prompt))
        replies = [reply for reply in user.replies if reply.turn == prompt.turn]
        assert user.text(prompt) == "One. Two and" and "max_tokens" in user.warning
        numbers = [reply.seq for reply in replies]
        assert numbers[:-1] == list(range(len(numbers) - 1)) and numbers[-1] >= len(numbers), "a gap: it broke off"


def test_more_interruptions_in_a_row_than_answers_may_run_side_by_side():
    with talking(then(["One "], lambda exchange: exchange.hang()), parallel=3) as (server, user):
        for _ in range(10):
            prompt = user.ask("a")
            user.until(lambda prompt=prompt: bool(user.text(prompt)))
            user.cancel(prompt)
            server.gone.get(timeout=PATIENCE_S)
        server.script[:] = [answer("Done.")]
        assert user.answer("b") == "Done."


def test_later_prompt_of_the_session_ends_the_earlier_answer():
    with talking(then(["One "], lambda exchange: exchange.hang()), answer("Two.")) as (server, user):
        first = user.ask("a")
        user.until(lambda: bool(user.text(first)))
        assert user.answer("b") == "Two."
        server.gone.get(timeout=PATIENCE_S)
        assert not user.finished(first)


def test_closing_hangs_up():
    with talking(lambda exchange: exchange.hang()) as (server, user):
        user.ask("a")
        server.requests.get(timeout=PATIENCE_S)
        user.close()
        server.gone.get(timeout=PATIENCE_S)
        user.stage.load()  # and it can be loaded again
        server.script[:] = [answer("Yes.")]
        assert user.answer("b") == "Yes."


# --- keys and words stay where they belong --------------------------------------------------------------------------


def test_neither_key_nor_words_are_logged_or_reported(caplog):
    caplog.set_level(logging.INFO)
    acts = (refusal(401), refusal(429), refusal(500), refusal(400), then(["b"], event("{broken")))
    with talking(*acts, retries=0, fallback="", probe_after_s=0.0) as (_, user):
        for _ in acts:
            user.answer("my private matter")
        told = [caplog.text, str(user.stage.status()), *(f"{error} {error!r}" for error in user.errors)]
        assert len(user.errors) == len(acts)
        assert not any(KEY in text or "private" in text for text in told)


def test_missing_key_ends_the_node_with_one_line(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        build(*split(LLM_BACKENDS, LlmSettings, backend="openai", env_file="")).load()
    assert caught.value.code == "key_missing"


def test_service_without_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with talking(answer("Hi."), key_variable="") as (_, user):
        assert user.answer("hello") == "Hi."


def test_key_from_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY")
    (tmp_path / ".env").write_text("# keys\nOTHER=1\nexport OPENAI_API_KEY='sk-from-file'\n")
    with talking(answer("Hi."), env_file=str(tmp_path / ".env")) as (server, user):
        user.answer("hello")
        assert server.requests.get(timeout=PATIENCE_S).authorization == "Bearer sk-from-file"
