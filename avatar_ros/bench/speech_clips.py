"""Recorded people, cut into things that somebody might say: pieces between pauses, each with its onset known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import ConfigError
from .room import F32, MIC_RATE_HZ, at_level, read_sound

DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
#: A voice is heard from its first sample above this on.
AUDIBLE = 10 ** (-50 / 20)
_FRAME = MIC_RATE_HZ // 100
#: A pause parts two clips; shorter clips than this are no sentence.
_PAUSE_S, _SHORTEST_S, _LONGEST_S = 0.3, 1.0, 6.0
_SILENCE_DB = -30.0


@dataclass(frozen=True)
class Clip:
    """sound: [n] at 16 kHz, full scale 1, at the level asked for; onset_s: of its first audible sample."""

    name: str
    sound: F32
    onset_s: float

    @property
    def length_s(self) -> float:
        return len(self.sound) / MIC_RATE_HZ


def clips(folder: Path, dbfs: float) -> list[Clip]:
    """All pieces of 1 to 6 s of the recordings in `folder` (WAV), each with the active level `dbfs`."""
    out = []
    for path in sorted(folder.glob("*.wav")):
        for i, sound in enumerate(_pieces(read_sound(path))):
            levelled = at_level(sound, dbfs)
            onset = int(np.argmax(np.abs(levelled) > AUDIBLE))
            out.append(Clip(f"{path.stem}.{i}", levelled, onset / MIC_RATE_HZ))
    return out


def data_folder(path: Path) -> Path:
    """Raises ConfigError where there are no recordings."""
    for name in ("speech", "acoustics"):
        if not (path / name).is_dir():
            raise ConfigError("file_missing", f"{path}: no {name}/ in it; name the folder of recordings with --data")
    return path


def _pieces(sound: F32) -> Iterator[F32]:
    """Stretches between pauses, joined while they are short."""
    whole = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = 10 * np.log10(np.mean(whole**2, axis=1) + 1e-12)
    loud = level > np.percentile(level, 95) + _SILENCE_DB
    begin: int | None = None
    last = 0
    for i in (*np.flatnonzero(loud), len(loud) + 10**6):
        pause = begin is not None and (i - last) * _FRAME > _PAUSE_S * MIC_RATE_HZ
        long_enough = begin is not None and (last - begin) * _FRAME >= _SHORTEST_S * MIC_RATE_HZ
        if begin is not None and pause and (long_enough or i > len(loud)):
            if long_enough:
                yield sound[max(0, begin - 3) * _FRAME : (last + 4) * _FRAME][: round(_LONGEST_S * MIC_RATE_HZ)]
            begin = None
        if begin is None:
            begin = int(i)
        last = int(i)
