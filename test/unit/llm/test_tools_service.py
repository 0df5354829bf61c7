"""A real server whose model calls tools of a robot, in its service's dialect; time passes by a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Prompt
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.stage import LlmStage, build
from avatar_ros.testing.chat_dialects import DIALECTS, calling
from avatar_ros.testing.chat_user import ChatUser
from avatar_ros.testing.settings import split
from chat_server import PATIENCE_S, Act, ChatServer, answer, chat_server, event, refusal, then
from scripted_robot import ScriptedRobot

pytest.importorskip("openai", reason="the openai library is not installed: pip install openai")

TOOLS = """
tools:
- {name: battery, description: How full the battery is.}
- name: drive_to
  description: Drives to a place.
  parameters: {type: object, properties: {place: {type: string, enum: [shop, exit]}}, required: [place]}
  timeout_s: 30.0
"""
DRIVE = ("drive_to", {"place": "shop"})
BATTERY = ("battery", {})
GAP_S, FIRST_S = 4.0, 5.0
LET_ME_SEE, AGAIN = "Let me see.", "One moment, please."


@contextmanager
def talking(folder: Path, robot: ScriptedRobot, *script: Act, **settings: Any) -> Iterator[tuple[ChatServer, ChatUser]]:
    path = folder / "tools.yaml"
    path.write_text(TOOLS)
    with ExitStack() as stack:
        server = stack.enter_context(chat_server(*script))
        given = {"backend": "openai", "url": server.url, "key_variable": "", "env_file": "", "tools": str(path),
                 "first_token_timeout_s": FIRST_S, "gap_timeout_s": GAP_S, "retries": 0, **settings}  # fmt: skip
        stage = build(*split(LLM_BACKENDS, LlmSettings, **given), robot)
        assert isinstance(stage, LlmStage)
        user = ChatUser(stage)
        stack.callback(user.close)
        yield server, user


def sent(server: ChatServer) -> dict[str, Any]:
    return server.requests.get(timeout=PATIENCE_S).body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_call_is_made_and_the_answer_goes_on_with_its_result(tmp_path, dialect):
    robot = ScriptedRobot({"drive_to": ('{"arrived": true}', "")})
    with talking(tmp_path, robot, calling(DRIVE, dialect=dialect), answer("I am ", "there.")) as (server, user):
        assert user.answer("drive to the shop", session="local") == "I am there."
        first, second = sent(server), sent(server)
        assert [tool["function"]["name"] for tool in first["tools"]] == ["battery", "drive_to"]
        assert "tool_choice" not in first and second["tools"] == first["tools"]
        *before, called, result = second["messages"]
        assert before == first["messages"] and before[-1] == {"role": "user", "content": "drive to the shop"}
        (call,) = called["tool_calls"]
        assert call["function"] == {"name": "drive_to", "arguments": '{"place": "shop"}'} and call["type"] == "function"
        assert result == {"role": "tool", "tool_call_id": call["id"], "content": '{"arrived": true}'} and call["id"]
    (made,) = robot.calls
    assert (made.service, made.session, made.arguments) == ("tools/drive_to", "local", {"place": "shop"})


def test_several_calls_run_side_by_side_and_results_keep_their_order(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE, BATTERY), answer("Done.")) as (server, user):
        prompt = user.ask("both")
        user.until(lambda: len(robot.calls) == 2)
        robot.calls[1].done('{"percent": 80}', "")
        user.tick()
        assert server.requests.qsize() == 1 and not user.finished(prompt)
        robot.calls[0].done("", "")
        assert user.hear(prompt) == "Done."
        sent(server)
        results = [line for line in sent(server)["messages"] if line["role"] == "tool"]
        assert [line["content"] for line in results] == ['{"done": true}', '{"percent": 80}']
        assert [line["tool_call_id"] for line in results] == ["call_drive_to", "call_battery"]
        assert user.stage.status()["tool_calls"] == "drive_to 1, battery 1" and not user.warning


def test_one_call_may_follow_another(tmp_path):
    robot = ScriptedRobot({"battery": ('{"percent": 80}', ""), "drive_to": ("", "")})
    with talking(tmp_path, robot, calling(BATTERY), calling(DRIVE), answer("Off I go.")) as (server, user):
        assert user.answer("if you have power, drive") == "Off I go."
        assert [call.name for call in robot.calls] == ["battery", "drive_to"]
        roles = [line["role"] for line in [sent(server), sent(server), sent(server)][-1]["messages"]]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]


def test_a_model_that_calls_for_ever_is_told_to_speak(tmp_path):
    robot = ScriptedRobot({"battery": ('{"percent": 80}', "")})
    script = (calling(BATTERY), calling(BATTERY), answer("80 percent."))
    with talking(tmp_path, robot, *script, tool_rounds=2) as (server, user):
        assert user.answer("battery") == "80 percent."
        assert [sent(server).get("tool_choice") for _ in range(3)] == [None, None, "none"]
    with talking(tmp_path, robot, calling(BATTERY), tool_rounds=1) as (server, user):  # and one that does not listen
        prompt = user.ask("battery")
        user.until(lambda: user.finished(prompt))
        assert user.of(prompt)[-1].seq > 0, "a gap: the dialogue says that it is sorry"
        assert server.requests.qsize() == 2


# --- what is said meanwhile -----------------------------------------------------------------------------------------


def test_what_takes_longer_is_told_and_told_again(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE), answer("I am there.")) as (_, user):
        prompt = user.ask("drive")
        user.until(lambda: bool(robot.calls))
        user.advance(0.7)
        assert user.text(prompt) == ""
        user.advance(0.2)
        assert user.text(prompt).strip() == LET_ME_SEE
        user.advance(7.9)
        assert user.text(prompt).strip() == LET_ME_SEE
        user.advance(0.2)
        assert user.text(prompt).split("\n")[-2] == AGAIN
        robot.calls[0].done("", "")
        assert [line for line in user.hear(prompt).split("\n") if line] == [LET_ME_SEE, AGAIN, "I am there."]


def test_it_is_told_in_the_language_of_the_question(tmp_path):
    with talking(tmp_path, ScriptedRobot(), calling(DRIVE)) as (_, user):
        for locale, text in (("de-AT", "Ich schaue mal nach."), ("xx", LET_ME_SEE)):
            prompt = user.ask("fahr los", locale=locale)
            user.until(lambda: len(user.stage._running) == 1 and user.stage._running["local"].answer._answer._group)
            user.advance(0.1)
            user.advance(1.0)
            assert user.text(prompt).strip() == text
            user.cancel(prompt)


def test_what_the_model_said_before_it_called_is_enough(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE, text="I will drive"), answer("Here I am.")) as (server, user):
        prompt = user.ask("drive")
        user.until(lambda: bool(robot.calls))
        user.advance(3.0)
        robot.calls[0].done("", "")
        assert user.hear(prompt) == "I will drive\nHere I am."
        sent(server)
        assert sent(server)["messages"][2]["content"] == "I will drive"


def test_nothing_is_said_meanwhile_where_that_is_not_wanted(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE), answer("Yes."), waiting="") as (_, user):
        prompt = user.ask("drive")
        user.until(lambda: bool(robot.calls))
        user.advance(20.0)
        robot.calls[0].done("", "")
        assert user.hear(prompt) == "Yes."


# --- what goes wrong with a tool is told to the model, which tells the person ---------------------------------------


def told(server: ChatServer) -> Any:
    sent(server)
    return json.loads(sent(server)["messages"][-1]["content"])


@pytest.mark.parametrize(
    ("given", "error", "kind"),
    [
        (("", "the door is locked"), "the door is locked", "error"),
        (("", "x" * 1_000_000), "x" * 1000, "error"),
        ((json.dumps("x" * 1_000_000), ""), "the tool's result has 1000002 characters, more than 16000", "too_long"),
        (("<html>", ""), "the tool's result is no JSON", "no_json"),
        (("[" * 15000, ""), "the tool's result is no JSON", "no_json"),
    ],
)
def test_a_result_that_is_none(tmp_path, given, error, kind):
    robot = ScriptedRobot({"battery": given})
    with talking(tmp_path, robot, calling(BATTERY), answer("I cannot tell.")) as (server, user):
        assert user.answer("battery?") == "I cannot tell."
        assert told(server) == {"error": error}
        assert user.stage.status()["tool_failures"] == f"battery {kind} 1" and not user.errors


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (("fly", {}), "there is no tool 'fly'; known: battery, drive_to"),
        (("drive_to", {"place": "moon"}), "'place': 'moon' is not one of ['shop', 'exit']"),
        (("drive_to", {}), "the arguments: 'place' is a required property"),
    ],
)
def test_a_call_that_is_wrong_is_refused_and_may_be_made_again(tmp_path, call, error):
    robot = ScriptedRobot({"drive_to": ("", "")})
    with talking(tmp_path, robot, calling(call), calling(DRIVE), answer("Yes.")) as (server, user):
        assert user.answer("go") == "Yes."
        assert told(server) == {"error": error} and [one.arguments for one in robot.calls] == [DRIVE[1]]


def test_arguments_that_are_no_json(tmp_path):
    function = {"name": "drive_to", "arguments": '{"place": '}
    chunk = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": function}]}, "finish_reason": "stop"}]}
    with talking(tmp_path, ScriptedRobot(), then([], event(json.dumps(chunk))), answer("Sorry.")) as (server, user):
        assert user.answer("go") == "Sorry."
        assert told(server) == {"error": "the arguments are no JSON"}


def test_more_calls_than_anybody_needs(tmp_path):
    robot = ScriptedRobot({"battery": ("80", "")})
    with talking(tmp_path, robot, calling(*[BATTERY] * 12, dialect="ollama"), answer("Yes.")) as (server, user):
        assert user.answer("battery") == "Yes."
        assert len(robot.calls) == 8
        sent(server)
        results = [line["content"] for line in sent(server)["messages"] if line["role"] == "tool"]
        assert results[:8] == ["80"] * 8 and all("more than 8 calls" in result for result in results[8:])
        assert len(results) == 12


def test_a_tool_that_hangs_is_given_up_in_its_time(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(BATTERY, DRIVE), answer("Half of it.")) as (server, user):
        prompt = user.ask("both")
        user.until(lambda: len(robot.calls) == 2)
        user.advance(10.1)
        assert robot.calls[0].given_up and not robot.calls[1].given_up
        robot.calls[0].done("99", "")  # too late
        robot.calls[1].done("", "")
        assert "Half of it." in user.hear(prompt)
        sent(server)
        results = [line["content"] for line in sent(server)["messages"] if line["role"] == "tool"]
        assert json.loads(results[0]) == {"error": "the tool did not answer within 10 s"}
        assert user.stage.status()["tool_failures"] == "battery timeout 1"


def test_a_tool_that_nobody_offers_and_one_that_comes_in_time(tmp_path):
    robot = ScriptedRobot({"battery": ("80", "")}, away={"tools/battery"})
    with talking(tmp_path, robot, calling(BATTERY), answer("I cannot.")) as (server, user):
        assert "nobody offers tools/battery" in user.warning
        prompt = user.ask("battery")
        user.until(lambda: bool(user.stage._running["local"].answer._answer._group))
        user.tick()
        user.advance(2.1)
        assert "I cannot." in user.hear(prompt)
        assert told(server) == {"error": "nobody offers tools/battery"} and not robot.calls
    robot.away = {"tools/battery"}
    with talking(tmp_path, robot, calling(BATTERY), answer("80.")) as (_, user):
        prompt = user.ask("battery")
        user.until(lambda: bool(user.stage._running["local"].answer._answer._group))
        user.advance(0.5)
        robot.away = set()
        assert user.hear(prompt) == "80." and not user.warning


def test_a_program_that_dies_with_a_call_is_not_waited_for(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE), answer("It broke.")) as (server, user):
        prompt = user.ask("drive")
        user.until(lambda: bool(robot.calls))
        user.tick()
        robot.away = {"tools/drive_to"}
        user.advance(2.1)
        assert robot.calls[0].given_up
        assert "It broke." in user.hear(prompt)
        assert told(server) == {"error": "nobody offers tools/drive_to"}


# --- orders ---------------------------------------------------------------------------------------------------------


def resume(user: ChatUser, prompt: Prompt) -> None:
    order = Interrupt(prompt.session, prompt.epoch, prompt.turn, InterruptAction.RESUME)
    user._give(lambda: user.stage.interrupt(order, user.now_s))


def test_what_is_only_prepared_calls_nothing_until_it_is_wanted(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    with talking(tmp_path, robot, calling(DRIVE), answer("On my way.")) as (server, user):
        prompt = user.ask("drive to the shop", speculative=True)
        user.until(lambda: bool(user.stage._running["local"].answer._answer._group))
        user.advance(5.0)
        assert not robot.calls and user.text(prompt) == "" and server.requests.qsize() == 1
        resume(user, prompt)
        assert user.hear(prompt) == "On my way." and len(robot.calls) == 1


def test_what_was_prepared_in_vain_never_calls(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    with talking(tmp_path, robot, calling(DRIVE), answer("Yes?")) as (_, user):
        prompt = user.ask("drive to the", speculative=True)
        user.until(lambda: bool(user.stage._running["local"].answer._answer._group))
        user.cancel(prompt)
        resume(user, prompt)
        user.advance(30.0)
        assert user.answer("stop") == "Yes?" and not robot.calls and not user.of(prompt)


def test_an_order_that_overtakes_its_prompt_counts(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    with talking(tmp_path, robot, calling(DRIVE), answer("On my way.")) as (_, user):
        resume(user, Prompt(session="local", epoch=1, turn=1))
        assert user.answer("drive", speculative=True) == "On my way." and len(robot.calls) == 1


def test_words_alone_are_prepared_as_before(tmp_path):
    with talking(tmp_path, ScriptedRobot(), answer("Hello.")) as (_, user):
        assert user.answer("hi", speculative=True) == "Hello."


def test_barge_in_gives_a_call_up_and_nothing_more_is_said(tmp_path):
    robot = ScriptedRobot()
    with talking(tmp_path, robot, calling(DRIVE), answer("Hello.")) as (server, user):
        prompt = user.ask("drive")
        user.until(lambda: bool(robot.calls))
        user.cancel(prompt)
        assert robot.calls[0].given_up
        robot.calls[0].done("", "")
        user.advance(60.0)
        assert not user.of(prompt) and server.requests.qsize() == 1
        assert user.answer("hi") == "Hello." and not user.errors


# --- the service ----------------------------------------------------------------------------------------------------


def test_a_service_that_fails_after_a_call_breaks_off_and_the_call_is_not_made_twice(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    with talking(tmp_path, robot, calling(DRIVE), refusal(500)) as (server, user):
        prompt = user.ask("what is your name")
        user.until(lambda: user.finished(prompt))
        assert user.text(prompt) == "" and user.of(prompt)[-1].seq > 0, "the answers file knows nothing of the drive"
        assert len(robot.calls) == 1 and server.requests.qsize() == 2
        assert user.warning and not user.errors


def test_calls_that_break_off_are_not_made(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    function = {"name": "drive_to", "arguments": '{"place": "shop"}'}
    chunk = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": function}]}}]}

    def cut(exchange):
        exchange.event(json.dumps(chunk))
        exchange.cut()

    with talking(tmp_path, robot, then([], cut), fallback="") as (_, user):
        assert user.answer("drive") == "" and not robot.calls
        assert [error.code for error in user.errors] == ["llm_cut"]


def test_long_arguments_are_waited_for_piece_by_piece(tmp_path):
    robot = ScriptedRobot({"drive_to": ("", "")})
    function = {"name": "drive_to", "arguments": '{"place"'}
    chunk = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": function}]}}]}

    def hang(exchange):
        exchange.event(json.dumps(chunk))
        exchange.hang()

    with talking(tmp_path, robot, then([], hang), fallback="") as (server, user):
        user.ask("drive")
        running = user.stage._running["local"].answer
        for _ in range(1000):
            if running._request._stream.buffer.call_pieces:
                break
            user._woken.wait(0.02)
        user.advance(FIRST_S - 0.1)
        user.advance(GAP_S - 0.1)
        assert not user.errors, "it is at it"
        user.advance(0.2)
        assert [error.code for error in user.errors] == ["llm_timeout"] and not robot.calls
        server.gone.get(timeout=PATIENCE_S)


def test_a_service_that_takes_no_tools_answers_without_them(tmp_path):
    with talking(tmp_path, ScriptedRobot(), refusal(400), answer("Hello."), answer("Again.")) as (server, user):
        assert user.answer("hi") == "Hello."
        assert "refuses requests with tools" in user.warning
        assert user.answer("hi") == "Again."
        assert ["tools" in sent(server) for _ in range(3)] == [True, False, False]
    with talking(tmp_path, ScriptedRobot(), refusal(400), fallback="") as (server, user):  # it was not for the tools
        user.answer("hi")
        assert [error.code for error in user.errors] == ["llm_refused"] and server.requests.qsize() == 2
        user.answer("hi")
        assert ["tools" in sent(server) for _ in range(3)] == [True, False, True]


def test_without_a_file_no_request_names_tools_and_calls_are_no_answer(tmp_path):
    with talking(tmp_path, ScriptedRobot(), answer("Hi."), calling(DRIVE), tools="", fallback="") as (server, user):
        assert user.answer("hi") == "Hi." and "tools" not in sent(server)
        user.answer("drive")
        assert [error.code for error in user.errors] == ["llm_empty"]


def test_a_wrong_file_and_a_file_without_a_robot_end_the_node(tmp_path):
    (tmp_path / "bad.yaml").write_text("tools: 5")
    given = {"backend": "openai", "key_variable": "", "env_file": ""}
    for path, robot, what in (
        (tmp_path / "bad.yaml", ScriptedRobot(), "bad.yaml"),
        (tmp_path / "none.yaml", ScriptedRobot(), "none.yaml does not exist"),
    ):
        with pytest.raises(ConfigError, match=what):
            build(*split(LLM_BACKENDS, LlmSettings, tools=str(path), **given), robot).load()
    (tmp_path / "good.yaml").write_text(TOOLS)
    with pytest.raises(ConfigError, match="nothing here reaches a robot"):
        build(*split(LLM_BACKENDS, LlmSettings, tools=str(tmp_path / "good.yaml"), **given)).load()


def test_neither_words_nor_arguments_are_reported(tmp_path, caplog):
    robot = ScriptedRobot({"battery": ("", "private words of a tool")})
    with talking(tmp_path, robot, calling(BATTERY, ("private_name", {"a": "private"})), answer("So.")) as (_, user):
        user.answer("my private matter")
        failures = user.stage.status()["tool_failures"]
        assert sorted(failures.split(", ")) == ["battery error 1", "unknown tool refused 1"]
        assert "private" not in str(user.stage.status()) + caplog.text
