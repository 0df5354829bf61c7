"""Drawing on an NVIDIA card with gsplat: morphs, pose, camera and compositing stay there, the frame leaves it once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from ..avatar.model import Avatar
from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32, U8
from ..core.errors import RenderError
from .base import MAX_ALPHA, NEAR_M, Background, Camera, Frame, RasterSettings
from .cuda_kernels import CudaParts
from .gsplat_calls import built_rasterization, direct_rasterization
from .inputs import RasteriserBase, background_parts, model_view, output_buffer
from .pose import portrait_camera
from .torch_ops import DeviceAvatar, FrameInputs, TorchParts, packed_inputs

TRIAL_PX = 64
TRIAL_TURN = 0.05  # sine of an angle
TRIAL_LEVELS = 3  # of 255: roundings apart


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
        self._behind: tuple[np.ndarray | None, torch.Tensor | None] = None, None
        try:
            self._scene = DeviceAvatar.load(avatar, self._device, MAX_ALPHA)
            self._inputs = FrameInputs(len(avatar.morph_names), self._device)
            self._parts: TorchParts | CudaParts = TorchParts(self._scene)
            trial = partial(self._trial, portrait_camera(avatar, TRIAL_PX, TRIAL_PX))
            slow = trial()
            if rasterization is None:
                self._hasten(self._scene, avatar, trial, slow)
        except (RuntimeError, OSError) as error:  # what torch and a driver raise
            why = f"gsplat's first frame failed ({_first_line(error)})"
            remedy = "use backend: cpu, or build torch and gsplat for this driver and card"
            raise RenderError("render_gsplat_failed", f"{why}; {remedy}") from error

    @property
    def path(self) -> str:
        """`kernels` where our own and gsplat's direct calls draw, `torch` where they failed or drew something else."""
        return "torch" if isinstance(self._parts, TorchParts) else "kernels"

    def _trial(self, camera: Camera) -> np.ndarray:
        """A small frame with every morph at work and the head turned a little."""
        turn = np.eye(4)
        turn[0, 2], turn[2, 0] = TRIAL_TURN, -TRIAL_TURN
        return self._render(np.full(ARKIT_COUNT, 0.3), turn, camera, (0.2, 0.5, 0.8), None).numpy().astype(np.int16)

    def _hasten(self, scene: DeviceAvatar, avatar: Avatar, trial: Callable[[], np.ndarray], slow: np.ndarray) -> None:
        """Take the fast path where it draws what the slow one drew: it rests on private parts of torch and gsplat."""
        plain = self._parts, self._rasterization
        try:
            self._parts = CudaParts(scene, avatar, self._inputs.packed)
            self._rasterization = direct_rasterization()
            if np.abs(trial() - slow).max() <= TRIAL_LEVELS:
                return
        except (RuntimeError, AttributeError, TypeError, OSError):
            pass
        self._parts, self._rasterization = plain

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render; without `out` the frame stays on the card."""
        try:
            return self._render(weights, head, camera, background, out)
        except RuntimeError as error:
            raise RenderError("render_gsplat_lost", f"CUDA failed ({_first_line(error)})", retryable=True) from error

    @torch.inference_mode()
    def _render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background,
                out: U8 | None) -> Frame:
        colour, image, alpha = background_parts(background, camera, self._settings)
        arguments, options = self._prepared(weights, head, camera, colour)
        rgb, cover, _ = self._rasterization(*arguments, **options)
        picture = None if image is None else self._picture(image)
        smoke = self._settings.smoke_cover
        pixels = self._parts.finished(self._inputs.packed, smoke, rgb[0], cover[0], picture, alpha)
        if out is None:
            return Frame(pixels, alpha)
        buffer = output_buffer(out, camera)
        torch.from_numpy(buffer).copy_(pixels)  # straight from the card where the buffer is pinned
        return Frame(buffer, alpha)

    def _prepared(self, weights: np.ndarray, head: np.ndarray, camera: Camera,
                  colour: tuple[float, float, float]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What gsplat is called with for this face and pose."""
        scene = self._scene
        if scene is None:
            raise RenderError("render_closed", "the rasteriser was closed; make a new one")
        inputs, moved = self._inputs, model_view(camera, head)
        packed = packed_inputs(head, colour, self._settings.smoke_cover, self._weights(weights))
        inputs.put(packed, moved if scene.share is None else camera.view, camera.matrix)
        splats = (*self._parts.posed(inputs.packed), scene.scales, scene.opacities, scene.colors)
        blur = self._settings.blur_at(camera.width, camera.height)
        return (*splats, inputs.views, inputs.intrinsics, camera.width, camera.height), {
            "near_plane": NEAR_M, "packed": False, "eps2d": blur
        }  # fmt: skip

    @torch.inference_mode()
    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour."""
        if self._scene is not None:
            self._scene.colors.copy_(torch.from_numpy(np.ascontiguousarray(colors, np.float32)))

    def buffer(self, width: int, height: int) -> U8:
        """See Rasteriser.buffer. Pinned: the card writes into it by itself, at the full speed of the bus."""
        pinned = self._device.type == "cuda"
        return torch.zeros((height, width, 4), dtype=torch.uint8, pin_memory=pinned).numpy()

    @torch.inference_mode()
    def bare(self, weights: np.ndarray, head: np.ndarray, camera: Camera) -> Callable[[], Any]:
        """Nothing but gsplat.rasterization of the splats of one pose, to be called again and again: for benches."""
        arguments, options = self._prepared(weights, head, camera, (0.0, 0.0, 0.0))
        kept = [argument.clone() if isinstance(argument, torch.Tensor) else argument for argument in arguments]
        return torch.inference_mode()(partial(built_rasterization(), *kept, **options))

    def _picture(self, image: np.ndarray) -> torch.Tensor:
        """A picture on the device; a read-only one is brought there once."""
        held, there = self._behind
        if held is not image or image.flags.writeable or there is None:
            there = torch.from_numpy(np.array(image)).to(self._device)
            self._behind = image, there
        return there

    def close(self) -> None:
        """Free the card's memory; the rasteriser draws no more."""
        self._scene = None
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
