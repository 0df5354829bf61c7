"""Parameters of the renderer node."""

from __future__ import annotations

from dataclasses import dataclass

from ..avatar.axes import AXES, Y_UP
from ..core.avatar_names import BUILT_IN
from ..core.settings import setting
from ..core.types import LOCAL_SESSION
from .base import RasterSettings
from .scenery import ScenerySettings


@dataclass(frozen=True)
class RendererSettings(ScenerySettings):
    """Parameters of the renderer node."""

    backend: str = setting("auto", "rasteriser: auto, cpu, gsplat, gl, reference or fake")
    threads: int = setting(2, "threads of the CPU rasteriser", low=1, high=256)
    blur_px2: float = setting(0.3, "variance of the antialias filter at 512 px, px²", low=0.0, high=100.0)
    smoke_cover: float = setting(
        0.3, "thin what covers a pixel by less than this share: the smoke around LAM heads, 0-1", low=0.0, high=1.0
    )
    lam_weight_scaling: bool = setting(False, "LAM's own weight factors; right for its Audio2Expression only")
    session: str = setting(LOCAL_SESSION, "session whose face is shown")
    avatar: str = setting(BUILT_IN, "a name of ./avatar avatars, or a LAM .zip, or splats as .ply, .spz or .splat")
    home_locale: str = setting(
        "",
        "language that an avatar without one of its own brings, put on while it runs, set by the kiosk; empty: none "
        "brings any",
    )
    avatar_axes: str = setting(Y_UP, "up axis of an avatar of splats alone", choices=tuple(AXES))
    width: int = setting(0, "frame width, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    height: int = setting(0, "frame height, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    fps: float = setting(30.0, "frames a second", low=1.0, high=240.0)
    display_latency_s: float = setting(0.0, "time from handing over a frame to its light, s", low=0.0, high=0.5)
    tf_frame: str = setting("avatar_link", "the avatar's frame in tf2; its avatar_camera draws the images")
    clips: float = setting(0.5, "amplitude of the avatar's own head animations, 0-1", low=0.0, high=1.0)


def rasteriser_settings(settings: RendererSettings) -> RasterSettings:
    """The rasteriser's share of the node's parameters."""
    return RasterSettings(
        backend=settings.backend,
        threads=settings.threads,
        blur_px2=settings.blur_px2,
        smoke_cover=settings.smoke_cover,
        lam_weight_scaling=settings.lam_weight_scaling,
    )
