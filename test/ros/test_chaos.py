"""A node of a real conversation is killed by the chaos run, comes back, and the next question is answered."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from benchmarks.conversation.chaos import campaign
from benchmarks.conversation.chaos_report import Case
from benchmarks.conversation.memory import descendants

pytestmark = pytest.mark.ros


def command(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()[:60], Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:4]


def test_a_killed_node_comes_back_and_the_next_question_is_answered():
    case = Case("monitor_node", "kill", 1)
    running = campaign([case, Case("llm_node", "kill", 1)], 1, time.monotonic() + 600.0)
    result = next(running)
    below = descendants(os.getpid())
    running.close()
    assert len(below) > 11, "the kiosk runs until the last case"
    left, end_s = below[1:], time.monotonic() + 60.0
    while left := [pid for pid in left if os.path.exists(f"/proc/{pid}")]:
        assert time.monotonic() < end_s, f"nothing is left behind: {[command(pid) for pid in left]}"
        time.sleep(0.1)  # whoever lost its parent is collected by the system, which may be busy
    assert result.faults() == [], result
    assert (result.case, result.died, result.log) == (case, (), ())
    assert 0 < result.back_s < result.answered_s
