"""EGL itself, as far as a picture without a window needs it: devices, a context on one of them, its functions.

By hand and not by glcontext, which knows no OpenGL ES (all that a Raspberry Pi's chip has of version 3) and asks for no
notice of a reset.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence
from typing import Any

from ..core.errors import RenderError

Pointer = ctypes.c_void_p
MOST_DEVICES = 16
#: Numbers of EGL/egl.h and eglext.h.
PLATFORM_DEVICE, PLATFORM_SURFACELESS = 0x313F, 0x31DD
SURFACE_TYPE, RENDERABLE_TYPE, PBUFFER, END = 0x3033, 0x3040, 1, 0x3038
MAJOR, MINOR, PROFILE, CORE = 0x3098, 0x30FB, 0x30FD, 1
LOSE_ON_RESET = (0x31BD, 0x31BF)  # CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, LOSE_CONTEXT_ON_RESET
#: API, bit of a configuration that draws with it, attributes of a context: OpenGL 3.3 core, OpenGL ES 3.0.
DESKTOP_API = (0x30A2, 0x0008, (MAJOR, 3, MINOR, 3, PROFILE, CORE))
EMBEDDED_API = (0x30A0, 0x0040, (MAJOR, 3, MINOR, 0))


class Egl:
    """The library."""

    def __init__(self) -> None:
        """Raises RenderError where it is not installed."""
        path = ctypes.util.find_library("EGL")
        if path is None:
            raise RenderError("render_no_gl", "libEGL is not installed (apt: libegl1); or use backend: cpu")
        self.library: Any = ctypes.CDLL(path)
        for name in ("eglGetPlatformDisplay", "eglGetDisplay", "eglCreateContext", "eglGetProcAddress"):
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

    def context(self, display: int, api: tuple[int, int, Sequence[int]]) -> int | None:
        """A context of one of the two kinds, one that tells of a reset where it can be had; None: neither."""
        number, bit, attributes = api
        config, count = Pointer(), ctypes.c_int(0)
        if not self.library.eglBindAPI(number):
            return None
        chosen = _numbers(SURFACE_TYPE, PBUFFER, RENDERABLE_TYPE, bit)
        self.library.eglChooseConfig(Pointer(display), chosen, ctypes.byref(config), 1, ctypes.byref(count))
        if not count.value:
            return None
        for asked in ((*attributes, *LOSE_ON_RESET), attributes):
            if made := self.library.eglCreateContext(Pointer(display), config, None, _numbers(*asked)):
                return int(made)
        return None

    def make_current(self, display: int, api: int, context: int | None) -> bool:
        """On this thread, whose choice of an API is its own; None: none of that API is."""
        if not self.library.eglBindAPI(api):
            return False
        return bool(self.library.eglMakeCurrent(*map(Pointer, (display, None, None, context))))

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
