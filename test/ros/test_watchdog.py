"""A node whose stage, or whose executor, never comes back ends its process; one that works or waits does not."""

import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.exit_codes import EXIT_FAILED
from avatar_ros.ros.watchdog import Watchdog, thread_s

pytestmark = pytest.mark.ros
NODE = """
import sys, time
from avatar_ros.core.settings import Settings
from avatar_ros.core.stage import Port, Stage
from avatar_ros.ros.main import run
from avatar_ros.ros.node_spec import NodeSpec

class Stuck(Stage):
    tick_period_s = 0.05
    ticked = False

    def tick(self, now_s):
        self.ticked = True
        while sys.argv[1] == "tick":
            time.sleep(1)
        return ()

    def status(self):
        while sys.argv[1] == "status" and self.ticked:
            time.sleep(1)
        return {}

port = Port(subscribes=("dialogue/reply",), publishes=("turn_report",))
run(NodeSpec("stuck_node", port, {"": Settings}, lambda settings, node: Stuck()),
    ["--ros-args", "-p", "stuck_limit_s:=0.8", "-r", "__ns:=/test_watchdog"])
"""


def looks(*found):
    """What the watchdog says at each look."""
    given = iter(found)
    dog = Watchdog(lambda: next(given), 60.0, lambda name: None)
    return [dog.look() for _ in found]


def test_what_goes_on_or_waits_is_left_alone():
    assert not any(looks(*({"stage": i} for i in range(20))))
    assert not any(looks(*({"stage": None} for _ in range(20))))
    assert not any(looks(*({"stage": i // 4} for i in range(40))))
    assert not any(looks(*({"stage": 1} if i % 4 else {} for i in range(40)))), "not active in between"


def test_what_stands_still_is_named():
    assert looks(*({"executor": i, "stage": 7} for i in range(5))) == ["", "", "", "", "stage"]


def test_what_hardly_gets_the_processor_is_given_ten_times_as_long():
    used_s = iter(0.8 * i for i in range(1, 60))  # 0.8 s in each 15 s
    dog = Watchdog(lambda: {"stage": 7}, 60.0, lambda name: None, lambda name: next(used_s))
    said = [dog.look() for _ in range(50)]
    assert said.index("stage") in (40, 41)


@pytest.mark.parametrize("each_s", [0.0, 0.1, 14.0])
def test_what_waits_or_works_in_vain_is_not(each_s):
    used_s = iter(each_s * i for i in range(1, 60))
    dog = Watchdog(lambda: {"stage": 7}, 60.0, lambda name: None, lambda name: next(used_s))
    assert [dog.look() for _ in range(5)] == ["", "", "", "", "stage"]


def test_the_processor_time_of_a_thread_is_its_own():
    over, begun = threading.Event(), threading.Event()

    def work():
        while time.thread_time() < 0.2:
            pass
        begun.set()
        over.wait()

    worker = threading.Thread(target=work)
    worker.start()
    begun.wait()
    assert 0.15 < thread_s(worker.native_id) < 0.5
    over.set()
    worker.join()
    until_s = time.monotonic() + 10.0
    while thread_s(worker.native_id) and time.monotonic() < until_s:
        time.sleep(0.01)  # it is joined a moment before the kernel lets go of it
    assert thread_s(worker.native_id) == 0.0


@pytest.mark.parametrize(("where", "what"), [("tick", "the stage"), ("status", "the executor")])
def test_a_node_that_stands_still_ends_its_process(where, what):
    done = subprocess.run([sys.executable, "-c", NODE, where], capture_output=True, text=True, timeout=120)
    assert done.returncode == EXIT_FAILED, done.stderr
    assert f"[FATAL] [stuck_node]: stuck: {what} has been at the same work for 0.8 s" in done.stderr
