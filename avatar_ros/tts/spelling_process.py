"""The helper process that asks espeak-ng how a text is pronounced: `python -m avatar_ros.tts.spelling_process`.

espeak-ng is GPL-3.0, so it lives in a process of its own and is spoken to over pipes, in messages as in
core/helper_process.py. It makes no sound here, and needs about 0.1 ms a word.
Requests on stdin:  T  JSON {voice, text, words: [text, …]}
Replies on stdout:  P  JSON {clauses: [[IPA, bytes of the text that were read when it was over], …], words: [IPA, …]}
                    X  error text
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import BinaryIO

from ..core.helper_process import pack, receive, run_helper

_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_UTF8, _IPA = 1, 0x02


class SpellingLibrary:
    """The library: one voice at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        rate_hz = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(espeakng_loader.get_data_path()), _DONT_EXIT)
        if rate_hz <= 0:
            raise RuntimeError(f"espeak_Initialize failed with code {rate_hz}")
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        self._voice = ""

    def choose(self, voice: str) -> bool:
        """Spell as `voice` pronounces from now on; False where espeak-ng has none of that name."""
        if voice != self._voice:
            self._voice = voice if self._lib.espeak_SetVoiceByName(voice.encode()) == 0 else ""
        return bool(self._voice)

    def clauses(self, text: str) -> list[tuple[str, int]]:
        """(IPA, bytes of `text` that were read by then) of each clause; the library reads a letter or two ahead."""
        whole = text.replace("\0", " ").encode("utf-8", "replace")  # as Spelling counts them
        buffer = ctypes.create_string_buffer(whole)
        begin = ctypes.addressof(buffer)
        rest = ctypes.c_void_p(begin)
        out = []
        while rest.value is not None:  # the library moves the pointer on, clause by clause
            spelled = self._lib.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA)
            read = len(whole) if rest.value is None else rest.value - begin
            out.append(((spelled or b"").decode("utf-8", "replace"), read))
        return out

    def word(self, word: str) -> str:
        """IPA of a word that stands alone."""
        return " ".join(spelled for spelled, _ in self.clauses(word))


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    speller = SpellingLibrary()
    while (message := receive(requests)) is not None:
        request = json.loads(message[1])
        if speller.choose(request["voice"]):
            words = [speller.word(word) for word in request["words"]]
            reply = {"clauses": speller.clauses(request["text"]), "words": words}
            replies.write(pack(b"P", json.dumps(reply).encode()))
        else:
            replies.write(pack(b"X", f"espeak-ng has no voice '{request['voice']}'".encode()))
        replies.flush()


def main() -> int:
    """Serve stdin and stdout."""
    return run_helper(serve)


if __name__ == "__main__":
    sys.exit(main())
