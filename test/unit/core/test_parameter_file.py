"""Parameter files: what is wrong is named with its line, before rcl meets it."""

from __future__ import annotations

import time

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.parameter_file import looks_like, nearly, read_parameter_file

yaml = pytest.importorskip("yaml")
GOOD = "/**/vad_node:\n  ros__parameters:\n    stop_silence_s: 0.4\n"


def read(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_parameter_file(yaml, path)


def test_sections_know_their_node_and_the_lines_of_their_parameters(tmp_path):
    text = GOOD + "avatar:\n  tts_node:\n    ros__parameters:\n      # speak\n      a: {b: 1, c: [x, y]}\n"
    text += "---\n/**:\n  ros__parameters: {z: 1}\n"
    vad, tts, every = read(tmp_path, text)
    assert (vad.key, vad.node, vad.line, dict(vad.lines)) == ("/**/vad_node", "vad_node", 1, {"stop_silence_s": 3})
    assert tts.key == "/avatar/tts_node" and dict(tts.lines) == {"a.b": 8, "a.c": 8}
    assert every.wild and not tts.wild


@pytest.mark.parametrize(
    ("key", "yes", "no"),
    [
        ("/**/vad_node", ("/vad_node", "/a/vad_node", "/a/b/vad_node"), ("/a/vad_node2", "/vad_node/b")),
        ("/*/vad_node", ("/a/vad_node",), ("/vad_node", "/a/b/vad_node")),
        ("/**", ("/x", "/a/x"), ()),
        ("/a/*", ("/a/x",), ("/x", "/a/b/x")),
        ("vad_node", ("/vad_node",), ("/a/vad_node",)),
    ],
)
def test_keys_match_as_in_rcl(tmp_path, key, yes, no):
    (section,) = read(tmp_path, f"{key}:\n  ros__parameters:\n    a: 1\n")
    assert all(section.matches(name) for name in yes) and not any(section.matches(name) for name in no)


@pytest.mark.parametrize("encode", [lambda t: t.encode("utf-8-sig"), lambda t: t.encode("utf-16"),
                                    lambda t: t.replace("\n", "\r\n").encode()])  # fmt: skip
def test_files_of_windows_editors_are_read(tmp_path, encode):
    assert [s.node for s in read(tmp_path, encode(GOOD))] == ["vad_node"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty; an example"),
        ("# nothing yet\n", "it is empty"),
        ("- a\n", r"line 1: node names are expected at the top"),
        ("text\n", r"line 1: node names are expected"),
        ("/**/vad_node:\n  ros__parameters:\n\ta: 1\n", r"line 3: a tab stands there; indent with spaces"),
        (GOOD + "    stop_silence_s: 0.5\n", r"line 4: 'stop_silence_s' stands in line 3 already"),
        (GOOD + GOOD, r"line 4: '/\*\*/vad_node' stands in line 1 already"),
        ("/**/vad_node:\n  ros__parameters:\n    a: &x 1\n    b: *x\n", r"line 4: ROS takes no aliases \(\*x\)"),
        ("/**/vad_node:\n  ros__parameters:\n    <<: {a: 1}\n", "line 3: a name is expected"),
        ("/**/vad_node:\n  ros__parameters:\n", r"line 2: no parameter stands under ros__parameters"),
        ("/**/vad_node:\n  a: 1\n", r"line 2: '\*\*/vad_node/a' has no ros__parameters"),
        ("/**/vad-node:\n  ros__parameters: {a: 1}\n", r"line 1: 'vad-node' in '/\*\*/vad-node' is no node's name"),
        ("**/vad_node:\n  ros__parameters: {a: 1}\n", r"line 1: a name that begins with \* must begin with /"),
        ("/**/vad_node:\n  ros__parameters:\n    a: [1, 2\n", r"line \d: it is no YAML"),
        ("/**/vad_node:\n  ros__parameters:\n    a: " + "[" * 50_000, "line 3: it is more than 20 levels deep"),
        ("a: " * 3, "line 1: it is no YAML"),
        (b"/**/vad_node:\n  # caf\xe9\n  ros__parameters: {a: 1}\n", "line 2: it is no text in UTF-8"),
        (b"\xff\xfe\x00", "line 1: it is no text"),
        (b"a: \x00\x01", "it is no YAML"),
        (b"#" * (1 << 21), "larger than 1 MiB"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, content, said):
    began = time.monotonic()
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path, content)
    assert "mine.yaml" in str(caught.value) and "\n" not in str(caught.value)
    assert time.monotonic() - began < 20


def test_aliases_cannot_make_a_small_file_huge(tmp_path):
    lines = ["/**/vad_node:", "  ros__parameters:", "    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(ConfigError, match="line 4: ROS takes no aliases"):
        read(tmp_path, "\n".join(lines))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml cannot be read: No such file"):
        read_parameter_file(yaml, tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("name", ["vadnode", "VAD_Node", "vad", "Vad_node"])
def test_names_that_differ_in_writing_alone(name):
    assert looks_like(name, "vad_node") and not looks_like(name, "tts_node")


@pytest.mark.parametrize("name", ["controller_server", "robot_base", "lidar", "lidar_node", "nav_node", "camera_node"])
def test_names_of_other_robots_parts_are_not_near(name):
    for node in ("vad_node", "mic_node", "asr_node", "tts_node", "speaker_node", "renderer_node", "audio_encoder_node"):
        assert not looks_like(name, node) and not nearly(name, node), node


@pytest.mark.parametrize(("name", "node"), [("vda_node", "vad_node"), ("rendere_node", "renderer_node"),
                                            ("dialog_node", "dialogue_node"), ("tts_nod", "tts_node")])  # fmt: skip
def test_slips_are_near(name, node):
    assert nearly(name, node)
