"""A window through SDL2 (pygame-ce), full-screen on a panel: X, Wayland or bare KMSDRM, as SDL finds them.

The picture is put together on the processor into the window's own memory, and SDL hands that to the panel: through
the GPU where there is one (with vsync), else through shared memory (X11).
"""

from __future__ import annotations

import ctypes
import os
from glob import glob

import numpy as np

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # Ctrl-C belongs to the node
os.environ.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "0")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "avatar")

import pygame

from ..core.egl import CardPicture
from ..core.enums import AgentState
from ..core.errors import ConfigError, RenderError
from .background import parse_panel_background
from .base import U8, Captions, DisplaySettings, ScreenEvents
from .caption_writer import CaptionWriter
from .compose import Composer
from .layout import turned_size
from .panel_care import AS_IT_IS, Care
from .sign import Patch, sign_margin, sign_patch, sign_phase
from .talk_button import TalkButton, button_patch, hits

TITLE = "avatar"
INVISIBLE_DRIVERS = ("offscreen", "dummy")  # SDL takes these where it finds no panel
GPU_DEVICES = ("/dev/dri/renderD*", "/dev/nvidia0", "/dev/nvmap", "/dev/mali*", "/dev/dxg")
BLUE_FIRST = 0xFF0000  # mask of red in a 32-bit pixel whose first byte is blue
HIDING = (pygame.WINDOWHIDDEN, pygame.WINDOWMINIMIZED)
REAPPEARING = (pygame.WINDOWSHOWN, pygame.WINDOWRESTORED, pygame.WINDOWMAXIMIZED, pygame.WINDOWEXPOSED)
RESIZING = (pygame.WINDOWSIZECHANGED, pygame.WINDOWRESIZED, pygame.WINDOWDISPLAYCHANGED)


