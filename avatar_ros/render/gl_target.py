"""Where OpenGL draws a picture of one size, and the way its bytes take to the computer's memory."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from ..core.arrays import U8
from .gl_context import GlContext


class GlTarget:
    """Floats in which splats are blended (colour, covered), bytes, and the card's buffer from which they are sent."""

    def __init__(self, gl: Any, size: tuple[int, int], blended: str) -> None:
        """size: width and height, px; blended: moderngl's name of the floats."""
        self.size = size
        self.colour = gl.texture(size, 4, dtype=blended)
        self._rgba = gl.texture(size, 4)
        self._picture: Any = None
        self._behind: np.ndarray | None = None
        self.picture_bytes = 0  # sent with the last frame
        self._nothing = gl.texture((1, 1), 3, alignment=1)
        for texture in (self.colour, self._rgba, self._nothing):
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.covered, self.bytes = gl.framebuffer([self.colour]), gl.framebuffer([self._rgba])
        self.sent = gl.buffer(reserve=4 * size[0] * size[1], dynamic=True)
        self._gl = gl

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

    def release(self) -> None:
        """Free the card's memory; while the context is held."""
        for part in (self.covered, self.bytes, self.colour, self._rgba, self._nothing, self._picture, self.sent):
            if part is not None:
                part.release()


class GlPicture:
    """A frame on the card, until the next one is drawn there."""

    def __init__(self, context: GlContext, target: GlTarget) -> None:
        self._context, self._target = context, target
        self.shape = (target.size[1], target.size[0], 4)
        self._here: U8 | None = None

    def read_into(self, buffer: U8) -> U8:
        """Its bytes, in `buffer` [height, width, 4]; while the context is held."""
        self._target.bytes.read_into(self._target.sent, components=4, alignment=1)
        self._context.wait()
        self._target.sent.read_into(buffer)
        self._here = buffer
        return buffer

    def cpu(self) -> GlPicture:
        """Itself, once its bytes are in the computer's memory."""
        if self._here is None:
            with self._context.held():
                self.read_into(np.empty(self.shape, np.uint8))
        return self

    def numpy(self) -> U8:
        """RGBA."""
        self.cpu()
        assert self._here is not None
        return self._here

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)
