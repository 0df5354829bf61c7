"""Drawing on any graphics card with OpenGL 3.3 through EGL: morphs, pose, projection and compositing on the card.

The depths come back from it (two bytes a splat), are sorted here, and their order goes there: a stable radix sort of
16 bits takes NumPy a tenth of a millisecond, and needs no compute shaders.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import moderngl
import numpy as np

from ..avatar.model import Avatar
from ..core.arrays import F32, U8
from ..core.egl import GlHome
from ..core.errors import RenderError
from .base import NEAR_M, AlphaKind, Background, Camera, Frame, RasterSettings
from .gl_context import GlContext
from .gl_scene import GlScene
from .gl_settings import TARGETS, GlSettings
from .gl_shaders import EVERY_PIXEL, FINISH, KEY_STEPS, PROJECT, SIDES, SPLAT, SPLAT_VERTEX
from .gl_target import Canvas, GlPicture, GlTarget
from .inputs import RasteriserBase, background_parts, model_view, output_buffer

KINDS: dict[AlphaKind, float] = {"opaque": 0.0, "premultiplied": 1.0, "straight": 2.0}
JACOBIAN_MARGIN = 0.15  # of the picture, as in reference.py
DEFAULTS = GlSettings()
OF_A_CONTEXT = ("_targets", "_scene", "_splat", "_finisher", "_order", "_quads", "_cover")
MORPH_REACH_M = 0.1  # farther than any morph moves a splat


class GlRasteriser(RasteriserBase):
    """One avatar in the memory of a card."""

    name = "gl"

    Settings = GlSettings

    def __init__(self, avatar: Avatar, settings: RasterSettings, own: GlSettings = DEFAULTS,
                 embedded: bool | None = None) -> None:
        """Raises RenderError where OpenGL cannot be had; for backend `auto` also where it is no hardware.

        embedded: see GlContext.
        """
        super().__init__(avatar.morph_names, settings)
        self._avatar, self._embedded, self._colors = avatar, embedded, avatar.colors
        self._context: GlContext | None = None
        self._float = TARGETS[own.target]
        self._stages_ms: dict[str, float] = {}
        low, high = avatar.extent()
        self._middle = (low.astype(np.float64) + high) / 2
        self._radius_m = float(np.linalg.norm(high.astype(np.float64) - low)) / 2 + MORPH_REACH_M
        self._take(self._elsewhere())

    def settle(self, home: GlHome | None) -> str:
        """See DrawsForWindow."""
        why = ""
        if self._context is not None and home == self._context.home:
            return why
        try:
            found = GlContext(home=home) if home else self._elsewhere()
        except RenderError as error:
            why, found = str(error), self._elsewhere()
        self._take(found)
        return why

    @property
    def looked_at(self) -> bool:
        """Whether somebody holds one of its pictures."""
        return any(target.looked_at for target in self._targets.values()) if self._context else False

    @property
    def device(self) -> str:
        """What the driver calls the card."""
        return self._open.renderer

    @property
    def stats(self) -> dict[str, float]:
        """Of the last frame: milliseconds by stage, `own_ms` of them outside OpenGL's calls, `uploaded_bytes`."""
        return dict(self._stages_ms)

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render; without `out` the frame stays on the card until it is asked for."""
        context, watch = self._open, Stopwatch()
        colour, image, alpha = background_parts(background, camera, self._settings)
        buffer = None if out is None else output_buffer(out, camera)
        uniforms = self._uniforms(head, camera)
        mix = self._weights(weights)
        watch.lap("prepare_ms")
        with context.held() as gl:
            target = self._target(gl, camera)
            keys = self._scene.project(gl, mix, uniforms)
            watch.lap("project_ms")
            order = np.argsort(keys, kind="stable").astype(np.float32)
            watch.lap("sort_ms")
            self._splats(gl, target, order, camera)
            canvas = target.canvas(is_shared=context.home is not None)
            self._finish(target, canvas, colour, image, alpha)
            watch.lap("draw_ms")
            picture = GlPicture(context, target, canvas, alpha == "opaque")
            pixels = picture if buffer is None else picture.read_into(buffer)
            watch.lap("read_ms")
        sent = mix.nbytes + order.nbytes + target.picture_bytes
        own = watch.laps["prepare_ms"] + watch.laps["sort_ms"]
        self._stages_ms = {**watch.laps, "own_ms": own, "uploaded_bytes": float(sent)}
        return Frame(pixels, alpha)

    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour."""
        self._colors = colors
        with self._open.held():
            self._scene.recolour(colors)

    def finish(self) -> None:
        """Wait until the card has drawn what it was given: for benches."""
        with self._open.held():
            self._open.wait()

    def close(self) -> None:
        """Free the card's memory; the rasteriser draws no more."""
        context, self._context = self._context, None
        if context is None:
            return
        if context.home is not None:  # what is shared outlives the context
            with suppress(RenderError), context.held() as gl:
                for name in OF_A_CONTEXT:
                    self.__dict__.pop(name, None)
                gl.gc()
        context.release()

    @property
    def _open(self) -> GlContext:
        if self._context is None:
            raise RenderError("render_closed", "the rasteriser was closed; make a new one")
        return self._context

    def _elsewhere(self) -> GlContext:
        return GlContext(self._settings.backend == "auto", self._embedded)

    def _take(self, context: GlContext) -> None:
        """Go on in another context."""
        self.close()
        self._context = context
        self._targets: dict[tuple[int, int], GlTarget] = {}
        with context.held() as gl:
            self._load(gl, self._avatar)
            self._scene.recolour(self._colors)

    def _load(self, gl: Any, avatar: Avatar) -> None:
        def program(vertex: str, fragment: str) -> Any:
            return gl.program(vertex_shader=header + vertex, fragment_shader=header + fragment)

        header = self._open.header + SIDES

        self._scene = GlScene(gl, avatar, program(EVERY_PIXEL, PROJECT))
        self._splat, self._finisher = program(SPLAT_VERTEX, SPLAT), program(EVERY_PIXEL, FINISH)
        for unit, name in enumerate(("places", "shapes", "colours")):
            self._splat[name] = unit
        self._finisher["covered"], self._finisher["picture"] = 0, 1
        self._order = gl.buffer(reserve=4 * avatar.splats, dynamic=True)
        self._quads = gl.vertex_array(self._splat, [(self._order, "1f/i", "number")])
        self._cover = gl.vertex_array(self._finisher, [])

    def _uniforms(self, head: np.ndarray, camera: Camera) -> dict[str, Any]:
        body, moved = camera.view.astype(np.float64), model_view(camera, head).astype(np.float64)
        margin_x, margin_y = JACOBIAN_MARGIN * camera.width / camera.fx, JACOBIAN_MARGIN * camera.height / camera.fy
        limits = (
            -camera.cx / camera.fx - margin_x, (camera.width - camera.cx) / camera.fx + margin_x,
            -camera.cy / camera.fy - margin_y, (camera.height - camera.cy) / camera.fy + margin_y,
        )  # fmt: skip
        depths = [float(view[2, :3] @ self._middle + view[2, 3]) for view in (body, moved)]
        nearest, farthest = max(min(depths) - self._radius_m, NEAR_M), max(max(depths) + self._radius_m, 2 * NEAR_M)
        return {
            "body": body[:3].astype(np.float32).tobytes(),
            "turn": (moved - body)[:3].astype(np.float32).tobytes(),
            "lens": (camera.fx, camera.fy, camera.cx, camera.cy),
            "limits": limits,
            "depths": (farthest, KEY_STEPS / (farthest - nearest), NEAR_M,
                       self._settings.blur_at(camera.width, camera.height)),
        }  # fmt: skip

    def _target(self, gl: Any, camera: Camera) -> GlTarget:
        size = (camera.width, camera.height)
        if size not in self._targets:
            self._scene.bind()  # what is bound is not freed: moderngl then binds a window's framebuffer, which is none
            self._targets = {}
            gl.gc()
            self._targets = {size: GlTarget(gl, size, self._float)}
        return self._targets[size]

    def _splats(self, gl: Any, target: GlTarget, order: np.ndarray, camera: Camera) -> None:
        self._order.orphan()
        self._order.write(order)
        self._splat["size"] = (camera.width, camera.height)
        for unit, texture in enumerate((*self._scene.projected, self._scene.colours)):
            texture.use(unit)
        gl.enable_only(moderngl.BLEND)
        gl.blend_func = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
        target.covered.use()
        target.covered.clear()
        self._quads.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(order))
        gl.enable_only(moderngl.NOTHING)

    def _finish(self, target: GlTarget, canvas: Canvas, colour: tuple[float, float, float],
                image: np.ndarray | None, alpha: AlphaKind) -> None:
        target.colour.use(0)
        target.picture(image).use(1)
        self._finisher["behind"] = (*colour, 0.0 if image is None else 1.0)
        self._finisher["finish"] = (self._settings.smoke_cover, KINDS[alpha])
        canvas.buffer.use()
        self._cover.render(moderngl.TRIANGLES, vertices=3)


class Stopwatch:
    """Milliseconds of the laps of a frame."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last_s = time.perf_counter()

    def lap(self, name: str) -> None:
        """One ends."""
        now_s = time.perf_counter()
        self.laps[name] = 1000 * (now_s - self._last_s)
        self._last_s = now_s
