"""A virtual X server for tests: its picture can be looked at, its keys pressed."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
import subprocess

import numpy as np

ESCAPE_KEYSYM = 0xFF1B


class XScreen:
    """An Xvfb of `size` pixels; `display` is its name for clients (":1")."""

    def __init__(self, folder, size):
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size[0]}x{size[1]}x24", "-fbdir", str(folder),
                   "-noreset"]  # fmt: skip
        self._server = subprocess.Popen(
            command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(write)
        with os.fdopen(read) as number:
            self.display = f":{number.readline().strip()}"
        assert self.display != ":", "Xvfb did not start"
        self._framebuffer = folder / "Xvfb_screen0"

    def picture(self):
        """What it shows as RGB [h, w, 3] of ints; the file is in XWD format (X11/XWDFile.h)."""
        data = self._framebuffer.read_bytes()
        header = struct.unpack(">25I", data[:100])
        offset, width, height, stride = header[0] + 12 * header[19], header[4], header[5], header[12]
        rows = np.frombuffer(data, np.uint8, stride * height, offset).reshape(height, stride)
        return rows[:, : 4 * width].reshape(height, width, 4)[:, :, 2::-1].astype(int)

    def press(self, keysym):
        """Press a key and let it go, through the XTEST extension."""
        x11, xtest = (ctypes.CDLL(f"lib{name}.so.6") for name in ("X11", "Xtst"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        code = x11.XKeysymToKeycode(connection, ctypes.c_ulong(keysym))
        for down in (1, 0):
            xtest.XTestFakeKeyEvent(connection, code, down, ctypes.c_ulong(0))
        x11.XCloseDisplay(connection)

    @staticmethod
    def can_press():
        """Whether libX11 and libXtst are there."""
        return all(ctypes.util.find_library(name) for name in ("X11", "Xtst"))

    def close(self):
        """End the server."""
        self._server.terminate()
        self._server.wait(10)
