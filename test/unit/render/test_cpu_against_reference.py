"""The C++ rasteriser draws what the float64 reference draws, on every instruction set this machine has."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import RenderError
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.reference import ReferenceRasteriser

pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built: cmake -S src -B build/raster …")
from avatar_ros.render.cpu import CpuRasteriser

NO_WEIGHTS = np.zeros(ARKIT_COUNT, np.float32)
UPRIGHT = np.eye(4, dtype=np.float32)
MUST_DB = 55.0


def camera(width=64, height=64, distance_m=0.9, fov_deg=24.0, height_m=1.65):
    return Camera.look_at((0.0, height_m, distance_m), (0.0, height_m, -1.0), fov_deg, width, height)


def psnr_db(a, b):
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def pose(rng):
    """A head turned and moved a little, sometimes scaled."""
    from avatar_ros.avatar.clips import quaternion_matrices

    matrix = np.eye(4)
    quaternion = np.array([[1, *rng.normal(scale=0.1, size=3)]])
    matrix[:3, :3] = quaternion_matrices(quaternion)[0]
    centre = np.array([0, 1.65, 0])
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + rng.normal(scale=0.02, size=3)
    return matrix.astype(np.float32)


def both(avatar, cam, weights=NO_WEIGHTS, head=UPRIGHT, background=(0.8, 0.7, 0.9), **settings):
    chosen = RasterSettings(**settings)
    makers = (CpuRasteriser, ReferenceRasteriser)
    return tuple(make(avatar, chosen).render(weights, head, cam, background).numpy() for make in makers)


def splats(**columns):
    """An avatar of hand-made splats; missing columns get plain values."""
    n = len(columns["positions"])
    plain = {
        "scales": np.full((n, 3), 0.01),
        "rotations": np.tile([1.0, 0, 0, 0], (n, 1)),
        "colors": np.tile([0.21, 0.52, 0.88], (n, 1)),
        "opacities": np.full(n, 0.8),
    }
    arrays = {key: np.asarray(value, np.float32) for key, value in {**plain, **columns}.items()}
    return Avatar(name="made", morphs=NO_MORPHS, **arrays)


def assert_same(avatar, cam, least_db=MUST_DB, **options):
    fast, slow = both(avatar, cam, **options)
    assert psnr_db(fast, slow) >= least_db
    return fast, slow


@pytest.mark.parametrize("size", [(64, 64), (50, 97), (131, 33), (16, 64), (17, 65), (1, 1), (1, 40), (200, 3)])
def test_random_heads_at_odd_sizes(size):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        weights = (rng.random(ARKIT_COUNT) * (rng.random(ARKIT_COUNT) < 0.5)).astype(np.float32)
        assert_same(fake_avatar(300, seed), camera(*size), weights=weights, head=pose(rng))


@pytest.mark.parametrize("isa", ["avx512", "avx2", "sse2", "generic"])
def test_every_instruction_set(isa):
    try:
        CpuRasteriser(fake_avatar(), RasterSettings(isa=isa))
    except RenderError:
        pytest.skip(f"this processor or build has no {isa}")
    assert_same(fake_avatar(400, 7), camera(90, 70), isa=isa)


@pytest.mark.parametrize("share", [np.zeros, np.ones, lambda n: np.linspace(0, 1, n)])
def test_shoulders_stay_and_the_neck_bends(share):
    avatar = fake_avatar(300, 8)
    rng = np.random.default_rng(8)
    avatar = replace(avatar, neck=replace(avatar.neck, share=share(avatar.splats).astype(np.float32)))
    head = pose(rng)
    fast, _ = assert_same(avatar, camera(80, 90), head=head)
    if share is np.zeros:
        np.testing.assert_array_equal(fast, both(avatar, camera(80, 90))[0])
    if share is np.ones:
        assert psnr_db(fast, both(replace(avatar, neck=None), camera(80, 90), head=head)[0]) > 70


def test_a_head_far_from_its_body_is_drawn_in_order():
    """Depths are bucketed over the box of the body and that of the head."""
    avatar = fake_avatar(2000, 9)
    head = UPRIGHT.copy()
    head[2, 3] = -0.8
    assert_same(avatar, camera(80, 90), head=head)


def test_many_bright_splats_that_saturate_the_picture():
    avatar = fake_avatar(3000, 3)
    avatar = replace(avatar, opacities=np.clip(avatar.opacities * 3, 0, 1), scales=avatar.scales * 2)
    assert_same(avatar, camera(96, 96))


def test_close_and_wide_views_with_splats_behind_the_camera():
    for distance_m in (0.0, 0.05, 0.12, 0.3):
        assert_same(fake_avatar(300, 2), camera(distance_m=distance_m, fov_deg=70))


@pytest.mark.parametrize("background", [None, (0.0, 0.0, 0.0), (1.0, 0.5, 0.25), "picture"])
@pytest.mark.parametrize("alpha", ["premultiplied", "straight"])
def test_backgrounds(background, alpha):
    cam = camera(50, 40)
    if background == "picture":
        background = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    fast, _ = assert_same(fake_avatar(), cam, background=background, transparent_alpha=alpha)
    if background is None:
        assert fast[..., 3].min() < 128 < fast[..., 3].max()
        if alpha == "premultiplied":
            assert (fast[..., :3] <= fast[..., 3:].astype(int) + 1).all()
    else:
        assert (fast[..., 3] == 255).all()


@pytest.mark.parametrize("background", [None, (1.0, 1.0, 1.0)])
def test_thin_smoke_is_cleared(background):
    avatar = splats(positions=[[0, 1.65, 0]], opacities=[0.9], scales=[[0.03] * 3])
    fast, _ = assert_same(avatar, camera(), background=background, smoke_cover=0.4)
    plain, _ = both(avatar, camera(), background=background)
    np.testing.assert_array_equal(fast[32, 32], plain[32, 32])
    edge = (32, 42)
    distance = fast[edge].astype(int) - fast[0, 0], plain[edge].astype(int) - plain[0, 0]
    assert 0 < abs(distance[0]).max() < 0.7 * abs(distance[1]).max()


def test_no_splats_at_all_leaves_the_background():
    fast, slow = both(splats(positions=np.empty((0, 3))), camera(20, 20), background=(1.0, 0.0, 0.0))
    assert (fast == (255, 0, 0, 255)).all() and (slow == fast).all()


def test_transparent_and_solid_splats():
    for opacity in (0.0, 1 / 300, 1 / 254, 0.5, 0.999, 1.0):
        assert_same(splats(positions=[[0, 1.65, 0]], opacities=[opacity]), camera())
    solid, _ = both(splats(positions=[[0, 1.65, 0]], opacities=[1.0], scales=[[0.05] * 3]), camera(65, 65))
    np.testing.assert_allclose(solid[32, 32, :3], (0.21 * 255, 0.52 * 255, 0.88 * 255), atol=2)


def test_a_huge_splat_and_a_point():
    assert_same(splats(positions=[[0, 1.65, 0]], scales=[[2.0] * 3]), camera())
    assert_same(splats(positions=[[0, 1.65, 0]], scales=[[1e-13] * 3]), camera())


def test_needles_at_all_angles():
    angles = np.linspace(0, np.pi, 40, endpoint=False)
    rotations = np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=1)
    for length, width in ((0.1, 1e-5), (0.5, 1e-6), (0.03, 1e-3)):
        avatar = splats(positions=np.tile([0, 1.65, 0], (40, 1)), rotations=rotations, opacities=np.full(40, 0.2),
                        scales=np.tile([length, width, width], (40, 1)))  # fmt: skip
        for blur in (0.3, 0.02):
            assert_same(avatar, camera(128, 128), blur_px2=blur)


def test_splats_at_one_depth_keep_their_order():
    positions = np.tile([0, 1.65, 0], (200, 1))
    colors = np.random.default_rng(0).random((200, 3))
    assert_same(splats(positions=positions, colors=colors, opacities=np.full(200, 0.1)), camera())


def test_the_nearer_splat_hides_the_farther():
    avatar = splats(positions=[[0, 1.65, -0.1], [0, 1.65, 0.1]], colors=[[1, 0, 0], [0, 0, 1]], opacities=[1, 1],
                    scales=np.full((2, 3), 0.05))  # fmt: skip
    fast, _ = both(avatar, camera(33, 33))
    assert fast[16, 16, 2] > 250 and fast[16, 16, 0] < 5


def test_the_number_of_threads_changes_no_pixel():
    avatar, cam = fake_avatar(5000, 5), camera(150, 170)
    frames = [
        CpuRasteriser(avatar, RasterSettings(threads=n)).render(NO_WEIGHTS, UPRIGHT, cam).numpy() for n in (1, 2, 3, 8)
    ]
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame, frames[0])


def test_a_frame_does_not_depend_on_the_frame_before():
    avatar, rng = fake_avatar(2000, 4), np.random.default_rng(3)
    raster = CpuRasteriser(avatar, RasterSettings())
    weights = rng.random(ARKIT_COUNT).astype(np.float32)
    first = raster.render(weights, UPRIGHT, camera()).numpy()
    raster.render(NO_WEIGHTS, pose(rng), camera(200, 120))
    np.testing.assert_array_equal(raster.render(weights, UPRIGHT, camera()).numpy(), first)


def test_morphs_move_what_they_name():
    """One weight alone gives the same picture as splats moved by hand."""
    avatar = fake_avatar(300, 6)
    weights = NO_WEIGHTS.copy()
    weights[24] = 0.7
    moved = replace(avatar, positions=avatar.positions + np.float32(0.7) * avatar.morph_deltas[24], morphs=NO_MORPHS)
    raster, by_hand = CpuRasteriser(avatar, RasterSettings()), CpuRasteriser(moved, RasterSettings())
    frame = raster.render(weights, UPRIGHT, camera()).numpy()
    assert psnr_db(frame, by_hand.render(NO_WEIGHTS, UPRIGHT, camera()).numpy()) > 70
    assert psnr_db(frame, raster.render(NO_WEIGHTS, UPRIGHT, camera()).numpy()) < 50


def test_lam_scaling_changes_jaw_and_mouth_only_when_asked():
    avatar = fake_avatar(300, 6)
    weights = NO_WEIGHTS.copy()
    weights[24] = 0.5
    scaled = CpuRasteriser(avatar, RasterSettings(lam_weight_scaling=True)).render(weights, UPRIGHT, camera()).numpy()
    weights[24] = 0.6
    plain = CpuRasteriser(avatar, RasterSettings()).render(weights, UPRIGHT, camera()).numpy()
    assert psnr_db(scaled, plain) > 70


def test_the_filter_grows_with_the_picture():
    assert RasterSettings().blur_at(256, 256) == pytest.approx(0.3)
    assert RasterSettings().blur_at(512, 900) == pytest.approx(0.3)
    assert RasterSettings().blur_at(1080, 1920) == pytest.approx(0.3 * (1080 / 512) ** 2)


def test_bad_scenes_are_refused():
    avatar = fake_avatar()
    for change in ({"scales": avatar.scales[:5]}, {"colors": avatar.colors[:, :2]}):
        with pytest.raises(RenderError, match="shape"):
            CpuRasteriser(replace(avatar, **change), RasterSettings())
    morphs = replace(avatar.morphs, indices=avatar.morphs.indices + np.uint32(1000))
    with pytest.raises(RenderError, match="beyond"):
        CpuRasteriser(replace(avatar, morphs=morphs), RasterSettings())


def test_a_closed_rasteriser_says_so():
    raster = CpuRasteriser(fake_avatar(), RasterSettings())
    raster.close()
    with pytest.raises(RenderError, match="closed"):
        raster.render(NO_WEIGHTS, UPRIGHT, camera())
