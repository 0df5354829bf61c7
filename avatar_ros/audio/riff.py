"""The chunks of a WAV file: where its sound lies and how it is stored, whatever wrote the file."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WIDTHS = {PCM: (1, 2, 3, 4), FLOAT: (2, 4, 8), A_LAW: (1,), MU_LAW: (1,)}
_NAMES = {2: "Microsoft ADPCM", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG", 0x55: "MP3", 0xFF: "AAC"}
#: What begins so is no WAV file.
_OTHERS = (
    (rb"ID3|\xff[\xe0-\xff]", "an MP3"), (rb"OggS", "an Ogg"), (rb"fLaC", "a FLAC"), (rb"....ftyp", "an MP4 or M4A"),
    (rb"FORM....AIF", "an AIFF"), (rb"RIFX", "a big-endian WAV (RIFX)"), (rb"riff\x2e\x91", "a Wave64 (.w64)"),
    (rb"caff", "a Core Audio"), (rb"\x1aE\xdf\xa3", "a WebM or Matroska"), (rb"#!AMR", "an AMR"), (rb"\.snd", "an AU"),
    (rb"RIFF....(?!WAVE)", "a RIFF"), (rb"\0*\Z", "an empty"),
)  # fmt: skip
#: From here on a size is not one: the writer could not seek back (sox 0x7ffff000, arecord 0x80000000, ffmpeg -1).
_NO_SIZE = 0x7FFF0000
_TAIL_BYTES = 1 << 20


class NotWavError(ValueError):
    """What is wrong with the file, in words that follow its name."""


@dataclass(frozen=True)
class Form:
    """How samples are stored. width: bytes a sample of a channel takes; valid: bits of a PCM sample."""

    tag: int
    channels: int
    rate_hz: int
    width: int
    valid: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.width


@dataclass(frozen=True)
class Sound:
    """Where the sound lies, and how many bytes of it the header promises (0: it does not say)."""

    form: Form
    start: int
    size: int
    promised: int


def find_sound(file: BinaryIO) -> Sound:
    """Walk a seekable file's chunks. Raises NotWavError."""
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        raise NotWavError(other_kind(head))
    form, data, large = None, None, 0
    for name, at, size in _chunks(file, end):
        if name == b"fmt ":
            form = _form(file.read(min(size, 64)))
        elif name == b"ds64" and len(sizes := file.read(16)) == 16:
            large = struct.unpack("<8xQ", sizes)[0]
        elif name == b"data" and data is None:
            data = at, large if size == 0xFFFFFFFF and large else size
        if form and data:
            return _sound(file, form, *data, end)
    raise NotWavError("is a WAV file without sound (damaged or cut off)")


def other_kind(head: bytes) -> str:
    """What a file that is no WAV is, by its first bytes."""
    if not head:
        return "is empty"
    kind = next((name for start, name in _OTHERS if re.match(start, head, re.DOTALL)), "")
    return f"is not a WAV file but {kind} file" if kind else "is not a WAV file"


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of each chunk; the file stands at its contents."""
    at = 12
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        yield name, at + 8, size
        at += 8 + size
        file.seek(at)
        at += size % 2 and file.read(1) == b"\0"  # some writers forget the padding; no name begins with a zero


def _form(body: bytes) -> Form:
    if len(body) < 16:
        raise NotWavError("has a damaged header")
    tag, channels, rate_hz, _, align, bits = struct.unpack_from("<HHIIHH", body)
    valid = bits
    if tag == EXTENSIBLE and len(body) >= 26:
        valid, tag = struct.unpack_from("<H4xH", body, 18)
        valid = valid if 0 < valid <= bits else bits
    width = (bits + 7) // 8
    if width == 3 and align == 4 * channels:
        width = 4  # 24 bits in a word; all other block alignments follow from bits and channels, or are wrong
    if width not in _WIDTHS.get(tag, ()) or not bits:
        kind = _NAMES.get(tag, f"format {tag}, {bits} bits")
        raise NotWavError(f"is of a kind that cannot be read ({kind})")
    if not 1 <= channels <= 64 or not 1000 <= rate_hz <= 768000:
        raise NotWavError(f"names {channels} channels at {rate_hz} Hz: no sound")
    return Form(tag, channels, rate_hz, width, valid)


def _sound(file: BinaryIO, form: Form, start: int, size: int, end: int) -> Sound:
    there = end - start
    if size == 0 or (size >= _NO_SIZE and size > there):
        return Sound(form, start, _without_tail(file, start, end) - start, 0)
    return Sound(form, start, min(size, there), size)


def _without_tail(file: BinaryIO, start: int, end: int) -> int:
    """Where the sound of a data chunk of unknown size ends: what follows it are chunks that reach the end exactly."""
    base = max(start, end - _TAIL_BYTES)
    file.seek(base)
    tail = np.frombuffer(file.read(end - base), np.uint8)
    stop = len(tail)
    while stop >= 8:
        places = np.arange(base % 2, stop - 7, 2) if stop > 7 else np.zeros(0, int)
        words = tail[places[:, None] + np.arange(4, 8)].astype(np.int64) @ (1 << 8 * np.arange(4, dtype=np.int64))
        fits = (places + 8 + words == stop) | ((places + 8 + words + 1 == stop) & (words % 2 == 1))
        named = [int(at) for at in places[fits] if re.fullmatch(rb"[A-Za-z][\w ]{3}", tail[at : at + 4].tobytes())]
        if not named:
            break
        stop = named[0]
    return base + stop
