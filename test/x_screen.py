"""A virtual X server for tests: its picture can be looked at, its keys pressed."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
import subprocess
import threading

import numpy as np

ESCAPE_KEYSYM = 0xFF1B


class _Mode(ctypes.Structure):
    """XRRModeInfo of X11/extensions/Xrandr.h."""

    _fields_ = (
        ("id", ctypes.c_ulong),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("dot_clock", ctypes.c_ulong),
        *((f"timing_{i}", ctypes.c_uint) for i in range(7)),
        ("name", ctypes.c_char_p),
        ("name_length", ctypes.c_uint),
        ("flags", ctypes.c_ulong),
    )


class _Resources(ctypes.Structure):
    """XRRScreenResources, its beginning."""

    _fields_ = (
        ("timestamp", ctypes.c_ulong),
        ("config_timestamp", ctypes.c_ulong),
        ("crtc_count", ctypes.c_int),
        ("crtcs", ctypes.POINTER(ctypes.c_ulong)),
        ("output_count", ctypes.c_int),
        ("outputs", ctypes.POINTER(ctypes.c_ulong)),
    )


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

    def settled(self):
        """Wait until the picture is the same twice: what clients have sent is there."""
        before = None
        for _ in range(500):
            now = self.picture()
            if before is not None and now.shape == before.shape and (now == before).all():
                return
            before = now
            threading.Event().wait(0.05)
        raise AssertionError("the panel's picture never stands still")

    def press(self, keysym):
        """Press a key and let it go, through the XTEST extension."""
        x11, xtest = (ctypes.CDLL(f"lib{name}.so.6") for name in ("X11", "Xtst"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        code = x11.XKeysymToKeycode(connection, ctypes.c_ulong(keysym))
        for down in (1, 0):
            xtest.XTestFakeKeyEvent(connection, code, down, ctypes.c_ulong(0))
        x11.XCloseDisplay(connection)

    def resize(self, width, height):
        """What a panel that is changed or plugged in anew does: another mode, through the RANDR extension."""
        x11, randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XDefaultRootWindow.restype = randr.XRRCreateMode.restype = ctypes.c_ulong
        randr.XRRGetScreenResources.restype = ctypes.POINTER(_Resources)
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        root = ctypes.c_ulong(x11.XDefaultRootWindow(connection))
        resources = randr.XRRGetScreenResources(connection, root)
        crtc, output = (ctypes.c_ulong(found[0]) for found in (resources[0].crtcs, resources[0].outputs))

        def show(mode, outputs, count):
            randr.XRRSetCrtcConfig(connection, resources, crtc, ctypes.c_ulong(0), 0, 0, ctypes.c_ulong(mode),
                                   ctypes.c_ushort(1), outputs, count)  # fmt: skip

        show(0, None, 0)
        randr.XRRSetScreenSize(connection, root, width, height, width, height)
        name = f"{width}x{height}".encode()
        timing = (width, height, 60 * width * height, width, width, width, 0, height, height, height)
        mode = randr.XRRCreateMode(connection, root, ctypes.byref(_Mode(0, *timing, name, len(name), 0)))
        randr.XRRAddOutputMode(connection, output, ctypes.c_ulong(mode))
        show(mode, (ctypes.c_ulong * 1)(output), 1)
        x11.XSync(connection, 0)
        x11.XCloseDisplay(connection)

    def unplug(self):
        """What a panel does whose cable is drawn: no mode any more, the server goes on."""
        x11, randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XDefaultRootWindow.restype = ctypes.c_ulong
        randr.XRRGetScreenResources.restype = ctypes.POINTER(_Resources)
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        root = ctypes.c_ulong(x11.XDefaultRootWindow(connection))
        resources = randr.XRRGetScreenResources(connection, root)
        crtc = ctypes.c_ulong(resources[0].crtcs[0])
        nothing = ctypes.c_ulong(0)
        randr.XRRSetCrtcConfig(
            connection, resources, crtc, nothing, 0, 0, nothing, ctypes.c_ushort(1), None, 0
        )  # fmt: skip
        x11.XSync(connection, 0)
        x11.XCloseDisplay(connection)

    @staticmethod
    def can_resize():
        """Whether libX11 and libXrandr are there."""
        return all(ctypes.util.find_library(name) for name in ("X11", "Xrandr"))

    @staticmethod
    def can_press():
        """Whether libX11 and libXtst are there."""
        return all(ctypes.util.find_library(name) for name in ("X11", "Xtst"))

    def close(self):
        """End the server."""
        self._server.terminate()
        self._server.wait(10)
