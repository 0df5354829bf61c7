"""The render bench measures what it says, on a tiny avatar."""

import json

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.errors import ConfigError
from avatar_ros.render.stage import RendererSettings, RenderStage
from avatar_ros.testing.lam_writer import save_lam
from benchmarks.lib.machine import parse_size
from benchmarks.rendering.node_overhead import HungrySink, keep_alive, speak
from benchmarks.rendering.speed import Case, main, make_cases, measure, parse, poses, table


@pytest.fixture
def avatar_file(tmp_path):
    save_lam(fake_avatar(100), tmp_path / "tiny.zip")
    return str(tmp_path / "tiny.zip")


def test_sizes():
    assert parse_size("720x1280") == (720, 1280)
    for bad in ("720", "0x5", "-1x5", "99999x5", "axb"):
        with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
            parse_size(bad)


def test_all_combinations_are_measured(avatar_file):
    arguments = ["--avatar", avatar_file, "--size", "64x64", "--size", "32x48", "--backend", "fake", "--reference", "2"]
    cases = make_cases(parse(arguments))
    sizes = [(c.width, c.height, c.busy) for c in cases]
    assert sizes == [(64, 64, False), (64, 64, True), (32, 48, False), (32, 48, True)]
    assert [c.reference_frames for c in cases] == [2, 0, 2, 0]


def test_poses_are_the_same_each_time():
    first, again = (list(poses(fake_avatar(20), 4)) for _ in range(2))
    for (weights, head), (weights2, head2) in zip(first, again, strict=True):
        np.testing.assert_array_equal(weights, weights2)
        np.testing.assert_array_equal(head, head2)


def test_a_line_holds_times_memory_and_error(avatar_file):
    result = measure(Case("reference", avatar_file, 24, 24, frames=3, reference_frames=2))
    assert 0 < result.median_ms <= result.p95_ms and result.fps > 0 and result.peak_mb > 10
    assert result.splats == 99, "one of the hundred is invisible"
    assert result.worst_psnr_db > 100
    assert "24x24" in table([result])


def test_the_cpu_rasteriser_reports_its_stages(avatar_file):
    pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built")
    result = measure(Case("cpu", avatar_file, 64, 64, frames=20))
    assert set(result.stages_ms) == {"morph_ms", "project_ms", "sort_ms", "bin_ms", "blend_ms"}
    assert min(result.stages_ms.values()) > 0
    assert result.node_ms > 0 and result.over_bare > 1, "a whole turn holds the drawing"


def test_the_turns_that_are_measured_move_the_lips(avatar_file):
    settings = RendererSettings(backend="fake", avatar=avatar_file, width=32, height=32)
    stage = RenderStage(settings, lambda: [HungrySink()])
    stage.load()
    speak(stage, 90)
    spoken = []
    for i in range(90):
        keep_alive(stage, i / 30)
        spoken += [out.message.speaking for out in stage.tick(i / 30)]
    assert all(spoken[1:])


def test_the_command_writes_json_and_refuses_bad_input(avatar_file, tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--avatar", avatar_file, "--size", "16x16", "--backend", "fake", "--frames", "3", "--load", "none"]
    assert main([*arguments, "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["processor"] and report["results"][0]["case"]["width"] == 16
    assert main(["--avatar", str(tmp_path / "nobody.zip"), "--size", "16x16", "--load", "none"]) == 2
    assert "no such file" in capsys.readouterr().err
