"""Avatars as other programs write them: packed splats, zips of Windows, axes, files that are something else."""

import gzip
import re
import stat
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.axes import may_be_upside_down
from avatar_ros.avatar.clean import CleanSettings
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.validate import validate
from avatar_ros.core.errors import AvatarError, ConfigError
from fuzz import samples

AS_IS = CleanSettings(drop_invisible=False, drop_floaters=False)


def angle_deg(a, b):
    """Between rotations as unit quaternions [N, 4]."""
    return np.degrees(2 * np.arccos(np.clip(np.abs(np.sum(a * b, axis=1)), 0, 1)))


@pytest.mark.parametrize(
    ("name", "data", "place_m", "size_ratio", "turn_deg"),
    [
        ("a.ply", samples.compressed_ply(), 1e-3, 0.01, 0.3),
        ("a.ply", samples.compressed_ply(colour_range=False, harmonics=True), 1e-3, 0.01, 0.3),
        ("a.spz", samples.spz(fake_avatar(), version=1), 2e-3, 0.04, 3.5),
        ("a.spz", samples.spz(fake_avatar(), version=2), 2e-4, 0.04, 3.5),
        ("a.spz", samples.spz(fake_avatar(), version=3), 2e-4, 0.04, 0.4),
        ("a.splat", samples.splat(fake_avatar()), 1e-6, 1e-5, 1.5),
    ],
)
def test_packed_splats_are_those_that_were_packed(tmp_path, name, data, place_m, size_ratio, turn_deg):
    (tmp_path / name).write_bytes(data)
    found, wanted = load_avatar(tmp_path / name, AS_IS), fake_avatar()
    np.testing.assert_allclose(found.positions, wanted.positions, atol=place_m)
    np.testing.assert_allclose(found.scales, wanted.scales, rtol=size_ratio)
    np.testing.assert_allclose(found.colors, wanted.colors, atol=0.01)
    np.testing.assert_allclose(found.opacities, wanted.opacities, atol=0.005)
    # Most of them: a component that follows from the other three is coarse where it is nearly 0.
    assert np.percentile(angle_deg(found.rotations, wanted.rotations), 95) < turn_deg
    assert validate(tmp_path / name).good


def refused(path, code):
    with pytest.raises(AvatarError) as caught:
        load_avatar(path)
    assert caught.value.code == code, caught.value
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    report = validate(path)
    assert not report.good and code in [finding.code for finding in report.findings]
    return str(caught.value)


PACKED = samples.compressed_ply()
SPZ = gzip.decompress(samples.spz())


@pytest.mark.parametrize(
    ("name", "data", "code", "what"),
    [
        ("a.spz", gzip.compress(b"a tar, say", mtime=0), "avatar_bad_splats", "no .spz"),
        ("a.spz", gzip.compress(SPZ[:-1], mtime=0), "avatar_bad_splats", "cut off"),
        ("a.spz", gzip.compress(SPZ, mtime=0)[:-100], "avatar_bad_splats", "cut off"),
        ("a.spz", gzip.compress(SPZ[:4] + b"\4" + SPZ[5:], mtime=0), "avatar_bad_splats", "version 4"),
        ("a.spz", gzip.compress(SPZ[:14] + b"\2" + SPZ[15:], mtime=0), "avatar_bad_splats", "extensions"),
        ("a.spz", gzip.compress(SPZ[:8] + b"\xff\xff\xff\x7f" + SPZ[12:], mtime=0), "avatar_bad_splats", "limit"),
        ("a.spz", gzip.compress(bytes(300 << 20), 1, mtime=0), "avatar_bad_splats", "bomb"),
        ("a.splat", samples.splat()[:-1], "avatar_bad_splats", "whole number"),
        ("a.ply", PACKED.replace(b"element chunk 2", b"element chunk 1", 1), "avatar_bad_ply", "1 chunks"),
        ("a.ply", PACKED.replace(b"packed_scale", b"unpacked_sca", 1), "avatar_bad_ply", "packed_scale"),
        ("a.ply", PACKED.replace(b"max_g", b"max_x", 1), "avatar_bad_ply", "max_g|not usable"),
        ("a.ply", PACKED.replace(b"max_g", b"maxig", 1), "avatar_bad_ply", "max_g"),
        ("a.txt", b"hello, this is no avatar", "avatar_not_zip", "give a LAM .zip"),
        ("a.ply", PACKED[:-8], "avatar_bad_ply", "truncated"),
        ("a.glb", samples.lam_members()["a/skin.glb"], "avatar_other_kind", "mesh alone"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(99), "avatar_other_kind", "pack it as .zip"),
        ("a.rar", b"Rar!\x1a\7" + bytes(99), "avatar_other_kind", "pack it as .zip"),
    ],
)
def test_what_cannot_be_unpacked_is_named(tmp_path, name, data, code, what):
    (tmp_path / name).write_bytes(data)
    assert re.search(what, refused(tmp_path / name, code))


