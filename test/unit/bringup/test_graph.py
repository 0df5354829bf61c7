"""The graph as data: what the user's options become."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avatar_ros.bringup.device_parameters import mic_parameters
from avatar_ros.bringup.graph import (
    PROFILES,
    STANDBY,
    WEB_NODE,
    KioskOptions,
    kiosk_graph,
    profile_files,
    strangers,
)
from avatar_ros.bringup.kiosk import child_spec, kiosk_environment, parameter_text
from avatar_ros.core.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def node(name: str, **options):
    return next(item for item in kiosk_graph(KioskOptions(**options)) if item.executable == name)


def test_renderer_starts_first_and_every_node_has_a_module_and_is_installed():
    assert len(kiosk_graph(KioskOptions())) == 12
    nodes = kiosk_graph(KioskOptions(people="auto"))
    assert nodes[0].executable == "renderer_node"
    assert len({item.executable for item in nodes}) == len(nodes) == 13
    installed = re.search(r"foreach\(node ([^)]*)\)", (ROOT / "CMakeLists.txt").read_text())
    assert installed is not None
    assert {item.executable for item in nodes} | {"web_node"} == {f"{name}_node" for name in installed[1].split()}
    for item in nodes:
        assert (ROOT / f"{item.module.replace('.', '/')}.py").is_file()


def test_options_reach_their_nodes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("head.zip").touch()
    renderer = node("renderer_node", avatar="head.zip", axes="y_down", record="out.mp4", display="off").parameters
    assert renderer == {
        "avatar": str(tmp_path / "head.zip"),
        "avatar_axes": "y_down",
        "record.path": str(tmp_path / "out.mp4"),
        "display.backend": "off",
        "home_locale": "en-US",
    }
    assert node("monitor_node", turns=3, report="t.json").parameters == {"turns": 3, "report": str(tmp_path / "t.json")}


def test_two_hosts_share_the_nodes_and_devices_stay_on_the_robot():
    names = ("robot", "offboard")
    halves = {host: {item.node_name for item in kiosk_graph(KioskOptions(host=host))} for host in names}
    halves["robot"] -= STANDBY.keys()
    assert halves["offboard"] == {"asr_node", "llm_node", "tts_node", "audio_encoder_node"}
    assert halves["robot"] | halves["offboard"] == {item.executable for item in kiosk_graph(KioskOptions())}
    assert not halves["robot"] & halves["offboard"]
    with pytest.raises(ConfigError, match="unknown host 'robto'; known: all, robot, offboard; did you mean 'robot'"):
        kiosk_graph(KioskOptions(host="robto"))


def test_the_robots_half_has_nodes_that_stand_by_for_those_of_the_other():
    robot = {item.node_name: item for item in kiosk_graph(KioskOptions(host="robot", locale="de", profile="full"))}
    voice = robot["tts_standby_node"]
    assert (voice.executable, voice.params_files) == ("tts_node", ())
    assert {"backend": "espeak", "duty": "standby", "locale": "de"}.items() <= voice.parameters.items()
    assert "-r __node:=tts_standby_node" in " ".join(child_spec(voice).command)
    offboard = kiosk_graph(KioskOptions(host="offboard"))
    assert {item.parameters["duty"] for item in offboard} == {"yields"}
    assert not any("duty" in item.parameters for item in kiosk_graph(KioskOptions()))
    assert not STANDBY.keys() & {item.node_name for item in kiosk_graph(KioskOptions(host="robot", standby="none"))}
    with pytest.raises(ConfigError, match="unknown profile 'embeded'"):
        kiosk_graph(KioskOptions(host="robot", standby="embeded"))


def test_a_manager_of_the_robots_own_brings_the_nodes_up():
    assert all(item.parameters["autostart"] is False for item in kiosk_graph(KioskOptions(autostart=False)))
    assert not any("autostart" in item.parameters for item in kiosk_graph(KioskOptions()))


def test_only_a_limited_run_ends_with_the_monitor():
    assert not node("monitor_node").ends_run
    assert node("monitor_node", turns=1).ends_run
    assert not node("mic_node").ends_run


@pytest.mark.parametrize("namespace", ["avatar", "/avatar", "avatar/"])
def test_namespace_is_absolute_for_the_runner_and_as_given_for_launch_to_push(namespace):
    mic = node("mic_node", namespace=namespace)
    assert mic.namespace == namespace.rstrip("/")
    assert "__ns:=/avatar" in child_spec(mic).command


def test_profiles_are_laid_over_each_other_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("avatar: {vad_node: {ros__parameters: {stop_silence_s: 0.4}}}")
    mic = node("mic_node", profile="full, llm_openai,mine.yaml")
    assert [path.name for path in mic.params_files] == ["full.yaml", "llm_openai.yaml", "mine.yaml"]
    command = child_spec(mic).command
    given = [command[i + 1] for i, word in enumerate(command) if word == "--params-file"]
    assert given == [str(path) for path in mic.params_files]


@pytest.mark.parametrize("text", ["a: 1", "vad_node: {backend: silero}", "avatar: {vad_node: {}}", "{}x", "- a"])
def test_a_file_that_is_no_parameter_file_is_refused(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        kiosk_graph(KioskOptions(profile=str(path)))


def test_mic_may_be_a_device_or_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mic_parameters("auto") == {}
    assert mic_parameters("3")["device"] == "3"
    assert mic_parameters("a.WAV,b.wav")["file.files"] == [str(tmp_path / "a.WAV"), str(tmp_path / "b.wav")]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"profile": "fast"}, "unknown profile 'fast'; known: embedded, natural, full, llm_openai"),
        ({"profile": "mine.yaml"}, "mine.yaml does not exist"),
        ({"display": "hdmi"}, "unknown display 'hdmi'"),
        ({"namespace": "two words"}, "namespace is 'two words'"),
        ({"namespace": ""}, "namespace is ''"),
        ({"turns": -1}, "turns is -1"),
        ({"avatar": "nobody.zip"}, "nobody.zip does not exist"),
        ({"network": "wan"}, "unknown network 'wan'; known: local, lan, lan:"),
        ({"mic": "nothing.wav"}, "nothing.wav does not exist"),
        ({"record": "no/such/folder/out.mp4"}, "no/such/folder does not exist"),
        ({"report": "no/such/folder/t.json"}, "no/such/folder does not exist"),
        ({"report": "."}, "report is ., which is a folder"),
        ({"record": "one.mp4", "report": "./one.mp4"}, "report is ./one.mp4, which is in use"),
        ({"axes": "up"}, "unknown axes 'up'; known: y_up, y_down"),
    ],
)
def test_what_cannot_be_is_named(options, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(wrong)):
        kiosk_graph(KioskOptions(**options))


def test_command_carries_name_namespace_and_quoted_parameters():
    command = child_spec(node("mic_node", mic="3")).command
    assert command[1:4] == ("-m", "avatar_ros.nodes.mic_node", "--ros-args")
    assert "__ns:=/avatar" in command and "__node:=mic_node" in command
    assert 'device:="3"' in command


def test_parameter_text_is_yaml_that_keeps_its_type():
    yaml = pytest.importorskip("yaml")
    for value in ("3", "true", 'say "hi": now', "ü", 3, 0.5, True, ["a b", "c"]):
        assert yaml.safe_load(parameter_text(value)) == value


def test_nodes_keep_what_the_user_set_and_know_when_their_run_began():
    env = kiosk_environment({"PYTHONUNBUFFERED": "0"})
    assert env["PYTHONUNBUFFERED"] == "0" and env["AVATAR_ROS_RUN_BEGAN_NS"].replace(":", "").isdecimal()


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_name_known_nodes_and_parameters(profile):
    yaml = pytest.importorskip("yaml")
    names = {item.executable for item in kiosk_graph(KioskOptions())} | {"/**", WEB_NODE}
    (file,) = profile_files(profile)
    for key, value in yaml.safe_load(file.read_text()).items():
        assert key.removeprefix("/**/") in names
        assert value["ros__parameters"]


@pytest.mark.parametrize(
    ("key", "meant"),
    [("/**/vadnode", "vad_node"), ("/**/VAD_node", "vad_node"), ("vad", "vad_node"), ("/a/Renderer", "renderer_node")],
)
def test_a_misspelt_node_ends_the_run_before_it_begins(key, meant, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"# mine\n{key}:\n  ros__parameters:\n    stop_silence_s: -7.0\n")
    with pytest.raises(ConfigError, match=rf"mine\.yaml line 2: '.*' matches no node; did you mean '/\*\*/{meant}'"):
        kiosk_graph(KioskOptions(profile=f"embedded,{path}"))


def test_nodes_of_others_are_ignored_with_one_line(tmp_path):
    path = tmp_path / "robot.yaml"
    keys = ("/robot_base", "controller_server", "/**/lidar", "/**", "/**/vad_node")
    path.write_text("".join(f"{key}:\n  ros__parameters: {{a: 1}}\n" for key in keys))
    kiosk_graph(KioskOptions(profile=str(path)))
    (line,) = strangers(f"embedded,{path}")
    assert line.endswith("the avatar has no such nodes: /robot_base, /controller_server, /**/lidar")
    assert strangers("embedded") == ()


def test_a_node_that_records_is_given_time_to_finish(tmp_path):
    assert child_spec(node("renderer_node", record=str(tmp_path / "a.mp4"))).finishes
    assert not child_spec(node("renderer_node")).finishes


def test_a_locale_reaches_each_node_that_has_one():
    nodes = {node.executable: node.parameters for node in kiosk_graph(KioskOptions(locale="de-AT"))}
    assert {name for name, parameters in nodes.items() if parameters.get("locale") == "de-AT"} == {
        *("vad_node", "asr_node", "dialogue_node", "llm_node", "tts_node")
    }
    assert not any("locale" in node.parameters for node in kiosk_graph(KioskOptions()))


def test_a_locale_without_texts_is_refused_before_anything_starts():
    with pytest.raises(ConfigError, match=r"'xx'.*known: en, ar, de"):
        kiosk_graph(KioskOptions(locale="xx"))


@pytest.mark.parametrize("people, expected", [
    ("auto", {}), ("2", {"camera": "2"}), ("/dev/video2", {"camera": "/dev/video2"}),
    ("/camera/image_raw", {"image_topic": "/camera/image_raw"}),
])  # fmt: skip
def test_what_shows_who_stands_there_reaches_people_node(people, expected):
    assert node("people_node", people=people).parameters == expected
