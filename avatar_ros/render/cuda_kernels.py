"""Two CUDA kernels of our own around gsplat's: what makes its input of an avatar, and its output a picture of bytes.

Compiled at start by the NVRTC that torch brings (a tenth of a second, no compiler needed); `torch_ops` says the same in
a dozen torch calls each, and is what draws where they cannot be had.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

import numpy as np
import torch

from ..avatar.model import Avatar
from .base import AlphaKind
from .torch_ops import DeviceAvatar

THREADS = 256
ALPHA_KINDS: Mapping[AlphaKind, int] = {"opaque": 0, "premultiplied": 1, "straight": 2}
PICTURE_BEHIND = 4  # added to the kind: a picture lies behind, not a colour
SOURCE = r"""
// inputs: turn [3][3], shift [3], left [4][4], behind [3], smoke cover, weights [M].
#define TURN 0
#define SHIFT 9
#define LEFT 12
#define BEHIND 28
#define SMOKE 31
#define WEIGHTS 32

struct __align__(16) Entry {
    float x, y, z;
    int morph;
};

extern "C" __global__ void pose_splats(int splats, const float* inputs, const float* rest, const float* quats,
                                       const float* share, const int* starts, const Entry* entries, float* points,
                                       float* rotations) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= splats) return;
    float x = rest[3 * i], y = rest[3 * i + 1], z = rest[3 * i + 2];
    for (int e = starts[i]; e < starts[i + 1]; ++e) {
        const Entry entry = entries[e];
        const float w = inputs[WEIGHTS + entry.morph];
        x += w * entry.x;
        y += w * entry.y;
        z += w * entry.z;
    }
    const float s = share[i];
    const float* t = inputs + TURN;
    const float* shift = inputs + SHIFT;
    points[3 * i] = x + s * (t[0] * x + t[1] * y + t[2] * z + shift[0]);
    points[3 * i + 1] = y + s * (t[3] * x + t[4] * y + t[5] * z + shift[1]);
    points[3 * i + 2] = z + s * (t[6] * x + t[7] * y + t[8] * z + shift[2]);
    const float a = quats[4 * i], b = quats[4 * i + 1], c = quats[4 * i + 2], d = quats[4 * i + 3];
    for (int k = 0; k < 4; ++k) {
        const float* l = inputs + LEFT + 4 * k;
        rotations[4 * i + k] = quats[4 * i + k] + s * (l[0] * a + l[1] * b + l[2] * c + l[3] * d);
    }
}

__device__ unsigned char to_byte(float v) { return (unsigned char)(fminf(fmaxf(v, 0.0f), 1.0f) * 255.0f + 0.5f); }

extern "C" __global__ void finish_frame(int pixels, int kind, const float* inputs, const float* rgb, const float* cover,
                                        const unsigned char* picture, unsigned char* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= pixels) return;
    float r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2], a = cover[i];
    const float smoke = inputs[SMOKE];
    if (smoke > 0.0f) {
        const float t = fminf(a / smoke, 1.0f), keep = t * t * (3.0f - 2.0f * t);
        r *= keep; g *= keep; b *= keep; a *= keep;
    }
    if (kind == 0 || kind == 4) {
        const float through = 1.0f - a, scale = 1.0f / 255.0f;
        r += through * (kind ? picture[3 * i] * scale : inputs[BEHIND]);
        g += through * (kind ? picture[3 * i + 1] * scale : inputs[BEHIND + 1]);
        b += through * (kind ? picture[3 * i + 2] * scale : inputs[BEHIND + 2]);
        a = 1.0f;
    } else if (kind == 2) {
        const float thin = 1.0f / fmaxf(a, 1e-6f);
        r *= thin; g *= thin; b *= thin;
    }
    const unsigned int red = to_byte(r), green = to_byte(g), blue = to_byte(b), alpha = to_byte(a);
    ((unsigned int*)out)[i] = red | green << 8 | blue << 16 | alpha << 24;
}
"""


class Kernel:
    """A compiled kernel that is launched again and again with arguments of the same kinds."""

    def __init__(self, name: str, *arguments: torch.Tensor | int) -> None:
        """Compiles. Raises RuntimeError, AttributeError or OSError where this torch cannot do that.

        arguments: of the first launch; tensors are passed as their addresses and must outlive it.
        """
        self._function = torch.cuda._compile_kernel(SOURCE, name).func
        self._driver = torch.cuda._utils._get_gpu_runtime_library()
        self._values = [
            ctypes.c_int(one) if isinstance(one, int) else ctypes.c_void_p(one.data_ptr()) for one in arguments
        ]
        addresses = [ctypes.cast(ctypes.byref(value), ctypes.c_void_p) for value in self._values]
        self._addresses = (ctypes.c_void_p * len(addresses))(*addresses)

    def set(self, argument: int, value: int) -> None:
        """The number, or the tensor's address, of one argument from now on."""
        self._values[argument].value = value

    def launch(self, items: int) -> None:
        """On torch's current stream. Raises RuntimeError with the driver's number."""
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        blocks = (items + THREADS - 1) // THREADS
        code = self._driver.cuLaunchKernel(
            self._function, blocks, 1, 1, THREADS, 1, 1, 0, stream, self._addresses, None
        )
        if code:
            raise RuntimeError(f"CUDA error {code} at the launch of a kernel")


