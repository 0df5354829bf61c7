"""The language model's tools over real ROS services: llm_node, a chat server, and programs that offer the tools."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("openai", reason="the openai library is not installed: pip install openai")

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Prompt, Reply
from avatar_ros.nodes.llm_node import SPEC
from avatar_ros.ros import convert, qos
from avatar_ros.ros.stage_node import StageNode
from avatar_ros.testing.chat_dialects import calling
from chat_server import PATIENCE_S, answer, chat_server
from spinning import Spinning

pytestmark = pytest.mark.ros
WAIT_S = 60.0
#: Longer than a busy machine needs; what is meant to time out has its own.
TOOLS = """
tools:
- {name: battery, description: How full the battery is., timeout_s: 60.0}
- name: drive_to
  description: Drives to a place.
  parameters: {type: object, properties: {place: {type: string}}, required: [place]}
  timeout_s: 60.0
- {name: hangs, description: Never answers., timeout_s: 0.5}
- {name: throws, description: Raises., timeout_s: 60.0}
- {name: huge, description: A megabyte., timeout_s: 60.0}
- {name: foreign, description: Of another type., timeout_s: 60.0}
- {name: nobody, description: Offered by nobody., timeout_s: 60.0}
"""


def until(condition: Callable[[], object], what: str = "") -> None:
    done = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        if condition():
            return
        done.wait(0.02)
    raise AssertionError(f"did not happen in time; {what}")


class Program:
    """A robot's program, a DDS participant of its own: it offers what a test gives it, and dies of what it raises."""

    def __init__(self, name: str) -> None:
        import rclpy
        from avatar_ros.srv import CallTool
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor

        self.kind = CallTool
        self.calls: list[tuple[str, str, str]] = []
        self._context = Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node(name, namespace="robot", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        self.open = True

    def offer(self, service: str, work: Callable[[dict], tuple[str, str]]) -> None:
        def serve(request, response):
            self.calls.append((request.session, request.name, request.arguments_json))
            response.result_json, response.error = work(json.loads(request.arguments_json))
            return response

        self.node.create_service(self.kind, service, serve)

    def close(self) -> None:
        if self.open:
            self.open = False
            self._executor.shutdown()
            self._thread.join(WAIT_S)
            self._leave()

    def _leave(self) -> None:
        self.node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ZeroDivisionError:
            self.open = False
            self._leave()  # as the process would end


@pytest.fixture(scope="module")
def robot(tmp_path_factory):
    """llm_node at a chat server, and three programs: (server, node, program, ask)."""
    import rclpy
    from lifecycle_msgs.srv import GetState
    from rclpy.executors import SingleThreadedExecutor

    path = tmp_path_factory.mktemp("tools") / "tools.yaml"
    path.write_text(TOOLS)
    with chat_server(answer("Nothing.")) as server:
        given = {
            "backend": "openai", "openai.url": server.url, "openai.key_variable": "''", "openai.env_file": "''",
            "openai.tools": path, "openai.waiting_after_s": 0.3, "openai.first_token_timeout_s": 60.0,
            "openai.patience_s": 60.0, "openai.waiting_again_s": 60.0, "connect_wait_s": 0.0,
        }  # fmt: skip
        parts = [part for name, value in given.items() for part in ("-p", f"{name}:={value}")]
        rclpy.init(args=["--ros-args", "-r", "__ns:=/robot", *parts])
        node = StageNode(SPEC)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        spinning = Spinning(executor)
        program, hanging, throwing = (Program(name) for name in ("robot", "hanging", "throwing"))
        released = threading.Event()
        program.offer("tools/battery", lambda _: ('{"percent": 80}', ""))
        program.offer("tools/drive_to", lambda a: ("", "") if a["place"] == "shop" else ("", "there is no such place"))
        program.offer("tools/huge", lambda _: (json.dumps("x" * 1_000_000), ""))
        program.node.create_service(GetState, "tools/foreign", lambda request, response: response)
        hanging.offer("tools/hangs", lambda _: (str(released.wait(WAIT_S)), ""))
        throwing.offer("tools/throws", lambda _: (str(1 / 0), ""))
        yield Robot(server, node, program)
        released.set()
        for one in (program, hanging, throwing):
            one.close()
        spinning.close()
        node.release()
        node.destroy_node()
        rclpy.try_shutdown()


class Robot:
    """Somebody who asks llm_node, and what it says."""

    def __init__(self, server, node, program) -> None:
        self.server, self.node, self.program = server, node, program
        self.replies: list[Reply] = []
        self.turn = 0
        kinds = {"dialogue/prompt": Prompt, "interrupt": Interrupt}
        asker = program.node
        self._publishers = {
            topic: asker.create_publisher(convert.msg_type(kind), topic, qos.for_topic(topic))
            for topic, kind in kinds.items()
        }
        asker.create_subscription(
            convert.msg_type(Reply), "dialogue/reply",
            lambda msg: self.replies.append(convert.from_msg(Reply, msg)), qos.for_topic("dialogue/reply"),
        )  # fmt: skip
        until(lambda: all(one.get_subscription_count() for one in self._publishers.values()), "llm_node reads")
        until(lambda: asker.count_publishers("dialogue/reply"), "llm_node writes")

    def publish(self, topic: str, message) -> None:
        self._publishers[topic].publish(convert.to_msg(message, 1))

    def ask(self, text: str, *script, **fields) -> Prompt:
        """Epoch 0: fed by hand."""
        self.server.script[:] = script
        while not self.server.requests.empty():
            self.server.requests.get()
        self.turn += 1
        prompt = Prompt(epoch=0, turn=self.turn, text=text, **fields)
        self.publish("dialogue/prompt", prompt)
        return prompt

    def text(self, prompt: Prompt) -> str:
        return "".join(reply.text for reply in self.replies if reply.turn == prompt.turn)

    def hear(self, prompt: Prompt) -> str:
        until(lambda: any(r.final for r in self.replies if r.turn == prompt.turn), self.text(prompt))
        return self.text(prompt)

    def results(self) -> list[str]:
        """What the second request told of the tools."""
        self.server.requests.get(timeout=PATIENCE_S)
        body = self.server.requests.get(timeout=PATIENCE_S).body
        return [line["content"] for line in body["messages"] if line["role"] == "tool"]

    @property
    def status(self) -> dict[str, str]:
        return dict(self.node._stage.status())


def test_a_model_calls_several_programs_and_goes_on(robot):
    until(lambda: "nobody offers /robot/tools/nobody" in robot.status["warning"])
    until(lambda: "tools/battery" not in robot.status["warning"], "DDS finds the services")
    calls = calling(("battery", {}), ("drive_to", {"place": "shop"}), ("drive_to", {"place": "moon"}))
    prompt = robot.ask("go shopping", calls, answer("I have ", "80 percent."), session="local")
    assert robot.hear(prompt).endswith("I have 80 percent.")
    results = robot.results()
    assert results == ['{"percent": 80}', '{"done": true}', '{"error": "there is no such place"}']
    assert robot.program.calls == [
        ("local", "battery", "{}"),
        ("local", "drive_to", '{"place": "shop"}'),
        ("local", "drive_to", '{"place": "moon"}'),
    ]


def test_what_is_wrong_with_a_program_is_told_to_the_model(robot):
    assert "/robot/tools/foreign is lifecycle_msgs/srv/GetState, not avatar_ros/srv/CallTool" in robot.status["warning"]
    names = ("hangs", "throws", "huge", "foreign", "nobody")
    prompt = robot.ask("all of it", calling(*[(name, {}) for name in names]), answer("It went wrong."))
    assert "It went wrong." in robot.hear(prompt)
    assert "Let me see." in robot.text(prompt)
    hangs, throws, huge, foreign, nobody = (json.loads(result)["error"] for result in robot.results())
    assert hangs == "the tool did not answer within 0.5 s"
    assert throws == "nobody offers /robot/tools/throws (avatar_ros/srv/CallTool)", "it died of it, and was missed"
    assert "1000002 characters" in huge
    assert "is lifecycle_msgs/srv/GetState" in foreign and "nobody offers" in nobody
    prompt = robot.ask("hello", answer("Hello."))
    assert robot.hear(prompt) == "Hello."
    assert robot.node.exit_code is None


def test_what_is_only_prepared_reaches_no_program(robot):
    before = len(robot.program.calls)
    prompt = robot.ask("drive", calling(("drive_to", {"place": "shop"})), answer("There."), speculative=True)
    until(lambda: not robot.server.requests.empty())
    until(lambda: (running := robot.node._stage._running.get("local")) and running.answer._answer._group)
    assert len(robot.program.calls) == before and robot.text(prompt) == ""
    robot.publish("interrupt", Interrupt("local", 0, prompt.turn, InterruptAction.RESUME, "prepared"))
    assert robot.hear(prompt).endswith("There.") and len(robot.program.calls) == before + 1


def test_barge_in_ends_a_turn_whose_tool_is_at_work(robot):
    arrived, go_on = threading.Event(), threading.Event()

    def slow(_):
        arrived.set()
        go_on.wait(WAIT_S)
        return "", ""

    other = Program("slow")
    try:
        other.offer("tools/nobody", slow)
        until(lambda: "tools/nobody" not in robot.status["warning"])
        prompt = robot.ask("slowly", calling(("nobody", {})), answer("Too late."))
        assert arrived.wait(WAIT_S)
        robot.publish("interrupt", Interrupt("local", 0, prompt.turn, InterruptAction.CANCEL, "voice"))
        until(lambda: robot.status["running"] == "0")
        go_on.set()
        prompt_after = robot.ask("hello", answer("Hello."))
        assert robot.hear(prompt_after) == "Hello."
        assert "Too late." not in robot.text(prompt)
        assert not any(reply.final for reply in robot.replies if reply.turn == prompt.turn)
    finally:
        go_on.set()
        other.close()
