"""Questions from files wait for everybody who takes part in an answer; a run without its turns has failed."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.events import AvatarState
from avatar_ros.core.topics import TOPICS
from avatar_ros.ros import convert, qos, readers
from avatar_ros.ros.listener import Listener
from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
WAIT_S = 120.0


def mic_process(question, namespace, *parameters):
    given = ["backend:=file", f"file.files:=['{question}']", "file.start_delay_s:=0.0", "connect_wait_s:=0.0"]
    given += parameters
    arguments = [part for parameter in given for part in ("-p", parameter)]
    return subprocess.Popen(
        [sys.executable, "-m", "avatar_ros.nodes.mic_node", "--ros-args", "-r", f"__ns:=/{namespace}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def question(tmp_path):
    return write_wav(tmp_path / "q.wav", np.full(24000, 3000, np.int16))


def test_the_file_begins_when_the_last_node_is_ready(question, ros):
    """Nodes of other names, which come one after another: late ones are no strangers."""
    nodes = []

    def loud(listener):
        return any(np.abs(frame.pcm.astype(int)).max(initial=0) > 1000 for frame in listener.heard["mic/audio"])

    with Listener("late", topics=("mic/audio",)) as listener, mic_process(question, "late") as mic:
        try:
            for name, (subscribes, publishes) in readers.STEPS.items():
                node = ros.create_node(f"my_{name}", namespace="late")
                nodes.append(node)
                writer = node.create_publisher(convert.msg_type(TOPICS[publishes]), publishes, qos.for_topic(publishes))
                if name == "dialogue_node":
                    state = node.create_publisher(convert.msg_type(AvatarState), "state", qos.for_topic("state"))
                    state.publish(convert.to_msg(AvatarState(), 1))
                heard = len(listener.heard["mic/audio"])
                listener.wait(lambda x, n=heard: len(x.heard["mic/audio"]) > n + 40, "0.8 s of the microphone", WAIT_S)
                assert not loud(listener), f"{name} is not ready yet"
                node.create_subscription(
                    convert.msg_type(TOPICS[subscribes]), subscribes, lambda _: None, qos.for_topic(subscribes)
                )
                assert writer is not None
            listener.wait(loud, "the question", WAIT_S)
        finally:
            mic.kill()
            for node in nodes:
                node.destroy_node()


def test_who_never_came_is_named(question):
    with mic_process(question, "never", "ready_wait_s:=1.5") as mic:
        log, _ = mic.communicate(timeout=WAIT_S)
    assert mic.returncode == 11, log
    assert "no question was asked: asr_node, dialogue_node" in log.splitlines()[-1]


def test_a_node_that_starts_late_is_waited_for_by_a_whole_kiosk(tmp_path):
    sound = write_wav(tmp_path / "question.wav", *speak(["what can you do"]))
    profile, report = tmp_path / "p.yaml", tmp_path / "turns.json"
    profile.write_text("/**/vad_node:\n  ros__parameters:\n    connect_wait_s: 0.1\n")
    arguments = ["--mic", sound, "--display", "off", "--turns", 1, "--report", report]
    with KioskProcess(*arguments, "--profile", f"embedded,{profile}", namespace="late_asr") as kiosk:
        until(lambda: kiosk.node_pid("asr_node"))
        pid = kiosk.node_pid("asr_node")
        os.kill(pid, signal.SIGSTOP)
        assert "[asr_node] [INFO] [late_asr.asr_node]: ready" not in kiosk.log
        until(lambda: all(f"[{name}] " in kiosk.log for name in ("mic_node", "dialogue_node", "tts_node")))
        time.sleep(4.0)  # the question would have been asked, and lost
        os.kill(pid, signal.SIGCONT)
        assert kiosk.wait() == 0, kiosk.log
    (turn,) = json.loads(report.read_text())["turns"]
    assert turn["ms"]["first_sound"] is not None


def test_a_run_without_its_turns_is_no_success(tmp_path):
    silence = write_wav(tmp_path / "silence.wav", np.zeros(4800, np.int16))
    profile, report = tmp_path / "p.yaml", tmp_path / "turns.json"
    profile.write_text("/**/monitor_node:\n  ros__parameters:\n    leave_after_s: 3.0\n")
    arguments = ["--mic", silence, "--display", "off", "--turns", 1, "--report", report]
    with KioskProcess(*arguments, "--profile", f"embedded,{profile}", namespace="no_turns") as kiosk:
        assert kiosk.wait() == 1, kiosk.log
    assert "0 of the 1 answers that were asked for: nothing was said" in kiosk.lines[-1]
    assert json.loads(report.read_text()) == {"turns": []}


def until(condition):
    for _ in range(round(WAIT_S / 0.01)):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("did not happen in time")
