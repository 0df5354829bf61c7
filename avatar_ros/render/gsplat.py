"""Drawing on an NVIDIA card with gsplat: morphs, pose, camera and compositing stay there, the frame leaves it once.

Nothing is compiled here: gsplat's CUDA kernels must have been built with the environment (gsplat 1.5 otherwise builds
them at its first use, for minutes).
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..avatar.model import Avatar
from ..core.arkit import ARKIT_COUNT
from ..core.arrays import U8
from ..core.errors import RenderError
from ..core.registry import how_to_install
from .base import MAX_ALPHA, NEAR_M, Background, Camera, Frame, RasterSettings
from .inputs import RasteriserBase, background_parts, model_view, output_buffer
from .torch_ops import DeviceAvatar, composite, morphed, posed, thin_smoke, turn_parts, upload

TRIAL_CAMERA = Camera.look_at((0.0, 1.65, 0.9), (0.0, 1.65, 0.0), 24.0, 16, 16)


class GsplatRasteriser(RasteriserBase):
    """One avatar in the memory of the card."""

    name = "gsplat"

    def __init__(self, avatar: Avatar, settings: RasterSettings, rasterization: Callable[..., Any] | None = None,
                 device: str = "cuda") -> None:
        """Draws a small frame, so that what does not work is known now. Raises RenderError where CUDA or gsplat's
        built kernels are missing, or that frame fails.

        rasterization: called as gsplat's where given, on any torch device.
        """
        super().__init__(avatar.morph_names, settings)
        self._rasterization = rasterization or built_rasterization()
        self._device = torch.device(device)
        self._scene: DeviceAvatar | None = None
        try:
            self._scene = DeviceAvatar.load(avatar, self._device, MAX_ALPHA)
            self.render(np.zeros(ARKIT_COUNT), np.eye(4), TRIAL_CAMERA).numpy()
        except (RuntimeError, OSError) as error:  # what torch and a driver raise
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise RenderError("render_gsplat_failed", f"gsplat's first frame failed ({reason}); use backend: cpu, or "
                              "build torch and gsplat for this driver and card") from error

    @torch.inference_mode()
    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render; without `out` the frame stays on the card."""
        colour, image, alpha = background_parts(background, camera, self._settings)
        rasterise, flat = self._prepared(weights, head, camera, colour)
        rgb, cover, _ = rasterise()
        behind = flat if image is None else self._to_device(image).float() / 255
        pixels = composite(*thin_smoke(rgb[0], cover[0], self._settings.smoke_cover), behind, alpha)
        if out is None:
            return Frame(pixels, alpha)
        buffer = output_buffer(out, camera)
        torch.from_numpy(buffer).copy_(pixels)  # straight from the card where the buffer is pinned
        return Frame(buffer, alpha)

    def _prepared(self, weights: np.ndarray, head: np.ndarray, camera: Camera,
                  colour: tuple[float, float, float]) -> tuple[Callable[[], Any], torch.Tensor]:
        """A call of gsplat with the splats of this face and pose, and the colour [3] on the card."""
        scene = self._scene
        if scene is None:
            raise RenderError("render_closed", "the rasteriser was closed; make a new one")
        view = model_view(camera, head)
        mix, viewmat, intrinsics, flat, *turn = upload(
            [self._weights(weights), view if scene.share is None else camera.view, camera.matrix, np.array(colour),
             *turn_parts(head)], self._device)  # fmt: skip
        points, rotations = morphed(scene, mix), scene.rotations
        if scene.share is not None:
            points, rotations = posed(scene, points, *turn)
        call = partial(
            self._rasterization,
            points, rotations, scene.scales, scene.opacities, scene.colors, viewmat[None], intrinsics[None],
            camera.width, camera.height, near_plane=NEAR_M, packed=False,
            eps2d=self._settings.blur_at(camera.width, camera.height),
        )  # fmt: skip
        return call, flat

    def buffer(self, width: int, height: int) -> U8:
        """See Rasteriser.buffer. Pinned: the card writes into it by itself, at the full speed of the bus."""
        pinned = self._device.type == "cuda"
        return torch.zeros((height, width, 4), dtype=torch.uint8, pin_memory=pinned).numpy()

    @torch.inference_mode()
    def bare(self, weights: np.ndarray, head: np.ndarray, camera: Camera) -> Callable[[], Any]:
        """Nothing but gsplat's rasterisation of the splats of one pose, to be called again and again: for benches."""
        call = self._prepared(weights, head, camera, (0.0, 0.0, 0.0))[0]
        return torch.inference_mode()(call)

    def _to_device(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def close(self) -> None:
        """Free the card's memory; the rasteriser draws no more."""
        self._scene = None
        torch.cuda.empty_cache()


def built_rasterization() -> Callable[..., Any]:
    """The function `gsplat.rasterization`. Raises RenderError naming what is missing; never starts a compilation."""
    if not torch.cuda.is_available():
        raise RenderError("render_no_cuda", "no CUDA device; install the NVIDIA driver or use backend: cpu")
    if importlib.util.find_spec("gsplat") is None:
        raise RenderError("render_no_gsplat", f"gsplat is not installed; {how_to_install('gpu')}; or use backend: cpu")
    if importlib.util.find_spec("gsplat.csrc") is None:
        _adopt_kernels()
    import gsplat

    return gsplat.rasterization


def _adopt_kernels() -> None:
    """Put kernels that an earlier build left in torch's extension cache where gsplat looks first.

    Left alone, gsplat would ask ninja whether they are current, and compile where anything differs.
    """
    from torch.utils.cpp_extension import _get_build_directory

    library = Path(_get_build_directory("gsplat_cuda", verbose=False)) / "gsplat_cuda.so"
    spec = importlib.util.spec_from_file_location("gsplat_cuda", library)
    if not library.is_file() or spec is None or spec.loader is None:
        raise RenderError("render_gsplat_not_built", "gsplat's CUDA kernels are not built; build them with the "
                          "environment: python -c 'from gsplat.cuda._backend import _C'")
    import gsplat

    kernels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernels)
    sys.modules["gsplat.csrc"] = gsplat.csrc = kernels
