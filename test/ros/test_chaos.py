"""A node of a real conversation is killed by the chaos run, comes back, and the next question is answered."""

import os
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from benchmarks.conversation.chaos import campaign
from benchmarks.conversation.chaos_report import Case
from benchmarks.conversation.memory import descendants

pytestmark = pytest.mark.ros


def test_a_killed_node_comes_back_and_the_next_question_is_answered():
    case = Case("monitor_node", "kill", 1)
    running = campaign([case, Case("llm_node", "kill", 1)], 1, time.monotonic() + 600.0)
    result = next(running)
    below = descendants(os.getpid())
    running.close()
    assert len(below) > 11, "the kiosk runs until the last case"
    assert not [pid for pid in below[1:] if os.path.exists(f"/proc/{pid}")], "nothing is left behind"
    assert result.faults() == [], result
    assert (result.case, result.died, result.log) == (case, (), ())
    assert 0 < result.back_s < result.answered_s
