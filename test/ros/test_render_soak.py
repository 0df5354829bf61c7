"""The renderer's soak drives a real node."""

import json

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from benchmarks.rendering.soak import main

pytestmark = pytest.mark.ros


def test_a_few_seconds_give_frames_and_memory(tmp_path, capsys):
    out = tmp_path / "soak.json"
    arguments = ["--minutes", "0.04", "--fps", "30", "--size", "64x64", "--backend", "fake", "--json", str(out)]
    assert main(arguments) == 0
    figures = json.loads(out.read_text())
    assert figures["frames"] > 5 and 20 < figures["resident_mb"] < 1000 and figures["growth_mb"] is None
    assert "frames of 64x64" in capsys.readouterr().out


def test_a_renderer_that_does_not_start_is_named(capsys):
    assert main(["--minutes", "0.01", "--avatar", "/nowhere.zip"]) == 2
    assert "did not start to draw" in capsys.readouterr().err
