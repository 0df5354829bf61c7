"""A camera of this computer (V4L2, by OpenCV), read on a thread of its own; one that vanishes is looked for again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..core.arrays import U8
from .stage import LatestPicture

_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0
#: Asked of the camera; what it gives is taken.
WIDTH_PX, HEIGHT_PX = 640, 480
#: So many reads that fail in a row mean that it is gone.
_FAILURES = 5


def open_capture(name: str, rate_hz: float) -> Any:
    """OpenCV's capture of a number or a device file."""
    import cv2

    capture = cv2.VideoCapture(int(name) if name.isdecimal() else name, cv2.CAP_V4L2)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH_PX)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT_PX)
    capture.set(cv2.CAP_PROP_FPS, rate_hz)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


class CameraDevice:
    """open_: makes a capture, as open_capture does; pause(s): waits, or returns True at once where it is to end."""

    def __init__(
        self,
        name: str,
        rate_hz: float,
        open_: Callable[[str, float], Any] = open_capture,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._name = name
        self._rate_hz = rate_hz
        self._open = open_
        self._latest = LatestPicture()
        self._ended = threading.Event()
        self._pause = pause or self._ended.wait
        self._thread: threading.Thread | None = None
        self._problem = f"camera '{name}' is being opened"
        self._size = ""

    def open(self) -> None:
        """Start the thread."""
        self._ended.clear()
        self._thread = threading.Thread(target=self.serve, name="camera", daemon=True)
        self._thread.start()

    def take(self) -> U8 | None:
        """See PictureSource."""
        return self._latest.take()

    def status(self) -> Mapping[str, str]:
        """See PictureSource."""
        return {"warning": self._problem} if self._problem else {"camera": self._name, "picture": self._size}

    def close(self) -> None:
        """Stop the thread; a read that hangs is left behind."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None

    def serve(self) -> None:
        """Until it is closed: open, read; where that fails, wait and try again."""
        retry_s = _FIRST_RETRY_S
        while not self._ended.is_set():
            capture = self._open(self._name, self._rate_hz)
            try:
                if capture.isOpened() and self._read(capture):
                    retry_s = _FIRST_RETRY_S
            finally:
                capture.release()
            if self._ended.is_set():
                return
            self._problem = f"camera '{self._name}' gives no pictures; tried again in {retry_s:g} s"
            if self._pause(retry_s):
                return
            retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _read(self, capture: Any) -> bool:
        """Until it fails or it is closed; whether there was a picture at all."""
        failures, any_ = 0, False
        while not self._ended.is_set() and failures < _FAILURES:
            done, picture = capture.read()
            if not done or picture is None:
                failures += 1
                continue
            failures, any_ = 0, True
            self._problem, self._size = "", f"{picture.shape[1]}x{picture.shape[0]}"
            self._latest.put(picture)
        return any_
