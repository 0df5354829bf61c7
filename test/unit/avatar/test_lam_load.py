"""LAM zips load as they were written, and bad ones end with one clear line."""

import json
import struct
import zipfile

import numpy as np
import pytest

import recordings
from avatar_ros.avatar.archive import AvatarArchive
from avatar_ros.avatar.clean import CleanSettings
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.model import arkit_columns, missing_shapes
from avatar_ros.avatar.validate import validate
from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.errors import AvatarError
from avatar_ros.testing.lam_writer import animation_glb, offset_ply, save_lam, skin_glb

AS_IS = CleanSettings(drop_invisible=False, drop_floaters=False)
DATA = recordings.DATA / "avatars"
REAL = [DATA / "james.zip", DATA / "p2-1.zip"]
needs_data = pytest.mark.skipif(not REAL[0].is_file(), reason="needs shared/data/avatars (or AVATAR_ROS_TEST_DATA)")


def parts(avatar=None):
    avatar = avatar or fake_avatar()
    return {
        "a/skin.glb": skin_glb(avatar),
        "a/offset.ply": offset_ply(avatar),
        "a/animation.glb": animation_glb(list(avatar.clips.values())),
        "a/vertex_order.json": b"[]",
    }


def write_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def edit_ply(data, column, row, value):
    """The PLY with one float of one splat replaced."""
    start = data.index(b"end_header\n") + len(b"end_header\n")
    at = start + 4 * (17 * row + column)
    return data[:at] + struct.pack("<f", value) + data[at + 4 :]


def test_a_saved_avatar_loads_as_it_was(tmp_path):
    avatar = fake_avatar()
    save_lam(avatar, tmp_path / "a.zip")
    loaded = load_avatar(tmp_path / "a.zip", AS_IS)
    for name in ("positions", "scales", "rotations", "colors", "opacities"):
        np.testing.assert_allclose(getattr(loaded, name), getattr(avatar, name), rtol=2e-5, atol=1e-6, err_msg=name)
    assert loaded.morph_names == avatar.morph_names
    np.testing.assert_array_equal(loaded.morph_deltas, avatar.morph_deltas)
    np.testing.assert_allclose(loaded.head_share, avatar.head_share, atol=1e-6)
    assert loaded.neck.pivot == pytest.approx(avatar.neck.pivot)
    np.testing.assert_allclose(loaded.clips["idle"].matrices, avatar.clips["idle"].matrices, atol=1e-5)