class WindowScreen:
    """The panel as a window without a cursor; the screen saver is kept away as long as it is open. See CopiesFrames."""

    name = "window"

    def __init__(self, settings: DisplaySettings) -> None:
        self.copied = ""
        self._settings = settings
        self._background = parse_panel_background(settings.panel_background)
        self._writer = CaptionWriter(settings) if settings.captions else None
        self._window: pygame.Window | None = None
        self._desktop: tuple[int, int] | None = None  # X11's, where the window fills a panel of it
        self._outgrown = False  # the desktop has another size now
        self._composer: Composer | None = None
        self._state, self._captions, self._care = AgentState.IDLE, Captions(), AS_IT_IS
        self._button = TalkButton()
        self._talk_key = 0  # 0: none
        self._caption_key: tuple[Captions, tuple[int, int]] | None = None
        self._caption_patch: Patch | None = None

    def open(self) -> None:
        """Raises ConfigError("no_screen") where SDL finds no panel."""
        os.environ["SDL_RENDER_VSYNC"] = "1" if self._settings.vsync else "0"
        try:
            pygame.display.init()
            self._refuse_invisible()
            self._avoid_software_opengl()
            self._window = self._make_window()
            self._prepare(self._window)
            self._talk_key = self._key_code()
        except pygame.error as error:
            self._give_up()
            raise ConfigError("no_screen", no_screen_text(str(error))) from error
        except ConfigError:
            self._give_up()
            raise
        self._desktop, self._outgrown = self._x11_desktop(), False
        pygame.mouse.set_visible(self._settings.talk != "open")
        pygame.display.set_allow_screensaver(False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the window's upright picture, px."""
        if self._window is None:
            return (0, 0)
        return turned_size(self._panel_size(self._window), self._settings.rotation)

    @property
    def problem(self) -> str:
        """Captions whose letters no font has."""
        return self._writer.problem if self._writer else ""

    def show(self, rgba: U8 | CardPicture, shown_at_s: float) -> None:
        """See Screen.show."""
        if self._window is None:
            return
        if self._outgrown:
            raise RenderError("screen_lost", "the panel has changed its size", retryable=True)
        try:
            self._draw(self._window, rgba, shown_at_s)
            self._window.flip()
        except pygame.error as error:
            raise RenderError("screen_lost", f"the panel has gone: {error}", retryable=True) from error

    def tell(self, state: AgentState, captions: Captions, care: Care = AS_IT_IS) -> None:
        """See Screen.tell."""
        self._state, self._captions, self._care = state, captions, care

    def poll(self) -> ScreenEvents:
        """See Screen.poll. A panel of another size is taken over with the next frame."""
        if self._window is None:
            return ScreenEvents()
        closed = escape = resized = exposed = False
        visible: bool | None = None
        presses: list[bool] = []
        for event in pygame.event.get():
            presses += self._pressed_by(event) if self._settings.talk != "open" else []
            closed |= event.type in (pygame.QUIT, pygame.WINDOWCLOSE)
            escape |= event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
            resized |= event.type in RESIZING
            exposed |= event.type == pygame.WINDOWEXPOSED
            visible = event.type in REAPPEARING if event.type in HIDING + REAPPEARING else visible
        # Without a window manager SDL is not told that X changed its mode, but what was hidden is exposed.
        self._outgrown |= exposed and self._desktop != self._x11_desktop()
        return ScreenEvents(closed, escape, resized, tuple(presses), visible)

    def _pressed_by(self, event: pygame.Event) -> list[bool]:
        """Presses of the talk button that an event means. A finger is a mouse to SDL, too."""
        if event.type == pygame.KEYDOWN and event.key == self._talk_key:
            return self._button.hold("key")
        if event.type == pygame.KEYUP and event.key == self._talk_key:
            return self._button.release("key")
        if event.type == pygame.MOUSEBUTTONDOWN and hits(event.pos, self.size, self._settings.rotation):
            return self._button.hold("pointer")
        if event.type == pygame.MOUSEBUTTONUP:
            return self._button.release("pointer")
        return self._button.release() if event.type == pygame.WINDOWFOCUSLOST else []

    def _key_code(self) -> int:
        """Raises ConfigError for a key that SDL does not know."""
        if self._settings.talk == "open":
            return 0
        try:
            return pygame.key.key_code(self._settings.talk_key)
        except ValueError as error:
            text = f"talk_key is '{self._settings.talk_key}'; give SDL's name of a key, such as space, return or f1"
            raise ConfigError("bad_key", text) from error

    def close(self) -> None:
        """Close the window; the screen saver may come again."""
        if self._window is not None:
            self._give_up()

    def _give_up(self) -> None:
        if self._window is not None:
            self._window.destroy()
        self._window = self._composer = None
        pygame.display.quit()

    def _prepare(self, window: pygame.Window) -> None:
        """Raises pygame.error or ConfigError where it cannot be drawn on."""
        window.get_surface()  # Wayland without any OpenGL makes a window and fails here

    def _panel_size(self, window: pygame.Window) -> tuple[int, int]:
        """Width and height as the panel counts them, px."""
        return window.get_surface().get_size()

    def _make_window(self, **kind: bool) -> pygame.Window:
        """kind: further arguments of the window."""
        settings = self._settings
        panels = pygame.display.get_desktop_sizes()
        if settings.panel_index >= len(panels):
            text = f"panel_index is {settings.panel_index}; there are {len(panels)} panels, counted from 0"
            raise ConfigError("no_panel", text)
        position = pygame.WINDOWPOS_CENTERED + settings.panel_index
        size = panels[settings.panel_index] if settings.fullscreen else (settings.panel_width, settings.panel_height)
        return pygame.Window(
            TITLE, size, (position, position), fullscreen_desktop=settings.fullscreen,
            resizable=not settings.fullscreen, borderless=settings.fullscreen, allow_high_dpi=True,
            **kind,
        )  # fmt: skip

    def _x11_desktop(self) -> tuple[int, int] | None:
        fills = self._settings.fullscreen and pygame.display.get_driver() == "x11"
        return x11_desktop_size() if fills else None

    @staticmethod
    def _refuse_invisible() -> None:
        driver = pygame.display.get_driver()
        if driver in INVISIBLE_DRIVERS and os.environ.get("SDL_VIDEODRIVER") != driver:
            raise pygame.error(f"only the driver '{driver}' is available")

    def _avoid_software_opengl(self) -> None:
        """Without a GPU, SDL would hand each picture to an OpenGL made of software, on the cores that draw the face."""
        if pygame.display.get_driver() == "x11" and not any(glob(pattern) for pattern in GPU_DEVICES):
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")

    def _draw(self, window: pygame.Window, rgba: U8 | CardPicture, shown_at_s: float) -> None:
        surface = window.get_surface()
        assert isinstance(rgba, np.ndarray), "only a window that draws for itself has frames on the card"
        composer = self._composer_for(surface)
        patches = self._patches(composer.upright, shown_at_s)
        if surface.get_bitsize() == 32:
            composer.draw(_memory(surface), rgba, patches, self._care)
            return
        width, height = surface.get_size()
        picture = np.empty((height, width, 4), np.uint8)
        composer.draw(picture, rgba, patches, self._care)
        surface.blit(pygame.image.frombuffer(picture.tobytes(), (width, height), "RGBX"), (0, 0))

    def _composer_for(self, surface: pygame.Surface) -> Composer:
        size = surface.get_size()
        upright = turned_size(size, self._settings.rotation)
        if self._composer is None or self._composer.upright != upright:
            blue_first = surface.get_bitsize() == 32 and surface.get_masks()[0] == BLUE_FIRST
            self._composer = Composer(
                size, self._settings.rotation, self._settings.fit, self._background, swap_red_blue=blue_first
            )
        return self._composer

    def _patches(self, panel: tuple[int, int], at_s: float) -> list[Patch]:
        """Captions above the sign, both at the panel's lower edge."""
        phase = sign_phase(self._state, at_s) if self._settings.state_sign else None
        sign = None if phase is None else sign_patch(self._state, phase, panel)
        caption = self._caption(panel)
        button = button_patch(panel, self._button.pressed) if self._settings.talk != "open" else None
        return [patch for patch in (caption, sign, button) if patch is not None]

    def _caption(self, panel: tuple[int, int]) -> Patch | None:
        """The words' patch; its place does not depend on whether a sign is shown, so it does not jump."""
        if not self._settings.captions:
            return None
        self._writer = self._writer or CaptionWriter(self._settings)
        if self._caption_key != (self._captions, panel):
            room = sign_patch(AgentState.LISTENING, 0, panel).pixels.shape[0] + 2 * sign_margin(panel)
            self._caption_patch = self._writer.patch(self._captions, panel, panel[1] - room)
            self._caption_key = (self._captions, panel)
        return self._caption_patch


def no_screen_text(reason: str) -> str:
    """One line: what SDL said, what was tried, what to do."""
    tried = [f"{name}={os.environ.get(name) or '(not set)'}" for name in ("DISPLAY", "WAYLAND_DISPLAY")]
    cards = ", ".join(sorted(glob("/dev/dri/card*"))) or "none in /dev/dri"
    return (
        f"no screen: {reason} (tried X with {tried[0]}, Wayland with {tried[1]}, KMSDRM with cards: {cards}); start it"
        " in a desktop session or on a console whose user is in the groups video and input, or use --display off"
    )


def x11_desktop_size() -> tuple[int, int] | None:
    """Width and height of X's whole screen now, px, as a new connection is told; None where there is none to ask."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    if not (connection := x11.XOpenDisplay(None)):
        return None
    pointer = ctypes.c_void_p(connection)
    size = (x11.XDisplayWidth(pointer, 0), x11.XDisplayHeight(pointer, 0))
    x11.XCloseDisplay(pointer)
    return size


def _memory(surface: pygame.Surface) -> U8:
    """The surface's own bytes as [height, width, 4]. The surface stays locked while the array lives."""
    pixels = np.asarray(surface.get_view("2")).T  # [height, width] of 32 bits, rows `pitch` bytes apart
    return pixels.view(np.uint8).reshape(*pixels.shape, 4) if pixels.flags.c_contiguous else _strided(pixels)


def _strided(pixels: np.ndarray) -> U8:
    """Rows with padding between them: [height, width, 4] without a copy."""
    return np.lib.stride_tricks.as_strided(
        pixels.view(np.uint8), (*pixels.shape, 4), (pixels.strides[0], 4, 1), writeable=True
    )
