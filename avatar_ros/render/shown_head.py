"""An avatar that can be drawn: its model, what draws it, its own movements, and the picture behind it."""

from __future__ import annotations

from dataclasses import replace
from math import dist

import numpy as np

from ..avatar.framing import frame_head, head_pivot
from ..avatar.model import Avatar
from ..core.arrays import U8
from ..core.egl import CardPicture, GlHome
from ..core.registry import NO_OPTIONS, Options
from .auto import make_rasteriser
from .base import DrawsForWindow, Frame, Rasteriser
from .clip_mixer import ClipMixer, pose_matrix
from .face import Face, FaceState
from .pose import portrait_camera
from .renderer_settings import RendererSettings, rasteriser_settings
from .scenery import Scenery

MIN_SIDE_PX = 16


class Head:
    """Of one avatar; `resize` comes before all else.

    frame: what was drawn last; size: width and height as they were asked for, px.
    """

    frame: Frame

    def __init__(
        self, avatar: Avatar, settings: RendererSettings, own: Options = NO_OPTIONS, backend: str = ""
    ) -> None:
        """backend: instead of that of the settings. Raises UnknownBackendError and RenderError (make_rasteriser)."""
        self.avatar = avatar
        wanted = rasteriser_settings(settings)
        self.rasteriser, self._fallback = make_rasteriser(
            avatar, replace(wanted, backend=backend) if backend else wanted, own
        )
        self.clips = ClipMixer(avatar.clips, settings.clips)
        self.size = (0, 0)
        self._home: GlHome | None = None
        self._unsettled = ""
        self._scenery = Scenery(settings, avatar)
        self._pivot = head_pivot(avatar)

    @property
    def camera(self) -> tuple[float, float]:
        """See RenderStage.camera."""
        return float(self._camera.fy), self._distance_m

    @property
    def warnings(self) -> list[str]:
        """Why another rasteriser or another picture than was asked for is used, or ""."""
        return [str(getattr(self.rasteriser, "warning", self._fallback)), self._scenery.warning, self._unsettled]

    @property
    def picture(self) -> CardPicture | None:
        """The frame as it lies on the card; None: it does not."""
        return self.frame.pixels if self._home is not None and not isinstance(self.frame.pixels, np.ndarray) else None

    @property
    def out(self) -> U8:
        """Memory [height, width, 4] for a frame's bytes."""
        return self._out

    @property
    def looked_at(self) -> bool:
        """Of a head that draws no more: whether a window still has pictures of it."""
        self.__dict__.pop("frame", None)
        return bool(getattr(self.rasteriser, "looked_at", False))

    def settle(self, home: GlHome | None) -> None:
        """Draw beside a window's context, or no longer."""
        if home == self._home or not isinstance(self.rasteriser, DrawsForWindow):
            return
        self._unsettled = self.rasteriser.settle(home)
        self._home = home

    def resize(self, size: tuple[int, int]) -> None:
        """Frames of another size. Raises ConfigError where the first picture behind cannot be read."""
        width, height = (max(side, MIN_SIDE_PX) for side in size)
        self.size = size
        self._camera = portrait_camera(self.avatar, width, height)
        framing = frame_head(self.avatar, width / height)
        self._distance_m = float(dist(framing.position, framing.target))
        self._set_scene()

    def refresh(self) -> None:
        """What is behind may have been changed."""
        if self._scenery.changed(self._camera):
            self._set_scene()

    def warm(self) -> None:
        """Draw the face at rest, in today's light: the first frame takes longer than others."""
        self.draw(Face().at(0.0), 0.0)

    def draw(self, state: FaceState, at_s: float) -> None:
        """The face of an instant, into `out`."""
        self._scenery.shine(self.rasteriser)
        head = self.clips.at(at_s) @ pose_matrix(state.head.rotation, state.head.translation, self._pivot)
        on_card = self._home is not None and self.rasteriser.name == "gl" and not self._unsettled
        out = None if on_card else self._out
        self.frame = self.rasteriser.render(state.weights, head, self._camera, self._background, out)

    def close(self) -> None:
        """Free the rasteriser."""
        self.rasteriser.close()

    def _set_scene(self) -> None:
        width, height = self._camera.width, self._camera.height
        self._background = self._scenery.behind(self.rasteriser, self._camera)
        self._out = self.rasteriser.buffer(width, height)


def keeps_to_its_thread(rasteriser: Rasteriser) -> bool:
    """Whether it must be made on the thread that calls it: what a card's driver holds may belong to a thread."""
    return rasteriser.name not in ("cpu", "reference", "fake") or hasattr(rasteriser, "warning")
