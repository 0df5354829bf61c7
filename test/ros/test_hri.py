"""ROS4HRI's types beside our own, on a real node: what is heard as a voice's speech, and its action for looks."""

import subprocess
import sys
from functools import partial

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("hri_msgs.msg", reason="needs the package hri_msgs, of which there is no wheel")
pytest.importorskip("hri_actions_msgs.action", reason="needs hri_actions_msgs, of which there is no wheel")

from geometry_msgs.msg import Point, PointStamped
from hri_actions_msgs.action import LookAt
from hri_msgs.msg import IdsList
from hri_msgs.msg import LiveSpeech as Speech
from rclpy.action import ActionClient
from std_msgs.msg import Header

from avatar_ros.core.types import Transcript
from avatar_ros.ros import qos
from avatar_ros.ros.listener import Listener

pytestmark = pytest.mark.ros
PATIENCE_S = 60.0
VOICE = "hri_local"


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """skills_node, and one in the face's place, which is all that a look needs."""
    nodes = []
    with Listener("hri", ("gaze_target",)) as listener:
        for name in ("skills_node", "expression_node"):
            command = [sys.executable, "-m", f"avatar_ros.nodes.{name}", "--ros-args", "-r", "__ns:=/hri"]
            nodes.append(subprocess.Popen([*command, "-r", f"__node:={name}"], cwd=tmp_path_factory.mktemp(name)))
        yield listener
    for node in nodes:
        node.terminate()
    assert [node.wait(PATIENCE_S) for node in nodes] == [0, 0]


def subscribed(graph, kind, topic, profile):
    """What comes on a topic, and a way to wait for the first that fits."""
    heard = []
    graph.subscribe(kind, topic, heard.append, profile)

    def wait(fits):
        graph.wait(lambda _: any(fits(msg) for msg in heard), topic, PATIENCE_S)
        return next(msg for msg in heard if fits(msg))

    return wait


def test_what_is_heard_is_the_speech_of_a_voice(graph):
    tracked = subscribed(graph, IdsList, "/humans/voices/tracked", qos.for_signs_of_life(1))
    topic = f"/humans/voices/{VOICE}/speech"
    speech = subscribed(graph, Speech, topic, qos.for_topic("speech/transcript"))
    assert tracked(lambda msg: True).ids == [VOICE]
    heard_by = partial(graph.node.get_subscriptions_info_by_topic, "/hri/speech/transcript")
    graph.wait(lambda _: any(one.node_name == "skills_node" for one in heard_by()), "skills_node hears", PATIENCE_S)
    graph.wait(lambda _: graph.node.count_publishers(topic), "skills_node publishes", PATIENCE_S)

    def say(text, **fields):
        graph.send("speech/transcript", Transcript("local", 1, text, **fields))

    say("what", final=False)
    say("", rejected=True)
    say("what is this", confidence=0.5, locale="en-US")
    begun = speech(lambda msg: msg.incremental != "")
    assert (begun.incremental, begun.final) == ("what", "")
    whole = speech(lambda msg: msg.final != "")
    assert (whole.incremental, whole.final, whole.confidence) == ("", "what is this", 0.5)
    assert "en-US" in (getattr(whole, "language", ""), getattr(whole, "locale", ""))


def look(graph, frame_id, point):
    client = ActionClient(graph.node, LookAt, "/hri/hri/look_at")
    assert client.wait_for_server(PATIENCE_S)
    at = PointStamped(header=Header(frame_id=frame_id), point=Point(**dict(zip("xyz", point, strict=True))))
    sent = client.send_goal_async(LookAt.Goal(look_goal=at))
    graph.wait(lambda _: sent.done(), "accepted", PATIENCE_S)
    return sent.result()


def ended(graph, handle):
    result = handle.get_result_async()
    graph.wait(lambda _: result.done(), "ended", PATIENCE_S)
    return result.result().status


def test_a_look_by_their_action_is_one_of_ours(graph):
    handle = look(graph, "avatar", (0.3, 0.1, 1.0))
    graph.wait(lambda seen: seen.heard["gaze_target"], "a look", PATIENCE_S)
    seen = graph.heard["gaze_target"][0]
    assert (seen.frame_id, seen.x, seen.y, seen.z) == ("avatar", 0.3, 0.1, 1.0)
    assert ended(graph, handle) == 4, "succeeded, after it was held"


def test_a_frame_that_nobody_knows_fails(graph):
    assert ended(graph, look(graph, "no_such_frame", (0.0, 0.0, 1.0))) == 6
