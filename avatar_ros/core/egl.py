"""EGL itself, as far as a picture without a window needs it: devices, a context on one of them, its functions; and the
context of a window, beside which another may be made that has its textures.

By hand and not by glcontext, which knows no OpenGL ES (all that a Raspberry Pi's chip has of version 3) and asks for no
notice of a reset.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from .arrays import U8
from .errors import RenderError

Pointer = ctypes.c_void_p
MOST_DEVICES = 16
#: Numbers of EGL/egl.h and eglext.h.
PLATFORM_DEVICE, PLATFORM_SURFACELESS = 0x313F, 0x31DD
SURFACE_TYPE, RENDERABLE_TYPE, PBUFFER, END = 0x3033, 0x3040, 1, 0x3038
CONFIG_ID, DRAW, WIDTH, HEIGHT = 0x3028, 0x3059, 0x3057, 0x3056
MAJOR, MINOR, PROFILE, CORE = 0x3098, 0x30FB, 0x30FD, 1
LOSE_ON_RESET = (0x31BD, 0x31BF)  # CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, LOSE_CONTEXT_ON_RESET
#: API, bit of a configuration that draws with it, attributes of a context: OpenGL 3.3 core, OpenGL ES 3.0.
DESKTOP_API = (0x30A2, 0x0008, (MAJOR, 3, MINOR, 3, PROFILE, CORE))
EMBEDDED_API = (0x30A0, 0x0040, (MAJOR, 3, MINOR, 0))
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software", "swrast")
_numbered = itertools.count(1)


@dataclass(frozen=True)
class GlHome:
    """A window's context: another beside it has its textures. Each is another one, whatever addresses it has."""

    display: int
    context: int
    api: int  # DESKTOP_API[0] or EMBEDDED_API[0]
    config: int  # its EGL_CONFIG_ID
    number: int = field(default_factory=lambda: next(_numbered))


class CardPicture(Protocol):
    """A frame in a texture, top row first, that a window's context can draw; it stays as it is while it is held.

    texture: OpenGL's number; size: width and height, px; fence: OpenGL's sync object, 0 for none; opaque: no background
    shows through (else premultiplied).
    """

    home: GlHome | None
    texture: int
    size: tuple[int, int]
    fence: int
    opaque: bool

    def send(self) -> None:
        """Ask the card for its bytes; it sends them while others work. For who draws, not for the window."""
        ...

    def bytes_in(self, buffer: U8) -> U8:
        """RGBA [height, width, 4], once, in `buffer`; waits for what was sent last. For who draws."""
        ...


def is_software(renderer: str) -> bool:
    """Whether a renderer's name is that of a program which draws on the processor.

    >>> is_software("llvmpipe (LLVM 15.0.6, 256 bits)"), is_software("Mesa Intel(R) UHD Graphics 620")
    (True, False)
    """
    return any(name in renderer.lower() for name in SOFTWARE)


