"""An offboard half of another version, one that dies in the middle of a sentence and one that returns; a second robot
in the same network. Whole kiosks: the robot's half has a recogniser, language model, voice and encoder that stand by.
"""

import contextlib
import os
import signal
import subprocess
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

pytestmark = pytest.mark.ros
SPACE = "halves"
LONG = "This one is so long that nobody has all of it in store when its voice falls silent."
TOPICS = ("state", "speech/sentence", "speech/playback", "say_result")
OLD = "0.0.9"
SILENT, BACK = "the offboard half does not answer", "the offboard half answers again"
#: A busy machine takes long to find the node that stands in.
PATIENT = "/**/dialogue_node: {ros__parameters: {peer_patience_s: 100.0, speak_patience_s: 100.0}}"


class Halves:
    """The robot's half, and offboard halves that come and go; of another robot, a node at a time."""

    def __init__(self, home, listener, stack):
        self._env = {"XDG_STATE_HOME": home, "HOME": home, "ROS_LOG_DIR": home}
        self._home = Path(home)
        self._stack = stack
        self.listener = listener
        self.warnings = {}
        listener.subscribe(DiagnosticArray, "/diagnostics", self._diagnose, 100)
        patient = self._home / "patient.yaml"
        patient.write_text(PATIENT)
        self.robot = self._half("robot", "--mic", "none", "--display", "off", "--profile", f"embedded,{patient}")

    def _diagnose(self, message):
        for status in message.status:
            self.warnings[status.name] = status.message

    def _half(self, host, *arguments, prefix=()):
        half = KioskProcess("--host", host, *arguments, namespace=SPACE, env=self._env, prefix=prefix)
        return self._stack.enter_context(half)

    def offboard(self, version=""):
        prefix = (sys.executable, str(ROOT / "test/old_half.py"), version) if version else ()
        return self._half("offboard", prefix=prefix)

    @contextlib.contextmanager
    def node_of_another_robot(self, name):
        """On a host of its own, as far as locks go."""
        own = self._home / name
        own.mkdir()
        command = [sys.executable, "-m", f"avatar_ros.nodes.{name}", "--ros-args", "-r", f"__ns:=/{SPACE}"]
        log = (own / "log").open("w")
        env = {**os.environ, **self._env, "XDG_RUNTIME_DIR": str(own)}
        with log, subprocess.Popen(command, env=env, stderr=log) as it:
            try:
                yield it
            finally:
                it.send_signal(signal.SIGINT)
                assert it.wait(120) == 0, (own / "log").read_text()

    def writers(self, topic):
        found = self.listener.node.get_publishers_info_by_topic(topic)
        return sorted(info.node_name for info in found)

    def wait(self, condition, what):
        try:
            self.listener.wait(lambda _: condition(), what)
        except TimeoutError as error:
            names = sorted(self.listener.node.get_node_names())
            raise AssertionError(f"{error}\n{names}\n{self.warnings}\n{self.robot.log}") from error

    def voice_is(self, name):
        self.wait(lambda: self.writers("speech/audio") == [name], f"{name} is the one voice")

    def say(self, name, text="Ready."):
        self.listener.send("say", Say(id=name, text=text))

    def result(self, name):
        self.wait(lambda: any(r.id == name for r in self.listener.heard["say_result"]), f"{name} has an end")
        return next(r for r in self.listener.heard["say_result"] if r.id == name)

    def nodes(self):
        """Names, each of which must be there once: the dead are listed for a while, the living not twice."""
        names = self.listener.node.get_node_names()
        return {name for name in names if names.count(name) == 1}

    def warning(self, node):
        return self.warnings.get(f"{SPACE}/{node}", "")

    def told(self, beginning):
        return [line for line in self.robot.lines if beginning in line]

    def speaks(self, text):
        """Whether it is in the middle of this sentence."""
        clocks, sentences = self.listener.heard["speech/playback"], self.listener.heard["speech/sentence"]
        return bool(
            clocks and sentences and sentences[-1].text == text
            and clocks[-1].state is PlaybackState.PLAYING and clocks[-1].sentence_progress > 0.1
        )  # fmt: skip


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
    halves.wait(lambda: halves.told(f"is of version {OLD}+"), "another version is told")
    halves.voice_is("tts_standby_node")
    halves.say("beside an old one")
    assert halves.result("beside an old one").done
    halves.wait(lambda: any(OLD in warning for warning in halves.warnings.values()), "diagnostics name it, too")
    assert old.close() == 0
    right = halves.offboard()
    halves.voice_is("tts_node")
    return right


def test_another_version_is_told_and_not_used_and_the_right_one_is(halves, working):
    assert "install the same version on both" in halves.told(f"is of version {OLD}+")[0]
    halves.wait(lambda: halves.told(BACK), "that it is back is told")


def test_one_that_dies_in_the_middle_of_a_sentence_is_stood_in_for_and_comes_back(halves, working):
    silent, back = len(halves.told(SILENT)), len(halves.told(BACK))
    halves.say("long", LONG)
    halves.wait(lambda: halves.speaks(LONG), "it is in the middle of the sentence")
    os.killpg(working.pid, signal.SIGKILL)
    halves.wait(lambda: len(halves.told(SILENT)) > silent, "it is told")
    halves.wait(lambda: "tts_standby_node" in halves.writers("speech/audio"), "it has a voice of its own")
    halves.offboard()  # and waits until the sentence is said
    told = halves.result("long")
    assert (told.done, told.spoken) == (True, LONG), halves.robot.log
    halves.wait(lambda: len(halves.told(BACK)) > back, "that it is back is told")
    halves.voice_is("tts_node")
    halves.say("back")
    assert halves.result("back").done
    halves.wait(lambda: halves.nodes() >= {*STANDBY, *STANDBY.values()}, "both are there, one of them works")


def test_another_robot_of_the_same_name_is_told(halves, working):
    """Two would answer each other's questions."""
    with halves.node_of_another_robot("speaker_node"):
        halves.wait(lambda: "there are several of speaker_node" in halves.warning("dialogue_node"), "it is told")
    halves.wait(lambda: "several" not in halves.warning("dialogue_node"), "it has gone, and that is known")
    assert halves.told("there are several of speaker_node")
