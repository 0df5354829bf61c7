"""A cheap rasteriser for tests: bars whose height follows the weights, at known places.

The bar of weight i fills the columns [i·width/52, (i+1)·width/52) from the bottom, red; the mouth's opening (jawOpen)
is also a white block in the middle, so that a test can find the flash of an open jaw.
"""

from __future__ import annotations

import numpy as np

from ..avatar.model import Avatar
from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX, ARKIT_NAMES
from ..core.arrays import U8
from .base import Background, Camera, Frame, RasterSettings
from .inputs import RasteriserBase, background_parts, model_view, output_buffer


class FakeRasteriser(RasteriserBase):
    """Deterministic frames without splats; the avatar is ignored."""

    name = "fake"

    def __init__(self, avatar: Avatar | None, settings: RasterSettings) -> None:
        super().__init__(ARKIT_NAMES, settings)
        self.frames = 0

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render."""
        values = self._weights(weights)
        model_view(camera, head)
        colour, image, alpha = background_parts(background, camera, self._settings)
        pixels = output_buffer(out, camera)
        pixels[..., :3] = np.round(np.multiply(colour, 255)) if image is None else image
        pixels[..., 3] = 255 if alpha == "opaque" else 0
        self._bars(pixels, values)
        self._mouth(pixels, float(values[ARKIT_INDEX["jawOpen"]]))
        self.frames += 1
        return Frame(pixels, alpha)

    def _bars(self, pixels: U8, values: np.ndarray) -> None:
        height, width = pixels.shape[:2]
        column = np.arange(width) * ARKIT_COUNT // width
        filled = np.round(values * height)[column]
        rows = height - np.arange(height)[:, None]
        pixels[rows <= filled[None, :]] = (255, 0, 0, 255)

    def _mouth(self, pixels: U8, opening: float) -> None:
        height, width = pixels.shape[:2]
        half = round(opening * height / 4)
        pixels[height // 2 - half : height // 2 + half, width // 4 : width - width // 4] = 255
