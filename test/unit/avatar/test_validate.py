"""validate names what is odd about avatars whose files are sound."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.avatar_limits import SH_DC
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.validate import validate
from avatar_ros.testing.lam_writer import offset_ply, save_lam


def codes(tmp_path, avatar):
    save_lam(avatar, tmp_path / "a.zip")
    report = validate(tmp_path / "a.zip")
    return report, [finding.code for finding in report.findings]


def test_a_good_avatar_is_described(tmp_path):
    report, _ = codes(tmp_path, fake_avatar())
    text = report.text()
    assert report.good
    for words in ("good", "splats  300", "52 of the 52", "idle 2.0 s", "extent"):
        assert words in text, text


@pytest.mark.parametrize(
    ("change", "code", "good"),
    [
        ({"positions": fake_avatar().positions * 100}, "avatar_bad_extent", False),
        ({"opacities": np.full(300, 0.001, np.float32)}, "avatar_invisible", False),
        ({"scales": np.full((300, 3), 1.0, np.float32)}, "avatar_bad_scales", False),
        ({"morphs": fake_avatar(names=("smile",)).morphs}, "avatar_missing_morphs", False),
        ({"clips": {}}, "avatar_no_clips", True),
        ({"neck": None}, "avatar_no_neck", True),
    ],
)
def test_odd_avatars(tmp_path, change, code, good):
    report, found = codes(tmp_path, replace(fake_avatar(), **change))
    assert code in found
    assert report.good == good, report.text()


def test_morphs_in_millimetres_are_a_fault(tmp_path):
    morphs = fake_avatar().morphs
    report, found = codes(tmp_path, replace(fake_avatar(), morphs=replace(morphs, deltas=morphs.deltas * 1000)))
    assert "avatar_bad_morphs" in found and not report.good


def test_all_faults_are_listed_not_the_first_only(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/skin.glb", b"no glb")
        archive.writestr("a/offset.ply", b"no ply")
    found = [finding.code for finding in validate(tmp_path / "a.zip").findings]
    assert found == ["avatar_bad_ply", "avatar_bad_glb"]


def test_a_plain_ply_is_a_static_head(tmp_path):
    from avatar_ros.avatar.clean import CleanSettings
    from avatar_ros.avatar.load import load_avatar

    avatar = fake_avatar()
    raw = bytearray(offset_ply(replace(avatar, colors=(avatar.colors - 0.5) / SH_DC)))
    table = np.frombuffer(raw, "<f4", offset=raw.index(b"end_header\n") + 11).reshape(-1, 17)
    table[:, :3] = avatar.positions
    (tmp_path / "a.ply").write_bytes(raw)
    loaded = load_avatar(tmp_path / "a.ply", CleanSettings(drop_invisible=False, drop_floaters=False))
    np.testing.assert_allclose(loaded.colors, avatar.colors, atol=1e-6)
    np.testing.assert_array_equal(loaded.positions, avatar.positions)
    assert loaded.morph_names == ()
    report = validate(tmp_path / "a.ply")
    assert report.good and "avatar_static" in [finding.code for finding in report.findings]