def test_the_same_avatar_makes_the_same_bytes(tmp_path):
    save_lam(fake_avatar(), tmp_path / "a.zip")
    save_lam(fake_avatar(), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_offsets_are_added_to_the_mesh_and_colour_is_plain_rgb(tmp_path):
    members = parts()
    members["a/offset.ply"] = edit_ply(edit_ply(members["a/offset.ply"], 0, 7, 0.25), 6, 7, 0.5)
    loaded = load_avatar(write_zip(tmp_path / "a.zip", members), AS_IS)
    assert loaded.positions[7, 0] == pytest.approx(fake_avatar().positions[7, 0] + 0.25)
    assert loaded.colors[7, 0] == 0.5


def test_macos_leftovers_are_ignored(tmp_path):
    members = {"__MACOSX/a/._skin.glb": b"junk", "a/.DS_Store": b"junk"} | parts()
    assert load_avatar(write_zip(tmp_path / "a.zip", members), AS_IS).splats == 300


def test_a_head_without_clips_loads(tmp_path):
    members = parts()
    del members["a/animation.glb"]
    assert load_avatar(write_zip(tmp_path / "a.zip", members)).clips == {}


def test_morphs_are_matched_by_name_not_by_place():
    names = ("mouthClose", "notArkit", "browDownLeft")
    assert arkit_columns(names).tolist() == [ARKIT_NAMES.index("mouthClose"), -1, 0]
    assert "jawOpen" in missing_shapes(names) and "mouthClose" not in missing_shapes(names)


def damaged(kind):
    """Members of a zip with one fault, and the code it must end with."""
    members = parts()
    ply, skin = members["a/offset.ply"], members["a/skin.glb"]
    if kind == "no offset.ply":
        del members["a/offset.ply"]
        return members, "avatar_missing_part"
    if kind == "no skin.glb":
        del members["a/skin.glb"]
        return members, "avatar_missing_part"
    if kind == "two avatars":
        return members | {"b/skin.glb": skin}, "avatar_ambiguous"
    if kind == "absolute path":
        return members | {"/etc/cron.d/x": b"boo"}, "avatar_unsafe_path"
    if kind == "parent path":
        return members | {"a/../../x": b"boo"}, "avatar_unsafe_path"
    if kind == "truncated ply":
        return members | {"a/offset.ply": ply[:-100]}, "avatar_bad_ply"
    if kind == "text ply":
        return members | {"a/offset.ply": ply.replace(b"binary_little_endian", b"ascii")}, "avatar_bad_ply"
    if kind == "ply without rotation":
        return members | {"a/offset.ply": ply.replace(b"rot_3", b"rot_9")}, "avatar_bad_ply"
    if kind == "truncated glb":
        return members | {"a/skin.glb": skin[: len(skin) // 2]}, "avatar_bad_glb"
    if kind == "not a glb":
        return members | {"a/skin.glb": b"hello"}, "avatar_bad_glb"
    if kind == "bad json in glb":
        return members | {"a/skin.glb": skin.replace(b'{"asset"', b'["asset"')}, "avatar_bad_glb"
    if kind == "NaN in ply":
        return members | {"a/offset.ply": edit_ply(ply, 2, 3, float("nan"))}, "avatar_not_finite"
    if kind == "infinite scale":
        return members | {"a/offset.ply": edit_ply(ply, 11, 3, float("inf"))}, "avatar_not_finite"
    if kind == "counts differ":
        return members | {"a/offset.ply": offset_ply(fake_avatar(299))}, "avatar_count_mismatch"
    if kind == "no head joint":
        return members | {"a/animation.glb": members["a/animation.glb"].replace(b'"head"', b'"hand"')}, "avatar_bad_glb"
    raise ValueError(kind)


FAULTS = (
    "no offset.ply", "no skin.glb", "two avatars", "absolute path", "parent path", "truncated ply", "text ply",
    "ply without rotation", "truncated glb", "not a glb", "bad json in glb", "NaN in ply", "infinite scale",
    "counts differ", "no head joint",
)  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_bad_zip_is_refused_with_one_line_and_named_by_validate(tmp_path, kind):
    members, code = damaged(kind)
    path = write_zip(tmp_path / "a.zip", members)
    with pytest.raises(AvatarError) as caught:
        load_avatar(path)
    assert caught.value.code == code
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    report = validate(path)
    assert not report.good and code in [finding.code for finding in report.findings]


def test_files_that_are_no_zip(tmp_path):
    (tmp_path / "text.zip").write_text("hello, this is no zip")
    (tmp_path / "empty.zip").write_bytes(b"")
    save_lam(fake_avatar(), tmp_path / "whole.zip")
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    for name, code in (("text", "avatar_not_zip"), ("empty", "avatar_empty"), ("cut", "avatar_not_zip"),
                       ("absent", "avatar_not_found")):  # fmt: skip
        with pytest.raises(AvatarError) as caught:
            load_avatar(tmp_path / f"{name}.zip")
        assert caught.value.code == code
        assert not validate(tmp_path / f"{name}.zip").good


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = write_zip(tmp_path / "bomb.zip", {"a/skin.glb": bytes(3_000_000)})
    assert path.stat().st_size < 10_000
    for limits in ({"max_member_bytes": 1_000_000}, {"max_total_bytes": 1_000_000}):
        with pytest.raises(AvatarError, match="zip bomb") as caught:
            AvatarArchive(path, **limits)
        assert caught.value.code == "avatar_too_large"


def test_damaged_bytes_never_end_in_another_error(tmp_path):
    save_lam(fake_avatar(60, names=("jawOpen", "mouthClose")), tmp_path / "whole.zip")
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rng = np.random.default_rng(1)
    for _ in range(150):
        name = list(members)[rng.integers(3)]
        broken = bytearray(members[name])
        for at in rng.integers(0, min(len(broken), 3000), 3):
            broken[at] = rng.integers(256)
        path = write_zip(tmp_path / "broken.zip", members | {name: bytes(broken)})
        validate(path).text()
        try:
            load_avatar(path)
        except AvatarError as error:
            assert str(error)


def test_deep_json_is_refused(tmp_path):
    text = b"[" * 100_000
    glb = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    with pytest.raises(AvatarError):
        load_avatar(write_zip(tmp_path / "a.zip", parts() | {"a/skin.glb": glb}))


def test_negative_and_huge_json_numbers_are_refused(tmp_path):
    skin = skin_glb(fake_avatar(60))
    length = struct.unpack_from("<I", skin, 12)[0]
    for change in ({"count": -5}, {"count": 10**12}, {"bufferView": 10**9}, {"bufferView": "x"}, {"componentType": 1}):
        doc = json.loads(skin[20 : 20 + length])
        doc["accessors"][0] |= change
        text = json.dumps(doc).encode()
        glb = struct.pack("<4sIIII", b"glTF", 2, 0, len(text), 0x4E4F534A) + text + skin[20 + length :]
        with pytest.raises(AvatarError) as caught:
            load_avatar(write_zip(tmp_path / "a.zip", parts() | {"a/skin.glb": glb}))
        assert caught.value.code == "avatar_bad_glb"


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_avatars_load(path):
    avatar = load_avatar(path, AS_IS)
    assert avatar.splats == 20018 and len(avatar.morph_names) == 51 and len(avatar.clips) == 12
    assert missing_shapes(avatar.morph_names) == ("tongueOut",)
    low, high = avatar.extent()
    assert 1.4 < low[1] < 1.5 and 1.75 < high[1] < 1.9
    assert np.median(avatar.opacities) == pytest.approx(0.1, abs=0.05)
    rotations = np.stack([clip.matrices[:, :3, :3] for clip in avatar.clips.values() if clip.name.endswith("idle")])
    angles = np.degrees(np.arccos(np.clip((np.trace(rotations, axis1=2, axis2=3) - 1) / 2, -1, 1)))
    assert 2 < angles.max() < 15
    assert validate(path).good
