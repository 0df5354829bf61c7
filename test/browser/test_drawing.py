"""Both renderers of the page in a real browser, against the CPU rasteriser."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from avatar_ros.avatar.framing import head_pivot
from avatar_ros.avatar.load import avatar_file, load_avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.render.base import RasterSettings
from avatar_ros.render.clip_mixer import pose_matrix
from avatar_ros.render.cpu import CpuRasteriser
from avatar_ros.render.pose import portrait_camera
from browser import NO_GL, SOFTWARE_GL, chromium, need_browser
from page_server import PageServer

SETTINGS = RasterSettings(backend="cpu", threads=1, smoke_cover=0.3, transparent_alpha="straight")
#: Least likeness of a picture; the avatar's rounding alone costs 55 to 60 dB.
LEAST_DB = {"wasm": 45.0, "webgl": 42.0}
#: A program that plays a card takes its time for each pixel.
SIZES = {"wasm": [(256, 256), (200, 300)], "webgl": [(128, 160)]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    need_browser()
    server = PageServer(tmp_path_factory.mktemp("server"), {"builtin": load_avatar(avatar_file("builtin"))})
    yield server
    server.close()


def poses(avatar) -> list[tuple[np.ndarray, np.ndarray]]:
    """At rest; speaking with the head turned; a wide open mouth."""
    rng = np.random.default_rng(5)
    out = [(np.zeros(ARKIT_COUNT, np.float32), np.eye(4))]
    for turn in (0.15, -0.25):
        rotation = np.array([np.cos(turn / 2), 0.02, np.sin(turn / 2), 0.01])
        matrix = pose_matrix(rotation / np.linalg.norm(rotation), np.array([0.003, 0.0, 0.002]), head_pivot(avatar))
        out.append((rng.random(ARKIT_COUNT).astype(np.float32) * 0.6, matrix))
    return out


def over_grey(rgba: np.ndarray) -> np.ndarray:
    """Straight alpha over a grey, as the eye sees it [h, w, 3]."""
    alpha = rgba[:, :, 3:].astype(np.float64) / 255
    return rgba[:, :, :3] * alpha + 128 * (1 - alpha)


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * np.log10(255**2 / max(float(np.mean((a - b) ** 2)), 1e-9))


@pytest.mark.parametrize("kind", ["wasm", "webgl"])
def test_pictures_are_the_rasterisers(server, kind):
    avatar = load_avatar(avatar_file("builtin"))
    ours = CpuRasteriser(avatar, SETTINGS)
    url = server._entry("builtin")["url"]
    with chromium(*(SOFTWARE_GL if kind == "webgl" else NO_GL)) as browser:
        for width, height in SIZES[kind]:
            browser.open(f"{server.url}/test/drawing.html")
            browser.until("return window.loaded")
            browser.promise("return window.begin(...args)", kind, url, width, height)
            camera = portrait_camera(avatar, width, height)
            for weights, head in poses(avatar):
                text = browser.promise("return window.draw(...args)", weights.tolist(), head.ravel().tolist())
                page = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
                reference = ours.render(weights, head, camera, None).numpy()
                assert reference[:, :, 3].mean() > 50, "there is a head in the picture"
                assert psnr_db(over_grey(page), over_grey(reference)) > LEAST_DB[kind]
                middle = np.array(browser.js("return window.middle"), float)
                assert np.abs(middle - page[height // 3, width // 2]).max() < 12, "the canvas shows it upright"
