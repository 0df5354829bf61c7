"""A process that makes pictures, videos and weights for the gateway: one request at a time over its pipes.

Request: "G", a JSON object (gateway/generator.py: Job), a line feed, the WAV file (or nothing, where a text is to be
spoken). Reply: "P" and [frames drawn, frames in all] a few times a second while a video is made, then "R" and the
result, or "E" and a JSON object with `code` and `error`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ..core.errors import AvatarRosError
from ..core.helper_process import pack, receive, run_helper
from ..core.machine import machine_fault
from .offline_face import Appearance, OfflineFace, Spoken

REQUEST, PROGRESS, RESULT, REFUSED = b"G", b"P", b"R", b"E"
#: Niceness: whoever talks with it goes first.
_BEHIND = 5
#: Progress is told this often, s.
_TELL_S = 0.25


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Until the other side is gone."""
    face: OfflineFace | None = None
    while (got := receive(requests)) is not None:
        head, _, data = got[1].partition(b"\n")
        job = json.loads(head)
        face = face or OfflineFace(float(job["longest_s"]))
        try:
            reply = pack(RESULT, make(face, job, data, _Teller(replies).tell))
        except (AvatarRosError, MemoryError, OSError) as error:
            known = machine_fault(error) or error
            code = known.code if isinstance(known, AvatarRosError) else "failed"
            reply = pack(REFUSED, json.dumps({"code": code, "error": str(known)}).encode())
        replies.write(reply)
        replies.flush()


class _Teller:
    """Writes progress, not too often."""

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies
        self._told_s = 0.0

    def tell(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if done == total or now_s - self._told_s >= _TELL_S:
            self._told_s = now_s
            self._replies.write(pack(PROGRESS, json.dumps([done, total]).encode()))
            self._replies.flush()


def make(face: OfflineFace, job: dict[str, Any], data: bytes, told: Callable[[int, int], None]) -> bytes:
    """What one request asks for; told(frames drawn, frames in all). Raises ConfigError for what cannot be."""
    spoken = _spoken(face, job, data)
    look = Appearance(job["avatar"], job["size"], job["background"])
    if job["format"] == "mp4":
        return face.video(spoken, look, job["fps"], told)
    if job["format"] == "json":
        track = face.express(spoken, job["fps"])
        return json.dumps(_tree(track.weights.tolist(), job["fps"])).encode()
    return face.picture(spoken, look, job["at_s"], ".png" if job["format"] == "png" else ".jpg")


def _spoken(face: OfflineFace, job: dict[str, Any], data: bytes) -> Spoken:
    if not data:
        return face.speak(job["text"], job["locale"])
    with tempfile.NamedTemporaryFile(prefix="avatar_", suffix=".wav") as file:
        file.write(data)
        file.flush()
        return face.read(Path(file.name), job["text"], job["locale"])


def _tree(weights: list[list[float]], fps: float) -> dict[str, Any]:
    """As expression_file.py writes it."""
    from ..core.arkit import ARKIT_NAMES

    frames = [
        {"weights": [round(weight, 5) for weight in row], "time": round(i / fps, 6)} for i, row in enumerate(weights)
    ]
    return {"names": list(ARKIT_NAMES), "metadata": {"fps": fps}, "frames": frames}


if __name__ == "__main__":
    os.nice(_BEHIND)
    sys.exit(run_helper(serve))
