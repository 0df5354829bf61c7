"""The helper process that asks espeak-ng for pronunciations: `python -m avatar_ros.speech.g2p_espeak_process`.

espeak-ng is GPL-3.0, so it lives in a process of its own and is spoken to over pipes, in messages as in
core/helper_process.py: W: a list of words in JSON; P: the list of their phones in IPA, separated by "_"
("k_ˈiː__ɑː_s_k").
It makes no sound and needs about 0.1 ms a word.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import BinaryIO

from ..core.helper_process import pack, receive, run_helper

_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_UTF8 = 1
_IPA, _SEPARATOR_SHIFT = 0x02, 8
#: The acoustic model that the phones are for was trained on American English.
_VOICE = b"en-us"


class LetterToSound:
    """The library's letter-to-sound rules."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        rate_hz = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(espeakng_loader.get_data_path()), _DONT_EXIT)
        if rate_hz <= 0 or self._lib.espeak_SetVoiceByName(_VOICE) != 0:
            raise RuntimeError(f"espeak-ng has no voice {_VOICE.decode()} (espeak_Initialize: {rate_hz})")
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]

    def phones(self, word: str) -> str:
        """IPA of a word."""
        rest = ctypes.c_char_p(word.replace("\0", " ").encode())
        out = []
        while rest.value is not None:  # the library moves the pointer on, clause by clause
            part = self._lib.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA | ord("_") << _SEPARATOR_SHIFT)
            out.append((part or b"").decode("utf-8", "replace"))
        return " ".join(out)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    rules = LetterToSound()
    while (message := receive(requests)) is not None:
        replies.write(pack(b"P", json.dumps([rules.phones(word) for word in json.loads(message[1])]).encode()))
        replies.flush()


def main() -> int:
    """Serve stdin and stdout."""
    return run_helper(serve)


if __name__ == "__main__":
    sys.exit(main())
