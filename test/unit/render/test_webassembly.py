"""The rasteriser as a browser draws with it: the page's raster.wasm, run by node, against the float64 reference."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.inputs import model_view
from avatar_ros.render.reference import ReferenceRasteriser

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from page_node import run_node

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")

GREY = (0.8, 0.7, 0.9)
#: As `MUST_DB` of every other instruction set; levels: what one pixel of the nearest of them differs by at most.
MUST_DB, MOST_LEVELS = 55.0, 4
DRAW = """
const { WasmRaster } = await import(page + 'wasm_raster.js');
const code = readFileSync(new URL(page + 'raster.wasm'));
const entries = Object.entries(given.floats).map(([name, values]) => [name, Float32Array.from(values)]);
const floats = Object.fromEntries(entries), splats = floats.opacities.length;
const still = { morphs: 0, columns: [], offsets: new Uint32Array(1), indices: new Uint32Array(0) };
still.deltas = new Float32Array(0);
const upright = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const out = [];
for (const camera of given.cameras) {
  const raster = await WasmRaster.make(code, { splats, ...still, ...floats });
  out.push(Array.from(raster.draw([], upright, camera, given.background)));
}
console.log(JSON.stringify(out));
"""


def camera(width: int, height: int) -> Camera:
    return Camera.look_at((0.0, 1.65, 0.9), (0.0, 1.65, -1.0), 24.0, width, height)


def needles(count: int) -> Avatar:
    """At all angles, long and thin, in many depths: each chunk of a tile is full of them."""
    rng = np.random.default_rng(4)
    angles = np.linspace(0, np.pi, count, endpoint=False)
    arrays = {
        "positions": np.array([0, 1.65, 0]) + rng.normal(scale=0.03, size=(count, 3)),
        "scales": np.tile([0.1, 1e-5, 1e-5], (count, 1)),
        "rotations": np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=1),
        "colors": rng.random((count, 3)),
        "opacities": np.full(count, 0.4),
    }
    return Avatar(name="made", morphs=NO_MORPHS, **{key: value.astype(np.float32) for key, value in arrays.items()})


def drawn(tmp_path: Path, avatar: Avatar, cameras: list[Camera], settings: RasterSettings) -> list[np.ndarray]:
    names = ("positions", "scales", "rotations", "colors", "opacities")
    floats = {name: getattr(avatar, name).ravel().tolist() for name in names}
    floats["share"] = [1.0] * avatar.splats
    views = [
        {"view": model_view(cam, np.eye(4)).ravel().tolist(), "width": cam.width, "height": cam.height,
         "focal": cam.fx, "blur": settings.blur_at(cam.width, cam.height)}
        for cam in cameras
    ]  # fmt: skip
    pictures = run_node(tmp_path, DRAW, {"floats": floats, "cameras": views, "background": GREY})
    return [np.array(picture, np.uint8).reshape(cam.height, cam.width, 4)
            for picture, cam in zip(pictures, cameras, strict=True)]  # fmt: skip


@pytest.mark.parametrize("avatar", [fake_avatar(2000, 7), needles(300)], ids=["a head", "needles"])
def test_what_a_browser_draws_is_the_reference(tmp_path, avatar):
    """Pixel by pixel: a few hundred that are wrong would not be seen in a mean."""
    settings = RasterSettings(smoke_cover=0.3)  # as camera.js has it
    cameras = [camera(130, 150), camera(33, 70)]  # tiles that the picture's edge cuts
    for cam, page in zip(cameras, drawn(tmp_path, avatar, cameras, settings), strict=True):
        reference = ReferenceRasteriser(avatar, settings)
        weights = np.zeros(ARKIT_COUNT, np.float32)
        expected = reference.render(weights, np.eye(4, dtype=np.float32), cam, GREY).numpy().astype(float)
        difference = np.abs(page - expected)
        assert 10 * np.log10(255**2 / max(np.mean(difference**2), 1e-9)) > MUST_DB
        assert difference.max() <= MOST_LEVELS
        assert expected[:, :, :3].std() > 5, "something is to be seen"
