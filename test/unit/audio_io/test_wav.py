"""WAV files of every kind, and files that are none."""

import struct

import numpy as np
import pytest

from avatar_ros.audio_io.wav import read_wav
from avatar_ros.core.errors import ConfigError

TONE_HZ = 440


def wav(samples, rate=16000, bits=16, tag=1, channels=1, extensible=False, data_size=None):
    """The bytes of a WAV file; samples in [-1, 1], one column a channel."""
    flat = np.asarray(samples, np.float64).reshape(-1)
    if tag == 3:
        data = flat.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.round(flat * 127 + 128).astype(np.uint8).tobytes()
    elif bits == 24:
        data = np.round(flat * (2**23 - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    else:
        data = np.round(flat * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * block, block, bits)
    if extensible:
        head += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", tag) + b"\0" * 14
    body = b"fmt " + struct.pack("<I", len(head)) + head + b"LIST\x03\0\0\0abc\0"
    body += b"data" + struct.pack("<I", len(data) if data_size is None else data_size) + data
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def tone(rate, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(rate * seconds)) / rate)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "question.wav"


@pytest.mark.parametrize(
    "kind",
    [
        {"bits": 8},
        {"bits": 16},
        {"bits": 24},
        {"bits": 32},
        {"bits": 32, "tag": 3},
        {"bits": 64, "tag": 3},
        {"bits": 24, "extensible": True},
        {"rate": 8000},
        {"rate": 44100},
        {"rate": 48000},
        {"data_size": 0xFFFFFFFF},
        {"data_size": 0},
    ],
)
def test_every_kind_becomes_the_same_sound(path, kind):
    rate = kind.get("rate", 16000)
    path.write_bytes(wav(tone(rate), **kind))
    sound = read_wav(path)
    expected = 32767 * tone(16000)
    assert sound.pcm.dtype == np.int16 and len(sound.pcm) == len(expected)
    assert np.abs(sound.pcm - expected)[200:-200].max() < (300 if kind.get("bits") == 8 else 40)
    assert not sound.warning


def test_stereo_becomes_the_mean(path):
    both = np.stack([tone(16000), np.zeros(8000)], axis=1)
    path.write_bytes(wav(both, channels=2))
    assert np.abs(read_wav(path).pcm - 32767 * tone(16000) / 2).max() < 3


def test_truncated_file_plays_what_is_there_and_says_so(path):
    path.write_bytes(wav(tone(16000))[:-8001])
    sound = read_wav(path)
    assert len(sound.pcm) == 8000 - 4001
    assert "truncated" in sound.warning and "question.wav" in sound.warning


def test_not_a_number_is_silence(path):
    samples = tone(16000)
    samples[10] = np.nan
    path.write_bytes(wav(samples, bits=32, tag=3))
    assert read_wav(path).pcm[10] == 0


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"ID3 this is an mp3, not a WAV file", "not a WAV"),
        (wav([]), "no sound"),
        (wav(tone(16000))[:30], "damaged|without sound"),
        (wav(tone(16000), tag=85), "cannot be read"),
        (wav(tone(16000), rate=1), "no sound"),
    ],
)
def test_bad_file_is_named_in_one_line(path, data, what):
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=what) as caught:
        read_wav(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_file(path):
    with pytest.raises(ConfigError, match="No such file") as caught:
        read_wav(path)
    assert caught.value.code == "file_missing"
