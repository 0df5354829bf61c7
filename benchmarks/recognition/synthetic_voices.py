"""Synthetic speakers for measuring the ears: espeak-ng in a process of its own (GPL-3.0), flite where installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar_ros.core.arrays import Pcm

SAMPLE_RATE_HZ = 16000

# Run by a second Python: reads {"voice": …, "rate": …, "texts": […]} and writes, for each text, the number of samples
# (uint32) and the samples (int16, 22.05 kHz).
_ESPEAK_PROGRAM = r"""
import ctypes, json, struct, sys
import espeakng_loader
lib = ctypes.CDLL(espeakng_loader.get_library_path())
rate_hz = lib.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0x8000)
if rate_hz != 22050:
    sys.exit(f"espeak_Initialize gave {rate_hz}")
order, sound = json.load(sys.stdin), bytearray()
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
def take(samples, count, events):
    if samples and count > 0:
        sound.extend(ctypes.string_at(samples, 2 * count))
    return 0
callback = Callback(take)
lib.espeak_SetSynthCallback(callback)
if lib.espeak_SetVoiceByName(order["voice"].encode()):
    sys.exit("no voice " + order["voice"])
lib.espeak_SetParameter(1, order["rate"], 0)
for text in order["texts"]:
    sound.clear()
    data = text.encode()
    lib.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    sys.stdout.buffer.write(struct.pack("<I", len(sound) // 2) + bytes(sound))
"""


@dataclass(frozen=True)
class SyntheticVoice:
    """engine: "espeak" or "flite"; name: the engine's own; words_per_minute: espeak only."""

    engine: str
    name: str
    words_per_minute: int = 165


#: The two sets share no voice: slt and kal of flite are the people of festival's voices, too.
VOICES: Mapping[str, Mapping[str, SyntheticVoice]] = {
    "development": {
        "espeak en-us": SyntheticVoice("espeak", "en-us"),
        "flite slt": SyntheticVoice("flite", "slt"),
        "espeak en-us+f3": SyntheticVoice("espeak", "en-us+f3", 150),
        "flite kal16": SyntheticVoice("flite", "kal16"),
        "espeak en-gb-x-rp+m3": SyntheticVoice("espeak", "en-gb-x-rp+m3"),
        "espeak en-us+m2": SyntheticVoice("espeak", "en-us+m2", 180),
    },
    "held-out": {
        "espeak en-us+f4": SyntheticVoice("espeak", "en-us+f4", 160),
        "flite rms": SyntheticVoice("flite", "rms"),
        "flite awb": SyntheticVoice("flite", "awb"),
    },
}


def available(voice: SyntheticVoice) -> bool:
    """Whether this machine can synthesize with the voice."""
    return voice.engine == "espeak" or shutil.which("flite") is not None


def synthesize(voice: SyntheticVoice, texts: Iterable[str]) -> list[Pcm]:
    """Each text as 16 kHz int16 mono, without added silence."""
    if voice.engine == "espeak":
        return [_at_16k(pcm, 22050) for pcm in _espeak(voice, list(texts))]
    return [_flite(voice, text) for text in texts]


def _espeak(voice: SyntheticVoice, texts: list[str]) -> list[Pcm]:
    order = json.dumps({"voice": voice.name, "rate": voice.words_per_minute, "texts": texts}).encode()
    done = subprocess.run([sys.executable, "-c", _ESPEAK_PROGRAM], input=order, capture_output=True, check=True)
    raw, at, found = done.stdout, 0, []
    while at < len(raw):
        count = int(np.frombuffer(raw, "<u4", 1, at)[0])
        found.append(np.frombuffer(raw, "<i2", count, at + 4).astype(np.int16))
        at += 4 + 2 * count
    return found


def _flite(voice: SyntheticVoice, text: str) -> Pcm:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice.name, "-t", text, "-o", str(path)], check=True)
        with wave.open(str(path), "rb") as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            return _at_16k(pcm, file.getframerate())


def _at_16k(pcm: Pcm, rate_hz: int) -> Pcm:
    if rate_hz == SAMPLE_RATE_HZ:
        return pcm
    import soxr

    return np.asarray(soxr.resample(pcm, rate_hz, SAMPLE_RATE_HZ), np.int16)
