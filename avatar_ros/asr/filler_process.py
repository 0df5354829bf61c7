"""The filler model as a helper process: `python -m avatar_ros.asr.filler_process`.

It works beside the first pass while the sound comes, on a core of its own where there is one: both in one process took
0.1 s to catch up after an utterance's first 0.8 s, so that a short question's end was recognised late.

Messages as in core/helper_process.py. P: words in JSON; L: {word: {variant: phones}}. B: first sound, int16 at 16 kHz;
A: the next; E: it is over. R: a sample's number in JSON; L: [[text, first frame, last frame], …], phones of the words].
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from ..core.arrays import Pcm
from ..core.helper_process import Helper, HelperDeadError, pack, receive, run_helper
from .confidence import Rival, Segment
from .filler_model import FillerModel

#: Reading the dictionary comes first.
_REPLY_TIMEOUT_S = 30.0
_MOST_RESTARTS = 3


def answer(model: FillerModel, kind: bytes, payload: bytes) -> bytes | None:
    """Do what a message says; the reply, where it asks for one."""
    if kind == b"P":
        return json.dumps({word: model.pronunciations(word) for word in json.loads(payload)}).encode()
    if kind == b"R":
        rival = model.rival(json.loads(payload))
        return json.dumps([[(s.text, s.start, s.end) for s in rival.segments], rival.phones]).encode()
    if kind == b"E":
        model.end()
    else:
        (model.start if kind == b"B" else model.accept)(np.frombuffer(payload, np.int16))
    return None


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    model = FillerModel()
    while (message := receive(requests)) is not None:
        if (reply := answer(model, *message)) is not None:
            replies.write(pack(b"L", reply))
            replies.flush()


class FillerProcess:
    """What FillerModel does, in the helper. Where that keeps dying, all is done here; no sound is lost."""

    def __init__(self) -> None:
        self._said: list[tuple[bytes, bytes]] = []  # of this utterance, for another helper
        self._starts = 0  # since the last reply
        self._here: FillerModel | None = None
        self._helper: Helper | None = None
        self._begin()

    def pronunciations(self, words: Iterable[str]) -> dict[str, dict[str, str]]:
        """See FillerModel, of each word."""
        found: dict[str, dict[str, str]] = json.loads(self._do(b"P", json.dumps(sorted(words)).encode()))
        return found

    def start(self, head: Pcm) -> None:
        """See FillerModel."""
        self._said.clear()
        self._do(b"B", head.tobytes())

    def accept(self, pcm: Pcm) -> None:
        """See FillerModel."""
        self._do(b"A", pcm.tobytes())

    def rival(self, first_sample: int) -> Rival:
        """See FillerModel."""
        segments, phones = json.loads(self._do(b"R", json.dumps(first_sample).encode()))
        return Rival(tuple(Segment(*one) for one in segments), tuple(tuple(word) for word in phones))

    def end(self) -> None:
        """See FillerModel."""
        self._do(b"E", b"")
        self._said.clear()

    def close(self) -> None:
        """End the helper."""
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()

    def _do(self, kind: bytes, payload: bytes) -> bytes:
        """The reply, empty where there is none."""
        reply = self._asked(kind, payload)
        if kind in (b"B", b"A"):
            self._said.append((kind, payload))
        return reply

    def _asked(self, kind: bytes, payload: bytes) -> bytes:
        while self._helper is not None:
            try:
                self._helper.send(kind, payload)
                if kind not in (b"P", b"R"):
                    return b""
                reply = self._helper.receive(_REPLY_TIMEOUT_S)[1]
                self._starts = 0
                return reply
            except HelperDeadError:
                self._again()
        return answer(self._local(), kind, payload) or b""

    def _again(self) -> None:
        """Another helper, which is told what the last one was."""
        self.close()
        self._begin()
        if self._helper is not None:
            with contextlib.suppress(HelperDeadError):  # it is found dead once more
                for said in self._said:
                    self._helper.send(*said)

    def _begin(self) -> None:
        if self._starts <= _MOST_RESTARTS:
            self._starts += 1
            with contextlib.suppress(OSError):  # no memory for it, or too many processes
                self._helper = Helper("avatar_ros.asr.filler_process")

    def _local(self) -> FillerModel:
        if self._here is None:
            self._here = FillerModel()
            for said in self._said:
                answer(self._here, *said)
        return self._here


if __name__ == "__main__":
    sys.exit(run_helper(serve))
