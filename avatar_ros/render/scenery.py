"""What is around the face: the picture behind it and the light upon it, as the settings say now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..avatar.light import NEUTRAL_K, Light, lit
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.backdrop_words import parse_backdrop
from ..core.errors import ConfigError
from ..core.settings import Settings, setting
from .backdrop import SHADOW_PX, drawn
from .base import Background, Camera, Rasteriser
from .pose import portrait_camera


@dataclass(frozen=True)
class ScenerySettings(Settings):
    """Parameters of what is around the face."""

    background: str = setting(
        "studio",
        "behind the head: '#rrggbb', studio, studio:#rrggbb, gradient:#rrggbb,#rrggbb, a picture's path, blur:PATH, "
        "chroma, chroma:#rrggbb or transparent", live=True,
    )  # fmt: skip
    shadow: float = setting(0.5, "the head's soft shadow on what is behind it, 0-1", low=0.0, high=1.0, live=True)
    exposure_ev: float = setting(0.0, "make the head brighter by so many stops", low=-3.0, high=3.0, live=True)
    temperature_k: float = setting(
        NEUTRAL_K, "colour of the light in which the head was photographed, K: less where it looks orange",
        low=2000.0, high=20000.0, live=True,
    )  # fmt: skip
    tint: float = setting(
        0.0, "of the head's colours, from green (-100) to magenta (100)", low=-100.0, high=100.0, live=True
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_backdrop(self.background)


class Scenery:
    """warning: why the picture behind is not the one that was asked for; "" where it is."""

    def __init__(self, settings: ScenerySettings, avatar: Avatar) -> None:
        self._settings = settings
        self._avatar = avatar
        self._light = Light()
        self._made: tuple[object, ...] = ()
        self._behind: Background = None
        self.warning = ""

    def shine(self, rasteriser: Rasteriser) -> None:
        """Put the heads' colours into the light that the settings ask for, where that is another one."""
        settings = self._settings
        light = Light(settings.exposure_ev, settings.temperature_k, settings.tint)
        if light != self._light:
            rasteriser.recolour(lit(self._avatar.colors, light))
            self._light = light

    def changed(self, camera: Camera) -> bool:
        """Whether `behind` has to be worked out anew."""
        return self._key(camera) != self._made

    def behind(self, rasteriser: Rasteriser, camera: Camera) -> Background:
        """What `render` takes; draws with the rasteriser, at another size, where the head throws a shadow.

        Raises ConfigError for the first picture, if it cannot be read; one that fails later is told in `warning`, and
        the one before stays where its size fits.
        """
        first, self._made = not self._made, self._key(camera)
        try:
            self._behind, self.warning = scenery(rasteriser, self._avatar, camera, self._settings), ""
        except ConfigError as error:
            if first:
                raise
            self.warning = error.text
            shape = self._behind.shape[:2] if isinstance(self._behind, np.ndarray) else (camera.height, camera.width)
            if shape != (camera.height, camera.width):
                self._behind = drawn(parse_backdrop(ScenerySettings().background), camera.width, camera.height)
        return self._behind

    def _key(self, camera: Camera) -> tuple[object, ...]:
        return self._settings.background, self._settings.shadow, camera.width, camera.height


def scenery(rasteriser: Rasteriser, avatar: Avatar, camera: Camera, settings: ScenerySettings) -> Background:
    """The background of all frames of a camera. Raises ConfigError where its picture cannot be read."""
    backdrop = parse_backdrop(settings.background)
    cover = cover_at_rest(rasteriser, avatar, camera.width / camera.height) if settings.shadow > 0 else None
    return drawn(backdrop, camera.width, camera.height, cover, settings.shadow)


def cover_at_rest(rasteriser: Rasteriser, avatar: Avatar, aspect: float) -> F32:
    """How much the head hides, [h, w] of 0-1, small, for a picture of width / height = `aspect`."""
    width, height = (max(16, round(SHADOW_PX * side)) for side in (min(1.0, aspect), min(1.0, 1 / aspect)))
    frame = rasteriser.render(np.zeros(ARKIT_COUNT, np.float32), np.eye(4), portrait_camera(avatar, width, height))
    return frame.numpy()[..., 3].astype(np.float32) / np.float32(255)
