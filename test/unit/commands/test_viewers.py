"""Layouts for rviz and Foxglove follow the namespace."""

import json
import re

import pytest
import yaml

from avatar_ros.cli import main
from avatar_ros.commands.viewers import LAYOUTS, in_namespace
from avatar_ros.core.paths import share_file


def topics(text):
    return re.findall(r"/[\w/]*(?:image_raw|camera_info|speech/\w+|turn_report|frame_info)", text)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_topic_moves_and_nothing_else(name):
    shipped = share_file(f"config/{name}").read_text()
    moved = in_namespace(shipped, "robot/head")
    assert topics(shipped) and all(topic.startswith("/avatar/") for topic in topics(shipped))
    assert [topic.replace("/robot/head/", "/avatar/", 1) for topic in topics(moved)] == topics(shipped)
    assert moved.replace("/robot/head/", "/avatar/") == shipped


def test_files_are_written_and_what_is_there_is_kept(tmp_path, capsys):
    assert main(["viewers", "--namespace", "/robot/head", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / f"robot_head.{end}") for end in ("rviz", "foxglove.json")]
    assert yaml.safe_load((tmp_path / "robot_head.rviz").read_text())["Visualization Manager"]
    assert json.loads((tmp_path / "robot_head.foxglove.json").read_text())["layout"]
    assert main(["viewers", "--namespace", "robot/head", "--out", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["", "2robots", "a//b", "ä", "a b"])
def test_what_is_no_namespace_is_refused(wrong, tmp_path, capsys):
    assert main(["viewers", "--namespace", wrong, "--out", str(tmp_path)]) == 2
    assert "namespace is " in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["viewers", "--out", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
