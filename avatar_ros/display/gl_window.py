"""A window that draws for itself, by OpenGL through EGL: a rasteriser that draws beside its context gives it textures,
and nothing goes through the computer's memory. X, Wayland or KMSDRM, as SDL finds them.
"""

from __future__ import annotations

import os
from typing import Any

import moderngl
import pygame

from ..core.egl import DESKTOP_API, EMBEDDED_API, CardPicture, Egl, Functions, GlHome, is_software
from ..core.errors import ConfigError, RenderError
from ..core.loading import boundary, saying
from .base import U8, DisplaySettings
from .gl_compose import GlComposer
from .window import WindowScreen

OLDEST = 300
PROBE = PROBED = bytes((200, 100, 50, 255))
X11_BY_EGL = "SDL_VIDEO_X11_FORCE_EGL"
#: Asked for in this order: OpenGL 3.3, as on a PC; OpenGL ES 3.0, all that a Raspberry Pi has.
KINDS = ((3, 3, pygame.GL_CONTEXT_PROFILE_CORE), (3, 0, pygame.GL_CONTEXT_PROFILE_ES))


class GlWindowScreen(WindowScreen):
    """See WindowScreen. home: of its context, from open to close; frames are CardPictures of it, or bytes."""

    name = "window_gl"

    def __init__(self, settings: DisplaySettings) -> None:
        super().__init__(settings)
        self.home: GlHome | None = None
        self.renderer = ""  # what the driver calls itself
        self._egl: Egl | None = None
        self._gl: Any = None
        self._drawn_by: GlComposer | None = None
        self._seen: CardPicture | U8 | None = None  # the card may look at it until the next one is shown

    def open(self) -> None:
        """See WindowScreen.open. Raises ConfigError("no_gl_window") where there is no OpenGL for it."""
        os.environ[X11_BY_EGL] = "1"
        try:
            super().open()
        finally:
            del os.environ[X11_BY_EGL]

    @property
    def software(self) -> bool:
        """Whether a processor plays the card."""
        return is_software(self.renderer)

    def _avoid_software_opengl(self) -> None:
        """It was asked for."""

    def _make_window(self, **kind: bool) -> pygame.Window:
        why = pygame.error("no kind was tried")
        for major, minor, profile in KINDS:
            for name, value in (
                (pygame.GL_CONTEXT_MAJOR_VERSION, major), (pygame.GL_CONTEXT_MINOR_VERSION, minor),
                (pygame.GL_CONTEXT_PROFILE_MASK, profile), (pygame.GL_SHARE_WITH_CURRENT_CONTEXT, 0),
            ):  # fmt: skip
                pygame.display.gl_set_attribute(name, value)
            try:
                return super()._make_window(opengl=True)
            except pygame.error as error:
                why = error
        raise ConfigError("no_gl_window", f"SDL makes no window for OpenGL: {why}")

    def _prepare(self, window: pygame.Window) -> None:
        try:
            self._egl = Egl()
        except RenderError as error:
            raise ConfigError("no_gl_window", error.text) from error
        self.home = self._egl.home()
        if self.home is None:
            raise ConfigError("no_gl_window", "the window's OpenGL does not come through EGL")
        if pygame.display.get_driver() != "wayland":  # there SDL waits itself, and not for a window that nobody sees
            self._egl.wait_for_refresh(self._settings.vsync)
        with boundary("OpenGL", ConfigError, "no_gl_window", describe=lambda fault: f" refused: {saying(fault)}"):
            options: Any = {"context": Functions(self._egl)}
            self._gl = moderngl.create_context(require=OLDEST, **options)
            self.renderer = str(self._gl.info["GL_RENDERER"])
            seen = self._seen_of_beside(self._egl, self.home)
        if seen != PROBED:
            text = f"{self.renderer} does not show what is drawn beside the window ({list(seen)} for {list(PROBED)})"
            raise ConfigError("no_gl_window", text)

    def _seen_of_beside(self, egl: Egl, home: GlHome) -> bytes:
        """What the window's context sees of a texture that another one has filled with PROBE, as a rasteriser does."""
        api = DESKTOP_API if home.api == DESKTOP_API[0] else EMBEDDED_API
        beside = egl.context(home.display, api, home)
        if beside is None:
            raise ConfigError("no_gl_window", f"{self.renderer} makes no context beside the window's")
        with egl.aside(home, beside):
            options: Any = {"context": Functions(egl)}
            gl = moderngl.create_context(require=OLDEST, **options)
            texture = gl.texture((1, 1), 4, PROBE)
            gl.finish()
        shared = self._gl.external_texture(texture.glo, (1, 1), 4, 0, "f1")
        seen = bytes(self._gl.framebuffer([shared]).read(components=4, alignment=1))
        egl.destroy(home.display, beside)
        return seen

    def _panel_size(self, window: pygame.Window) -> tuple[int, int]:
        width, height = self._egl.window_size() if self._egl else (0, 0)
        return (width, height) if width and height else window.size

    def _draw(self, window: pygame.Window, rgba: U8 | CardPicture, shown_at_s: float) -> None:
        try:
            composer = self._composer_of(self._panel_size(window))
            composer.draw(rgba, self._patches(composer.upright, shown_at_s), self._care)
        except moderngl.Error as error:
            raise RenderError("screen_lost", f"the window's OpenGL fails: {saying(error)}", retryable=True) from error
        self._seen = rgba

    def _composer_of(self, panel: tuple[int, int]) -> GlComposer:
        if self._drawn_by is None or self._drawn_by.panel != panel:
            assert self._egl is not None
            settings = self._settings
            self._drawn_by = GlComposer(
                self._gl, self._egl, panel, settings.rotation, settings.fit, self._background
            )
        return self._drawn_by

    def _give_up(self) -> None:
        self.home = self._gl = self._drawn_by = self._seen = None
        super()._give_up()
