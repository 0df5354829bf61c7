"""What every rasteriser shares: Camera, RasterSettings, Frame, the Protocol and the table of backends.

Axes: avatar and world are metres, Y up, face towards +Z. The camera has OpenCV's axes: x right, y down, z forward.
Matrices act on column vectors: camera_point = view @ world_point; world_point = pose @ avatar_point, where a splat's
pose is (1 - share)·identity + share·head with the avatar's head_share: shoulders stay, the neck bends.
Pixel (column i, row j) has its centre at (i + 0.5, j + 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from ..core.arrays import F32, U8
from ..core.egl import GlHome
from ..core.errors import RenderError
from ..core.registry import Backend, Registry

Background = tuple[float, float, float] | U8 | None
"""Colour (r, g, b) of sRGB 0–1, a picture [height, width, 3] uint8, or None for a transparent frame. A picture that is
read-only is taken to stay as it is: a rasteriser looks at it once."""

AlphaKind = Literal["opaque", "premultiplied", "straight"]
NEAR_M = 0.01
ALPHA_THRESHOLD = 1 / 255
MAX_ALPHA = 0.999
BLUR_REFERENCE_PX = 512


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera."""

    view: F32  # [4, 4] world to camera
    width: int  # px
    height: int  # px
    fx: float  # px
    fy: float  # px
    cx: float  # px
    cy: float  # px

    @classmethod
    def look_at(cls, position: tuple[float, float, float], target: tuple[float, float, float], fov_y_deg: float,
                width: int, height: int) -> Camera:
        """A camera at `position` that sees `target` (metres, world) in its middle, upright.

        fov_y_deg: vertical field of view, 0–180 exclusive. Raises RenderError where that is no view: the target at
        the position, or straight above or below it.
        """
        forward = np.subtract(target, position).astype(np.float64)
        right = np.cross(forward, (0.0, 1.0, 0.0))
        if not 0 < fov_y_deg < 180 or not np.linalg.norm(right) > 1e-9 or min(width, height) < 1:
            raise RenderError("render_bad_camera", f"no camera at {position} can show {target} upright with "
                                                   f"{fov_y_deg}° in {width}x{height} px")
        forward /= np.linalg.norm(forward)
        right /= np.linalg.norm(right)
        view = np.eye(4)
        view[:3, :3] = [right, np.cross(forward, right), forward]
        view[:3, 3] = -view[:3, :3] @ np.asarray(position, np.float64)
        focal = 0.5 * height / tan(radians(fov_y_deg) / 2)
        return cls(view.astype(np.float32), width, height, focal, focal, width / 2, height / 2)

    @property
    def matrix(self) -> F32:
        """Intrinsics K [3, 3]."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float32)


@dataclass(frozen=True)
class RasterSettings:
    """How frames are drawn."""

    backend: str = "auto"  # auto, cpu, gsplat, gl, reference or fake
    threads: int = 2  # of the CPU rasteriser, the caller's included
    blur_px2: float = 0.3  # variance of the antialias filter at 512 px, px²; grows with the picture
    transparent_alpha: AlphaKind = "premultiplied"  # of frames without a background: premultiplied or straight
    smoke_cover: float = 0.0  # pixels covered less than this are thinned: 0.3 clears the smoke around LAM heads
    lam_weight_scaling: bool = False  # LAM's own factors; right for its Audio2Expression only
    isa: str = "auto"  # instruction set of the CPU rasteriser: auto, avx512, avx2, sse2 or generic

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= 256:
            raise RenderError("render_bad_setting", f"threads is {self.threads}; give 1 to 256")
        if not 0 <= self.blur_px2 <= 100:
            raise RenderError("render_bad_setting", f"blur_px2 is {self.blur_px2}; give 0 to 100")
        if not 0 <= self.smoke_cover <= 1:
            raise RenderError("render_bad_setting", f"smoke_cover is {self.smoke_cover}; give 0 to 1")
        if self.transparent_alpha not in ("premultiplied", "straight"):
            raise RenderError("render_bad_setting",
                              f"transparent_alpha is '{self.transparent_alpha}'; give premultiplied or straight")

    def blur_at(self, width: int, height: int) -> float:
        """Variance in px² for a picture: at larger sizes the filter keeps its share of the face, or needles show."""
        return self.blur_px2 * max(1.0, (min(width, height) / BLUR_REFERENCE_PX) ** 2)


@dataclass(frozen=True, eq=False)
class Frame:
    """A finished picture, still on the device where it was drawn; take it without a copy through DLPack."""

    pixels: Any  # uint8 [height, width, 4] RGBA: a NumPy array, or with `shape` and `cpu()` what lies on a device
    alpha: AlphaKind

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    def numpy(self) -> U8:
        """RGBA in the computer's memory; a copy only where it lies elsewhere."""
        return self.pixels if isinstance(self.pixels, np.ndarray) else self.pixels.cpu().numpy()

    def __dlpack__(self, **options: Any) -> Any:
        return self.pixels.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self.pixels.__dlpack_device__()
        return device


class Rasteriser(Protocol):
    """One avatar's renderer; made as `Class(avatar, settings)`, or `Class(avatar, settings, own)` where the class
    has options of its own. One thread at a time calls it.
    """

    name: str

    @property
    def bad_weights(self) -> int:
        """Weights that were NaN or infinite and drawn as 0, counted since the start."""
        ...

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """Draw one frame.

        weights: [52] in the order of ARKIT_NAMES, clipped to 0–1. head: [4, 4] avatar to world, for what
        follows the head wholly. out: uint8 [height, width, 4] to draw into (the frame's pixels then, on the CPU); made
        anew where None.
        Raises RenderError for wrong shapes.
        """
        ...

    def recolour(self, colors: F32) -> None:
        """Colours [N, 3] of sRGB 0–1 instead of the avatar's, from the next frame on: another light upon it."""
        ...

    def buffer(self, width: int, height: int) -> U8:
        """Memory [height, width, 4] that `render` fills fastest when it is given as `out`; nobody else writes there."""
        ...

    def close(self) -> None:
        """Free threads and memory."""
        ...


@runtime_checkable
class DrawsForWindow(Protocol):
    """A Rasteriser whose frames a window can show where they were drawn; their pixels are CardPictures then."""

    def settle(self, home: GlHome | None) -> str:
        """Go to a window's context, or away from it: None; what was drawn before is gone. Why it could not, or ""."""
        ...


BACKENDS = Registry(
    "render",
    Rasteriser,
    {
        "cpu": Backend(
            "avatar_ros.render.cpu:CpuRasteriser", "./avatar setup (it builds the C++ rasteriser)", ("avatar_ros",)
        ),
        "gsplat": Backend("avatar_ros.render.gsplat:GsplatRasteriser", "gpu", ("torch", "gsplat")),
        "gl": Backend("avatar_ros.render.gl:GlRasteriser", "gl", ("moderngl", "glcontext"),
                      "avatar_ros.render.gl_settings:GlSettings"),
        "reference": Backend("avatar_ros.render.reference:ReferenceRasteriser"),
        "fake": Backend("avatar_ros.render.fake:FakeRasteriser"),
    },
)