# --- numbers and axes -------------------------------------------------------------------------------------------------


def ply_with(avatar, **columns):
    """A plain .ply with columns replaced; a column is a name of the file and a value a splat."""
    data = bytearray(samples.plain_ply(avatar))
    at = data.index(b"end_header\n") + 11
    names = [line.split()[-1] for line in bytes(data[:at]).decode().splitlines() if line.startswith("property")]
    table = np.frombuffer(data, "<f4", offset=at).reshape(-1, len(names))
    for name, values in columns.items():
        table[:, names.index(name)] = values
    return bytes(data)


def test_infinite_logits_and_scales_of_nothing_are_sound_numbers(tmp_path):
    opacity = np.tile([np.inf, -np.inf, 0.0], 100)
    scale = np.tile([-np.inf, -5.0, -5.0], 100)
    (tmp_path / "a.ply").write_bytes(ply_with(fake_avatar(), opacity=opacity, scale_0=scale))
    found = load_avatar(tmp_path / "a.ply", AS_IS)
    assert found.opacities[:3].tolist() == [1.0, 0.0, 0.5]
    assert found.scales[0, 0] == 0 and found.scales[1, 0] > 0
    assert validate(tmp_path / "a.ply").good


@pytest.mark.parametrize(
    ("column", "value"), [("opacity", np.nan), ("scale_1", np.inf), ("scale_1", np.nan), ("rot_2", np.inf),
                          ("f_dc_0", -np.inf), ("x", np.inf), ("y", 1e30), ("z", -1e9)],
)  # fmt: skip
def test_numbers_without_sense_are_counted_and_refused(tmp_path, column, value):
    (tmp_path / "a.ply").write_bytes(ply_with(fake_avatar(), **{column: np.where(np.arange(300) < 3, value, 0)}))
    assert "holds 3 values" in refused(tmp_path / "a.ply", "avatar_not_finite")


def bust(seed=0):
    """A head with shoulders: wider below."""
    avatar = fake_avatar(600, seed)
    low, high = avatar.positions[:, 1].min(), avatar.positions[:, 1].max()
    wide = 1 + 1.5 * (avatar.positions[:, 1] < low + 0.3 * (high - low))
    return replace(avatar, positions=(avatar.positions * np.stack([wide, wide**0, wide**0], 1)).astype(np.float32))


#: How trainers with other axes write the same head: positions and quaternions (w x y z).
HALF = np.sqrt(0.5)
WRITTEN = {
    "y_up": (lambda x, y, z: (x, y, z), (1, 0)),
    "y_down": (lambda x, y, z: (x, -y, -z), (0, 1)),
    "z_up": (lambda x, y, z: (x, -z, y), (HALF, HALF)),
    "z_down": (lambda x, y, z: (x, z, -y), (HALF, -HALF)),
}


@pytest.mark.parametrize("axes", WRITTEN)
def test_heads_of_other_axes_are_brought_upright(tmp_path, axes):
    avatar = bust()
    turn, (c, s) = WRITTEN[axes]
    w, x, y, z = avatar.rotations.T
    written = replace(
        avatar,
        positions=np.stack(turn(*avatar.positions.T), axis=1).astype(np.float32),
        rotations=np.stack([c * w - s * x, c * x + s * w, c * y - s * z, c * z + s * y], 1).astype(np.float32),
    )
    (tmp_path / "a.ply").write_bytes(samples.plain_ply(written))
    found = load_avatar(tmp_path / "a.ply", AS_IS, axes)
    np.testing.assert_allclose(found.positions, avatar.positions, atol=1e-5)
    assert angle_deg(found.rotations, avatar.rotations).max() < 0.1


def test_a_head_that_hangs_is_noted_and_the_remedy_works(tmp_path):
    upright = bust()
    centred = replace(upright, positions=upright.positions - upright.positions.mean(axis=0))
    for avatar in (upright, centred):
        assert not may_be_upside_down(avatar)
        hanging = replace(avatar, positions=avatar.positions * np.float32([1, -1, -1]))
        (tmp_path / "a.ply").write_bytes(samples.plain_ply(hanging))
        report = validate(tmp_path / "a.ply")
        note = next(f for f in report.findings if f.code == "avatar_upside_down")
        assert not note.fault and "--axes y_down" in note.text
        assert "avatar_upside_down" not in [f.code for f in validate(tmp_path / "a.ply", "y_down").findings]


