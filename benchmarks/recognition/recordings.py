"""Sounds for measuring the ears: recordings, noise at a set distance, the level and silence that the kiosk hands on."""

from __future__ import annotations

import random
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.levels import gain_from_db
from avatar_ros.core.rates import LISTENING_RATE_HZ

Flags = NDArray[np.bool_]

GAINS_DB = (0.0, -6.0, -12.0)
#: Samples that `dressed` puts before and after a sound.
DRESSED_BEFORE, _DRESSED_AFTER = 4800, 8000
#: Recordings of people that come with Debian packages, for development: nothing of the test data is fitted to.
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
READINGS = Path("/usr/share/pocketsphinx/test/data/librivox")
PACKAGES = "apt install asterisk-core-sounds-en-g722 pocketsphinx-testdata"
#: Prompts that a kiosk should answer, or that are no speech.
_IN_DOMAIN = ("hello", "bye", "thank", "sorry", "yes", "no.", "welcome", "hours", "beep", "tone", "silence", "time.")
_LONGEST_S, _SHORTEST_S = 2.5, 0.7


def read_wav(path: Path) -> Pcm:
    """A 16 kHz mono 16-bit file."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def with_noise(pcm: Pcm, noise: Pcm, snr_db: float, speech: Flags) -> Pcm:
    """The sound plus noise, repeated as needed, snr_db below the mean power of the samples that are speech."""
    looped = np.resize(noise.astype(float), len(pcm))
    power = np.mean(np.square(pcm[speech], dtype=float))
    looped *= np.sqrt(power / 10 ** (snr_db / 10) / np.mean(looped**2))
    return np.clip(pcm + looped, -32768, 32767).astype(np.int16)


def dressed(pcm: Pcm, noise: Pcm | None, gain_db: float, seed: int) -> Pcm:
    """As the vad stage hands it on: 0.3 s before, 0.5 s after, noise at 20 dB or next to none, at some level."""
    padded = np.pad(pcm, (DRESSED_BEFORE, _DRESSED_AFTER))
    if noise is not None:
        padded = with_noise(padded, np.roll(noise, -seed * 997), 20.0, padded != 0)
    hiss = np.random.default_rng(seed).normal(0, 8, len(padded))
    return np.clip((padded + hiss) * gain_from_db(gain_db), -32768, 32767).astype(np.int16)


def fragments(pcm: Pcm, rng: random.Random) -> Iterator[Pcm]:
    """Pieces of 0.7 to 2.5 s, one after the other: what a kiosk overhears of people who talk near it."""
    first = 0
    while len(pcm) - first >= _SHORTEST_S * LISTENING_RATE_HZ:
        samples = round(rng.uniform(_SHORTEST_S, _LONGEST_S) * LISTENING_RATE_HZ)
        yield pcm[first : first + samples]
        first += samples


def development_recordings() -> Iterator[tuple[str, Pcm]]:
    """(name, sound) of people's speech out of two Debian packages; nothing where they are not installed."""
    for path in sorted(READINGS.glob("*.wav")):
        for piece in fragments(read_wav(path), random.Random(path.stem)):
            yield f"reading {path.stem[-4:]}", piece
    for path in sorted(PROMPTS.glob("*.g722")):
        if not any(word in path.name for word in _IN_DOMAIN):
            pcm = _read_g722(path)[: round(_LONGEST_S * LISTENING_RATE_HZ)]
            if len(pcm) >= _SHORTEST_S * LISTENING_RATE_HZ:
                yield f"prompt {path.stem}", pcm


def held_out_recordings(data: Path) -> Iterator[tuple[str, Pcm]]:
    """(name, sound) of the test data's people."""
    for path in sorted((data / "speech").glob("*.wav")):
        for piece in fragments(read_wav(path), random.Random(path.stem)):
            yield path.stem, piece


def _read_g722(path: Path) -> Pcm:
    import av  # only measuring reads telephone sound

    with av.open(str(path), format="g722") as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)]).astype(np.int16)
