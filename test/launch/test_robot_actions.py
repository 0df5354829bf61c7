"""A robot's program drives every action, service and tool of launch/robot.launch.py with the real launch: skipped where
that is not installed.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

# Never "launch": this project's own launch/ folder imports under that name.
pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("openai", reason="the openai library is not installed: pip install openai")

from avatar_ros.nodes.skills_node import ACTIONS, SERVICES
from avatar_ros.testing.chat_dialects import calling
from avatar_ros.testing.chat_server import answer, chat_server

ROBOT = Path(__file__).resolve().parents[2] / "launch/robot.launch.py"
#: A busy machine may take long; these only catch a hang.
LONGEST_RUN_S, PATIENCE_S = 300.0, 120.0
PROFILE = """
/**/llm_node:
  ros__parameters:
    backend: openai
    openai.url: {url}
    openai.key_variable: ""
    openai.env_file: ""
    openai.tools: {tools}
    openai.first_token_timeout_s: 60.0
    openai.patience_s: 60.0
"""
TOOLS = "tools:\n- {name: battery, description: How full the battery is., timeout_s: 60.0}\n"

pytestmark = pytest.mark.ros


class Program:
    """What a robot does with its face. results: by action or service; error: what it died of, None for nothing."""

    def __init__(self) -> None:
        self.results: dict[str, object] = {}
        self.called: list[str] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self, *_: object) -> None:
        self._thread.start()

    @property
    def over(self) -> bool:
        return self._thread.ident is not None and not self._thread.is_alive()

    def _run(self) -> None:
        from avatar_ros.srv import CallTool

        from avatar_ros.client import Avatar
        from avatar_ros.ros.listener import Listener

        try:
            with Listener("robot", ("state",)) as heard, Avatar("robot") as avatar:
                heard.node.create_service(CallTool, "tools/battery", self._serve)
                avatar.wait_until_ready(PATIENCE_S)
                self._drive(avatar, heard)
        except BaseException as error:  # noqa: BLE001 — the test raises it
            self.error = error

    def _serve(self, request, response):
        self.called.append(request.name)
        response.result_json = json.dumps({"percent": 80})
        return response

    def _drive(self, avatar, heard) -> None:
        results = self.results
        results["say"] = avatar.say("Hello.")
        results["look_at"] = avatar.look_at(0.5, 1.7, 1.0, hold_s=0.5, wait=True)
        results["gesture"] = avatar.gesture("nod")
        results["set_avatar"] = avatar.wear("bolt")
        results["listen"] = said_to(avatar.listen(timeout_s=PATIENCE_S, wait=False), 0, "good morning", heard)
        task = avatar.ask("Tea or coffee?", ["tea", "coffee"], timeout_s=PATIENCE_S, wait=False)
        results["ask"] = said_to(task, 1, "some coffee please", heard)
        heard.wait(lambda _: heard.node.count_clients("tools/battery"), "llm_node knows the tool", PATIENCE_S)
        results["chat"] = avatar.chat("is the battery full", timeout_s=PATIENCE_S)
        for name, act in {
            "set_expression": lambda: avatar.express("happy", hold_s=1.0), "forget": avatar.forget,
            "set_listening": lambda: avatar.set_listening(False), "sleep": avatar.sleep, "wake": avatar.wake,
            "stop": avatar.stop,
        }.items():  # fmt: skip
            act()  # raises what it was refused for
            results[name] = True


def said_to(task, waits: int, text: str, heard):
    """Somebody says it as soon as the program waits for it, and everybody would hear it."""
    from avatar_ros.core.types import Transcript

    publisher = heard.publisher("speech/transcript")

    def listens(_):
        known = heard.node.get_subscriptions_info_by_topic("speech/transcript")
        names = {info.node_name for info in known}
        everybody = publisher.get_subscription_count() >= len(known) and {"skills_node", "dialogue_node"} <= names
        return task.done or (everybody and task.news is not None and task.news.state == waits)

    heard.wait(listens, f"it waits for '{text}'", PATIENCE_S)
    heard.send("speech/transcript", Transcript(text=text))
    return task.result(PATIENCE_S)


def launch(arguments: dict[str, str], program: Program) -> None:
    """Until the program is over."""
    from launch.actions import IncludeLaunchDescription, OpaqueFunction, Shutdown, TimerAction
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    from launch import LaunchDescription, LaunchService

    def look(_):
        if program.over:
            return [Shutdown(reason="the program is over")]
        return [TimerAction(period=0.2, actions=[OpaqueFunction(function=look)])]

    service = LaunchService(noninteractive=True)
    include = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(ROBOT)), launch_arguments=arguments.items())
    late = TimerAction(period=LONGEST_RUN_S, actions=[Shutdown(reason="it did not end by itself")])
    begin = OpaqueFunction(function=program.start)
    service.include_launch_description(LaunchDescription([include, late, begin, OpaqueFunction(function=look)]))
    service.run()


def test_a_program_drives_every_action_service_and_tool(own_domain, tmp_path):
    tools, profile, program = tmp_path / "tools.yaml", tmp_path / "profile.yaml", Program()
    tools.write_text(TOOLS)
    with chat_server(calling(("battery", {})), answer("I have ", "80 percent.")) as server:
        profile.write_text(PROFILE.format(url=server.url, tools=tools))
        launch({"namespace": "robot", "mic": "none", "profile": f"embedded,{profile}"}, program)
    if program.error is not None:
        raise program.error
    results = program.results
    assert set(results) == {*ACTIONS, *SERVICES}, "each of them"
    assert (results["say"].done, results["say"].spoken) == (True, "Hello.")
    assert results["look_at"].reached and results["gesture"].done
    assert (results["set_avatar"].done, results["set_avatar"].avatar) == (True, "bolt")
    assert results["listen"].transcript == "good morning"
    assert (results["ask"].answer, results["ask"].choice) == ("some coffee please", 1)
    assert program.called == ["battery"], "by the model, through the tool's service"
    assert results["chat"].answered and results["chat"].reply.endswith("I have 80 percent.")
