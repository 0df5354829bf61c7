"""WAV files of every kind, and files that are none."""

import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest

from avatar_ros.audio.wav import read_wav
from avatar_ros.core import loading
from avatar_ros.core.errors import ConfigError
from fuzz.samples import chunk, form, riff

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
    ("samples", "tag", "what"),
    [
        (np.zeros(8000), 1, "holds nothing but silence"),
        (np.full(8000, np.nan), 3, "holds nothing but silence"),
        (32768 * tone(16000), 3, "is clipped: (9[0-9]|100)%"),
    ],
)
def test_sound_that_nobody_can_have_meant_is_told(path, samples, tag, what):
    """They were heard without a word: a float file in the scale of 16 bits is a rattle, one of NaN is silence."""
    path.write_bytes(wav(samples, bits=32 if tag == 3 else 16, tag=tag))
    assert re.fullmatch(f"question.wav {what}.*", read_wav(path).warning)


def test_a_loud_voice_is_no_fault(path):
    path.write_bytes(wav(1.9 * tone(16000)))
    assert not read_wav(path).warning


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


PCM = np.round(32767 * tone(16000)).astype("<i2")
DATA = PCM.tobytes()
#: 24 bits, the value in the low three bytes of a word (ALSA's S24_LE), and in the upper three.
LOW = (PCM.astype("<i4") << 8).astype("<i4")
HIGH = (PCM.astype("<i4") << 16).astype("<i4")
TAIL = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 3001) + b"x" * 3001)
DS64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(DATA), len(PCM), 0))
LONG = chunk(b"data", DATA, 0xFFFFFFFF)


def extensible(bits, valid, tag=1):
    return struct.pack("<HHIH14s", 22, valid, 3, tag, b"\0" * 14)


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        pytest.param(riff(form(24, align=4), chunk(b"data", LOW.tobytes())), 1, id="24 bits low in 4 bytes"),
        pytest.param(riff(form(24, align=4), chunk(b"data", HIGH.tobytes())), 1, id="24 bits high in 4 bytes"),
        pytest.param(
            riff(form(32, align=4, tag=0xFFFE, extra=extensible(32, 24)), chunk(b"data", HIGH.tobytes())), 1,
            id="24 valid bits in 32",
        ),
        pytest.param(riff(form(16, align=0), chunk(b"data", DATA)), 1, id="block align 0"),
        pytest.param(riff(form(16, align=4), chunk(b"data", DATA)), 1, id="block align of stereo"),
        pytest.param(riff(form(16, align=16), chunk(b"data", DATA)), 1, id="block align in bits"),
        pytest.param(riff(DS64, form(), LONG, TAIL, head=b"RF64"), 1, id="RF64, a list after"),
        pytest.param(riff(DS64, form(), LONG, head=b"BW64"), 1, id="BW64"),
        pytest.param(riff(form(), chunk(b"data", DATA, 0), TAIL), 1, id="size 0, a list after"),
        pytest.param(riff(form(), LONG, TAIL, TAIL), 1, id="no size, two lists after"),
        pytest.param(riff(form(), chunk(b"data", DATA, 0x7FFFF000)), 1, id="sox's stream"),
        pytest.param(riff(form(), chunk(b"data", DATA, 0x80000000)), 1, id="arecord's stream"),
        pytest.param(riff(form(), chunk(b"data", DATA, 0xFFFFFFFF - 36)), 1, id="another stream"),
        pytest.param(riff(chunk(b"LIST", b"odd", pad=False), form(), chunk(b"data", DATA)), 1, id="no padding"),
        pytest.param(riff(chunk(b"JUNK", b"odd"), form(), chunk(b"data", DATA)), 1, id="padding"),
        pytest.param(riff(chunk(b"data", DATA), form()), 1, id="format after the sound"),
        pytest.param(riff(form(), chunk(b"data", DATA), chunk(b"data", b"junk")), 1, id="two sounds"),
        pytest.param(riff(form(), chunk(b"data", DATA), b"\0\1\2"), 1, id="rubbish after"),
    ],
)
def test_what_programs_write_is_heard_as_it_is(path, data, tolerance):
    path.write_bytes(data)
    sound = read_wav(path)
    assert len(sound.pcm) == len(PCM) and not sound.warning
    assert np.abs(sound.pcm.astype(int) - PCM).max() <= tolerance


