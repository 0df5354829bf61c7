"""PocketSphinx's free loop of phones, here and as a helper process: `python -m avatar_ros.asr.phone_process`.

Messages as in core/helper.py. S: sound, int16 at 16 kHz; L: its segments in JSON, [[phone, first frame, last frame,
log-likelihood in nats], …], frames of 10 ms.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, BinaryIO

import pocketsphinx

from ..core.helper import pack, receive, run_helper

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
    """What the loop hears in a whole utterance."""
    decode(loop, data)
    return read_segments(loop, _LOOP_SCALE)


def decode(decoder: Any, data: bytes) -> None:
    """A whole utterance, with its own cepstral mean."""
    decoder.reinit_feat()  # the features remember the last utterance, and would not be the same after another one
    decoder.start_utt()
    decoder.process_raw(data, False, True)
    decoder.end_utt()


def read_segments(decoder: Any, scale: float = 1.0) -> list[RawSegment]:
    """What a decoder found."""
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


if __name__ == "__main__":
    sys.exit(run_helper(serve))
