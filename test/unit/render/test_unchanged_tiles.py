"""Tiles in which nothing moved are not drawn again, and nobody can tell: bit for bit what a rasteriser draws that was
made for this frame alone, whatever changed since the frame before.
"""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import Morphs
from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX
from avatar_ros.core.errors import RenderError
from avatar_ros.render.base import Camera, RasterSettings

pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built: cmake -S src -B build/raster …")
from avatar_ros.render.cpu import CpuRasteriser

SIZES = ((200, 150), (64, 64), (130, 257), (17, 3))
GREY = (0.5, 0.5, 0.5)


def busts(seed, splats=1500):
    """A head on shoulders that stay, the neck in between; eyes that move by themselves."""
    avatar = fake_avatar(splats, seed)
    height = avatar.positions[:, 1]
    low, high = np.percentile(height, [35, 55])
    share = np.clip((height - low) / (high - low), 0, 1).astype(np.float32)
    return replace(avatar, neck=replace(avatar.neck, share=share), scales=avatar.scales * 0.5)


def turned(rng):
    """A head turned and moved a little."""
    from avatar_ros.avatar.clips import quaternion_matrices

    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3] = quaternion_matrices(np.array([[1, *rng.normal(scale=0.05, size=3)]]))[0]
    matrix[:3, 3] = rng.normal(scale=0.005, size=3)
    return matrix


