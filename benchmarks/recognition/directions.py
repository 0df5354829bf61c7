"""`./avatar bench directions`: where arrays of microphones say that a voice is, in simulated rooms; what a beam gains.

Rooms are drawn from a fixed seed: 4 to 8 m long, reverberation 0.25 to 0.6 s, a person 0.7 to 2.2 m away, up to 75
degrees aside, mouth 0.3 to 0.7 m above the array. Image sources by pyroomacoustics (requirements/test.txt).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from avatar_ros.audio.base import Block
from avatar_ros.core.arrays import F64
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.mic.array_geometry import PRESETS
from avatar_ros.mic.array_listener import ArrayListener
from avatar_ros.mic.base import MicSettings
from avatar_ros.mic.beam import Beam
from avatar_ros.testing.spoken_questions import RATE_HZ, speak

from ..lib.data_folder import default_data
from ..lib.noise_and_reverb import read_wav
from ..lib.report import tell

TEXTS = ("What time is it?", "Where is the exit please?", "Hello, can you help me?", "How much does a ticket cost?")
#: Silence before and after the voice, s; signal-to-noise ratios, dB, None: quiet.
_LEAD_S, _TAIL_S = 1.0, 0.3
LEVELS_DB: tuple[float | None, ...] = (None, 10.0, 5.0)
_FRAME = 320
_LARGEST_ORDER = 17
#: A direction that is told before the voice has lasted so long may be a noise's; vad_node needs as long, s.
_ONSET_S = 0.2
_NOISES = 3


@dataclass(frozen=True)
class Scene:
    """voice, noise: [n, microphones], apart; azimuth_rad: of the person."""

    array: str
    azimuth_rad: float
    voice: F64
    noise: F64

    def mixed(self, snr_db: float | None) -> tuple[F64, F64]:
        """(voice, noise) at that ratio, so loud that the sum fits into 16 bits."""
        ratio_db = 40.0 if snr_db is None else snr_db
        spoken = self.voice[round(_LEAD_S * LISTENING_RATE_HZ) :]
        gain = np.sqrt((spoken**2).mean() / (self.noise**2).mean() / 10 ** (ratio_db / 10))
        louder = 8000 / np.abs(self.voice).max()
        return self.voice * louder, self.noise * gain * louder


def scenes(rooms: int, noises: Sequence[F64], arrays: Sequence[str]) -> Iterator[Scene]:
    """Each room with each array. noises: recordings at LISTENING_RATE_HZ, played from places in the room."""
    import soxr

    rng = np.random.default_rng(5)
    voices = [soxr.resample(pcm.astype(float), RATE_HZ, LISTENING_RATE_HZ) for pcm in speak(TEXTS)]
    for number in range(rooms):
        size = rng.uniform((4.0, 3.5, 2.5), (8.0, 6.0, 3.0))
        t60_s, azimuth, distance = rng.uniform(0.25, 0.6), np.radians(rng.uniform(-75, 75)), rng.uniform(0.7, 2.2)
        centre = np.array([rng.uniform(0.6, 1.2), rng.uniform(1.5, size[1] - 1.5), rng.uniform(1.0, 1.2)])
        across = distance * np.array([np.cos(azimuth), np.sin(azimuth)])
        mouth = centre + np.array([*across, rng.uniform(0.3, 0.6)])
        mouth[:2] = np.clip(mouth[:2], 0.3, size[:2] - 0.3)
        sources = [rng.uniform(0.3, size - 0.3) for _ in range(_NOISES)]
        sound = np.pad(voices[number % len(voices)], [round(s * LISTENING_RATE_HZ) for s in (_LEAD_S, _TAIL_S)])
        noise = [_piece(noises[number % len(noises)], len(sound), rng) for _ in sources]
        for array in arrays:
            places = centre + PRESETS[array].positions
            heard = [_heard(size, t60_s, places, *one) for one in (([mouth], [sound]), (sources, noise))]
            true = float(np.arctan2(mouth[1] - centre[1], mouth[0] - centre[0]))
            yield Scene(array, true, *(one[: len(sound)] for one in heard))


def _piece(noise: F64, count: int, rng: np.random.Generator) -> F64:
    start = int(rng.integers(len(noise)))
    return np.tile(noise, count // len(noise) + 2)[start : start + count]


def _heard(size: F64, t60_s: float, places: F64, sources: Sequence[F64], sounds: Sequence[F64]) -> F64:
    import pyroomacoustics as pra

    absorbed, order = pra.inverse_sabine(t60_s, size)
    walls = pra.Material(absorbed)
    room = pra.ShoeBox(size, fs=LISTENING_RATE_HZ, materials=walls, max_order=min(order, _LARGEST_ORDER))
    for place, sound in zip(sources, sounds, strict=True):
        room.add_source(place, signal=sound)
    room.add_microphone_array(places.T)
    room.simulate()
    return np.asarray(room.mic_array.signals.T)


def errors_deg(scene: Scene, snr_db: float | None) -> tuple[list[float], float]:
    """Of each direction that is told while somebody speaks; and the processor time for a second of sound, s."""
    voice, noise = scene.mixed(snr_db)
    sound = np.round(voice + noise).astype(np.int16)
    listener = ArrayListener(MicSettings(array=scene.array), PRESETS[scene.array])
    found, began_s = [], process_time()
    for start in range(0, len(sound) - _FRAME + 1, _FRAME):
        block = Block(sound[start : start + _FRAME], start / LISTENING_RATE_HZ)
        _, told = listener.hear(block, own_voice=False)
        speaks_s = block.at_s - _LEAD_S
        if told is not None and _ONSET_S < speaks_s < len(sound) / LISTENING_RATE_HZ - _LEAD_S - _TAIL_S:
            found.append(abs(np.degrees(np.angle(np.exp(1j * (told.azimuth_rad - scene.azimuth_rad))))))
    return found, (process_time() - began_s) / (len(sound) / LISTENING_RATE_HZ)


def beam_gain_db(scene: Scene) -> float:
    """By how much the voice stands further out of the noise in a beam that is aimed at it than in the first microphone.

    A beam is linear: voice and noise are sent through it apart. dB.
    """
    powers = []
    for sound in scene.mixed(5.0):
        beam = Beam(PRESETS[scene.array].positions)
        beam.aim(scene.azimuth_rad)
        pcm = np.round(sound).astype(np.int16)
        starts = range(0, len(pcm) - _FRAME + 1, _FRAME)
        heard = np.concatenate([beam.hear(pcm[start : start + _FRAME], steered=True) for start in starts])
        spoken = slice(round(_LEAD_S * LISTENING_RATE_HZ), None)
        powers.append((heard[spoken].astype(float) ** 2).mean() / (pcm[spoken, 0].astype(float) ** 2).mean())
    return float(10 * np.log10(powers[0] / powers[1]))


def measure(rooms: int, data: Path, arrays: Sequence[str], levels: Sequence[float | None]) -> dict[str, Any]:
    """Median and 95th percentile per array and level, and what a beam gains. Raises ConfigError."""
    noises = _noises(data)
    errors: dict[tuple[str, float | None], list[float]] = {}
    costs: dict[str, list[float]] = {}
    gains: dict[str, list[float]] = {}
    for scene in scenes(rooms, noises, arrays):
        for level in levels:
            found, cost = errors_deg(scene, level)
            errors.setdefault((scene.array, level), []).extend(found)
            costs.setdefault(scene.array, []).append(cost)
        gains.setdefault(scene.array, []).append(beam_gain_db(scene))
    return {
        "rooms": rooms,
        "directions": [
            {"array": array, "snr_db": level, "told": len(found), **_summary(found)}
            for (array, level), found in errors.items()
        ],
        "core_share": {array: round(float(np.median(cost)), 4) for array, cost in costs.items()},
        "beam_gain_db": {array: round(float(np.median(gain)), 2) for array, gain in gains.items()},
    }


def _summary(found: Sequence[float]) -> dict[str, float]:
    if not found:
        return {}
    median, p95 = np.percentile(found, (50, 95))
    return {"median_deg": round(float(median), 1), "p95_deg": round(float(p95), 1)}


def _noises(data: Path) -> list[F64]:
    paths = [data / "acoustics" / f"{name}.wav" for name in ("noise2", "noise3")]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise ConfigError("bench_data", f"no recordings of noise: {', '.join(missing)} (--data, AVATAR_ROS_TEST_DATA)")
    return [read_wav(path)[0].astype(float) for path in paths]


def main(arguments: Sequence[str]) -> int:
    """0: every array's median error is at most 10 degrees at each level."""
    parser = argparse.ArgumentParser(prog="avatar bench directions", description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, default=40, help="rooms for each array (default 40)")
    parser.add_argument("--arrays", nargs="+", choices=tuple(PRESETS), default=tuple(PRESETS))
    parser.add_argument(
        "--data", type=Path, default=default_data(), help="folder with acoustics/noise2.wav, noise3.wav"
    )
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(options.rooms, options.data, options.arrays, LEVELS_DB)
    tell(result, options.json)
    return int(any(row.get("median_deg", 180.0) > 10.0 for row in result["directions"]))