def test_g711_is_decoded():
    """Values of ITU-T G.711's tables."""
    from avatar_ros.audio.wav import _law

    assert (_law(6)[[0xD5, 0x55, 0xAA, 0x2A, 0xC5]] * 32768).tolist() == [8, -8, 32256, -32256, 264]
    assert (_law(7)[[0xFF, 0x7F, 0x80, 0x00, 0xEF]] * 32768).tolist() == [0, 0, 32124, -32124, 132]


@pytest.mark.parametrize("tag", [6, 7])
def test_a_and_mu_law_files(path, tag):
    from avatar_ros.audio.wav import _law

    codes = np.abs(_law(tag)[None, :] - tone(8000)[:, None]).argmin(axis=1).astype(np.uint8)
    path.write_bytes(riff(form(8, rate=8000, tag=tag), chunk(b"data", codes.tobytes())))
    assert np.abs(read_wav(path).pcm - 32767 * tone(16000))[200:-200].max() < 800


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"ID3\4" + bytes(20), "MP3"), (b"\xff\xfb\x90\0" + bytes(20), "MP3"), (b"OggS" + bytes(20), "Ogg"),
        (b"fLaC" + bytes(20), "FLAC"), (b"\0\0\0\x20ftypM4A " + bytes(20), "M4A"), (b"RIFX" + bytes(20), "RIFX"),
        (b"FORM\0\0\0\0AIFF", "AIFF"), (b"\x1aE\xdf\xa3" + bytes(20), "WebM"), (bytes(100), "empty"),
        (riff(form(4, tag=0x11), chunk(b"data", bytes(99))), "IMA ADPCM"), (riff(form(rate=0), LONG), "0 Hz"),
        (riff(form(channels=0), LONG), "0 channels"), (riff(form(), chunk(b"data", b"\1\0")), "holds no sound"),
        (riff(form(rate=48000), chunk(b"data", b"\1\0")), "holds no sound"), (riff(form(0), LONG), "cannot be read"),
        (riff(form(8, rate=1000), chunk(b"data", bytes(15_000_000))), "4.2 hours"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_named(path, data, what):
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=what) as caught:
        read_wav(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value) and "ffmpeg" in str(caught.value)


def test_folders_and_pipes(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "WRITER_S", 120.0)
    with pytest.raises(ConfigError, match="directory"):
        read_wav(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    script = f"open({str(tmp_path / 'pipe')!r}, 'wb').write({riff(form(), LONG)!r})"
    writer = subprocess.Popen([sys.executable, "-c", script])
    assert len(read_wav(tmp_path / "pipe").pcm) == len(PCM)
    assert writer.wait(30) == 0


@pytest.mark.parametrize(
    ("bits", "channels", "rate", "most_mb"), [(16, 2, 48000, 150), (24, 1, 44100, 150), (8, 1, 8000, 480)]
)
def test_a_hundred_megabytes_cost_their_sound_and_little_else(path, bits, channels, rate, most_mb):
    """A sparse file; the sound itself takes 17, 24 and 400 MB. It took 2.9 GiB when a file was read at once."""
    size = 100_000_000 // 6 * 6
    with path.open("wb") as file:
        file.write(riff(form(bits, channels, rate), chunk(b"data", b"", size)))
        file.truncate(file.tell() + size)
    script = """
import re, sys
from pathlib import Path
from avatar_ros.audio.wav import read_wav
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
before = peak()
samples = len(read_wav(Path(sys.argv[1])).pcm)
print(samples, peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    samples, grown_mb = map(float, done.stdout.split())
    assert samples == pytest.approx(size / (bits // 8 * channels) / rate * 16000, abs=2)
    assert grown_mb < most_mb


def test_pieces_sound_like_the_whole(path):
    import soxr

    rng = np.random.default_rng(1)
    samples = rng.normal(scale=0.2, size=700_000).clip(-1, 1)
    path.write_bytes(wav(samples, rate=44100))
    whole = soxr.resample((np.round(samples * 32767) / 32768).astype(np.float32), 44100, 16000)
    found = read_wav(path).pcm
    assert abs(len(found) - len(whole)) <= 1
    n = min(len(found), len(whole))
    assert np.abs(found[:n] - np.clip(np.round(whole[:n] * 32767), -32767, 32767)).max() <= 2
