"""The nodes fit together: every topic has an owner and readers, those that ros/readers.py names."""

import importlib

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.bringup.graph import ATTENTIVE, OFFBOARD, START_ORDER
from avatar_ros.core.stage import Stage
from avatar_ros.core.topics import TOPICS
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.ros.readers import READERS
from avatar_ros.skills.lives import FACE

pytestmark = pytest.mark.ros
SPECS = [importlib.import_module(f"avatar_ros.nodes.{name}").SPEC for name in START_ORDER]
#: Topic -> its owners, where that is not one: transcripts come from skills_node, too, which also cancels a turn that a
#: dead dialogue cannot; of what may be chosen each node tells its part.
SHARED = {"speech/transcript": 2, "interrupt": 2, "offer": 4, "session": 2}
FOR_OUTSIDE = {"say_result", "turn_report"}
#: Of the optional people_node; what else it gives, programs may.
PEOPLE = {"people"}


def test_each_node_is_named_as_its_module():
    assert [spec.name for spec in SPECS] == list(START_ORDER)


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic not in PEOPLE])
def test_every_topic_has_one_owner_and_a_reader(topic):
    owners = [spec.name for spec in SPECS if topic in spec.port.publishes]
    readers = [spec.name for spec in SPECS if topic in spec.port.subscribes]
    assert len(owners) == SHARED.get(topic, 1), owners
    assert readers or topic in FOR_OUTSIDE or topic in ("interrupt", "session", "offer"), "nobody listens"


def test_nodes_wait_for_those_that_read_them():
    reading = {topic: {spec.name for spec in SPECS if topic in spec.port.subscribes} for topic in READERS}
    assert reading == READERS


def test_robots_nodes_that_hear_the_offboard_half_are_sent_all_twice_unless_nobody_waits_for_them():
    across = {topic for spec in SPECS if spec.name in OFFBOARD for topic in spec.port.publishes}
    hearing = {spec.name for spec in SPECS if across & {*spec.port.subscribes}} - OFFBOARD
    assert hearing - {"renderer_node", "monitor_node"} == ATTENTIVE, "captions and reports may come late"


def test_each_node_that_is_waited_for_says_that_it_is_alive():
    rooms = {name: name.removesuffix("_node") for name in START_ORDER}
    rooms |= {"audio_encoder_node": "encoder", "expression_node": "motion", "renderer_node": "render"}
    for room in rooms.values():
        importlib.import_module(f"avatar_ros.{room}.stage")
    saying = {stage.__module__.split(".")[1] for stage in Stage.__subclasses__() if stage.says_alive}
    assert saying == {rooms[name] for name in (*DialogueStage.waits_for, FACE)}, "skills_node asks for the face"
