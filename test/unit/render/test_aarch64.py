"""The rasteriser as a 64-bit ARM draws with it: cross-compiled, its NEON kernels run by qemu, against the reference.

Shows that they compute the same; how fast they are, an emulator cannot tell.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.inputs import WeightMap, model_view
from avatar_ros.render.reference import ReferenceRasteriser

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("cmake", "aarch64-linux-gnu-g++", "qemu-aarch64")
AVATAR = fake_avatar(400, 7)
CAMERA = Camera.look_at((0.0, 1.65, 0.9), (0.0, 1.65, -1.0), 24.0, 90, 130)
GREY = (0.8, 0.7, 0.9)
MUST_DB = 55.0


def nod(angle):
    """The head bent by an angle, radians, about the neck."""
    matrix = np.eye(4, dtype=np.float32)
    matrix[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = np.array([0, 1.6, 0]) - matrix[:3, :3] @ np.array([0, 1.6, 0])
    return matrix


def faces():
    """Expressions and heads; the last two are the same, so that the last one draws nothing anew."""
    rng = np.random.default_rng(3)
    moving = [((rng.random(ARKIT_COUNT) * 0.5).astype(np.float32), nod(angle)) for angle in (0.0, 0.1, -0.05)]
    return [*moving, moving[-1]]


@pytest.fixture(scope="module")
def frame_tool(tmp_path_factory):
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(f"{', '.join(missing)} not installed: apt install cmake g++-aarch64-linux-gnu qemu-user")
    folder = tmp_path_factory.mktemp("aarch64")
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'cmake/aarch64.cmake'}"
    for command in (["cmake", "-S", ROOT / "src", "-B", folder, toolchain, "-DAVATAR_FRAME_TOOL=ON"],
                    ["cmake", "--build", folder, "--parallel", "2"]):  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return folder / "frame_tool"


def scene_file(path, threads, smoke_cover):
    """The file that src/frame_tool.cpp describes."""
    settings, morphs = RasterSettings(), AVATAR.morphs
    scale = WeightMap(AVATAR.morph_names, settings)
    of_avatar = [AVATAR.splats, len(AVATAR.morph_names), len(morphs.indices)]
    counts = [*of_avatar, threads, CAMERA.width, CAMERA.height, len(faces())]
    columns = (AVATAR.positions, AVATAR.scales, AVATAR.rotations, AVATAR.colors, AVATAR.opacities, AVATAR.head_share)
    with path.open("wb") as file:
        file.write(np.array(counts, "<i4").tobytes())
        for column in columns:
            file.write(column.astype("<f4").tobytes())
        file.write(morphs.offsets.astype("<i8").tobytes())
        file.write(morphs.indices.astype("<u4").tobytes())
        file.write(morphs.deltas.astype("<f4").tobytes())
        for weights, head in faces():
            look = [*GREY, smoke_cover]
            lens = [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy, settings.blur_at(CAMERA.width, CAMERA.height)]
            parts = [scale(weights), CAMERA.view, model_view(CAMERA, head), lens, look]
            file.write(np.concatenate([np.ravel(part) for part in parts]).astype("<f4").tobytes())
            file.write(np.array([0], "<i4").tobytes())


def draw(frame_tool, folder, threads, smoke_cover):
    """Frames [frames, height, width, 4], and what the tool said."""
    scene_file(folder / "scene", threads, smoke_cover)
    command = ["qemu-aarch64", frame_tool, folder / "scene", folder / "frames"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    frames = np.fromfile(folder / "frames", np.uint8)
    return frames.reshape(len(faces()), CAMERA.height, CAMERA.width, 4), done.stdout


@pytest.mark.parametrize("smoke_cover", [0.0, 0.3])
def test_neon_draws_what_the_reference_draws(frame_tool, tmp_path, smoke_cover):
    frames, said = draw(frame_tool, tmp_path, 1, smoke_cover)
    reference = ReferenceRasteriser(AVATAR, RasterSettings(smoke_cover=smoke_cover))
    for frame, (weights, head) in zip(frames, faces(), strict=True):
        error = np.mean((frame.astype(float) - reference.render(weights, head, CAMERA, GREY).numpy()) ** 2)
        assert 10 * np.log10(255**2 / max(error, 1e-10)) >= MUST_DB
    assert said.startswith("generic 0/")  # nothing had moved before the last frame, so no tile was drawn


def test_on_two_threads_each_bit_is_the_same(frame_tool, tmp_path):
    np.testing.assert_array_equal(draw(frame_tool, tmp_path, 1, 0.3)[0], draw(frame_tool, tmp_path, 2, 0.3)[0])
