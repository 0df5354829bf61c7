"""launch/web.launch.py with the real launch: skipped where that is not installed."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.bringup.web import OF_A_KIOSK

# Never "launch": this project's own launch/ folder imports under that name.
pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("websockets", reason="needs the extra web")
pytest.importorskip("rcssmin", reason="needs the extra web as it is now")

WEB = Path(__file__).resolve().parents[2] / "launch/web.launch.py"
#: A busy machine may take long; this only catches a hang.
LONGEST_RUN_S = 120.0
POLL_S = 0.3

pytestmark = pytest.mark.ros


@pytest.fixture
def own_tokens(monkeypatch, tmp_path):
    """Tokens go to a folder of this test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def is_well(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(json.load(answer)["ok"])
    except OSError:
        return False


async def ask(port: int) -> str:
    """A visitor types a question and hears the answer to its end; what was said."""
    from avatar_ros.testing.web_visitor import WebVisitor

    async with WebVisitor(f"ws://127.0.0.1:{port}/ws") as visitor:
        await visitor.until(lambda: visitor.session)
        await visitor.type("what can you do")
        await visitor.until(lambda: visitor.heard_turns)
        return visitor.said(visitor.heard_turns[0])


def test_a_browser_is_answered_by_the_graph_without_devices(own_domain, own_tokens):
    """Every node of it comes up once and leaves with 0 when launch is told to end."""
    from launch.actions import (
        IncludeLaunchDescription,
        OpaqueFunction,
        RegisterEventHandler,
        Shutdown,
        TimerAction,
    )
    from launch.event_handlers import OnProcessExit
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    from launch import LaunchDescription, LaunchService

    port, codes, said = free_port(), {}, []

    def note(event, context):
        codes.setdefault(event.process_name.rpartition("-")[0], []).append(event.returncode)

    def look(context):
        if not is_well(port):
            return [TimerAction(period=POLL_S, actions=[OpaqueFunction(function=look)])]
        talk = context.asyncio_loop.create_task(ask(port))
        talk.add_done_callback(lambda done: said.append(done.exception() or done.result()))
        return [OpaqueFunction(function=wait)]

    def wait(context):
        if said:
            return [Shutdown(reason="it has answered")]
        return [TimerAction(period=POLL_S, actions=[OpaqueFunction(function=wait)])]

    web = PythonLaunchDescriptionSource(str(WEB))
    arguments = {"http": str(port), "namespace": "launched_web"}
    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=note)),
                TimerAction(period=LONGEST_RUN_S, actions=[Shutdown(reason="nobody was answered")]),
                IncludeLaunchDescription(web, launch_arguments=arguments.items()),
                TimerAction(period=POLL_S, actions=[OpaqueFunction(function=look)]),
            ]
        )
    )
    service.run()
    assert said and isinstance(said[0], str) and said[0], said
    assert codes == {name: [0] for name in {*START_ORDER, "web_node"} - OF_A_KIOSK}
