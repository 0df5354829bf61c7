"""The helper process that asks espeak-ng for pronunciations: `python -m avatar_ros.speech.g2p_espeak_process`.

espeak-ng is GPL-3.0, so it lives in a process of its own and is spoken to over pipes, in messages as in
core/helper_process.py. Requests: W: a list of words in JSON, said in American English; T: [text, locale] in JSON.
Replies: P: in JSON, the list of the words' phones in IPA, or the list of the text's alone, empty where no voice speaks
the locale. Phones are separated by "_", words by a space: "k_ˈiː__ɑː_s_k".
It makes no sound and needs about 0.1 ms a word.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import BinaryIO

from ..core.helper_process import pack, receive, run_helper
from ..core.voice_codes import nearest
from .espeak_voice_list import listed_voices

_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_UTF8 = 1
_IPA, _SEPARATOR_SHIFT = 0x02, 8
#: The acoustic model that the phones of words are for was trained on American English.
_VOICE = "en-us"


class LetterToSound:
    """The library's letter-to-sound rules."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        rate_hz = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(espeakng_loader.get_data_path()), _DONT_EXIT)
        self._voice = ""
        if rate_hz <= 0 or not self._speak_as(_VOICE):
            raise RuntimeError(f"espeak-ng has no voice {_VOICE} (espeak_Initialize: {rate_hz})")
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        self._identifiers = self._voices()

    def phones(self, word: str) -> str:
        """IPA of a word, in American English."""
        self._speak_as(_VOICE)
        return self._phones(word)

    def phones_of_text(self, text: str, locale: str) -> str:
        """IPA of a text in its language (BCP 47); "" where no voice speaks it."""
        code, known = nearest(locale, {}, tuple(self._identifiers), "")
        return self._phones(text) if known and self._speak_as(self._identifiers[code]) else ""

    def _speak_as(self, voice: str) -> bool:
        """Whether the voice was found; it stays until the next one."""
        if voice != self._voice:
            self._voice = voice if self._lib.espeak_SetVoiceByName(voice.encode()) == 0 else ""
        return self._voice == voice

    def _phones(self, text: str) -> str:
        rest = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace"))
        out = []
        while rest.value is not None:  # the library moves the pointer on, clause by clause
            part = self._lib.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA | ord("_") << _SEPARATOR_SHIFT)
            out.append((part or b"").decode("utf-8", "replace"))
        return " ".join(out)

    def _voices(self) -> dict[str, str]:
        """Language code -> identifier; of several the one with the lowest priority number, then the shortest name."""
        best: dict[str, tuple[int, int, str]] = {}
        for identifier, codes in listed_voices(self._lib):
            for priority, code in codes:
                rank = (priority, len(identifier), identifier)
                best[code.lower()] = min(best.get(code.lower(), rank), rank)
        return {code: identifier for code, (_, _, identifier) in best.items()}


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    rules = LetterToSound()
    while (message := receive(requests)) is not None:
        kind, asked = message[0], json.loads(message[1])
        found = [rules.phones_of_text(*asked)] if kind == b"T" else [rules.phones(word) for word in asked]
        replies.write(pack(b"P", json.dumps(found).encode()))
        replies.flush()


def main() -> int:
    """Serve stdin and stdout."""
    return run_helper(serve)


if __name__ == "__main__":
    sys.exit(main())
