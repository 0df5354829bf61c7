"""The speech of all voices, made once and kept in a work folder (which is not part of the project)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatar_ros.core.errors import ConfigError

from .roster import Part
from .speech import FRAME, RATE_HZ, Spoken, seed_of
from .texts import sentences


def make(parts: Sequence[Part], folder: Path, seed: int, share: float = 1.0) -> dict[str, list[Spoken]]:
    """Speech by voice. share: of the roster's sentences. Raises ConfigError that names what is not installed."""
    missing = sorted({need for part in parts if (need := part.voice.missing())})
    if missing:
        raise ConfigError("lip_voices", "voices to train with are missing; install them:\n  " + "\n  ".join(missing))
    folder.mkdir(parents=True, exist_ok=True)
    return {part.voice.name: _voice(part, folder, seed, share) for part in parts}


def _voice(part: Part, folder: Path, seed: int, share: float) -> list[Spoken]:
    count = max(2, round(part.sentences * share))
    path = folder / f"{part.voice.name}-{count}-{seed}.npz"
    if not path.is_file():
        texts = sentences(part.voice.words, count, seed_of(part.voice.name, seed))
        found = [_levelled(one) for one in part.voice.speak(texts, seed) if _plausible(one)]
        if len(found) < count / 2:
            raise ConfigError("lip_voices", f"{part.voice.name}: {len(found)} of {count} sentences could be used")
        _write(path, found)
    return _read(path)


def _plausible(one: Spoken) -> bool:
    return len(one.sound) > RATE_HZ // 2 and bool(np.isfinite(one.sound).all()) and float(one.phones[:, 1:].sum()) > 20


def _levelled(one: Spoken) -> Spoken:
    """At -22 dBFS RMS: what voices differ in must not be their level."""
    gain = 0.08 / max(float(np.sqrt(np.mean(one.sound**2))), 1e-5)
    return Spoken((one.sound * min(gain, 0.98 / max(float(np.abs(one.sound).max()), 1e-5))), one.phones)


def _write(path: Path, found: Sequence[Spoken]) -> None:
    sound = np.concatenate([np.round(one.sound * 32767).astype(np.int16) for one in found])
    phones = np.concatenate([one.phones for one in found]).astype(np.float16)
    np.savez(path, sound=sound, phones=phones, sizes=np.array([len(one.sound) for one in found]))


def _read(path: Path) -> list[Spoken]:
    with np.load(path) as data:
        sound, phones, sizes = data["sound"], data["phones"], data["sizes"].tolist()
    out, at, frame = [], 0, 0
    for size in sizes:
        frames = -(-size // FRAME)
        out.append(Spoken(sound[at : at + size].astype(np.float32) / 32768,
                          phones[frame : frame + frames].astype(np.float32)))  # fmt: skip
        at, frame = at + size, frame + frames
    return out
