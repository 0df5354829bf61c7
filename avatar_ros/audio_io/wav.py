"""WAV files of any kind as microphone sound: 8, 16, 24, 32-bit and float, any rate, any number of channels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from ..core.errors import ConfigError
from .base import MIC_RATE_HZ, Floats, Pcm

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
#: A question is seconds long; this is an hour of 48 kHz stereo.
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class WavSound:
    """pcm: int16 mono at MIC_RATE_HZ; warning: what is wrong with the file, "" for nothing."""

    pcm: Pcm
    warning: str = ""


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    rate_hz: int
    bits: int


def read_wav(path: Path) -> WavSound:
    """The file's sound. Raises ConfigError: missing, no WAV, empty, of an unknown kind."""
    data = _bytes(path)
    if len(data) < 12 or data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        what = "is empty" if not data else "is not a WAV file"
        raise ConfigError("sound_file", f"sound file {path} {what}; convert it with: ffmpeg -i FILE question.wav")
    form, sound, promised = _chunks(path, data)
    usable = len(sound) - len(sound) % (form.channels * form.bits // 8)
    samples = _samples(path, form, sound[:usable]).reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
    if not len(samples):
        raise ConfigError("sound_file", f"sound file {path} holds no sound")
    warning = ""
    if len(sound) < promised:
        warning = f"{path.name} is truncated: {len(sound)} of {promised} bytes of sound are there, and are played"
    return WavSound(_to_mic_rate(samples, form.rate_hz), warning)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError("sound_file", f"sound file {path} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("file_missing", f"sound file {path} cannot be read: {error.strerror}") from error


def _chunks(path: Path, data: bytes) -> tuple[_Format, bytes, int]:
    """Format, sound, and how many bytes of sound the header promises."""
    form: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _format(path, body)
        elif name == b"data":
            if form is None:
                break
            streamed = size in (0xFFFFFFFF, 0x7FFFFFFF, 0)  # written by a program that could not seek back
            return (form, data[at + 8 :], 0) if streamed else (form, body, size)
        at += 8 + size + size % 2
    raise ConfigError("sound_file", f"sound file {path} is a WAV file without sound (damaged or cut off)")


def _format(path: Path, body: bytes) -> _Format:
    if len(body) < 16:
        raise ConfigError("sound_file", f"sound file {path} has a damaged header")
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    if (tag, bits) not in ((_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)):
        raise ConfigError(
            "sound_file",
            f"sound file {path} is of a kind that cannot be read (format {tag}, {bits} bits); "
            "convert it with: ffmpeg -i FILE -c:a pcm_s16le question.wav",
        )
    if not 1 <= channels <= 64 or not 1000 <= rate_hz <= 768000:
        raise ConfigError("sound_file", f"sound file {path} names {channels} channels at {rate_hz} Hz: no sound")
    return _Format(tag, channels, rate_hz, bits)


def _samples(path: Path, form: _Format, sound: bytes) -> Floats:
    """Interleaved samples in [-1, 1]."""
    if form.tag == _FLOAT:
        values = np.frombuffer(sound, f"<f{form.bits // 8}").astype(np.float32)
        return np.clip(np.nan_to_num(values), -1.0, 1.0).astype(np.float32)
    if form.bits == 8:
        return (np.frombuffer(sound, np.uint8).astype(np.float32) - 128) * np.float32(2**-7)
    if form.bits == 24:
        wide = np.zeros((len(sound) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(sound, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float32) * np.float32(2**-31)
    return np.frombuffer(sound, f"<i{form.bits // 8}").astype(np.float32) * np.float32(2.0 ** (1 - form.bits))


def _to_mic_rate(samples: Floats, rate_hz: int) -> Pcm:
    if rate_hz != MIC_RATE_HZ:
        samples = soxr.resample(samples, rate_hz, MIC_RATE_HZ)
    return np.clip(np.round(samples * 32767), -32767, 32767).astype(np.int16)
