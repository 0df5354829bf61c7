"""How messages are built: for Python alone on the wheels, and read once for all generators."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from avatar_ros.bringup.machine.build import Build
from avatar_ros.bringup.machine.host import Host, Python
from avatar_ros.bringup.machine.venv import Venv

ROOT = Path(__file__).resolve().parents[3]
IDL = """
#include "std_msgs/msg/Header.idl"
module avatar_ros { module msg {
  module Said_Constants { const octet LOUD = 1; const string NAME = "a"; };
  @verbatim (language="comment", text="What was said.")
  struct Said {
    std_msgs::msg::Header header;
    @default (value=0.5) @unit (value="s") double seconds;
    sequence<string, 3> words; float weights[52]; sequence<avatar_ros::msg::Word> marks;
  };
}; };
"""


@pytest.mark.parametrize(("prefixes", "value"), [((), "ON"), (("/opt/ros/jazzy",), "OFF")])
def test_an_installed_ros_gets_messages_for_every_language(tmp_path, prefixes, value):
    host = Host(Python("/usr/bin/python3", (3, 12), True, True), prefixes)
    assert f"-DAVATAR_PYTHON_ONLY={value}" in Build(tmp_path, Venv(tmp_path))._command(host)


def test_whoever_builds_it_without_us_gets_messages_for_every_language():
    assert "option(AVATAR_PYTHON_ONLY " in (text := (ROOT / "CMakeLists.txt").read_text())
    assert text.partition("option(AVATAR_PYTHON_ONLY ")[2].partition(")")[0].endswith("OFF")


def test_a_message_is_read_once_and_remembered_whole(tmp_path):
    parser = pytest.importorskip("rosidl_parser.parser", reason="needs the generators of ROS 2")
    read_from_text = parser.parse_idl_string
    generate = load(ROOT / "cmake/generate_messages.py")
    texts = []

    def read(text, png_file=None):
        texts.append(text)
        return read_from_text(text, png_file)

    read_once = generate.remembered(read, tmp_path / "read")
    first, second = read_once(IDL), read_once(IDL)
    assert texts == [IDL]
    assert facts(first) == facts(second) == facts(read_from_text(IDL))
    assert "weights" in str(facts(second)) and "LOUD" in str(facts(second))
    read_once(IDL.replace("What was said", "Another comment"))
    assert len(texts) == 2


def load(file: Path):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def facts(value):
    """All that an object holds, in plain values."""
    if isinstance(value, str):
        return str(value)  # a token's place in the text is nobody's business
    if isinstance(value, list | tuple):
        return [facts(item) for item in value]
    if isinstance(value, dict):
        return {name: facts(item) for name, item in value.items()}
    if type(value).__module__ == "builtins":
        return value
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    names += getattr(value, "__dict__", {})
    return type(value).__name__, {name: facts(getattr(value, name)) for name in names if hasattr(value, name)}
