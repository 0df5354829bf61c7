"""The GPU path's own parts, on whatever device torch has: morphs, pose, camera, compositing, uploads."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra: gpu)")

import torch

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import RenderError
from avatar_ros.render.base import Camera, Settings
from avatar_ros.render.gsplat import GsplatRasteriser, built_rasterization
from avatar_ros.render.reference import ReferenceRasteriser
from avatar_ros.render.torch_ops import DeviceAvatar, composite, morphed

CAMERA = Camera.look_at((0.05, 1.7, 0.9), (0.0, 1.65, 0.0), 24.0, 40, 30)


def reference_rasterization(means, quats, scales, opacities, colors, viewmats, intrinsics, width, height, **options):
    """The call of gsplat, answered by the float64 reference."""
    arrays = (t.cpu().numpy() for t in (means, scales, quats, colors, opacities))
    avatar = Avatar("moved", *arrays, morphs=NO_MORPHS)
    k = intrinsics[0].cpu().numpy()
    camera = Camera(viewmats[0].cpu().numpy(), width, height, *map(float, (k[0, 0], k[1, 1], k[0, 2], k[1, 2])))
    raster = ReferenceRasteriser(avatar, Settings(blur_px2=options["eps2d"]))
    colour, through = raster.accumulate(np.zeros(ARKIT_COUNT), np.eye(4), camera)
    assert options["near_plane"] == 0.01 and options["packed"] is False
    rgb, cover = (torch.from_numpy(a[None].astype(np.float32)) for a in (colour, 1 - through[..., None]))
    return rgb, cover, {}


def turned_head():
    head = np.eye(4, dtype=np.float32)
    head[:3, :3] = [[0.96, 0, 0.28], [0, 1, 0], [-0.28, 0, 0.96]]
    head[:3, 3] = (0.01, -0.02, 0.03)
    return head


@pytest.mark.parametrize("background", [None, (0.2, 0.9, 0.4), "picture"])
@pytest.mark.parametrize("alpha", ["premultiplied", "straight"])
def test_frames_are_the_references(background, alpha):
    rng = np.random.default_rng(0)
    if background == "picture":
        background = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    avatar, settings = fake_avatar(150), Settings(transparent_alpha=alpha, smoke_cover=0.3)
    weights = rng.random(ARKIT_COUNT).astype(np.float32)
    here = GsplatRasteriser(avatar, settings, reference_rasterization, "cpu")
    frame = here.render(weights, turned_head(), CAMERA, background)
    expected = ReferenceRasteriser(avatar, settings).render(weights, turned_head(), CAMERA, background)
    assert frame.alpha == expected.alpha and isinstance(frame.pixels, torch.Tensor)
    assert abs(frame.numpy().astype(int) - expected.numpy()).max() <= 1


def test_a_background_picture_may_change_in_place():
    here = GsplatRasteriser(fake_avatar(20), Settings(), reference_rasterization, "cpu")
    picture = np.zeros((30, 40, 3), np.uint8)
    weights, head = np.zeros(ARKIT_COUNT, np.float32), np.eye(4)
    assert here.render(weights, head, CAMERA, picture).numpy()[0, 0, 0] == 0
    picture[:] = 200
    assert here.render(weights, head, CAMERA, picture).numpy()[0, 0, 0] == 200


def test_the_callers_buffer_is_filled():
    here = GsplatRasteriser(fake_avatar(20), Settings(), reference_rasterization, "cpu")
    out = np.zeros((30, 40, 4), np.uint8)
    frame = here.render(np.zeros(ARKIT_COUNT, np.float32), np.eye(4), CAMERA, (1.0, 1.0, 1.0), out)
    assert frame.numpy() is out and (out[..., 3] == 255).all()


def test_morphs_are_those_of_numpy():
    avatar = fake_avatar(100)
    weights = np.random.default_rng(0).random(ARKIT_COUNT).astype(np.float32)
    scene = DeviceAvatar.load(avatar, torch.device("cpu"), 0.999)
    expected = avatar.positions + np.tensordot(weights, avatar.morph_deltas, 1)
    np.testing.assert_allclose(morphed(scene, torch.from_numpy(weights)).numpy(), expected, atol=1e-6)
    assert float(scene.opacities.max()) <= 0.999


def test_an_avatar_without_morphs_stays_as_it_is():
    avatar = fake_avatar(30, names=())
    scene = DeviceAvatar.load(avatar, torch.device("cpu"), 0.999)
    np.testing.assert_array_equal(morphed(scene, torch.zeros(0)).numpy(), avatar.positions)


def test_compositing_of_one_pixel():
    rgb, cover = torch.tensor([[[0.25, 0.0, 0.0]]]), torch.tensor([[[0.5]]])
    behind = torch.tensor([0.0, 1.0, 0.0])
    assert composite(rgb, cover, behind, "opaque")[0, 0].tolist() == [64, 128, 0, 255]
    assert composite(rgb, cover, behind, "premultiplied")[0, 0].tolist() == [64, 0, 0, 128]
    assert composite(rgb, cover, behind, "straight")[0, 0].tolist() == [128, 0, 0, 128]


def test_without_cuda_it_says_so():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(RenderError, match="backend: cpu"):
        built_rasterization()
