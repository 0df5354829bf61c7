"""An OpenGL context of our own, without a window: found, looked at, held by one thread at a time."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from ..core.egl import DESKTOP_API, EMBEDDED_API, Egl, Functions, GlHome, is_software
from ..core.errors import ConfigError, RenderError
from ..core.loading import boundary, saying
from .gl_shaders import DESKTOP, EMBEDDED, EVERY_PIXEL

OLDEST = 300  # OpenGL ES 3.0; desktop contexts are asked for with 3.3
PROBED = (2.25, 0.375, 0.0015, 0.75)  # what two blended triangles of PROBE leave
PROBE = "vec4(1.5, 0.25, 0.001, 0.5)"
COMMANDS_COMPLETE = 0x9117  # GL_SYNC_GPU_COMMANDS_COMPLETE
FENCES_KEPT = 16  # more than a window can be behind
USE_CPU = "use backend: cpu"
MOST_ERRORS = 16  # that may lie there
#: moderngl switches on what OpenGL ES has not, and asks for a window's framebuffer where there is none.
OF_MODERNGL = ("GL_INVALID_ENUM", "GL_INVALID_OPERATION")


@dataclass(frozen=True)
class Opened:
    """A context and what its driver calls itself."""

    display: int
    api: int
    handle: int
    gl: Any  # moderngl's
    renderer: str
    version: str


class GlContext:
    """A context that is current only inside `held`.

    renderer, version: what the driver calls itself; software: whether a processor plays the card; header: the first
    lines of its shaders.
    """

    def __init__(self, hardware_only: bool = False, embedded: bool | None = None, home: GlHome | None = None) -> None:
        """embedded: OpenGL ES, or not; None: where a device has no OpenGL 3.3. home: a window's, to share textures
        with, instead of a device that is looked for. Raises RenderError where there is no EGL, neither of the two or,
        if asked for, only software.
        """
        self._egl = Egl()
        self.home = home
        self._fences: list[int] = []
        opened = _beside(self._egl, home) if home else _best(self._egl, [
            api for api in (DESKTOP_API, EMBEDDED_API) if embedded is None or embedded == (api is EMBEDDED_API)
        ])  # fmt: skip
        self._opened: Opened | None = opened
        self.renderer, self.version = opened.renderer, opened.version
        self.software = is_software(self.renderer)
        self.header = EMBEDDED if "OpenGL ES" in self.version else DESKTOP
        self._reset = self._egl.function("glGetGraphicsResetStatus", ctypes.c_uint)
        self._finish = self._egl.function("glFinish", None)
        self._flush = self._egl.function("glFlush", None)
        self._fence = self._egl.function("glFenceSync", ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        self._forget = self._egl.function("glDeleteSync", None, ctypes.c_void_p)
        try:
            if hardware_only and self.software:
                raise RenderError("render_gl_software", f"OpenGL is drawn by the processor here ({self.renderer}), "
                                  f"which our own rasteriser does faster; install the card's driver, or {USE_CPU}")
            with self.held() as gl:
                _check_targets(gl, self.header, self.renderer)
        except RenderError:
            self.release()
            raise

    @contextmanager
    def held(self) -> Iterator[Any]:
        """Moderngl's context, current on this thread meanwhile. Raises RenderError where it is lost, or the driver
        refused what was asked of it.
        """
        opened = self._opened
        if opened is None or not self._egl.make_current(opened.display, opened.api, opened.handle):
            raise lost(f"EGL error {self._egl.library.eglGetError():#x}")
        try:
            yield opened.gl
            error = self._error(opened.gl)
        except moderngl.Error as failure:
            error = saying(failure)
        finally:
            self._egl.make_current(opened.display, opened.api, None)
        if error:
            raise lost(error)

    def wait(self) -> None:
        """Until the device has finished what it was given; other Python threads run on meanwhile."""
        self._finish()

    def fence(self) -> int:
        """What a window's context can wait for: all that the card has been given so far."""
        made = int(self._fence(COMMANDS_COMPLETE, 0) or 0)
        self._flush()
        self._fences.append(made)
        for old in self._fences[:-FENCES_KEPT]:
            self._forget(old)
        del self._fences[:-FENCES_KEPT]
        return made

    def release(self) -> None:
        """Free it and all it holds."""
        if self._opened is not None:
            self._egl.destroy(self._opened.display, self._opened.handle)
        self._opened = None

    def _error(self, gl: Any) -> str:
        status = self._reset() if self._reset is not None else 0
        if status:
            return f"the card was reset, {status:#x}"
        return next((error for error in _errors(gl) if self.header == DESKTOP or error not in OF_MODERNGL), "")


