"""The C++ rasteriser (src/) behind the common interface."""

from __future__ import annotations

import numpy as np

from .. import _raster
from ..avatar.model import Avatar
from ..core.arrays import F32, U8
from ..core.errors import RenderError
from .base import Background, Camera, Frame, RasterSettings
from .inputs import RasteriserBase, background_parts, model_view, output_buffer


class CpuRasteriser(RasteriserBase):
    """Morph, project, sort, bin, blend and composite on the processor's SIMD units; the GIL is released meanwhile."""

    name = "cpu"

    def __init__(self, avatar: Avatar, settings: RasterSettings) -> None:
        super().__init__(avatar.morph_names, settings)
        morphs = avatar.morphs
        self._behind: np.ndarray | None = None  # kept, so that no other picture can take its place in memory
        self._raster: _raster.Rasteriser | None
        try:
            self._raster = _raster.Rasteriser(
                avatar.positions, avatar.scales, avatar.rotations, avatar.colors, avatar.opacities,
                avatar.head_share, morphs.offsets, morphs.indices, morphs.deltas, settings.threads, settings.isa,
            )
        except ValueError as error:
            raise RenderError("render_bad_scene", f"avatar {avatar.name} cannot be drawn: {error}") from None

    @property
    def isa(self) -> str:
        """Instruction set in use: avx512, avx2, sse2 or generic."""
        return self._open.isa

    @property
    def stats(self) -> dict[str, float]:
        """Of the last frame: milliseconds by stage, splats sorted, (splat, tile) pairs, tiles, tiles drawn anew."""
        return self._open.stats()

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render. Tiles in which nothing moved since the frame before are not drawn again."""
        colour, image, alpha = background_parts(background, camera, self._settings)
        still = image is not None and image is self._behind and not image.flags.writeable
        self._behind = None
        pixels = out if out is not None and self._is_own(out, camera) else output_buffer(out, camera)
        self._open.render(
            self._weights(weights), camera.view, model_view(camera, head),
            (camera.fx, camera.fy, camera.cx, camera.cy), self._settings.blur_at(camera.width, camera.height),
            colour, image, alpha, self._settings.smoke_cover, pixels, still,
        )
        self._behind = image
        return Frame(pixels, alpha)

    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour."""
        self._open.recolour(colors)

    def buffer(self, width: int, height: int) -> U8:
        """See Rasteriser.buffer. The memory in which frames are drawn anyway; read-only, since what has not changed is
        left as it stands there. Into any other `out` the finished frame is copied.
        """
        return self._open.picture(width, height)

    def _is_own(self, out: U8, camera: Camera) -> bool:
        return out.shape == (camera.height, camera.width, 4) and self._open.owns(out)

    @property
    def _open(self) -> _raster.Rasteriser:
        if self._raster is None:
            raise RenderError("render_closed", "the rasteriser was closed; make a new one")
        return self._raster

    def close(self) -> None:
        """Free threads and memory; the rasteriser draws no more."""
        self._raster = None
