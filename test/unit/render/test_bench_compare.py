"""The bench of two builds draws the same faces with both and says what differs."""

import json
import shutil

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.testing.lam_writer import save_lam

pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built")
from avatar_ros import _raster
from benchmarks.rendering.compare import compare, faces, load_module, main, parse


@pytest.fixture
def avatar_file(tmp_path):
    save_lam(fake_avatar(100), tmp_path / "tiny.zip")
    return str(tmp_path / "tiny.zip")


def test_a_build_beside_itself_draws_the_same(avatar_file):
    line = compare(_raster, avatar_file, (48, 64), "speaking", parse(["--frames", "5", "--threads", "1"]))
    assert line.most_levels == 0 and line.least_psnr_db > 100
    assert line.before_ms > 0 and line.after_ms > 0 and line.ratio > 0
    assert min(line.after_stages_ms.values()) > 0


def test_a_face_at_rest_is_not_drawn_again(avatar_file):
    assert compare(_raster, avatar_file, (48, 64), "rest", parse(["--frames", "5"])).tiles_drawn == 0


def test_a_build_that_draws_otherwise_is_told(avatar_file):
    class Other:
        """Whatever it is asked for, it draws one level brighter."""

        class Rasteriser(_raster.Rasteriser):
            picture = None

            def render(self, *arguments):
                super().render(*arguments)
                arguments[-1][...] = np.minimum(arguments[-1], 254) + 1

    line = compare(Other, avatar_file, (48, 64), "idle", parse(["--frames", "3"]))
    assert line.most_levels == 1 and 45 < line.least_psnr_db < 60


def test_speaking_moves_the_mouth_and_idle_does_not():
    avatar = fake_avatar(20)
    jaws = {name: [weights[24] for weights, _ in faces(avatar, name, 30)] for name in ("speaking", "idle", "rest")}
    assert max(jaws["speaking"]) > 0.3 and max(jaws["idle"]) == max(jaws["rest"]) == 0
    heads = [head for _, head in faces(avatar, "idle", 30)]
    assert any((head != heads[0]).any() for head in heads)


def test_the_command_writes_json_and_refuses_bad_input(avatar_file, tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--avatar", avatar_file, "--size", "32x32", "--face", "rest", "--frames", "3"]
    other = tmp_path / "_raster.so"  # a module cannot be loaded twice from one file
    shutil.copy(_raster.__file__, other)
    assert main([*arguments, "--before", str(other), "--json", str(out)]) == 0
    assert json.loads(out.read_text())["results"][0]["face"] == "rest"
    (tmp_path / "not.so").write_text("no")
    assert main([*arguments, "--before", str(tmp_path / "not.so")]) == 2
    assert "not.so" in capsys.readouterr().err
    assert load_module("") is _raster
