"""The voices of a loaded espeak-ng library (`espeak_ListVoices` of speak_lib.h). Runs in its helper processes alone."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any


class _VoiceInfo(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_void_p), ("identifier", ctypes.c_char_p))


def listed_voices(library: Any) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Identifier, and priority (the lower the better) and code of each language."""
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceInfo))
    found, i = library.espeak_ListVoices(None), 0
    while found[i]:
        voice = found[i].contents
        yield voice.identifier.decode("utf-8", "replace"), _language_codes(voice.languages)
        i += 1


def _language_codes(address: int) -> list[tuple[int, str]]:
    """Priorities (one byte) and codes (each ends with a zero), until a priority of 0."""
    out = []
    while (priority := ctypes.string_at(address, 1)[0]) != 0:
        code = ctypes.string_at(address + 1)
        out.append((priority, code.decode("ascii", "replace")))
        address += len(code) + 2
    return out
