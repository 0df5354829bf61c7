"""An OpenGL context of our own through EGL, without a window: found, looked at, held by one thread at a time."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import moderngl
import numpy as np

from ..core.errors import ConfigError, RenderError
from ..core.loading import boundary, saying
from .gl_shaders import DESKTOP, EVERY_PIXEL

VERSION = 330
MOST_DEVICES = 16
NO_MORE_DEVICES = "requested device index"  # what glcontext says past the last one
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software", "swrast", "swr ")
PROBED = (2.25, 0.375, 0.0015, 0.75)  # what two blended triangles of PROBE leave
PROBE = "vec4(1.5, 0.25, 0.001, 0.5)"
USE_CPU = "use backend: cpu"


class GlContext:
    """A context that is current only inside `held`.

    gl: moderngl's context; renderer: what the driver calls the device; software: whether a processor plays the card.
    """

    def __init__(self, hardware_only: bool = False) -> None:
        """Raises RenderError where there is no EGL, no OpenGL 3.3 or, if asked for, only software."""
        self.gl, self.renderer = _best(hardware_only)
        self.software = is_software(self.renderer)
        self._egl = _library("EGL")
        self._display, self._own = (self._call(name) for name in ("eglGetCurrentDisplay", "eglGetCurrentContext"))
        self._finish = _library("OpenGL", "GL").glFinish
        try:
            _check_targets(self.gl, self.renderer)
        finally:
            self._make_current(None)

    @contextmanager
    def held(self) -> Iterator[Any]:
        """Moderngl's context, current on this thread meanwhile. Raises RenderError where it is lost, or the driver
        refused what was asked of it.
        """
        if not self._make_current(self._own):
            raise lost(f"EGL error {self._egl.eglGetError():#x}")
        try:
            yield self.gl
            error = self.gl.error
        except moderngl.Error as failure:
            error = str(failure).strip() or type(failure).__name__
        finally:
            self._make_current(None)
        if error != "GL_NO_ERROR":
            raise lost(error)

    def wait(self) -> None:
        """Until the device has finished what it was given; other Python threads run on meanwhile."""
        self._finish()

    def release(self) -> None:
        """Free it and all it holds."""
        if self._own and self._make_current(self._own):
            self.gl.release()
        self._own = None

    def _make_current(self, context: int | None) -> bool:
        return bool(self._egl.eglMakeCurrent(*map(ctypes.c_void_p, (self._display, None, None, context))))

    def _call(self, name: str) -> int | None:
        function = getattr(self._egl, name)
        function.restype = ctypes.c_void_p
        value: int | None = function()
        return value


def lost(why: str) -> RenderError:
    """The error of a context that works no more; another may work later."""
    return RenderError("render_gl_lost", f"the OpenGL context was lost ({why})", retryable=True)


def is_software(renderer: str) -> bool:
    """Whether a renderer's name is that of a program which draws on the processor.

    >>> is_software("llvmpipe (LLVM 15.0.6, 256 bits)"), is_software("Mesa Intel(R) UHD Graphics 620")
    (True, False)
    """
    return any(name in renderer.lower() for name in SOFTWARE)


def _best(hardware_only: bool) -> tuple[Any, str]:
    """The first context on hardware, else the first in software; and its renderer's name."""
    found, why = None, ""
    for index in range(MOST_DEVICES):
        try:
            gl = _context(index)
        except ConfigError as error:
            why = why or str(error)
            if NO_MORE_DEVICES in str(error):
                break
            continue
        renderer = str(gl.info["GL_RENDERER"])
        if not is_software(renderer):
            if found is not None:
                found[0].release()
            return gl, renderer
        found = found or (gl, renderer)
    if found is None:
        raise RenderError("render_no_gl", f"no OpenGL 3.3 through EGL ({why}); install the card's driver, libegl1 and "
                          f"libgl1, or {USE_CPU}")
    if hardware_only:
        found[0].release()
        raise RenderError("render_gl_software", f"OpenGL is drawn by the processor here ({found[1]}), which our own "
                          f"rasteriser does faster; install the card's driver, or {USE_CPU}")
    return found


def _context(index: int) -> Any:
    """A context of moderngl's on EGL's device number `index`. Raises ConfigError: the library itself raises plain ones."""
    options: Any = {"backend": "egl", "device_index": index}
    with boundary(f"EGL device {index}", ConfigError, "render_no_gl", describe=saying):
        return moderngl.create_context(require=VERSION, standalone=True, **options)


def _check_targets(gl: Any, renderer: str) -> None:
    """A half-float target must hold what is blended into it: some drivers say so and do not."""
    fragment = f"layout(location = 0) out vec4 c;\nvoid main() {{ c = {PROBE}; }}"
    try:
        target = gl.framebuffer([gl.texture((4, 4), 4, dtype="f2")])
        program = gl.program(vertex_shader=DESKTOP + EVERY_PIXEL, fragment_shader=DESKTOP + fragment)
        target.use()
        target.clear()
        gl.enable_only(moderngl.BLEND)
        gl.blend_func = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
        triangle = gl.vertex_array(program, [])
        for _ in range(2):
            triangle.render(moderngl.TRIANGLES, vertices=3)
        drawn = np.frombuffer(target.read(components=4, dtype="f4"), np.float32).reshape(-1, 4)
    except moderngl.Error as error:
        why = f"{renderer} cannot draw into half floats ({saying(error)}); {USE_CPU}"
        raise RenderError("render_gl_targets", why) from error
    if not np.allclose(drawn, PROBED, rtol=2e-3):
        raise RenderError("render_gl_targets", f"{renderer} does not keep what is drawn into half floats "
                          f"({drawn[0].round(4).tolist()} for {list(PROBED)}); {USE_CPU}")


def _library(*names: str) -> Any:
    """The first of these libraries. Raises RenderError where there is none."""
    for name in names:
        if path := ctypes.util.find_library(name):
            return ctypes.CDLL(path)
    raise RenderError("render_no_gl", f"lib{names[0]} is not installed (apt: libegl1 libgl1); or {USE_CPU}")
