"""Bytes that services send in place of OpenAI's own, against the real stage and the real library."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

pytest.importorskip("openai", reason="the openai library is not installed: pip install openai")

from avatar_ros.llm.event_stream import EventStream
from avatar_ros.testing.chat_user import ChatUser
from raw_server import raw_server

JSON = "Content-Type: application/json"


def chunk(delta: object, reason: object = None, **more: object) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": [choice], **more}, ensure_ascii=False)


def sse(*events: str, end: str = "\n\n", field: str = "data: ") -> bytes:
    return "".join(f"{field}{event}{end}" for event in events).encode()


def whole(content: object = "Hello there.", reason: object = "stop", **more: object) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason}
    return json.dumps({"object": "chat.completion", "choices": [choice], **more}, indent=1).encode()


HELLO = [chunk({"role": "assistant"}), chunk({"content": "Hello "}), chunk({"content": "there."})]
OK = [*HELLO, chunk({}, "stop"), "[DONE]"]
_BOTH = [{"index": 1, "delta": {"content": "Bye."}}, {"index": 0, "delta": {"content": "Hello "}}]
TWO = json.dumps({"choices": _BOTH})
PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hello there."}]
WHOLE = {
    "plain": sse(*OK),
    "CRLF": sse(*OK, end="\r\n\r\n"),
    "CR": sse(*OK, end="\r\r"),
    "no space": sse(*OK, field="data:"),
    "no empty line between events": sse(*OK, end="\n"),
    "no line end at the end": sse(*OK).rstrip(),
    "BOM": b"\xef\xbb\xbf" + sse(*OK),
    "comments": b": PROCESSING\n\n" * 3 + sse(*OK[:2]) + b":\n\n" + sse(*OK[2:]),
    "other fields": "".join(f"event: message\nid: {n}\nretry: 3\ndata: {one}\n\n" for n, one in enumerate(OK)).encode(),
    "empty data": b"data: \n\ndata:\n\ndata\n\n" + sse(*OK[:2]) + b"data: \n\n" + sse(*OK[2:]),
    "an event on several lines": b'data: {"choices": [\ndata: {"delta": {"content": "Hello there."}}]}\n\n' + sse(OK[3]),  # noqa: E501
    "no [DONE]": sse(*OK[:4]),
    "[DONE] without space": sse(*HELLO) + b"data:[DONE]\n\n",
    "[DONE] without reason": sse(*HELLO, "[DONE]"),
    "reason with the last words": sse(*OK[:2], chunk({"content": "there."}, "stop")),
    "reason 'null'": sse(*(chunk({"content": text}, "null") for text in ("Hello ", "there.")), chunk({}, "stop")),
    "reason ''": sse(*(chunk({"content": text}, "") for text in ("Hello ", "there.")), chunk({}, "stop")),
    "unknown reason": sse(*HELLO, chunk({}, "eos_token")),
    "reason that is a number": sse(*(chunk({"content": text}, 0) for text in ("Hello ", "there.")), "[DONE]"),
    "usage only": sse(*OK[:4], '{"choices": [], "usage": {"total_tokens": 5}}', "[DONE]"),
    "no choices": sse('{"choices": [], "prompt_filter_results": []}', '{"choices": null}', '{"type": "ping"}', *OK),
    "null": sse(chunk(None), chunk({"content": None}), *OK),
    "reasoning": sse(chunk({"content": None, "reasoning_content": "a"}), chunk({"content": "", "reasoning": "b"}), *OK),
    "list of parts": sse(chunk({"content": PARTS}), chunk({}, "stop")),
    "one part": sse(chunk({"content": {"type": "text", "text": "Hello there."}}), chunk({}, "stop")),
    "two choices": sse(TWO, *OK[2:]),
    "refusal": sse(chunk({"content": None, "refusal": "Hello there."}), chunk({}, "stop")),
    "message for delta": sse(whole().decode().replace("\n", "")),
    "text for delta": sse('{"choices": [{"text": "Hello there.", "finish_reason": "stop"}]}'),
    "whole JSON": whole(),
    "whole JSON in one line": whole().replace(b"\n", b""),
    "whole JSON without reason": whole(reason=None),
    "whole JSON of parts": whole(PARTS),
    "Ollama's lines": b'{"message": {"content": "Hello "}, "done": false}\n'
    b'{"message": {"content": "there."}, "done": true}\n',
}  # fmt: skip


def ask(body: bytes, **how: object) -> tuple[str, list[str], bool]:
    """What was said, the codes of the errors, and whether the last piece says that the answer broke off."""
    with raw_server(body, **how) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        user = ChatUser(backend="openai", fallback="", url=url, key_variable="", env_file="", retries=0)
        try:
            prompt = user.ask("hello")
            said = user.hear(prompt)
            sequence = [reply.seq for reply in user.of(prompt)]
            return said, [error.code for error in user.errors], sequence != list(range(len(sequence)))
        finally:
            user.close()


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_is_understood(name: str) -> None:
    assert ask(WHOLE[name], size=7) == ("Hello there.", [], False)


def test_no_more_is_awaited_after_the_end() -> None:
    for body in (sse(*OK[:4]), sse(*OK[:3], "[DONE]")):
        assert ask(body, hold=True) == ("Hello there.", [], False)


def test_content_types_and_packing_do_not_matter() -> None:
    assert ask(sse(*OK), headers="X: y")[0] == "Hello there."
    assert ask(sse(*OK), headers="Content-Type: text/html")[0] == "Hello there."
    assert ask(gzip.compress(sse(*OK)), headers="Content-Encoding: gzip", size=9)[0] == "Hello there."
    assert ask(gzip.compress(whole()), headers=f"{JSON}\r\nContent-Encoding: gzip")[0] == "Hello there."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "llm_cut"),
        (b"<!doctype html><p>Please log in", "llm_web_page"),
        (b"\n <html>", "llm_web_page"),
        (b'{"error": {"message": "model not loaded"}}', "llm_server_error"),
        (b'{"error": "model not loaded"}', "llm_server_error"),
        (b'{"error": {"message": "no", "code": 401}}', "llm_unauthorized"),
        (b'{"code": "InvalidParameter", "message": "no"}', "llm_server_error"),
        (b'{"detail": "Not Found"}', "llm_server_error"),
        (b'event: error\ndata: {"message": "overloaded"}\n\n', "llm_server_error"),
        (sse('{"object": "error", "message": "bad", "code": 400}'), "llm_refused"),
        (sse("[1, 2]"), "llm_malformed"),
        (sse('{"choices": [3]}'), "llm_malformed"),
        (sse(chunk({"content": 7})), "llm_malformed"),
        (sse("[" * 100_000), "llm_malformed"),
        (sse('{"half": '), "llm_malformed"),
        (b"not encoded at all", "llm_cut"),
        (sse(chunk({"tool_calls": [{"function": {"name": "f"}}]}), chunk({}, "tool_calls")), "llm_empty"),
        (sse("[DONE]"), "llm_empty"),
        (sse(chunk({}, "content_filter")), "llm_filtered"),
        (sse(chunk({}, "error")), "llm_server_error"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_fault_with_a_name(body: bytes, code: str) -> None:
    assert ask(body) == ("", [code], True)


def test_packing_that_is_none_is_a_fault() -> None:
    assert ask(sse(*OK), headers="Content-Encoding: gzip")[1] in (["llm_malformed"], ["llm_cut"])


@pytest.mark.parametrize("end", [b"", b"data: {broken\n\n", b'data: {"error": "boom"}\n\n', sse(chunk({}, "length"))])
def test_an_answer_that_breaks_off_says_so(end: bytes) -> None:
    said, _, broken = ask(sse(*HELLO) + end)
    assert (said, broken) == ("Hello there.", True)


def test_letters_in_two_halves_arrive_whole() -> None:
    halves = [chunk({"content": text}).replace("|", "\\u") for text in ("Hi |d83d", "|de00|0000!")]
    assert ask(sse(*halves, "[DONE]"))[0] == "Hi 😀 !"
    assert ask(sse(halves[0], "[DONE]"))[0] == "Hi �"
    assert ask(sse(chunk({"content": "Grüße, 你好 👋"}), "[DONE]"), size=1)[0] == "Grüße, 你好 👋"


def test_a_huge_piece_is_taken_and_an_endless_answer_is_not() -> None:
    assert len(ask(sse(chunk({"content": "word " * 10_000}), "[DONE]"))[0]) == 50_000
    said, _, broken = ask(sse(*[chunk({"content": "word " * 1000})] * 40))
    assert len(said) < 200_000 and broken


def test_an_event_without_end_is_given_up() -> None:
    stream = EventStream()
    with pytest.raises(Exception, match="without end"):
        for _ in range(200):
            list(stream.feed(b"data: " + b"x" * 100_000))


def events(body: bytes, size: int) -> Iterator[object]:
    stream = EventStream()
    for at in range(0, len(body), size):
        yield from stream.feed(body[at : at + size])
    yield from stream.finish()
    yield stream.done


@pytest.mark.parametrize("name", WHOLE)
def test_pieces_of_the_body_do_not_matter(name: str) -> None:
    assert list(events(WHOLE[name], 1)) == list(events(WHOLE[name], 3)) == list(events(WHOLE[name], 1 << 20))


# --- the environment ------------------------------------------------------------------------------------------------

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *map(str.upper, VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


BROKEN = [
    *(("ALL_PROXY", "socks5://h:1"), ("https_proxy", "http://")),
    *(("SSL_CERT_FILE", "/nowhere.pem"), ("SSL_CERT_FILE", __file__)),
]
NOT_THERE = [("http_proxy", "http://127.0.0.1:1"), ("HTTP_PROXY", "garbage x")]


@pytest.mark.parametrize(("variable", "value"), BROKEN)
def test_a_variable_that_cannot_work_is_named_and_the_fallback_answers(variable, value, monkeypatch) -> None:
    monkeypatch.setenv(variable, value)
    user = ChatUser(backend="openai", url="https://chat.invalid/v1", key_variable="", env_file="")
    assert "Robin" in user.answer("what is your name")
    assert variable in user.warning
    user.begin_to_speak()
    user.close()


@pytest.mark.parametrize(("variable", "value"), [*BROKEN, *NOT_THERE])
def test_a_service_on_this_computer_is_reached_in_any_environment(variable, value, monkeypatch) -> None:
    monkeypatch.setenv(variable, value)
    assert ask(sse(*OK)) == ("Hello there.", [], False)


def test_other_services_are_asked_through_the_proxy_which_is_named_when_it_fails(monkeypatch) -> None:
    with raw_server(sse(*OK)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        user = ChatUser(backend="openai", fallback="", url="http://chat.invalid/v1", key_variable="", env_file="")
        assert user.answer("hello") == "Hello there."
        assert b"POST http://chat.invalid/v1/chat/completions HTTP/1.1" in proxy.heads
        user.close()
    user = ChatUser(backend="openai", url="http://chat.invalid/v1", key_variable="", env_file="", retries=0)
    assert "Robin" in user.answer("what is your name")
    assert "http_proxy" in user.warning
    user.close()
