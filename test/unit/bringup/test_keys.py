"""Which node is given which key; what a fork of the runner shows of the runner's own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.bringup.graph import START_ORDER, KioskOptions, kiosk_graph
from avatar_ros.bringup.keys import KEY_READERS, SERVICES, USUAL_KEY, node_environment
from avatar_ros.llm.base import LLM_BACKENDS
from avatar_ros.tts.base import TTS_BACKENDS

ROOT = Path(__file__).resolve().parents[3]
ENV = {
    "PATH": "/bin",
    "OPENAI_API_KEY": "1",
    "DASHSCOPE_API_KEY": "2",
    "BRAIN": "3",
    "VOICE": "4",
    "https_proxy": "http://me:pw@proxy",
    "GITHUB_TOKEN": "6",
    "OPENAI_ORG_ID": "7",
}


def given(profile, namespace="avatar"):
    """Node -> what it is given besides the PATH."""
    graph = kiosk_graph(KioskOptions(profile=profile, namespace=namespace))
    found = {node.executable: {*node_environment(node, ENV)} - {"PATH"} for node in graph}
    assert set(found) == {*START_ORDER}
    return {name: names for name, names in found.items() if names}


def write(folder, text):
    (folder / "mine.yaml").write_text(text)
    return f"embedded,{folder / 'mine.yaml'}"


def test_the_embedded_kiosk_needs_none():
    assert given("embedded") == {}


@pytest.mark.parametrize(
    ("profile", "keys"),
    [("llm_openai", {"OPENAI_API_KEY"}), ("llm_dashscope", {"DASHSCOPE_API_KEY"}), ("llm_ollama", set())],
)
def test_a_chat_services_key_goes_to_the_llm_alone(profile, keys):
    assert given(f"embedded,{profile}") == {"llm_node": {*keys, "https_proxy", "OPENAI_ORG_ID"}}


def test_a_service_without_a_key_is_given_the_way_there_only():
    assert given("full")["tts_node"] == {"https_proxy"}


@pytest.mark.parametrize(
    ("pattern", "namespace", "reaches"),
    [
        ("/**/tts_node", "avatar", True),
        ("/**", "avatar", True),
        ("/*/tts_node", "avatar", True),
        ("/*/tts_node", "a/b", False),
        ("/**/tts_node", "a/b", True),
        ("/a/**/tts_node", "a/b", True),
        ("/a/tts_node", "a", True),
        ("a/tts_node", "a", True),
        ("/other/tts_node", "a", False),
        ("tts_node", "a", False),
        ("/**/llm_node", "avatar", False),
    ],
)
def test_a_name_of_ones_own_in_a_profile(tmp_path, pattern, namespace, reaches):
    text = f"'{pattern}':\n  ros__parameters: {{backend: openai_speech, openai_speech.key_variable: VOICE}}\n"
    found = given(write(tmp_path, text), namespace)
    assert found.get("tts_node", set()) == ({"VOICE", "https_proxy"} if reaches else set())
    assert not any("VOICE" in names for node, names in found.items() if node != "tts_node")


def test_namespaces_may_nest_and_pushed_ones_count(tmp_path):
    own = "{backend: openai, openai: {key_variable: BRAIN}}"
    text = f"/robot:\n  avatar:\n    llm_node:\n      ros__parameters: {own}\n"
    assert "llm_node" not in given(write(tmp_path, text))
    assert "BRAIN" in given(write(tmp_path, text), namespace="/robot/avatar")["llm_node"]
    graph = {node.executable: node for node in kiosk_graph(KioskOptions(profile=write(tmp_path, text)))}
    assert "BRAIN" in node_environment(graph["llm_node"], ENV, "/robot/avatar")


def test_later_files_count_and_fallbacks_read_keys_too(tmp_path):
    text = "/**/llm_node:\n  ros__parameters: {backend: answers, fallback: openai, openai.key_variable: BRAIN}\n"
    assert given(write(tmp_path, text).replace("embedded", "embedded,llm_openai"))["llm_node"] >= {"BRAIN"}
    text = "/**/llm_node:\n  ros__parameters: {backend: answers, key_variable: BRAIN}\n"
    assert given(write(tmp_path, text).replace("embedded", "embedded,llm_openai")) == {}


def test_the_former_name_of_key_variable_still_counts(tmp_path):
    text = "/**/llm_node:\n  ros__parameters: {backend: openai, key_variable: BRAIN}\n"
    assert given(write(tmp_path, text))["llm_node"] >= {"BRAIN"}


@pytest.mark.parametrize(("line", "names"), [("", set()), (", MyVoice: {key_variable: VOICE}", {"VOICE"})])
def test_a_backend_from_outside_is_given_the_key_that_its_profile_names(tmp_path, line, names):
    text = f"/**/tts_node:\n  ros__parameters: {{backend: my_pkg.voice:MyVoice{line}}}\n"
    assert given(write(tmp_path, text)) == {"tts_node": {"https_proxy", *names}}


def test_the_tables_say_what_the_rooms_do():
    """Readers of keys are the modules that call find_key; the usual key is the settings'."""
    for room, node, backends in (("llm", "llm_node", LLM_BACKENDS), ("tts", "tts_node", TTS_BACKENDS)):
        readers = {
            name for name, backend in backends.items()
            if "find_key" in (ROOT / (backend.target.partition(":")[0].replace(".", "/") + ".py")).read_text()
        }  # fmt: skip
        assert readers == {*KEY_READERS[node]} and readers <= {*SERVICES[node]} <= {*backends.names}, room
    others = [path for path in (ROOT / "avatar_ros").rglob("*.py") if "find_key(" in path.read_text()]
    assert sorted(path.name for path in others) == ["api_keys.py", "openai_chat.py", "openai_speech.py"]
    readers = ((LLM_BACKENDS, "openai"), (TTS_BACKENDS, "openai_speech"))
    assert all(backends.settings_class(name)().key_variable == USUAL_KEY for backends, name in readers)


