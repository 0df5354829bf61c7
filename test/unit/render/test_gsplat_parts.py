"""The GPU path's own parts, on whatever device torch has: morphs, pose, camera, compositing, uploads."""

import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra: gpu)")

import torch

from avatar_ros.avatar.clips import quaternion_matrices
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import RenderError
from avatar_ros.render import gsplat
from avatar_ros.render.auto import make_rasteriser
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.gsplat import GsplatRasteriser
from avatar_ros.render.gsplat_calls import built_rasterization, direct, direct_rasterization
from avatar_ros.render.reference import ReferenceRasteriser
from avatar_ros.render.torch_ops import DeviceAvatar, TorchParts, composite, morphed, posed, turn_parts

CAMERA = Camera.look_at((0.05, 1.7, 0.9), (0.0, 1.65, 0.0), 24.0, 40, 30)


def reference_rasterization(means, quats, scales, opacities, colors, viewmats, intrinsics, width, height, **options):
    """The call of gsplat, answered by the float64 reference."""
    arrays = (t.cpu().numpy() for t in (means, scales, quats, colors, opacities))
    avatar = Avatar("moved", *arrays, morphs=NO_MORPHS)
    k = intrinsics[0].cpu().numpy()
    camera = Camera(viewmats[0].cpu().numpy(), width, height, *map(float, (k[0, 0], k[1, 1], k[0, 2], k[1, 2])))
    raster = ReferenceRasteriser(avatar, RasterSettings(blur_px2=options["eps2d"]))
    colour, through = raster.accumulate(np.zeros(ARKIT_COUNT), np.eye(4), camera)
    assert options["near_plane"] == 0.01 and options["packed"] is False
    rgb, cover = (torch.from_numpy(a[None].astype(np.float32)) for a in (colour, 1 - through[..., None]))
    return rgb, cover, {}


def turned_head(degrees=16.0):
    head = np.eye(4, dtype=np.float32)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    head[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    head[:3, 3] = (0.01, -0.02, 0.03)
    return head


@pytest.mark.parametrize("background", [None, (0.2, 0.9, 0.4), "picture"])
@pytest.mark.parametrize("alpha", ["premultiplied", "straight"])
def test_frames_are_the_references(background, alpha):
    rng = np.random.default_rng(0)
    if background == "picture":
        background = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    avatar, settings = replace(fake_avatar(150), neck=None), RasterSettings(transparent_alpha=alpha, smoke_cover=0.3)
    weights = rng.random(ARKIT_COUNT).astype(np.float32)
    here = GsplatRasteriser(avatar, settings, reference_rasterization, "cpu")
    frame = here.render(weights, turned_head(), CAMERA, background)
    expected = ReferenceRasteriser(avatar, settings).render(weights, turned_head(), CAMERA, background)
    assert frame.alpha == expected.alpha and isinstance(frame.pixels, torch.Tensor)
    assert abs(frame.numpy().astype(int) - expected.numpy()).max() <= 1


def test_a_bent_neck_is_the_references():
    avatar, settings = fake_avatar(150), RasterSettings()
    weights = np.random.default_rng(0).random(ARKIT_COUNT).astype(np.float32)
    makers = (lambda: GsplatRasteriser(avatar, settings, reference_rasterization, "cpu"),
              lambda: ReferenceRasteriser(avatar, settings))  # fmt: skip
    here, expected = (make().render(weights, turned_head(6.0), CAMERA, (0.5, 0.5, 0.5)).numpy() for make in makers)
    error = np.mean((here.astype(float) - expected) ** 2)
    assert 10 * np.log10(255**2 / error) > 55
    straight = ReferenceRasteriser(replace(avatar, neck=None), settings)
    whole = straight.render(weights, turned_head(6.0), CAMERA, (0.5, 0.5, 0.5)).numpy()
    assert np.mean((whole.astype(float) - expected) ** 2) > 20 * error, "the neck makes a difference"


def test_posing_moves_each_splat_by_its_share():
    avatar, head = fake_avatar(80), turned_head().astype(np.float64)
    scene = DeviceAvatar.load(avatar, torch.device("cpu"), 0.999)
    turn, shift, left = torch.tensor(turn_parts(head)).split([9, 3, 16])
    parts = (turn.view(3, 3), shift, left.view(4, 4))
    centres, rotations = posed(scene, scene.positions, *parts)
    share = avatar.head_share[:, None].astype(np.float64)
    moved = avatar.positions @ head[:3, :3].T + head[:3, 3]
    np.testing.assert_allclose(centres.numpy(), avatar.positions * (1 - share) + moved * share, atol=1e-6)
    turned = quaternion_matrices(rotations.numpy().astype(np.float64))
    rest = quaternion_matrices(avatar.rotations.astype(np.float64))
    body, whole = share[:, 0] == 0, share[:, 0] == 1
    assert body.any() and whole.any()
    np.testing.assert_allclose(turned[body], rest[body], atol=1e-6)
    np.testing.assert_allclose(turned[whole], head[:3, :3] @ rest[whole], atol=1e-6)


def test_a_background_picture_may_change_in_place():
    here = GsplatRasteriser(fake_avatar(20), RasterSettings(), reference_rasterization, "cpu")
    picture = np.zeros((30, 40, 3), np.uint8)
    weights, head = np.zeros(ARKIT_COUNT, np.float32), np.eye(4)
    assert here.render(weights, head, CAMERA, picture).numpy()[0, 0, 0] == 0
    picture[:] = 200
    assert here.render(weights, head, CAMERA, picture).numpy()[0, 0, 0] == 200


def test_the_callers_buffer_is_filled():
    here = GsplatRasteriser(fake_avatar(20), RasterSettings(), reference_rasterization, "cpu")
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


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA error: no kernel image is available\nmore"), torch.OutOfMemoryError("out of memory")]
)
def test_a_first_frame_that_fails_is_a_render_error_with_one_line(error):
    def failing(*arguments, **options):
        raise error

    with pytest.raises(RenderError, match=r"first frame failed.*backend: cpu") as caught:
        GsplatRasteriser(fake_avatar(20), RasterSettings(), failing, "cpu")
    assert "\n" not in str(caught.value) and caught.value.code == "render_gsplat_failed"