def _errors(gl: Any) -> Iterator[str]:
    """All that OpenGL has noted since it was asked last."""
    for _ in range(MOST_ERRORS):
        error = str(gl.error)
        if error == "GL_NO_ERROR":
            return
        yield error


def lost(why: str) -> RenderError:
    """The error of a context that works no more; another may work later."""
    return RenderError("render_gl_lost", f"the OpenGL context was lost ({why})", retryable=True)


def _beside(egl: Egl, home: GlHome) -> Opened:
    """A context that shares a window's textures. Raises RenderError."""
    api = DESKTOP_API if home.api == DESKTOP_API[0] else EMBEDDED_API
    try:
        return _open(egl, home.display, api, home)
    except ConfigError as error:
        raise RenderError("render_no_gl", f"no OpenGL beside the window's: {error}") from error


def _best(egl: Egl, apis: Sequence[Any]) -> Opened:
    """The first context on hardware, else the first in software. Raises RenderError where there is neither."""
    spare, why = None, "no display"
    for display in egl.displays():
        for api in apis:
            try:
                opened = _open(egl, display, api)
            except ConfigError as error:
                why = str(error)
                continue
            if not is_software(opened.renderer):
                if spare is not None:
                    egl.destroy(spare.display, spare.handle)
                return opened
            if spare is not None:
                egl.destroy(opened.display, opened.handle)
            spare = spare or opened
    if spare is None:
        raise RenderError("render_no_gl", f"no OpenGL 3.3 or OpenGL ES 3 through EGL ({why}); install the card's "
                          f"driver and libegl1, or {USE_CPU}")
    return spare


def _open(egl: Egl, display: int, api: Any, home: GlHome | None = None) -> Opened:
    """A context of one kind on one display. Raises ConfigError; moderngl itself raises plain ones."""
    handle = egl.context(display, api, home)
    if handle is None or not egl.make_current(display, api[0], handle):
        raise ConfigError("render_no_gl", f"no context, EGL error {egl.library.eglGetError():#x}")
    try:
        with boundary("OpenGL", ConfigError, "render_no_gl", describe=lambda fault: f" refused: {saying(fault)}"):
            options: Any = {"context": Functions(egl)}
            gl = moderngl.create_context(require=OLDEST, **options)
            gl.gc_mode = "context_gc"  # what is dropped waits for gc(): only here is the context current
            list(_errors(gl))
            return Opened(display, api[0], handle, gl, str(gl.info["GL_RENDERER"]), str(gl.info["GL_VERSION"]))
    except ConfigError:
        egl.destroy(display, handle)
        raise
    finally:
        egl.make_current(display, api[0], None)


def _check_targets(gl: Any, header: str, renderer: str) -> None:
    """A half-float target must hold what is blended into it: some drivers say so and do not."""
    fragment = f"{header}layout(location = 0) out vec4 c;\nvoid main() {{ c = {PROBE}; }}"
    try:
        target = gl.framebuffer([gl.texture((4, 4), 4, dtype="f2")])
        triangle = gl.vertex_array(gl.program(vertex_shader=header + EVERY_PIXEL, fragment_shader=fragment), [])
        target.use()
        target.clear()
        gl.enable_only(moderngl.BLEND)
        gl.blend_func = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
        for _ in range(2):
            triangle.render(moderngl.TRIANGLES, vertices=3)
        drawn = np.frombuffer(target.read(components=4, dtype="f4"), np.float32).reshape(-1, 4)
    except moderngl.Error as error:
        why = f"{renderer} cannot draw into half floats ({saying(error)}); {USE_CPU}"
        raise RenderError("render_gl_targets", why) from error
    if not np.allclose(drawn, PROBED, rtol=2e-3):
        raise RenderError("render_gl_targets", f"{renderer} does not keep what is drawn into half floats "
                          f"({drawn[0].round(4).tolist()} for {list(PROBED)}); {USE_CPU}")
