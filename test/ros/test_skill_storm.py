"""A short storm: goals of several kinds on a whole kiosk, with nodes killed in between; each result is true."""

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from benchmarks.conversation.skill_storm import campaign, table
from benchmarks.conversation.storm.scenes import storm
from benchmarks.conversation.storm.truth import Late

pytestmark = pytest.mark.ros
SEED, GOALS = 15, 4


def test_every_result_of_a_short_storm_is_true():
    verdicts = list(campaign(GOALS, SEED, faces=()))
    untrue = [one for one in verdicts if not all(isinstance(fault, Late) for fault in one.faults)]
    assert not untrue, f"{untrue}\n{table(verdicts)}"
    assert len(verdicts) == GOALS and any(one.disturbed for one in verdicts)


def test_a_seed_is_a_storm():
    scenes = list(storm(SEED, GOALS))
    assert scenes == list(storm(SEED, GOALS)) != list(storm(SEED + 1, GOALS))
    assert sum(len(scene.goals) for scene in scenes) == GOALS
    kinds = {goal.kind for scene in storm(1, 200) for goal in scene.goals}
    assert len(kinds) == 13, "every kind comes in two hundred goals"
