"""The helper process that holds espeak-ng: `python -m avatar_ros.tts.espeak_process`.

espeak-ng is GPL-3.0, so it lives in a process of its own and is spoken to over pipes. It may also crash on some
texts and voices, which then costs one sentence and not the kiosk.

Messages as in core/helper_process.py.
Requests on stdin:  S  JSON {voice, text, rate, pitch, range}
Replies on stdout:  V  JSON {rate_hz, voices: [[identifier, [[priority, language code], …]], …]}, once, after the start
                    A  sound, int16 little endian
                    M  JSON [[kind, sample, text position, characters, name], …]; kind 7: phoneme, IPA name; 1: word
                    E  end of the reply;  X  error text, ends the reply
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any, BinaryIO

from ..core.helper_process import pack, receive, run_helper
from ..speech.espeak_voice_list import listed_voices

_SYNCHRONOUS, _PHONEME_EVENTS, _IPA, _DONT_EXIT = 2, 0x1, 0x2, 0x8000
_UTF8, _END_PAUSE = 0x1, 0x1000
_WORD, _PHONEME = 1, 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakError(Exception):
    """espeak-ng refused."""


class Espeak:
    """The library: one voice at a time, one text at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        data = os.fsencode(espeakng_loader.get_data_path())
        flags = _PHONEME_EVENTS | _IPA | _DONT_EXIT
        self.rate_hz: int = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data, flags)
        if self.rate_hz <= 0:
            raise EspeakError(f"espeak_Initialize failed with code {self.rate_hz}")
        self._callback = _CALLBACK(self._receive)  # the library keeps a pointer to it
        self._lib.espeak_SetSynthCallback(self._callback)
        self._pcm: list[bytes] = []
        self._events: list[tuple[int, int, int, int, str]] = []

    def voices(self) -> list[tuple[str, list[tuple[int, str]]]]:
        """Espeak's table: each voice's identifier, and its languages by (priority, code); the lowest goes first."""
        return list(listed_voices(self._lib))

    def speak(self, request: dict[str, Any]) -> tuple[bytes, list[tuple[int, int, int, int, str]]]:
        """Sound and events of one text. Raises EspeakError."""
        self._check(self._lib.espeak_SetVoiceByName(request["voice"].encode()), f"voice '{request['voice']}'")
        for parameter, name in ((_RATE, "rate"), (_PITCH, "pitch"), (_RANGE, "range")):
            self._check(self._lib.espeak_SetParameter(parameter, int(request[name]), 0), name)
        text = request["text"].encode("utf-8", "replace") + b"\0"  # half a surrogate pair: "?"
        self._pcm, self._events = [], []
        flags = _UTF8 | _END_PAUSE
        self._check(self._lib.espeak_Synth(text, len(text), 0, 1, 0, flags, None, None), "text")
        return b"".join(self._pcm), self._events

    def _check(self, code: int, what: str) -> None:
        if code != 0:
            raise EspeakError(f"espeak-ng refused the {what} (code {code})")

    def _receive(self, pcm: Any, count: int, events: Any) -> int:
        if pcm and count > 0:
            self._pcm.append(ctypes.string_at(pcm, 2 * count))
        i = 0
        while events[i].type:
            event = events[i]
            if event.type in (_WORD, _PHONEME):
                # read the union's bytes by address: an unterminated name of 8 bytes must not run on
                name = event.id.string.decode("utf-8", "ignore") if event.type == _PHONEME else ""
                self._events.append((event.type, event.sample, event.text_position, event.length, name))
            i += 1
        return 0


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the other side closes the pipe."""
    espeak = Espeak()
    hello = {"rate_hz": espeak.rate_hz, "voices": espeak.voices()}
    replies.write(pack(b"V", json.dumps(hello).encode()))
    replies.flush()
    while (message := receive(requests)) is not None:
        try:
            pcm, events = espeak.speak(json.loads(message[1]))
        except EspeakError as error:
            replies.write(pack(b"X", str(error).encode()))
        else:
            replies.write(pack(b"A", pcm) + pack(b"M", json.dumps(events).encode()) + pack(b"E"))
        replies.flush()


def main() -> int:
    """Serve stdin and stdout."""
    return run_helper(serve)


if __name__ == "__main__":
    sys.exit(main())
