"""An offboard half of another version, one that dies in the middle of a sentence, and one that returns: two kiosks.

The robot's half has a recogniser, language model, voice and encoder of its own that stand by. Not a part of every run:
AVATAR_ROS_TEST_HALVES=1 ./avatar exec python -m pytest test/ros/test_offboard.py
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from diagnostic_msgs.msg import DiagnosticArray

from avatar_ros.bringup.graph import STANDBY
from avatar_ros.core.enums import PlaybackState
from avatar_ros.core.events import Say
from avatar_ros.ros.listener import Listener
from kiosk_process import ROOT, KioskProcess

# Twice twelve processes: on two cores that others use as well it was not shown to be sure yet.
pytestmark = [
    pytest.mark.ros,
    pytest.mark.skipif(not os.environ.get("AVATAR_ROS_TEST_HALVES"), reason="set AVATAR_ROS_TEST_HALVES=1 to run it"),
]
SPACE = "halves"
LONG = "This one is so long that nobody has all of it in store when its voice falls silent in the middle of it."
TOPICS = ("state", "speech/sentence", "speech/playback", "say_result")
OLD = "0.0.9"
#: A busy machine takes long to find the node that stands in.
PATIENT = "/**/dialogue_node: {ros__parameters: {peer_patience_s: 100.0, speak_patience_s: 100.0}}"


class Halves:
    """The robot's half, and offboard halves that come and go."""

    def __init__(self, home, listener, stack):
        self._env = {"XDG_STATE_HOME": home, "HOME": home, "ROS_LOG_DIR": home}
        self._stack = stack
        self.listener = listener
        self.warnings = {}
        listener.subscribe(DiagnosticArray, "/diagnostics", self._diagnose, 100)
        patient = Path(home) / "patient.yaml"
        patient.write_text(PATIENT)
        self.robot = self._half("robot", "--mic", "none", "--display", "off", "--profile", f"embedded,{patient}")

    def _diagnose(self, message):
        for status in message.status:
            self.warnings[status.name] = next((v.value for v in status.values if v.key == "told_warning"), "")

    def _half(self, host, *arguments, prefix=()):
        half = KioskProcess("--host", host, *arguments, namespace=SPACE, env=self._env, prefix=prefix)
        return self._stack.enter_context(half)

    def offboard(self, version=""):
        prefix = (sys.executable, str(ROOT / "test/old_half.py"), version) if version else ()
        return self._half("offboard", prefix=prefix)

    def publishers(self, topic):
        return sorted(info.node_name for info in self.listener.node.get_publishers_info_by_topic(topic))

    def wait(self, condition, what):
        try:
            self.listener.wait(lambda _: condition(), what)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.robot.log}") from error

    def voice_is(self, name):
        self.wait(lambda: self.publishers("speech/audio") == [name], f"{name} is the one voice")

    def say(self, name, text="Ready."):
        self.listener.send("say", Say(id=name, text=text))

    def result(self, name):
        self.wait(lambda: any(r.id == name for r in self.listener.heard["say_result"]), f"{name} has an end")
        return next(r for r in self.listener.heard["say_result"] if r.id == name)

    def sentences(self, beginning):
        return [line for line in self.robot.lines if beginning in line]


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(Listener(SPACE, topics=TOPICS))
        yield Halves(home, listener, stack)


@pytest.fixture(scope="module")
def working(halves):
    """After another version was there, the right one works."""
    old = halves.offboard(OLD)
    halves.wait(lambda: halves.sentences(f"is of version {OLD}+"), "another version is told")
    halves.voice_is("tts_standby_node")
    halves.say("beside an old one")
    assert halves.result("beside an old one").done
    halves.wait(lambda: any(OLD in warning for warning in halves.warnings.values()), "diagnostics name it, too")
    assert old.close() == 0
    right = halves.offboard()
    halves.voice_is("tts_node")
    return right


def test_another_version_is_told_and_not_used_and_the_right_one_is(halves, working):
    assert "install the same version on both" in halves.sentences(f"is of version {OLD}+")[0]
    halves.say("there")
    assert halves.result("there").done
    halves.wait(lambda: halves.sentences("the offboard half answers again"), "that it is back is told")


def test_one_that_dies_in_the_middle_of_a_sentence(halves, working):
    before = len(halves.sentences("the offboard half does not answer"))
    halves.say("long", LONG)
    clocks = halves.listener.heard["speech/playback"]
    halves.wait(
        lambda: clocks and clocks[-1].state is PlaybackState.PLAYING and clocks[-1].sentence_progress > 0.1
        and halves.listener.heard["speech/sentence"][-1].text == LONG,
        "it is in the middle of the sentence",
    )  # fmt: skip
    os.killpg(working.pid, signal.SIGKILL)
    told = halves.result("long")
    assert (told.done, told.spoken) == (True, LONG), halves.robot.log
    assert "tts_standby_node" in halves.publishers("speech/audio")  # the dead one is listed for a while
    halves.wait(lambda: len(halves.sentences("the offboard half does not answer")) > before, "it is told")
    names = halves.listener.node.get_node_names()
    assert len(names) == len(set(names)) and set(STANDBY) <= set(names)