class Scene:
    """What a frame is made of; each step changes something, often nothing."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.weights = np.zeros(ARKIT_COUNT, np.float32)
        self.head = np.eye(4, dtype=np.float32)
        self.background = GREY
        self.size = SIZES[0]
        self.eye_m = (0.0, 1.65, 0.9)
        self.own = True
        self.buffers = {}

    @property
    def camera(self):
        return Camera.look_at(self.eye_m, (0.0, 1.65, -1.0), 24.0, *self.size)

    def step(self):
        rng = self.rng
        kind = rng.choice(["none", "one", "face", "head", "rest", "background", "size", "camera", "buffer"],
                          p=[0.15, 0.2, 0.1, 0.2, 0.1, 0.08, 0.05, 0.04, 0.08])  # fmt: skip
        if kind == "one":
            self.weights = self.weights.copy()
            self.weights[rng.integers(ARKIT_COUNT)] = rng.random()
        elif kind == "face":
            self.weights = (rng.random(ARKIT_COUNT) * (rng.random(ARKIT_COUNT) < 0.3)).astype(np.float32)
        elif kind == "head":
            self.head = turned(rng)
        elif kind == "rest":
            self.head = np.eye(4, dtype=np.float32)
        elif kind == "background":
            self.background = self.backgrounds()[rng.integers(5)]
        elif kind == "size":
            self.size = SIZES[rng.integers(len(SIZES))]
        elif kind == "camera":
            self.eye_m = (0.0, 1.65, float(rng.choice([0.9, 0.8, 1.2])))
        elif kind == "buffer":
            self.own = not self.own
        if isinstance(self.background, np.ndarray):
            if self.background.shape[1::-1] != self.size:
                self.background = GREY
            elif self.background.flags.writeable and rng.random() < 0.5:
                self.background[:] = rng.integers(0, 256, self.background.shape)  # in place: nobody is told

    def backgrounds(self):
        picture = self.rng.integers(0, 256, (self.size[1], self.size[0], 3), dtype=np.uint8)
        still = picture[::-1].copy()
        still.flags.writeable = False
        return GREY, (0.9, 0.2, 0.1), None, picture, still

    def out(self, raster):
        """The rasteriser's own memory, or a buffer of the caller's, into which the caller has scribbled meanwhile."""
        if self.own:
            return raster.buffer(*self.size)
        out = self.buffers.setdefault(self.size, np.zeros((self.size[1], self.size[0], 4), np.uint8))
        if self.rng.random() < 0.5:
            out[:] = self.rng.integers(0, 256, out.shape)
        return out if self.rng.random() < 0.8 else None


@pytest.mark.parametrize("isa", ["auto", "sse2", "avx2", "generic"])
@pytest.mark.parametrize("seed", range(4))
def test_a_long_run_of_changes_is_drawn_as_if_each_frame_were_the_first(seed, isa):
    settings = RasterSettings(threads=1 + seed % 3, isa=isa, smoke_cover=0.3 * (seed % 2))
    avatar, scene = busts(seed), Scene(seed)
    try:
        raster = CpuRasteriser(avatar, settings)
    except RenderError:
        pytest.skip(f"this processor or build has no {isa}")
    spared = partly = 0
    for number in range(60):
        scene.step()
        frame = raster.render(scene.weights, scene.head, scene.camera, scene.background, scene.out(raster))
        stats = raster.stats
        whole = CpuRasteriser(avatar, settings).render(scene.weights, scene.head, scene.camera, scene.background)
        np.testing.assert_array_equal(frame.numpy(), whole.numpy(), err_msg=f"frame {number}")
        spared += stats["tiles"] - stats["tiles_drawn"]
        partly += 0 < stats["tiles_drawn"] < stats["tiles"]
    assert spared > 100 and partly > 3, "the test would pass if every frame were drawn whole"


def test_shoulders_are_not_drawn_again_while_the_head_moves():
    raster, cam = CpuRasteriser(busts(1), RasterSettings()), Scene(0).camera
    rng, rest = np.random.default_rng(5), np.zeros(ARKIT_COUNT, np.float32)
    out = raster.buffer(cam.width, cam.height)
    raster.render(rest, turned(rng), cam, GREY, out)
    assert raster.stats["tiles_drawn"] == raster.stats["tiles"]
    raster.render(rest, turned(rng), cam, GREY, out)
    assert 0 < raster.stats["tiles_drawn"] < raster.stats["tiles"]
    raster.render(rest, np.eye(4), cam, GREY, out)
    raster.render(rest, np.eye(4), cam, GREY, out)
    assert raster.stats["tiles_drawn"] == 0


def test_what_cannot_be_seen_is_not_sorted():
    """Of two heads side by side one moves its jaw: only its splats are sorted."""
    avatar = busts(1)
    half = avatar.splats // 2
    side_m = np.where(np.arange(avatar.splats) < half, -0.3, 0.3)[:, None] * np.float32([[1, 0, 0]])
    parts = [avatar.morphs.part(m) for m in range(len(avatar.morph_names))]
    left = [(indices[indices < half], deltas[indices < half]) for indices, deltas in parts]
    pair = replace(avatar, positions=avatar.positions + side_m.astype(np.float32), neck=None,
                   morphs=Morphs.from_parts(avatar.morph_names, left))  # fmt: skip
    raster, cam = CpuRasteriser(pair, RasterSettings()), Camera.look_at((0, 1.65, 3), (0, 1.65, 0), 24, 400, 150)
    out, weights = raster.buffer(400, 150), np.zeros(ARKIT_COUNT, np.float32)
    raster.render(weights, np.eye(4), cam, GREY, out)
    both = raster.stats["visible"]
    weights[24] = 1.0
    raster.render(weights, np.eye(4), cam, GREY, out)
    assert 0.3 * both < raster.stats["visible"] < 0.6 * both


def test_splats_that_change_places_in_depth_alone_are_drawn_again():
    """Seen from the camera both stay where they are and as large: what changes is who is before whom."""
    positions = np.array([[0, 1.65, 0.0], [0, 1.65, -0.2]], np.float32)
    deltas = np.array([[0, 0, -0.4]], np.float32)
    morphs = Morphs(("jawOpen",), np.array([0, 1], np.int64), np.array([0], np.uint32), deltas)
    avatar = replace(fake_avatar(2), positions=positions, scales=np.full((2, 3), 1e-12, np.float32), morphs=morphs,
                     opacities=np.full(2, 0.9, np.float32), colors=np.array([[1, 0, 0], [0, 0, 1]], np.float32),
                     rotations=np.tile(np.float32([1, 0, 0, 0]), (2, 1)), neck=None)  # fmt: skip
    raster = CpuRasteriser(avatar, RasterSettings(blur_px2=20.0))
    cam = Camera.look_at((0, 1.65, 0.9), (0, 1.65, 0), 24, 64, 64)
    out, weights = raster.buffer(64, 64), np.zeros(ARKIT_COUNT, np.float32)
    red = raster.render(weights, np.eye(4), cam, GREY, out).numpy()[32, 32].copy()
    weights[24] = 1.0
    blue = raster.render(weights, np.eye(4), cam, GREY, out).numpy()[32, 32].copy()
    assert red[0] > 200 > 60 > red[2] and blue[2] > 200 > 60 > blue[0]


def test_its_own_memory_is_read_only_and_outlives_it():
    raster, cam = CpuRasteriser(busts(2), RasterSettings()), Scene(0).camera
    out = raster.buffer(cam.width, cam.height)
    drawn = raster.render(np.zeros(ARKIT_COUNT), np.eye(4), cam, GREY, out).numpy()
    assert drawn is out
    with pytest.raises(ValueError, match="read-only"):
        out[0, 0] = 0
    kept = out.copy()
    raster.buffer(32, 32)  # another size: what was lent before stays as it is, and is no place to draw in any longer
    with pytest.raises(RenderError, match="writeable"):
        raster.render(np.zeros(ARKIT_COUNT), np.eye(4), cam, GREY, out)
    raster.close()
    del raster
    np.testing.assert_array_equal(out, kept)


def test_two_hundred_thousand_splats_and_two_on_a_panel_of_4k():
    many, rest = fake_avatar(200_000, names=("jawOpen",)), np.zeros(ARKIT_COUNT, np.float32)
    raster, cam = CpuRasteriser(many, RasterSettings()), Scene(0).camera
    first = raster.render(rest, np.eye(4), cam, GREY).numpy()
    open_mouth = rest.copy()
    open_mouth[ARKIT_INDEX["jawOpen"]] = 1.0
    assert (raster.render(open_mouth, np.eye(4), cam, GREY).numpy() != first).any()
    np.testing.assert_array_equal(raster.render(rest, np.eye(4), cam, GREY).numpy(), first)
    large = Camera.look_at((0.0, 1.65, 0.9), (0.0, 1.65, -1.0), 24.0, 2160, 3840)
    frame = CpuRasteriser(fake_avatar(2), RasterSettings()).render(rest, np.eye(4), large, GREY).numpy()
    assert frame.shape == (3840, 2160, 4) and (frame[0, 0] == frame[-1, -1]).all() and (frame != frame[0, 0]).any()


def test_a_refused_frame_leaves_the_next_one_whole():
    raster, cam = CpuRasteriser(busts(3), RasterSettings()), Scene(0).camera
    rest, out = np.zeros(ARKIT_COUNT, np.float32), raster.buffer(cam.width, cam.height)
    first = raster.render(rest, np.eye(4), cam, GREY, out).numpy().copy()
    with pytest.raises(RenderError):
        raster.render(rest, np.full((4, 4), np.nan), cam, GREY, out)
    np.testing.assert_array_equal(raster.render(rest, np.eye(4), cam, GREY, out).numpy(), first)


def test_before_a_picture_that_stays_only_what_moved_is_drawn_again():
    raster, cam = CpuRasteriser(busts(1), RasterSettings(smoke_cover=0.3)), Scene(0).camera
    rng, rest, out = np.random.default_rng(5), np.zeros(ARKIT_COUNT, np.float32), raster.buffer(200, 150)
    picture = rng.integers(0, 256, (150, 200, 3), dtype=np.uint8)
    picture.flags.writeable = False
    raster.render(rest, np.eye(4), cam, picture, out)
    raster.render(rest, np.eye(4), cam, picture, out)
    assert raster.stats["tiles_drawn"] == 0
    raster.render(rest, turned(rng), cam, picture, out)
    assert 0 < raster.stats["tiles_drawn"] < raster.stats["tiles"]
    other = picture[::-1].copy()
    other.flags.writeable = False
    np.testing.assert_array_equal(
        raster.render(rest, np.eye(4), cam, other, out).numpy(),
        CpuRasteriser(busts(1), RasterSettings(smoke_cover=0.3)).render(rest, np.eye(4), cam, other).numpy(),
    )


def test_other_colours_are_those_of_a_rasteriser_made_with_them():
    avatar, cam, rest = busts(2), Scene(0).camera, np.zeros(ARKIT_COUNT, np.float32)
    other = replace(avatar, colors=avatar.colors[:, ::-1] * np.float32(0.7))
    raster = CpuRasteriser(avatar, RasterSettings())
    raster.render(rest, np.eye(4), cam, GREY, raster.buffer(200, 150))
    raster.recolour(other.colors)
    frame = raster.render(rest, np.eye(4), cam, GREY, raster.buffer(200, 150)).numpy()
    whole = CpuRasteriser(other, RasterSettings()).render(rest, np.eye(4), cam, GREY).numpy()
    np.testing.assert_array_equal(frame, whole)
