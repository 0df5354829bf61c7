"""The slow, obvious rasteriser: float64 NumPy, one splat at a time over the whole picture's box. The measure of others.

Morph: p = base + Σ w·delta. Pose: linear blend skinning by the head's share.
Projection: EWA (Zwicker et al., "EWA Splatting", 2002) as in 3D Gaussian Splatting (Kerbl et al. 2023) and gsplat:
covariance J·R·Σ·Rᵀ·Jᵀ + blur, alpha = min(opacity, 0.999)·exp(-½ dᵀ·inverse·d), nothing
below 1/255, front to back, premultiplied, in sRGB without linearisation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..avatar.clips import quaternion_matrices
from ..avatar.model import Avatar
from ..core.arrays import F32, U8
from .base import ALPHA_THRESHOLD, MAX_ALPHA, NEAR_M, Background, Camera, Frame, RasterSettings
from .inputs import RasteriserBase, background_parts, model_view, output_buffer


class ReferenceRasteriser(RasteriserBase):
    """Float64 throughout; minutes where the others take milliseconds."""

    name = "reference"

    def __init__(self, avatar: Avatar, settings: RasterSettings) -> None:
        super().__init__(avatar.morph_names, settings)
        self._avatar = avatar
        axes = quaternion_matrices(avatar.rotations.astype(np.float64)) * avatar.scales.astype(np.float64)[:, None, :]
        self._covariances = axes @ axes.transpose(0, 2, 1)

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render."""
        colour, image, alpha = background_parts(background, camera, self._settings)
        pixels = output_buffer(out, camera)
        premultiplied, through = self.accumulate(weights, head, camera)
        keep = smoke_share(1 - through, self._settings.smoke_cover)
        premultiplied, through = premultiplied * keep[..., None], 1 - (1 - through) * keep
        cover = 1 - through
        if alpha == "opaque":
            behind = np.asarray(colour) if image is None else image / 255.0
            premultiplied = premultiplied + through[..., None] * behind
            cover = np.ones_like(through)
        elif alpha == "straight":
            premultiplied = premultiplied / np.maximum(cover, 1e-6)[..., None]
        rgba = np.concatenate([premultiplied, cover[..., None]], axis=2)
        pixels[...] = np.floor(np.clip(rgba, 0, 1) * 255 + 0.5).astype(np.uint8)
        return Frame(pixels, alpha)

    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour."""
        self._avatar = replace(self._avatar, colors=colors)

    def accumulate(self, weights: np.ndarray, head: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """Premultiplied colour [height, width, 3] and remaining transmittance [height, width], float64."""
        avatar = self._avatar
        views = self._views(camera, head)
        centres = self._morphed(self._weights(weights))
        points = np.einsum("nij,nj->ni", views[:, :3, :3], centres) + views[:, :3, 3]
        colour = np.zeros((camera.height, camera.width, 3))
        through = np.ones((camera.height, camera.width))
        seen = (points[:, 2] > NEAR_M) & (avatar.opacities >= ALPHA_THRESHOLD)
        order = np.argsort(points[:, 2], kind="stable")
        for i in order[seen[order]]:
            self._blend(points[i], views[i, :3, :3] @ self._covariances[i] @ views[i, :3, :3].T,
                        float(avatar.opacities[i]), avatar.colors[i].astype(np.float64), camera, colour, through)
        return colour, through

    def _views(self, camera: Camera, head: np.ndarray) -> np.ndarray:
        """Avatar to camera [N, 4, 4] of each splat: linear blend skinning between a body at rest and the head."""
        body, moved = camera.view.astype(np.float64), model_view(camera, head).astype(np.float64)
        share = self._avatar.head_share.astype(np.float64)[:, None, None]
        return (1 - share) * body + share * moved

    def _morphed(self, weights: np.ndarray) -> np.ndarray:
        points = self._avatar.positions.astype(np.float64)
        for m in np.flatnonzero(weights):
            indices, deltas = self._avatar.morphs.part(int(m))
            points[indices] += float(weights[m]) * deltas.astype(np.float64)
        return points

    def _blend(self, point: np.ndarray, covariance: np.ndarray, opacity: float, rgb: np.ndarray, camera: Camera,
               colour: np.ndarray, through: np.ndarray) -> None:
        flat = self._flat_covariance(point, covariance, camera)
        opacity = min(opacity, MAX_ALPHA)
        reach = 2 * np.log(opacity / ALPHA_THRESHOLD)
        x = camera.fx * point[0] / point[2] + camera.cx
        y = camera.fy * point[1] / point[2] + camera.cy
        half_width, half_height = np.sqrt(reach * flat[0, 0]), np.sqrt(reach * flat[1, 1])
        x0, x1 = _pixels(x - half_width, x + half_width, camera.width)
        y0, y1 = _pixels(y - half_height, y + half_height, camera.height)
        if x0 >= x1 or y0 >= y1 or np.linalg.det(flat) <= 0:
            return
        inverse = np.linalg.inv(flat)
        dx = np.arange(x0, x1)[None, :] + 0.5 - x
        dy = np.arange(y0, y1)[:, None] + 0.5 - y
        distance2 = inverse[0, 0] * dx * dx + 2 * inverse[0, 1] * dx * dy + inverse[1, 1] * dy * dy
        alpha = opacity * np.exp(-0.5 * distance2)
        weight = np.where(alpha >= ALPHA_THRESHOLD, alpha, 0) * through[y0:y1, x0:x1]
        colour[y0:y1, x0:x1] += weight[..., None] * rgb
        through[y0:y1, x0:x1] -= weight

    def _flat_covariance(self, point: np.ndarray, covariance: np.ndarray, camera: Camera) -> np.ndarray:
        """Covariance [2, 2] in px²; the Jacobian's angles are clamped a little outside the picture, as in gsplat."""
        margin_x, margin_y = 0.15 * camera.width / camera.fx, 0.15 * camera.height / camera.fy
        u = np.clip(point[0] / point[2], -camera.cx / camera.fx - margin_x,
                    (camera.width - camera.cx) / camera.fx + margin_x)
        v = np.clip(point[1] / point[2], -camera.cy / camera.fy - margin_y,
                    (camera.height - camera.cy) / camera.fy + margin_y)
        jacobian = np.array([[camera.fx, 0, -camera.fx * u], [0, camera.fy, -camera.fy * v]]) / point[2]
        blur = self._settings.blur_at(camera.width, camera.height)
        return jacobian @ covariance @ jacobian.T + blur * np.eye(2)


def smoke_share(cover: np.ndarray, smoke_cover: float) -> np.ndarray:
    """What stays of thinly covered pixels: smoothstep(0, smoke_cover, cover); all of them where smoke_cover is 0."""
    t = np.minimum(cover / smoke_cover, 1) if smoke_cover > 0 else np.ones_like(cover)
    return t * t * (3 - 2 * t)


def _pixels(low: float, high: float, size: int) -> tuple[int, int]:
    """Range [first, after last] of pixels whose centres lie in [low, high], inside the picture."""
    first, last = np.ceil(low - 0.5), np.floor(high - 0.5)
    return int(np.clip(first, 0, size)), int(np.clip(last + 1, 0, size))