def test_unknown_axes_are_named(tmp_path):
    (tmp_path / "a.ply").write_bytes(samples.plain_ply())
    for reader in (lambda path: validate(path, "x_up"), lambda path: load_avatar(path, axes="x_up")):
        with pytest.raises(ConfigError, match="y_up, y_down, z_up, z_down"):
            reader(tmp_path / "a.ply")


def test_lams_offsets_alone_are_named(tmp_path):
    avatar = fake_avatar()
    offsets = np.random.default_rng(0).normal(scale=0.004, size=(300, 3)).clip(-0.1, 0.1).T
    data = ply_with(avatar, x=offsets[0], y=offsets[1], z=offsets[2],
                    **{f"f_dc_{k}": avatar.colors[:, k] for k in range(3)})  # fmt: skip
    (tmp_path / "offset.ply").write_bytes(data)
    assert "skin.glb" in refused(tmp_path / "offset.ply", "avatar_offset_only")


# --- zips -------------------------------------------------------------------------------------------------------------


def zip_of(tmp_path, members, name="a.zip"):
    (tmp_path / name).write_bytes(samples.zipped(members))
    return tmp_path / name


def test_zips_of_windows_programs_have_backslashes(tmp_path):
    members = {name.replace("/", "\\"): data for name, data in samples.lam_members().items()}
    path = zip_of(tmp_path, members | {"a\\": b"", "__MACOSX\\._skin.glb": b"", "a\\.DS_Store": b""})
    assert validate(path).good and load_avatar(path).splats
    assert "unsafe path" in refused(zip_of(tmp_path, members | {"a\\..\\..\\x": b""}), "avatar_unsafe_path")
    assert "unsafe path" in refused(zip_of(tmp_path, members | {"C:\\x": b""}), "avatar_unsafe_path")


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"inner.zip": samples.zipped(samples.lam_members())}, "zip within"),
        ({"meta.json": b"{}", "means_l.webp": b""}, "SOG"),
        ({"a/skin.gltf": b"{}", "a/skin.bin": b""}, "binary .glb"),
        ({"readme.txt": b""}, "made by LAM"),
        ({f"{i}.txt": b"" for i in range(999)}, "…"),
    ],
)
def test_a_zip_of_something_else_says_what_to_do(tmp_path, members, what):
    text = refused(zip_of(tmp_path, members), "avatar_missing_part")
    assert what in text and len(text) < 600


def test_offset_ply_alone_in_a_zip_is_named(tmp_path):
    members = {name: data for name, data in samples.lam_members().items() if name != "a/skin.glb"}
    assert "distances from skin.glb" in refused(zip_of(tmp_path, members), "avatar_missing_part")


def test_links_and_passwords_are_named(tmp_path):
    path = zip_of(tmp_path, samples.lam_members())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in samples.lam_members().items():
            info = zipfile.ZipInfo(name)
            link = name == "a/skin.glb"
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if link else 0
            archive.writestr(info, b"/etc/passwd" if link else data)
    assert "is a link" in refused(path, "avatar_unsafe_path")
    data = bytearray(samples.zipped(samples.lam_members()))
    for magic, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # every member claims to be encrypted
        at = data.find(magic)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(magic, at + 1)
    path.write_bytes(data)
    assert "password" in refused(path, "avatar_encrypted")


def test_a_zip_that_says_it_holds_a_million_files_is_not_listed(tmp_path):
    data = samples.zipped(samples.lam_members())
    at = data.rfind(b"PK\5\6")
    path = tmp_path / "a.zip"
    path.write_bytes(data[: at + 12] + struct.pack("<I", 50_000_000) + data[at + 16 :])
    assert "more files" in refused(path, "avatar_too_large")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(tmp_path, method):
    path = tmp_path / "a.zip"
    data = samples.zipped(samples.lam_members(), method)
    path.write_bytes(data)
    assert load_avatar(path).splats
    at = data.index(b"skin.glb") + 400
    path.write_bytes(data[:at] + bytes(200) + data[at + 200 :])
    assert not validate(path).good


def test_zip64_as_some_programs_always_write(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in samples.lam_members().items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    assert validate(path).good


def test_folders_pipes_and_absent_files(tmp_path):
    assert "give a LAM .zip" in refused(tmp_path, "avatar_not_file")
    assert refused(tmp_path / "none.zip", "avatar_not_found")
