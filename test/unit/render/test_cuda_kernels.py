"""Our CUDA kernels, compiled for the processor by the C++ compiler, against what torch calls give."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra: gpu)")

import torch

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.render.cuda_kernels import ALPHA_KINDS, PICTURE_BEHIND, SOURCE, by_splat
from avatar_ros.render.torch_ops import DeviceAvatar, TorchParts, packed_inputs

HOST = r"""
#include <cmath>
#define __global__
#define __device__ static
#define __align__(bytes) alignas(bytes)
struct Index { int x; };
static Index blockIdx, blockDim = {1}, threadIdx = {0};
using std::fminf; using std::fmaxf;
"""
DRIVER = r"""
extern "C" void pose(int n, const float* a, const float* b, const float* c, const float* d, const int* e,
                     const Entry* f, float* p, float* q) {
    for (blockIdx.x = 0; blockIdx.x < n + 3; ++blockIdx.x) pose_splats(n, a, b, c, d, e, f, p, q);
}
extern "C" void finish(int n, int kind, const float* a, const float* b, const float* c, const unsigned char* d,
                       unsigned char* out) {
    for (blockIdx.x = 0; blockIdx.x < n + 3; ++blockIdx.x) finish_frame(n, kind, a, b, c, d, out);
}
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    if (compiler := shutil.which("g++")) is None:
        pytest.skip("g++ is not installed")
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "kernels.cpp").write_text(HOST + SOURCE + DRIVER)
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(folder / "k.so"), str(folder / "kernels.cpp")]
    subprocess.run(command, check=True, timeout=120)
    return ctypes.CDLL(str(folder / "k.so"))


def pointers(*arrays):
    return [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]


def turned_head():
    head = np.eye(4)
    c, s = np.cos(0.2), np.sin(0.2)
    head[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    head[:3, 3] = (0.01, -0.02, 0.03)
    return head


def test_the_pose_is_that_of_torch(kernels):
    avatar = fake_avatar(333)
    weights = np.random.default_rng(0).random(ARKIT_COUNT).astype(np.float32)
    inputs = packed_inputs(turned_head(), (0.1, 0.2, 0.3), 0.3, weights)
    expected = TorchParts(DeviceAvatar.load(avatar, torch.device("cpu"), 0.999)).posed(torch.from_numpy(inputs))
    points, rotations = np.full((333, 3), np.nan, np.float32), np.full((333, 4), np.nan, np.float32)
    fixed = (avatar.positions, avatar.rotations, np.ascontiguousarray(avatar.head_share), *by_splat(avatar))
    kernels.pose(333, *pointers(inputs, *fixed, points, rotations))
    np.testing.assert_allclose(points, expected[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(rotations, expected[1].numpy(), atol=1e-6)


@pytest.mark.parametrize("smoke", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["opaque", "picture", "premultiplied", "straight"])
def test_the_finish_is_that_of_torch(kernels, kind, smoke):
    rng = np.random.default_rng(1)
    cover = rng.random((20, 31, 1), np.float32) * (rng.random((20, 31, 1)) < 0.8).astype(np.float32)
    rgb = rng.random((20, 31, 3), np.float32) * cover
    picture = rng.integers(0, 256, (20, 31, 3), dtype=np.uint8) if kind == "picture" else None
    alpha = "opaque" if picture is not None else kind
    inputs = packed_inputs(np.eye(4), (0.1, 0.6, 0.9), smoke, np.zeros(0))
    tensors = (torch.from_numpy(inputs), smoke, torch.from_numpy(rgb), torch.from_numpy(cover))
    behind = None if picture is None else torch.from_numpy(picture)
    expected = TorchParts(None).finished(*tensors, behind, alpha).numpy()
    number = ALPHA_KINDS[alpha] + (0 if picture is None else PICTURE_BEHIND)
    out = np.full((20, 31, 4), 77, np.uint8)
    behind = np.zeros(1, np.uint8) if picture is None else picture
    kernels.finish(20 * 31, number, *pointers(inputs, rgb, cover, behind, out))
    difference = abs(out.astype(int) - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01, "a rounding apart, and that rarely"
