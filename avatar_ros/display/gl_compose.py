"""What compose.py does on the processor, done by the card that shows the window: no frame comes to the processor."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import moderngl
import numpy as np

from ..core.egl import CardPicture, Egl
from .background import Background, extended
from .base import U8
from .compose import KEPT_PATCHES, is_transparent
from .layout import Box, fit_frame, margins, turned_shift, turned_size
from .panel_care import AS_IT_IS, Care
from .sign import Patch
from .window_shaders import CARE, DESKTOP, DRAW, EMBEDDED, EVERY_PIXEL, PLACE

FOR_EVER = 0xFFFFFFFFFFFFFFFF
Texture = Any  # moderngl's
#: Rows of a turn, and how much of the upright width and height comes to x and y.
TURNS = {
    0: ((1, 0, 0, 1), (0, 0), (0, 0)),
    90: ((0, -1, 1, 0), (0, 1), (0, 0)),
    180: ((-1, 0, 0, -1), (1, 0), (0, 1)),
    270: ((0, 1, -1, 0), (0, 0), (1, 0)),
}


class GlComposer:
    """Draws on panels of one size (width, height as the panel counts them) with the context that is current."""

    def __init__(
        self, gl: Any, egl: Egl, panel: tuple[int, int], rotation: int, fit: str, background: Background
    ) -> None:
        """gl: moderngl's."""
        self.upright = turned_size(panel, rotation)
        self._gl, self.panel, self._rotation, self._fit = gl, panel, rotation, fit
        header = EMBEDDED if "OpenGL ES" in str(gl.info["GL_VERSION"]) else DESKTOP
        self._draw = gl.program(vertex_shader=header + PLACE, fragment_shader=header + DRAW)
        self._care = gl.program(vertex_shader=header + EVERY_PIXEL, fragment_shader=header + CARE)
        self._box, self._all = gl.vertex_array(self._draw, []), gl.vertex_array(self._care, [])
        self._wait = egl.function("glWaitSync", None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint64)
        self._blurred = not background.own_frame
        self._backdrop = self._texture(background.drawn(*self.upright))
        self._sent: Texture = None  # a frame that came as bytes
        self._still: tuple[Texture, Any] | None = None  # the panel's picture before it is moved and dimmed
        self._patches: dict[int, tuple[Patch, Texture]] = {}

    def draw(self, frame: U8 | CardPicture, patches: Sequence[Patch] = (), care: Care = AS_IT_IS) -> None:
        """Fill the window with a frame and the patches over it, in order."""
        if care == AS_IT_IS:
            self._fill(self._gl.screen, frame, patches)
            return
        if self._still is None:
            texture = self._gl.texture(self.panel, 4)
            self._still = texture, self._gl.framebuffer([texture])
        texture, buffer = self._still
        self._fill(buffer, frame, patches)
        right_px, down_px = turned_shift(care.right_px, care.down_px, self._rotation)
        self._onto(self._gl.screen)
        texture.use(0)
        self._care["care"] = (right_px, -down_px, care.brightness)
        self._gl.enable_only(moderngl.NOTHING)
        self._all.render(moderngl.TRIANGLES, vertices=3)

    def read(self) -> U8:
        """The window as it was drawn, RGB [h, w, 3]: for tests."""
        data = self._gl.screen.read(viewport=(0, 0, *self.panel), components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(self.panel[1], self.panel[0], 3)[::-1]

    def _fill(self, buffer: Any, frame: U8 | CardPicture, patches: Sequence[Patch]) -> None:
        texture, opaque, read = self._frame(frame)
        if not self._blurred:
            self._blur_own(read, opaque)
        fit = fit_frame(texture.size, self.upright, self._fit)
        self._onto(buffer)
        self._gl.enable_only(moderngl.BLEND)
        self._gl.blend_func = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
        behind = margins(fit.target, self.upright) if opaque else [Box(0, 0, *self.upright)]
        for box in behind:
            self._lay(self._backdrop, box, box)
        self._lay(texture, fit.source, fit.target)
        for patch in patches:
            height, width = patch.pixels.shape[:2]
            self._lay(self._patch(patch), Box(0, 0, width, height), Box(patch.x, patch.y, width, height))

    def _frame(self, frame: U8 | CardPicture) -> tuple[Texture, bool, Callable[[], U8]]:
        """Its texture, whether nothing shows through, and a way to its bytes."""
        if isinstance(frame, np.ndarray):
            size = (frame.shape[1], frame.shape[0])
            if self._sent is None or self._sent.size != size:
                self._sent = self._texture(frame)
            else:
                self._sent.write(np.ascontiguousarray(frame))
            return self._sent, not is_transparent(frame), lambda: frame
        if frame.fence:
            self._wait(frame.fence, 0, FOR_EVER)
        texture = self._gl.external_texture(frame.texture, frame.size, 4, 0, "f1")
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        return texture, frame.opaque, lambda: _bytes(self._gl, texture)

    def _blur_own(self, read: Callable[[], U8], opaque: bool) -> None:
        """See Composer: the backdrop is made of the first frame that comes; a clear one has none."""
        self._blurred = True
        if opaque:
            frame = read()
            box = fit_frame((frame.shape[1], frame.shape[0]), self.upright, self._fit).target
            self._backdrop = self._texture(extended(frame, box, self.upright))

    def _lay(self, texture: Texture, source: Box, target: Box) -> None:
        if target.width < 1 or target.height < 1:
            return
        turn, x_of, y_of = TURNS[self._rotation]
        width, height = self.upright
        moved = (x_of[0] * width + x_of[1] * height, y_of[0] * width + y_of[1] * height)
        texture.use(0)
        draw = self._draw
        draw["target"], draw["source"], draw["turn"], draw["moved"] = target, source, turn, (*moved, *self.panel)
        draw["step"] = (source.width / target.width, source.height / target.height)
        self._box.render(moderngl.TRIANGLE_STRIP, vertices=4)

    def _patch(self, patch: Patch) -> Texture:
        if id(patch) not in self._patches:
            if len(self._patches) >= KEPT_PATCHES:
                for _, old in self._patches.values():
                    old.release()
                self._patches.clear()
            self._patches[id(patch)] = (patch, self._texture(patch.pixels))
        return self._patches[id(patch)][1]

    def _texture(self, picture: U8) -> Texture:
        """Of RGBA [h, w, 4], top row first."""
        made = self._gl.texture((picture.shape[1], picture.shape[0]), 4, np.ascontiguousarray(picture))
        made.filter = (moderngl.LINEAR, moderngl.LINEAR)
        made.repeat_x = made.repeat_y = False
        return made

    def _onto(self, buffer: Any) -> None:
        buffer.use()
        self._gl.viewport = (0, 0, *self.panel)


def _bytes(gl: Any, texture: Texture) -> U8:
    buffer = gl.framebuffer([texture])
    data = buffer.read(components=4, alignment=1)
    buffer.release()
    width, height = texture.size
    return np.frombuffer(data, np.uint8).reshape(height, width, 4)