class CudaParts:
    """What goes before gsplat and after it, by a kernel each. See TorchParts."""

    def __init__(self, scene: DeviceAvatar, avatar: Avatar, inputs: torch.Tensor) -> None:
        """Compiles. Raises RuntimeError, AttributeError or OSError where this torch cannot do that.

        inputs: where the packed inputs of each frame will lie on the card.
        """
        device = scene.positions.device
        starts, entries = by_splat(avatar)
        share = avatar.head_share if avatar.neck is not None else np.zeros(avatar.splats, np.float32)
        tables = [torch.from_numpy(np.ascontiguousarray(table)).to(device) for table in (share, starts, entries)]
        self._fixed = [inputs, scene.positions, scene.rotations, *tables]
        self._points, self._rotations = torch.empty_like(scene.positions), torch.empty_like(scene.rotations)
        self._pose = Kernel("pose_splats", avatar.splats, *self._fixed, self._points, self._rotations)
        self._finish = Kernel("finish_frame", 0, 0, inputs, inputs, inputs, inputs, inputs)

    def posed(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See TorchParts.posed; valid until the next call."""
        self._pose.launch(len(self._points))
        return self._points, self._rotations

    def finished(self, inputs: torch.Tensor, smoke_cover: float, rgb: torch.Tensor, cover: torch.Tensor,
                 picture: torch.Tensor | None, alpha: AlphaKind) -> torch.Tensor:
        """See TorchParts.finished; the smoke's cover is that of the inputs."""
        height, width = cover.shape[:2]
        out = torch.empty((height, width, 4), dtype=torch.uint8, device=cover.device)
        behind = cover if picture is None else picture  # not read where there is no picture
        kind = ALPHA_KINDS[alpha] + (0 if picture is None else PICTURE_BEHIND)
        tensors = (rgb, cover, behind, out)
        for argument, value in enumerate((height * width, kind, *(tensor.data_ptr() for tensor in tensors))):
            self._finish.set(argument if argument < 2 else argument + 1, value)
        self._finish.launch(height * width)
        return out


def by_splat(avatar: Avatar) -> tuple[np.ndarray, np.ndarray]:
    """The morphs turned round: starts [N + 1] int32, and of the entries of each splat delta and morph [E, 4] float32
    (the morph's number in the bits of an int32).
    """
    morphs = avatar.morphs
    number = np.repeat(np.arange(len(morphs.names), dtype=np.int32), np.diff(morphs.offsets))
    order = np.argsort(morphs.indices, kind="stable")
    counts = np.bincount(morphs.indices, minlength=avatar.splats)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return starts, np.concatenate([morphs.deltas[order], number[order].view(np.float32)[:, None]], axis=1)