FORK = """
import sys
sys.path[:0] = [{root!r}, {folder!r}]
from avatar_ros.bringup import child, forked, runner
from avatar_ros.bringup.log import RunLog
forked.preload(["json"])
env = {{"PATH": "/bin", "MINE": "1"}}
spec = child.ChildSpec("node", (sys.executable, "-m", "work"), True, "work", {args!r}, env)
sys.exit(runner.Runner([spec], RunLog(sys.stdout)).run())
"""
LOOK = """
import json, os, subprocess
def main():
    shown = open("/proc/self/environ", "rb").read().strip(b"\\0")
    title = open("/proc/self/cmdline", "rb").read()
    child = subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
    os.environ["NEW"] = "2"
    print(json.dumps([shown.decode(), title.decode().strip(chr(0)), child, dict(os.environ)]))
    return 10
"""


@pytest.mark.parametrize("arguments", [0, 3, 200])
def test_a_fork_shows_nothing_of_the_runners_environment(tmp_path, arguments):
    """Its title may be shorter than the runner's command line, or reach far into where the environment lies."""
    (tmp_path / "work.py").write_text(LOOK)
    args = tuple("word" * 5 for _ in range(arguments))
    script = FORK.format(root=str(ROOT), folder=str(tmp_path), args=args)
    env = {**os.environ, **{f"SECRET_{i}": "hush-hush" * 10 for i in range(40)}}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    shown, title, child, own = json.loads(next(x for x in done.stdout.splitlines() if "[[" in x or '["' in x)[7:])
    assert "hush" not in shown and "SECRET" not in shown
    assert title.startswith(f"{sys.executable} -m work") and "hush" not in title
    assert sorted(child.split()) == ["MINE=1", "PATH=/bin"] and own == {"MINE": "1", "PATH": "/bin", "NEW": "2"}


@pytest.mark.parametrize("host", ["all", "robot", "offboard"])
def test_nodes_that_a_turn_waits_for_across_the_cable_are_sent_all_twice(host):
    nodes = {node.node_name: node for node in kiosk_graph(KioskOptions(host=host))}
    twice = {name for name, node in nodes.items() if node_environment(node, ENV).get("AVATAR_ROS_TWICE") == "1"}
    robots = {"dialogue_node", "vad_node", "speaker_node", "expression_node"}
    assert twice == {"all": set(), "robot": robots, "offboard": {*nodes}}[host]
    refused = {**ENV, "AVATAR_ROS_TWICE": "0"}
    assert all(node_environment(node, refused).get("AVATAR_ROS_TWICE") == "0" for node in nodes.values())
