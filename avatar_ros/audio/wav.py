"""WAV files of any kind as microphone sound: PCM of 8 to 32 bits, float, A-law, µ-law; any rate, any number of
channels. Read and resampled by pieces: a file of 100 MB costs its sound at LISTENING_RATE_HZ and little else.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr

from ..core.arrays import F32, Pcm
from ..core.errors import ConfigError
from ..core.loading import boundary, open_file
from ..core.rates import LISTENING_RATE_HZ
from .riff import A_LAW, FLOAT, MU_LAW, Form, NotWavError, Sound, find_sound

MAX_BYTES = 1 << 30
#: A question is seconds long; four hours take 460 MB of memory.
MAX_SOUND_S = 4 * 3600
MIN_SOUND_S = 0.01
_BLOCK_BYTES = 1 << 20
_FULL_SCALE = 32767
#: More than this at full scale is no loud voice but samples of another scale, or an overdriven recording.
_CLIPPED_SHARE = 0.1
_PROBES = 100_000
_REMEDY = "convert it with: ffmpeg -i FILE -c:a pcm_s16le question.wav"


@dataclass(frozen=True)
class WavSound:
    """pcm: int16 at LISTENING_RATE_HZ, [n] or [n, channels]; warning: what is wrong with the file, "" for nothing."""

    pcm: Pcm
    warning: str = ""


def read_wav(path: Path, channels: tuple[int, ...] = ()) -> WavSound:
    """The file's sound, the mean of its channels or those asked for, from 0. Raises ConfigError: missing, no WAV, no
    sound, of an unknown kind, without such a channel.
    """
    if not path.exists():
        raise ConfigError("file_missing", f"sound file {path} cannot be read: No such file or directory")
    with boundary(f"sound file {path}", ConfigError, "sound_file", _REMEDY), open_file(path) as file:
        try:
            return _read(path, file if file.seekable() else io.BytesIO(file.read(MAX_BYTES + 1)), channels)
        except NotWavError as error:
            raise ConfigError("sound_file", f"sound file {path} {error}; {_REMEDY}") from error


def _read(path: Path, file: BinaryIO, channels: tuple[int, ...]) -> WavSound:
    if file.seek(0, 2) > MAX_BYTES:
        raise NotWavError(f"is larger than {MAX_BYTES >> 20} MiB")
    sound = find_sound(file)
    frames = sound.size // sound.form.frame_bytes
    seconds = frames / sound.form.rate_hz
    if seconds < MIN_SOUND_S:
        raise NotWavError(f"holds no sound ({frames} samples)")
    if seconds > MAX_SOUND_S:
        raise NotWavError(f"holds {seconds / 3600:.1f} hours of sound, {MAX_SOUND_S / 3600:g} at most can be read")
    if max(channels, default=-1) >= sound.form.channels:
        raise NotWavError(f"has {sound.form.channels} channels, and no number {max(channels)} (they count from 0)")
    blocks = _blocks(file, sound, channels)
    shape = (frames, len(channels)) if channels else (frames,)
    pcm = _at_mic_rate(blocks, sound.form.rate_hz, shape)
    faults = "; ".join(_faults(sound, pcm))
    return WavSound(pcm, f"{path.name} {faults}" if faults else "")


def _faults(sound: Sound, pcm: Pcm) -> Iterator[str]:
    """What the file's maker would want to know, though its sound can be heard or not heard as it is."""
    if sound.size < sound.promised:
        yield f"is truncated: {sound.size} of {sound.promised} bytes of sound are there, and are played"
    if not pcm.any():
        yield "holds nothing but silence"
    probe = pcm[:: max(1, len(pcm) // _PROBES)]
    share = float(np.mean(np.abs(probe) == _FULL_SCALE))
    if share > _CLIPPED_SHARE:
        yield f"is clipped: {share:.0%} of it is as loud as can be; make it quieter where it was made"


def _blocks(file: BinaryIO, sound: Sound, channels: tuple[int, ...]) -> Iterator[F32]:
    """The channels' mean in [-1, 1], or those asked for, block by block."""
    form, at = sound.form, sound.start
    left = sound.size - sound.size % form.frame_bytes
    low_bytes = form.width == 4 and form.valid <= 24 and _fills_low_bytes(file, sound)
    step = max(1, _BLOCK_BYTES // form.frame_bytes) * form.frame_bytes
    while left > 0:
        file.seek(at)
        block = file.read(min(step, left))
        samples = _samples(form, block[: len(block) - len(block) % form.frame_bytes], low_bytes)
        every = samples.reshape(-1, form.channels)
        yield every[:, channels] if channels else every.mean(axis=1, dtype=np.float32)
        at, left = at + step, left - step


def _samples(form: Form, block: bytes, low_bytes: bool) -> F32:
    """Interleaved samples in [-1, 1]. Values of fewer bits than their bytes hold stand at the upper end."""
    if form.tag == FLOAT:
        values = np.nan_to_num(np.frombuffer(block, f"<f{form.width}"), nan=0.0)
        return np.clip(values, -1.0, 1.0).astype(np.float32)
    if form.tag in (A_LAW, MU_LAW):
        return _law(form.tag)[np.frombuffer(block, np.uint8)]
    if form.width == 1:
        return (np.frombuffer(block, np.uint8).astype(np.float32) - 128) * np.float32(2**-7)
    if form.width == 3 or low_bytes:
        wide = np.zeros((len(block) // form.width, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(block, np.uint8).reshape(-1, form.width)[:, :3]
        return wide.view("<i4")[:, 0].astype(np.float32) * np.float32(2**-31)
    return np.frombuffer(block, f"<i{form.width}").astype(np.float32) * np.float32(2.0 ** (1 - 8 * form.width))


def _fills_low_bytes(file: BinaryIO, sound: Sound) -> bool:
    """Whether 24 bits stand in the low bytes of their words (ALSA's S24_LE) and not, by the book, in the upper ones."""
    file.seek(sound.start)
    block = file.read(min(sound.size, _BLOCK_BYTES))
    words = np.frombuffer(block[: len(block) & ~3], np.uint8).reshape(-1, 4)
    by_the_book = not words[:, 0].any() and bool(words[:, 3].any())
    extends = words[:, 3] == np.where(words[:, 2] & 0x80, 0xFF, 0)
    return bool(extends.all()) or not by_the_book


@cache
def _law(tag: int) -> F32:
    """Value of each of the 256 codes of ITU-T G.711."""
    code = np.arange(256) ^ (0x55 if tag == A_LAW else 0xFF)
    exponent, mantissa = (code >> 4) & 7, code & 15
    if tag == A_LAW:
        size = np.where(exponent == 0, 16 * mantissa + 8, (16 * mantissa + 264) << np.maximum(exponent - 1, 0))
        return (np.where(code & 0x80, size, -size) / 32768).astype(np.float32)
    size = ((8 * mantissa + 132) << exponent) - 132
    return (np.where(code & 0x80, -size, size) / 32768).astype(np.float32)


def _at_mic_rate(blocks: Iterator[F32], rate_hz: int, shape: tuple[int, ...]) -> Pcm:
    """Resampled as they come into memory that is asked for once. shape: at rate_hz, (n,) or (n, channels)."""
    frames, *channels = shape
    same, count_of = rate_hz == LISTENING_RATE_HZ, (channels or [1])[0]
    resampler = None if same else soxr.ResampleStream(rate_hz, LISTENING_RATE_HZ, count_of, dtype="float32")
    out, count = np.empty((-(-frames * LISTENING_RATE_HZ // rate_hz) + 16, *channels), np.int16), 0
    done = 0
    for block in blocks:
        done += len(block)
        piece = block if resampler is None else resampler.resample_chunk(block, last=done >= frames)
        piece = piece[: len(out) - count]
        out[count : count + len(piece)] = np.clip(np.round(piece * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
        count += len(piece)
    return out[:count]
