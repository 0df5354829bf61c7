"""Two graphs behind one gateway, as a user runs them; one is killed while somebody talks there."""

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.request

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("websockets", reason="needs the extra web")

from avatar_ros.gateway.apologies import fixed_text
from avatar_ros.testing.web_visitor import WebVisitor
from kiosk_process import KioskProcess
from web_ports import free_port

pytestmark = pytest.mark.ros
START_S = 180.0
QUESTION = "what can you do"


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
            return json.loads(answer.read())
    except OSError:  # 503 is one, too
        return {"pipelines": []}


def sessions(port):
    return {row["name"]: row["sessions"] for row in health(port)["pipelines"]}


def until(condition, what):
    end_s = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < end_s, what()
        time.sleep(0.2)


def kill_all(process):
    """The whole machine, so to say: the runner and all its nodes, at once."""
    found = subprocess.run(["pgrep", "-f", f"__ns:=/{process.namespace} "], capture_output=True, text=True).stdout
    os.kill(process.pid, signal.SIGKILL)
    for pid in map(int, found.split()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_people_of_a_graph_that_is_killed_are_answered_by_another_one_after_an_apology():
    port = free_port()
    one, two = KioskProcess("--http", port, "--also", "many2=4", namespace="many1", verb="web"), None
    try:
        two = KioskProcess("--part", "pipeline", namespace="many2", verb="web")
        until(lambda: [row["ok"] for row in health(port)["pipelines"]] == [True, True],
              lambda: f"never well:\n{one.log}\n{two.log}")  # fmt: skip
        asyncio.run(talk(port, two))
        until(lambda: [row["ok"] for row in health(port)["pipelines"]] == [True, False], lambda: "the dead one is well")
    finally:
        one.close()
        if two is not None:
            two.close()


async def talk(port, dies):
    url = f"ws://127.0.0.1:{port}/ws"
    async with WebVisitor(url) as stays, WebVisitor(url) as moves:
        await stays.until(lambda: stays.session)
        await moves.until(lambda: moves.session)
        one_each = {"many1": 1, "many2": 1}
        await asyncio.to_thread(until, lambda: sessions(port) == one_each, lambda: f"not one each: {sessions(port)}")
        await asyncio.gather(stays.type(QUESTION), moves.type(QUESTION))
        for visitor in (stays, moves):
            await visitor.until(lambda visitor=visitor: any(turn.played > 4000 for turn in visitor.turns.values()))
        cut_off = max(moves.turns)
        kill_all(dies)
        await moves.until(lambda: moves.of("order", action="cancel"))
        sorry = fixed_text("missed", "en")("en-US")
        await moves.until(lambda: moves.said(max(moves.turns)) == sorry, what="an apology")
        apology = max(moves.turns)
        await moves.until(lambda: apology in moves.heard_turns)
        await moves.type(QUESTION)
        await moves.until(lambda: any(number > apology for number in moves.heard_turns), what="an answer")
        await stays.until(lambda: stays.heard_turns)
        assert cut_off not in moves.heard_turns and moves.close_code is None
        assert not stays.of("order", action="cancel"), "those of the other graph notice nothing"