def test_auto_draws_on_the_cpu_where_the_first_frame_fails(monkeypatch):
    pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built")

    def failing(*arguments, **options):
        raise RuntimeError("CUDA error: no kernel image is available")

    monkeypatch.setattr(gsplat, "built_rasterization", lambda: failing)
    monkeypatch.setattr(gsplat.GsplatRasteriser.__init__, "__defaults__", (None, "cpu"))
    raster, reason = make_rasteriser(fake_avatar(20), RasterSettings(backend="auto"))
    assert raster.name == "cpu" and "no kernel image" in reason


def test_without_cuda_it_says_so():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(RenderError, match="backend: cpu"):
        built_rasterization()


class Recorder:
    """In place of gsplat's compiled module: notes what each function is called with, answers with tensors."""

    class CameraModelType:
        PINHOLE = "pinhole"

    PINHOLE = CameraModelType.PINHOLE

    def __init__(self, splats):
        self.calls = {}
        self._answers = {
            "projection_ewa_3dgs_fused_fwd": lambda: tuple(torch.zeros(1, splats, *k) for k in ([2], [2], [], [3], [])),
            "intersect_tile": lambda: (torch.zeros(1, splats), torch.zeros(9), torch.zeros(9)),
            "intersect_offset": lambda: torch.zeros(1, 3, 4),
            "rasterize_to_pixels_3dgs_fwd": lambda: (torch.zeros(1, 40, 50, 3), torch.zeros(1, 40, 50, 1), None),
        }

    def __getattr__(self, name):
        def call(*arguments):
            self.calls[name] = [a.shape if isinstance(a, torch.Tensor) else a for a in arguments]
            return self._answers[name]()

        return call