class Egl:
    """The library."""

    def __init__(self) -> None:
        """Raises RenderError where it is not installed."""
        path = ctypes.util.find_library("EGL")
        if path is None:
            raise RenderError("render_no_gl", "libEGL is not installed (apt: libegl1); or use backend: cpu")
        self.library: Any = ctypes.CDLL(path)
        for name in ("eglGetPlatformDisplay", "eglGetDisplay", "eglCreateContext", "eglGetProcAddress",
                     "eglGetCurrentDisplay", "eglGetCurrentContext", "eglGetCurrentSurface"):  # fmt: skip
            getattr(self.library, name).restype = Pointer
        self.library.eglGetPlatformDisplay.argtypes = [ctypes.c_uint, Pointer, Pointer]
        self.library.eglGetProcAddress.argtypes = [ctypes.c_char_p]

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """One of EGL's or OpenGL's functions by name, None where the driver has it not."""
        address = self.library.eglGetProcAddress(name.encode())
        return ctypes.CFUNCTYPE(result, *arguments)(address) if address else None

    def displays(self) -> Iterator[int]:
        """Of each device, then without one: some drivers list no devices."""
        list_devices = self.function("eglQueryDevicesEXT", ctypes.c_uint, ctypes.c_int, Pointer, Pointer)
        devices, count = (Pointer * MOST_DEVICES)(), ctypes.c_int(0)
        if list_devices is not None:
            list_devices(MOST_DEVICES, devices, ctypes.addressof(count))
        wanted = [(PLATFORM_DEVICE, device) for device in devices[: count.value]]
        for platform, native in [*wanted, (PLATFORM_SURFACELESS, None)]:
            display = self.library.eglGetPlatformDisplay(platform, native, None)
            if display and self.library.eglInitialize(Pointer(display), None, None):
                yield int(display)

    def home(self) -> GlHome | None:
        """Of the context that is current on this thread; None: none of EGL's is."""
        display, context = self.library.eglGetCurrentDisplay(), self.library.eglGetCurrentContext()
        config = ctypes.c_int(0)
        if not display or not context:
            return None
        self.library.eglQueryContext(Pointer(display), Pointer(context), CONFIG_ID, ctypes.byref(config))
        return GlHome(int(display), int(context), int(self.library.eglQueryAPI()), config.value)

    def window_size(self) -> tuple[int, int]:
        """Of what is drawn on this thread, px; (0, 0) where EGL does not know."""
        display, surface = self.library.eglGetCurrentDisplay(), self.library.eglGetCurrentSurface(DRAW)
        width, height = ctypes.c_int(0), ctypes.c_int(0)
        for name, value in ((WIDTH, width), (HEIGHT, height)):
            self.library.eglQuerySurface(Pointer(display), Pointer(surface), name, ctypes.byref(value))
        return (width.value, height.value)

    def wait_for_refresh(self, wanted: bool) -> None:
        """Whether a picture of the window that is current waits for the panel's refresh."""
        self.library.eglSwapInterval(Pointer(self.library.eglGetCurrentDisplay()), int(wanted))

    def context(self, display: int, api: tuple[int, int, Sequence[int]], home: GlHome | None = None) -> int | None:
        """A context of one of the two kinds, one that tells of a reset where it can be had; None: neither.

        home: on the same display, whose textures it shares.
        """
        number, bit, attributes = api
        config, count = Pointer(), ctypes.c_int(0)
        if not self.library.eglBindAPI(number):
            return None
        chosen = _numbers(CONFIG_ID, home.config) if home else _numbers(SURFACE_TYPE, PBUFFER, RENDERABLE_TYPE, bit)
        shared = Pointer(home.context if home else None)
        self.library.eglChooseConfig(Pointer(display), chosen, ctypes.byref(config), 1, ctypes.byref(count))
        if not count.value:
            return None
        for asked in ((*attributes, *LOSE_ON_RESET), attributes):
            if made := self.library.eglCreateContext(Pointer(display), config, shared, _numbers(*asked)):
                return int(made)
        return None

    def make_current(self, display: int, api: int, context: int | None) -> bool:
        """On this thread, whose choice of an API is its own; None: none of that API is."""
        if not self.library.eglBindAPI(api):
            return False
        return bool(self.library.eglMakeCurrent(*map(Pointer, (display, None, None, context))))

    @contextmanager
    def aside(self, home: GlHome, context: int) -> Iterator[None]:
        """Another context on this thread, instead of a window's, which is current again afterwards."""
        surface = Pointer(self.library.eglGetCurrentSurface(DRAW))
        self.make_current(home.display, home.api, context)
        try:
            yield
        finally:
            self.library.eglMakeCurrent(Pointer(home.display), surface, surface, Pointer(home.context))

    def destroy(self, display: int, context: int) -> None:
        """Free a context."""
        self.library.eglDestroyContext(Pointer(display), Pointer(context))


class Functions:
    """What moderngl asks for: OpenGL's functions by name, of the context that is current."""

    def __init__(self, egl: Egl) -> None:
        self._egl = egl

    def load_opengl_function(self, name: str) -> int:
        """Address, 0 where the driver has it not."""
        return self._egl.library.eglGetProcAddress(name.encode()) or 0

    load = load_opengl_function

    def __enter__(self) -> Functions:
        return self

    def __exit__(self, *_: object) -> None:
        """The context stays as it is: GlContext says when it is current."""

    def release(self) -> None:
        """GlContext frees it."""


def _numbers(*values: int) -> Any:
    return (ctypes.c_int * (len(values) + 1))(*values, END)
