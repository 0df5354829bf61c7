"""The compact avatar: what comes back is the same head to the eye, whatever the avatar is made of."""

from __future__ import annotations

import dataclasses
import gzip
import shutil

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.framing import frame_head, head_pivot
from avatar_ros.avatar.load import avatar_file, load_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import AvatarError
from avatar_ros.gateway.avatar_binary import binary_name, to_binary
from avatar_ros.gateway.avatar_binary_reader import from_binary
from avatar_ros.render.base import RasterSettings
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.reference import ReferenceRasteriser
from page_node import run_node

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


def drawn(avatar: Avatar, like: Avatar, side: int = 128) -> np.ndarray:
    """Mouth open, head turned; by the camera of `like`."""
    weights = np.zeros(ARKIT_COUNT, np.float32)
    weights[24], weights[43] = 0.8, 0.5
    head = np.eye(4)
    head[:3, :3] = [[0.98, 0, 0.199], [0, 1, 0], [-0.199, 0, 0.98]]
    camera = portrait_camera(like, side, side)
    return ReferenceRasteriser(avatar, RasterSettings()).render(weights, head, camera, (0.9, 0.9, 0.9)).numpy()


def cloud(scale: float = 1.0) -> Avatar:
    """Splats alone: no neck, no morphs, no clips."""
    head = fake_avatar(400, seed=3)
    moved = head.positions * np.float32(scale)
    return dataclasses.replace(head, neck=None, morphs=NO_MORPHS, clips={}, positions=moved,
                               scales=head.scales * np.float32(scale))  # fmt: skip


@pytest.mark.parametrize("avatar", [fake_avatar(400), cloud(), cloud(50.0)], ids=["head", "cloud", "large cloud"])
def test_the_same_head_comes_back(avatar):
    read = from_binary(to_binary(avatar))
    assert read.splats == avatar.splats and read.morph_names == avatar.morph_names
    assert psnr_db(drawn(read, avatar), drawn(avatar, avatar)) > 42
    assert frame_head(read, 1.0).position == pytest.approx(frame_head(avatar, 1.0).position, rel=1e-3)
    np.testing.assert_allclose(head_pivot(read), head_pivot(avatar), atol=1e-2)
    assert read.clips.keys() == avatar.clips.keys()
    for name, clip in avatar.clips.items():
        np.testing.assert_allclose(read.clips[name].matrices, clip.matrices, atol=1e-4)
        np.testing.assert_allclose(read.clips[name].times_s, clip.times_s, atol=1e-4)


def test_builtin_is_small_and_the_same_to_the_eye():
    avatar = load_avatar(avatar_file("builtin"))
    blob = to_binary(avatar)
    read = from_binary(blob)
    assert len(gzip.compress(blob, 9)) < 0.8e6
    assert psnr_db(drawn(read, avatar), drawn(avatar, avatar)) > 45
    assert blob == to_binary(avatar) and len(binary_name(blob)) == 64


def test_a_position_far_away_costs_no_detail():
    avatar = fake_avatar(400)
    positions = avatar.positions.copy()
    positions[0] = 500.0
    avatar = dataclasses.replace(avatar, positions=positions, opacities=np.where(np.arange(400) == 0, 0.01, 0.5))
    np.testing.assert_allclose(from_binary(to_binary(avatar)).positions, positions, atol=2e-5)


def test_many_splats_have_wider_numbers():
    avatar = fake_avatar(70000, names=("jawOpen", "ofItsOwn"))
    read = from_binary(to_binary(avatar))
    for morph in range(2):
        assert read.morphs.part(morph)[0].max() > 65536
        kept = set(read.morphs.part(morph)[0].tolist())
        assert kept <= set(avatar.morphs.part(morph)[0].tolist()) and len(kept) > 10000


@pytest.mark.parametrize("blob", [b"", b"AVH1", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_such_file_is_said_to_be_none(blob):
    with pytest.raises(AvatarError, match="no compact avatar"):
        from_binary(blob if len(blob) > 8 else blob[:7])


def test_a_file_that_is_cut_off_is_said_to_be():
    with pytest.raises(AvatarError, match="cut off"):
        from_binary(to_binary(fake_avatar(50))[:-400])


READ_SCRIPT = """
const { readAvatar } = await import(page + 'avatar_file.js');
const { portraitCamera } = await import(page + 'camera.js');
const bytes = readFileSync(given.file);
const avatar = readAvatar(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const out = {};
for (const [name, value] of Object.entries(avatar)) out[name] = ArrayBuffer.isView(value) ? [...value] : value;
out.clips = avatar.clips.map((clip) => ({ ...clip, keys: [...clip.keys] }));
out.cameras = given.sizes.map(([w, h]) => portraitCamera(avatar, w, h)).map((c) => [...c.view, c.focal, c.blur]);
console.log(JSON.stringify(out));
"""


@needs_node
@pytest.mark.parametrize("avatar", [fake_avatar(90), cloud(50.0)], ids=["head", "cloud"])
def test_the_page_reads_what_the_slow_reader_reads(tmp_path, avatar):
    blob = to_binary(avatar)
    (tmp_path / "avatar.bin").write_bytes(blob)
    sizes = [(512, 512), (300, 900), (1600, 700)]
    page = run_node(tmp_path, READ_SCRIPT, {"file": str(tmp_path / "avatar.bin"), "sizes": sizes})
    read = from_binary(blob)
    for name in ("positions", "scales", "rotations", "colors", "opacities"):
        np.testing.assert_allclose(np.array(page[name]), getattr(read, name).ravel(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(page["share"], read.head_share, atol=1e-6)
    np.testing.assert_array_equal(page["offsets"], read.morphs.offsets)
    np.testing.assert_array_equal(page["indices"], read.morphs.indices)
    np.testing.assert_allclose(page["deltas"], read.morphs.deltas.ravel(), atol=1e-8)
    for clip in page["clips"]:
        np.testing.assert_allclose(clip["keys"], read.clips[clip["name"]].matrices.ravel(), atol=1e-5)
    for (width, height), numbers in zip(sizes, page["cameras"], strict=True):
        camera = portrait_camera(avatar, width, height)
        np.testing.assert_allclose(numbers[:16], camera.view.ravel(), atol=1e-4)
        assert numbers[16:] == pytest.approx([camera.fy, RasterSettings().blur_at(width, height)], rel=1e-4)


BROKEN_SCRIPT = """
const { readAvatar } = await import(page + 'avatar_file.js');
const bytes = readFileSync(given.file);
try {
  readAvatar(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
} catch (error) {
  console.log(JSON.stringify(error.message));
}
"""


@needs_node
@pytest.mark.parametrize("broken", ["other", "short", "cut"])
def test_the_page_says_what_is_no_avatar(tmp_path, broken):
    blob = to_binary(fake_avatar(50))
    (tmp_path / "avatar.bin").write_bytes({"other": b"PK" + blob[2:], "short": b"AVH1", "cut": blob[:-400]}[broken])
    said = run_node(tmp_path, BROKEN_SCRIPT, {"file": str(tmp_path / "avatar.bin")})
    assert "avatar file" in said
