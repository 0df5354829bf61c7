"""An avatar as textures, and the pass that works out where its splats are on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import moderngl
import numpy as np

from ..avatar.clips import quaternion_matrices
from ..avatar.model import Avatar
from ..core.arrays import F32
from .base import ALPHA_THRESHOLD, MAX_ALPHA
from .gl_shaders import ENTRY_SIDE, SIDE


class GlScene:
    """colours: texture of colour and opacity; projected: those of the last `project`: places, shapes."""

    def __init__(self, gl: Any, avatar: Avatar, program: Any) -> None:
        self._splats, self._program = avatar.splats, program
        rows = -(-avatar.splats // SIDE)
        size = (SIDE, rows)
        place, shape, shape2, counts, entries = tables(avatar)
        self._colours = np.zeros((SIDE * rows, 4), np.float32)
        self._colours[: avatar.splats, 3] = np.minimum(avatar.opacities, MAX_ALPHA)
        self.colours = gl.texture(size, 4, dtype="f4", alignment=1)
        self.recolour(avatar.colors)
        entry_size = (ENTRY_SIDE, max(-(-len(entries) // ENTRY_SIDE), 1))
        fixed = [_texture(gl, size, table) for table in (place, shape, shape2, counts)]
        self._weights = gl.texture((max(len(avatar.morph_names), 1), 1), 1, dtype="f4")
        self._inputs = [*fixed, _texture(gl, entry_size, entries), self._weights]
        names = ("places", "shapes", "shapes2", "counts", "entries", "weights")
        for unit, name in enumerate(names):
            program[name] = unit
        self.projected = tuple(gl.texture(size, 4, dtype="f4") for _ in range(2))
        for texture in (*self._inputs, self.colours, *self.projected):
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._target = gl.framebuffer(self.projected)
        self._keys = np.empty((rows * SIDE, 4), np.float32)
        self._all = gl.vertex_array(program, [])

    def recolour(self, colors: F32) -> None:
        """Colours [N, 3] of the splats; their opacities stay."""
        self._colours[: self._splats, :3] = colors
        self.colours.write(self._colours)

    def bind(self) -> None:
        """Make its own framebuffer the current one."""
        self._target.use()

    def project(self, gl: Any, weights: np.ndarray, uniforms: Mapping[str, Any]) -> np.ndarray:
        """Morph, pose and project; the sort keys [N] uint16: the farther the smaller, 0 where a splat is not seen."""
        if weights.size:
            self._weights.write(np.ascontiguousarray(weights, np.float32))
        for unit, texture in enumerate(self._inputs):
            texture.use(unit)
        for name, value in uniforms.items():
            if isinstance(value, bytes):
                self._program[name].write(value)
            else:
                self._program[name] = value
        gl.enable_only(moderngl.NOTHING)
        self._target.use()
        self._all.render(moderngl.TRIANGLES, vertices=3)
        self._target.read_into(self._keys, components=4, attachment=1, dtype="f4")
        return self._keys[: self._splats, 3].astype(np.uint16)


def tables(avatar: Avatar) -> tuple[np.ndarray, ...]:
    """What the first pass reads: place and share [N, 4], covariance xx xy xz yy [N, 4], yz zz reach and first entry
    [N, 4], number of entries [N, 1], entries as delta and morph [E, 4].
    """
    axes = quaternion_matrices(avatar.rotations.astype(np.float64)) * avatar.scales.astype(np.float64)[:, None, :]
    c = axes @ axes.transpose(0, 2, 1)
    opacities = np.minimum(avatar.opacities, MAX_ALPHA).astype(np.float64)
    reach = np.where(opacities >= ALPHA_THRESHOLD, 2 * np.log(np.maximum(opacities, 1e-9) / ALPHA_THRESHOLD), 0)
    morphs = avatar.morphs
    order = np.argsort(morphs.indices, kind="stable")
    number = np.repeat(np.arange(len(morphs.names)), np.diff(morphs.offsets))[order]
    counts = np.bincount(morphs.indices, minlength=avatar.splats)
    first = np.cumsum(counts) - counts
    return (
        np.concatenate([avatar.positions, avatar.head_share[:, None]], axis=1),
        np.stack([c[:, 0, 0], c[:, 0, 1], c[:, 0, 2], c[:, 1, 1]], axis=1),
        np.stack([c[:, 1, 2], c[:, 2, 2], reach, first], axis=1),
        counts[:, None],
        np.concatenate([morphs.deltas[order], number[:, None]], axis=1),
    )


def _texture(gl: Any, size: tuple[int, int], table: np.ndarray) -> Any:
    """Float32 texture of rows [N, C], filled up with zeros."""
    padded = np.zeros((size[0] * size[1], table.shape[1]), np.float32)
    padded[: len(table)] = table
    return gl.texture(size, table.shape[1], padded, dtype="f4", alignment=1)
