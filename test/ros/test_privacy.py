"""A whole kiosk in a network that writes everything down: nothing is looked up, nothing leaves the computer.

AVATAR_ROS_PRIVACY_TURNS=3 AVATAR_ROS_PRIVACY_S=60: a longer conversation (and as long a wait at its end).
"""

import json
import os
import sys

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import ROOT
from watched_network import BEYOND, run_watched, why_not

REASON = why_not()
pytestmark = [pytest.mark.ros, pytest.mark.skipif(bool(REASON), reason=REASON)]
TURNS = int(os.environ.get("AVATAR_ROS_PRIVACY_TURNS", "1"))
LONGER_S = float(os.environ.get("AVATAR_ROS_PRIVACY_S", "0"))
QUESTIONS = ("what can you do", "what is your name", "where are the toilets")
#: Names that a list of secrets would know, and names that it could not.
SECRETS = (
    *("OPENAI_API_KEY", "AZURE_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "NVIDIA_API_KEY", "HF_TOKEN"),
    *("DATABASE_URL", "SENTRY_DSN", "BRAIN", "PLAIN_WORD", "https_proxy"),
)
KEEP_ON = """
import subprocess, sys, time
rc = subprocess.call(sys.argv[2:])
time.sleep(float(sys.argv[1]))
sys.exit(rc)
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("privacy")
    # Two to spare: on a slow host one may be asked before all ears are there.
    questions = [
        write_wav(folder / f"question{n}.wav", *speak([QUESTIONS[n % 3]]), after_s=12.0) for n in range(TURNS + 2)
    ]
    command = [sys.executable, "-c", KEEP_ON, LONGER_S, sys.executable, "-m", "avatar_ros", "kiosk"]
    command += ["--mic", ",".join(map(str, questions)), "--display", "off", "--turns", TURNS]
    command += ["--report", folder / "turns.json", "--record", folder / "out.mp4", "--namespace", "privacy"]
    env = {**os.environ, **dict.fromkeys(SECRETS, "hush-hush"), "ROS_LOG_DIR": str(folder / "made" / "log")}
    env = {name: value for name, value in env.items() if name != "ORT_DISABLE_TELEMETRY"}
    seen = run_watched(command, env=env, cwd=ROOT, timeout_s=400 + 60 * TURNS + LONGER_S)
    assert seen["rc"] == 0, seen["output"]
    turns = json.loads((folder / "turns.json").read_text())["turns"]
    assert sum(turn["ms"]["first_sound"] is not None for turn in turns) >= TURNS, (turns, seen["output"])
    return {**seen, "folder": folder, "turns": turns}


def test_nothing_is_looked_up(watched):
    assert watched["asked"] == []


def test_nothing_leaves_the_computer(watched):
    assert watched["sent"] == []


def test_no_process_shows_a_key_that_it_does_not_need(watched):
    nodes = [name for name in watched["environ"] if name.startswith("avatar_ros.nodes.")]
    assert len(nodes) == 12
    assert {"avatar_ros.tts.espeak_process", "avatar_ros.asr.phone_loop_process"} <= {*watched["environ"]}
    shown = {name: {*SECRETS} & {*names} for name, names in watched["environ"].items()}
    assert not any(shown.values()), shown


def test_what_visitors_said_is_their_hosts_alone_and_in_no_log(watched):
    logs = list((watched["folder"] / "made/log").glob("*.log"))
    files = [*logs, watched["folder"] / "turns.json", watched["folder"] / "out.mp4"]
    assert len(files) == 3 and {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (watched["folder"] / "made").stat().st_mode & 0o777 == 0o700
    words = [turn[side] for turn in watched["turns"] for side in ("transcript", "reply") if turn[side]]
    assert len(words) >= 2
    for text in (logs[0].read_text(), watched["output"]):
        assert not any(said.lower() in text.lower() for said in words)


CONTROL = f"""
import socket
socket.getaddrinfo("control.example", 443)
for kind, port in ((socket.SOCK_STREAM, 443), (socket.SOCK_DGRAM, 7400)):
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(0.3)
    try:
        s.connect(("{BEYOND}", port))
        s.send(b"x")
    except OSError:
        pass
"""


def test_the_watch_sees_look_ups_connections_and_datagrams():
    seen = run_watched([sys.executable, "-c", CONTROL], timeout_s=60)
    assert "control.example" in seen["asked"]
    assert f"6 {BEYOND} 443" in seen["sent"] and f"17 {BEYOND} 7400" in seen["sent"]
