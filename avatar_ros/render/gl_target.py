"""Where OpenGL draws a picture of one size, and the way its bytes take to the computer's memory or to a window."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import moderngl
import numpy as np

from ..core.arrays import U8
from ..core.egl import GlHome
from .gl_context import GlContext


@dataclass
class Canvas:
    """A texture of bytes that a picture may lie in, and the framebuffer that draws into it."""

    texture: Any
    buffer: Any
    held_by: weakref.ref[GlPicture] | None = field(default=None)

    @property
    def free(self) -> bool:
        """Whether nobody looks at what lies there."""
        return self.held_by is None or self.held_by() is None


class GlTarget:
    """Floats in which splats are blended (colour, covered), bytes, and the card's buffer from which they are sent."""

    def __init__(self, gl: Any, size: tuple[int, int], blended: str) -> None:
        """size: width and height, px; blended: moderngl's name of the floats."""
        self.size = size
        self.colour = gl.texture(size, 4, dtype=blended)
        self._canvases: list[Canvas] = []
        self._picture: Any = None
        self._behind: np.ndarray | None = None
        self.picture_bytes = 0  # sent with the last frame
        self._nothing = gl.texture((1, 1), 3, alignment=1)
        for texture in (self.colour, self._nothing):
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.covered = gl.framebuffer([self.colour])
        self.sent = gl.buffer(reserve=4 * size[0] * size[1], dynamic=True)
        self._gl = gl

    def canvas(self, is_shared: bool) -> Canvas:
        """One to draw the next frame into: the only one, or where a window looks at them, one that nobody holds."""
        found = next((one for one in self._canvases if one.free or not is_shared), None)
        if found is None:
            texture = self._gl.texture(self.size, 4)
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
            found = Canvas(texture, self._gl.framebuffer([texture]))
            self._canvases.append(found)
        return found

    @property
    def looked_at(self) -> bool:
        """Whether somebody holds one of its pictures."""
        return not all(one.free for one in self._canvases)

    def picture(self, image: np.ndarray | None) -> Any:
        """The texture of a picture that lies behind; what is not read-only may have changed in place."""
        self.picture_bytes = 0
        if image is None:
            return self._nothing
        if self._picture is None:
            self._picture = self._gl.texture(self.size, 3, alignment=1)
            self._picture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        if image is not self._behind or image.flags.writeable:
            self._picture.write(np.ascontiguousarray(image), alignment=1)
            self.picture_bytes = image.nbytes
        self._behind = image
        return self._picture


class GlPicture:
    """A frame on the card: a CardPicture for a window that shares its textures; else it lasts until the next one."""

    def __init__(self, context: GlContext, target: GlTarget, canvas: Canvas, opaque: bool = True) -> None:
        """While the context is held; the picture has been drawn."""
        self._context, self._target, self._canvas = context, target, canvas
        self.shape = (target.size[1], target.size[0], 4)
        self.size, self.opaque = target.size, opaque
        self.home: GlHome | None = context.home
        self.texture = int(canvas.texture.glo)
        self.fence = context.fence() if self.home else 0
        self._here: U8 | None = None
        self._sent = False
        canvas.held_by = weakref.ref(self)

    def read_into(self, buffer: U8) -> U8:
        """Its bytes, in `buffer` [height, width, 4]; while the context is held."""
        self._canvas.buffer.read_into(self._target.sent, components=4, alignment=1)
        self._context.wait()
        self._target.sent.read_into(buffer)
        self._here = buffer
        return buffer

    def send(self) -> None:
        """See CardPicture. One picture at a time: the next one's bytes take the same way."""
        if self._here is None and not self._sent:
            with self._context.held():
                self._canvas.buffer.read_into(self._target.sent, components=4, alignment=1)
                self._context.fence()
            self._sent = True

    def bytes_in(self, buffer: U8) -> U8:
        """See CardPicture; where it has been read already, what it was read into."""
        if self._here is None:
            with self._context.held():
                if self._sent:
                    self._target.sent.read_into(buffer)
                    self._here = buffer
                else:
                    self.read_into(buffer)
        assert self._here is not None
        return self._here

    def cpu(self) -> GlPicture:
        """Itself, once its bytes are in the computer's memory."""
        self.numpy()
        return self

    def numpy(self) -> U8:
        """RGBA."""
        return self._here if self._here is not None else self.bytes_in(np.empty(self.shape, np.uint8))

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)