def test_the_direct_calls_are_those_that_gsplat_makes(monkeypatch):
    if importlib.util.find_spec("gsplat") is None:
        pytest.skip("gsplat is not installed (extra: gpu)")
    theirs, ours = Recorder(7), Recorder(7)
    monkeypatch.setitem(sys.modules, "gsplat.csrc", theirs)  # or importing it would start a compilation
    from gsplat import rasterization
    from gsplat.cuda import _backend

    splats = (torch.zeros(7, *k) for k in ([3], [4], [3], [], [3]))
    arguments = (*splats, torch.eye(4)[None], torch.eye(3)[None], 50, 40)
    monkeypatch.setattr(_backend, "_C", theirs)
    for call in (rasterization, direct(ours)):
        call(*arguments, near_plane=0.01, packed=False, eps2d=0.7)
    assert set(ours.calls) == {"projection_ewa_3dgs_fused_fwd", "intersect_tile", "intersect_offset",
                               "rasterize_to_pixels_3dgs_fwd"}  # fmt: skip
    assert ours.calls == theirs.calls


@pytest.mark.parametrize("shift, path", [(0, "kernels"), (9, "torch")])
def test_the_fast_path_is_taken_where_it_draws_the_same(monkeypatch, shift, path):
    class Fast:
        def __init__(self, scene, avatar, inputs):
            self._slow = TorchParts(scene)

        def posed(self, inputs):
            return self._slow.posed(inputs)

        def finished(self, *arguments):
            return self._slow.finished(*arguments) ^ shift

    monkeypatch.setattr(gsplat, "built_rasterization", lambda: reference_rasterization)
    monkeypatch.setattr(gsplat, "direct_rasterization", lambda: reference_rasterization)
    monkeypatch.setattr(gsplat, "CudaParts", Fast)
    assert GsplatRasteriser(fake_avatar(40), RasterSettings(), device="cpu").path == path


@pytest.fixture(scope="module")
def rasterization():
    try:
        return built_rasterization()
    except RenderError as error:
        pytest.skip(str(error))


def splat_call(splats=500, size=(160, 120)):
    scene = DeviceAvatar.load(fake_avatar(splats), torch.device("cuda"), 0.999)
    camera = Camera.look_at((0.05, 1.7, 0.9), (0.0, 1.65, 0.0), 24.0, *size)
    view, intrinsics = (torch.from_numpy(matrix).cuda()[None] for matrix in (camera.view, camera.matrix))
    return (scene.positions, scene.rotations, scene.scales, scene.opacities, scene.colors, view, intrinsics, *size)


def test_on_a_card_the_direct_calls_are_gsplats_own(rasterization):
    ours = direct_rasterization()
    assert ours is not rasterization, "this is the gsplat whose kernels we know"
    with torch.inference_mode():
        for size in ((160, 120), (33, 47)):
            arguments, options = splat_call(size=size), {"near_plane": 0.01, "packed": False, "eps2d": 0.3}
            expected, found = rasterization(*arguments, **options), ours(*arguments, **options)
            torch.testing.assert_close(found[0], expected[0], rtol=0, atol=0)
            torch.testing.assert_close(found[1], expected[1], rtol=0, atol=0)


@pytest.mark.parametrize("background", [None, (0.2, 0.9, 0.4), "picture"])
@pytest.mark.parametrize("smoke", [0.0, 0.3])
def test_on_a_card_our_kernels_give_what_torch_gives(rasterization, background, smoke):
    if background == "picture":
        background = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    here = GsplatRasteriser(fake_avatar(300), RasterSettings(smoke_cover=smoke))
    assert here.path == "kernels"
    weights = np.random.default_rng(0).random(ARKIT_COUNT).astype(np.float32)
    fast = here.render(weights, turned_head(6.0), CAMERA, background).numpy().astype(int)
    here._parts = TorchParts(here._scene)
    slow = here.render(weights, turned_head(6.0), CAMERA, background).numpy()
    assert abs(fast - slow).max() <= 2 and (fast != slow).mean() < 0.02, "roundings apart"
    expected = ReferenceRasteriser(fake_avatar(300), RasterSettings(smoke_cover=smoke))
    error = np.mean((fast - expected.render(weights, turned_head(6.0), CAMERA, background).numpy().astype(float)) ** 2)
    assert 10 * np.log10(255**2 / error) > 50
