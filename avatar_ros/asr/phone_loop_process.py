"""PocketSphinx's free loop of phones, here and as a helper process: `python -m avatar_ros.asr.phone_loop_process`.

Messages as in core/helper_process.py. S: sound, int16 at 16 kHz; L: its segments in JSON, [[phone, first frame, last
frame, log-likelihood in nats], …], frames of 10 ms.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
from typing import Any, BinaryIO

import pocketsphinx

from ..core.helper_process import Helper, HelperDeadError, pack, receive, run_helper
from .confidence import Segment

_LOOP = "phones"
#: PocketSphinx hands out probabilities, exp(score), those of the phone loop scaled down by 2^10 (SENSCR_SHIFT).
_LOOP_SCALE = 1024.0
_SMALLEST = 1e-320

#: A word or phone, its first and last frame, its log-likelihood.
RawSegment = tuple[str, int, int, float]


def make_loop() -> Any:
    """A decoder of phones, without words."""
    # compallsen: scores are relative to the best of ALL senones, so that grammar's and loop's can be compared.
    decoder = pocketsphinx.Decoder(lm=None, dict=None, loglevel="FATAL", compallsen=True)
    decoder.add_allphone_file(_LOOP, f"{pocketsphinx.get_model_path()}/en-us/en-us-phone.lm.bin")
    decoder.activate_search(_LOOP)
    return decoder


def phones(loop: Any, data: bytes) -> list[RawSegment]:
    """The loop's segments of a whole utterance."""
    decode_utterance(loop, data)
    return read_segments(loop, _LOOP_SCALE)


def decode_utterance(decoder: Any, data: bytes) -> None:
    """A whole utterance, with its own cepstral mean."""
    decoder.reinit_feat()  # the features remember the last utterance, and would not be the same after another one
    decoder.start_utt()
    decoder.process_raw(data, False, True)
    decoder.end_utt()


def read_segments(decoder: Any, scale: float = 1.0) -> list[RawSegment]:
    """The segments that a decoder found."""
    return [
        (s.word, s.start_frame, s.end_frame, scale * math.log(max(s.ascore, _SMALLEST)))
        for s in decoder.seg() or ()
        if s.end_frame >= s.start_frame
    ]


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    loop = make_loop()
    while (message := receive(requests)) is not None:
        replies.write(pack(b"L", json.dumps(phones(loop, message[1])).encode()))
        replies.flush()


#: An utterance takes a tenth of its length on a core of its own.
_REPLY_TIMEOUT_S = 10.0
_MOST_RESTARTS = 3


class PhoneLoopProcess:
    """One utterance at a time: `start`, then `result`. Where the helper keeps dying, all is done here."""

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._starts = 0  # since the last reply
        self._asked = False
        self._data = b""
        self._loop: Any = None
        self._begin()

    def start(self, data: bytes) -> None:
        """Hand over a whole utterance, int16 at 16 kHz."""
        if self._asked:  # the last reply was not taken: it would be taken for this one's
            self.close()
        self._data = data
        if self._helper is None:
            self._begin()
        if self._helper is not None:
            try:
                self._asked = True
                self._helper.send(b"S", data)
            except HelperDeadError:
                self.close()

    def result(self) -> list[Segment]:
        """Its phones and silences."""
        if self._helper is not None:
            try:
                found = _segments(json.loads(self._helper.receive(_REPLY_TIMEOUT_S)[1]))
                self._asked, self._starts = False, 0
                return found
            except HelperDeadError:
                self.close()
        self._loop = self._loop or make_loop()
        return _segments(phones(self._loop, self._data))

    def close(self) -> None:
        """End the helper."""
        helper, self._helper, self._asked = self._helper, None, False
        if helper is not None:
            helper.close()

    def _begin(self) -> None:
        if self._starts <= _MOST_RESTARTS:
            self._starts += 1
            with contextlib.suppress(OSError):  # no memory for it, or too many processes: next time, perhaps
                self._helper = Helper("avatar_ros.asr.phone_loop_process")


def _segments(raw: list[RawSegment]) -> list[Segment]:
    return [Segment(*one) for one in raw]


if __name__ == "__main__":
    sys.exit(run_helper(serve))
