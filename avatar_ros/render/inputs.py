"""Checking and preparing what comes into `render`: the same for every backend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..avatar.model import arkit_columns, weight_scales
from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32, U8
from ..core.errors import RenderError
from .base import AlphaKind, Background, Camera, RasterSettings


class WeightMap:
    """52 ARKit weights to the M weights of an avatar's own morphs, by name."""

    def __init__(self, morph_names: Sequence[str], settings: RasterSettings) -> None:
        columns = arkit_columns(morph_names)
        self._columns = np.where(columns < 0, 0, columns)
        self._scales = np.where(columns < 0, 0, weight_scales(settings.lam_weight_scaling)[self._columns])
        self.bad_weights = 0

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """[M] float32; NaN and infinities become 0 and are counted, the rest is clipped to 0–1 before scaling."""
        weights = np.asarray(weights, np.float32)
        if weights.shape != (ARKIT_COUNT,):
            raise RenderError("render_bad_weights",
                              f"weights have the shape {weights.shape}; give {ARKIT_COUNT} in the ARKit order")
        finite = np.isfinite(weights)
        if not finite.all():
            self.bad_weights += int(ARKIT_COUNT - finite.sum())
            weights = np.where(finite, weights, np.float32(0))
        return (np.clip(weights, 0, 1)[self._columns] * self._scales).astype(np.float32)


class RasteriserBase:
    """What our backends share: settings, weights by the avatar's own morphs, memory for frames."""

    def __init__(self, morph_names: Sequence[str], settings: RasterSettings) -> None:
        self._settings = settings
        self._weights = WeightMap(morph_names, settings)

    @property
    def bad_weights(self) -> int:
        """See Rasteriser."""
        return self._weights.bad_weights

    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour; here for what has no colours."""

    def buffer(self, width: int, height: int) -> U8:
        """See Rasteriser.buffer."""
        return np.zeros((height, width, 4), np.uint8)

    def close(self) -> None:
        """Nothing to free."""


def model_view(camera: Camera, head: np.ndarray) -> np.ndarray:
    """Avatar to camera [4, 4] float32, for what follows the head wholly.

    Raises RenderError where the head's matrix is no finite [4, 4].
    """
    head = np.asarray(head, np.float64)
    if head.shape != (4, 4) or not np.isfinite(head).all():
        raise RenderError("render_bad_head", f"the head's matrix must be finite and [4, 4], not {head.shape}")
    return (camera.view.astype(np.float64) @ head).astype(np.float32)


def background_parts(background: Background, camera: Camera,
                     settings: RasterSettings) -> tuple[tuple[float, float, float], np.ndarray | None, AlphaKind]:
    """Colour, picture and kind of alpha of a background. Raises RenderError for a wrong shape."""
    if background is None:
        return (0.0, 0.0, 0.0), None, settings.transparent_alpha
    if isinstance(background, np.ndarray) and background.ndim == 3:
        if background.shape != (camera.height, camera.width, 3) or background.dtype != np.uint8:
            raise RenderError("render_bad_background", f"the background is {background.dtype} {background.shape}; "
                                                       f"give uint8 ({camera.height}, {camera.width}, 3)")
        return (0.0, 0.0, 0.0), background, "opaque"
    if len(background) != 3 or not np.isfinite(background).all():
        raise RenderError("render_bad_background", "a background colour is three numbers of 0 to 1")
    red, green, blue = (min(max(float(c), 0.0), 1.0) for c in background)
    return (red, green, blue), None, "opaque"


def output_buffer(out: np.ndarray | None, camera: Camera) -> np.ndarray:
    """`out` if it fits, or a new uint8 [height, width, 4]. Raises RenderError where it does not fit."""
    shape = (camera.height, camera.width, 4)
    if out is None:
        return np.empty(shape, np.uint8)
    if out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
        raise RenderError("render_bad_buffer", f"out is {out.dtype} {out.shape}; give a writeable, contiguous uint8 "
                                               f"{shape}")
    return out
