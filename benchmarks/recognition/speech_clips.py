"""Recorded people, cut into things that somebody might say: pieces between pauses, each with its onset known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar_ros.core.arrays import F32
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.levels import gain_from_db, powers_dbfs
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.testing.acoustic_room import at_level, read_sound

from ..lib.data_folder import HOW_TO_GET

#: A voice is heard from its first sample above this on (of a full scale of 1), breath and hiss before it are not.
AUDIBLE = gain_from_db(-40.0)
_FRAME = LISTENING_RATE_HZ // 100
#: A pause parts two clips; shorter clips than this are no sentence.
_PAUSE_S, _SHORTEST_S, _LONGEST_S = 0.2, 1.0, 4.0
_SILENCE_DB = -22.0


@dataclass(frozen=True)
class SpeechClip:
    """sound: [n] at 16 kHz, full scale 1, at the level asked for; onset_s: of its first audible sample.

    begins: silence came before it, so this is how somebody begins to speak, not how a sentence goes on.
    """

    name: str
    sound: F32
    onset_s: float
    begins: bool

    @property
    def length_s(self) -> float:
        return len(self.sound) / LISTENING_RATE_HZ


def clips(folder: Path, dbfs: float) -> list[SpeechClip]:
    """All pieces of 1 to 4 s of the recordings in `folder` (WAV), each with the active level `dbfs`."""
    out = []
    for path in sorted(folder.glob("*.wav")):
        for i, (sound, begins) in enumerate(_pieces(read_sound(path))):
            levelled = at_level(sound, dbfs)
            onset = int(np.argmax(np.abs(levelled) > AUDIBLE))
            out.append(SpeechClip(f"{path.stem}.{i}", levelled, onset / LISTENING_RATE_HZ, begins))
    return out


def data_folder(path: Path) -> Path:
    """Raises ConfigError where there are no recordings."""
    for name in ("speech", "acoustics"):
        if not (path / name).is_dir():
            text = f"{path}: no {name}/ in it; name the folder of recordings with --data, or {HOW_TO_GET}"
            raise ConfigError("file_missing", text)
    return path


def _pieces(sound: F32) -> Iterator[tuple[F32, bool]]:
    """Stretches from one onset to the next pause, and whether it was quiet before; a stretch without a pause is cut
    where it is softest.
    """
    whole = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = powers_dbfs(np.mean(whole**2, axis=1))
    loud = level > np.percentile(level, 95) + _SILENCE_DB
    shortest, longest, pause = (round(100 * seconds) for seconds in (_SHORTEST_S, _LONGEST_S, _PAUSE_S))
    begin = 0
    while begin < len(loud):
        if not loud[begin]:
            begin += 1
            continue
        ends = [end for end in range(begin + shortest, min(begin + longest, len(loud)))
                if not loud[end : end + pause].any()]  # fmt: skip
        rest = level[begin + longest // 2 : begin + longest]
        end = ends[0] if ends else begin + longest // 2 + int(np.argmin(rest)) if len(rest) else len(loud)
        if end - begin >= shortest:
            begins = begin > 0 and not loud[max(0, begin - 5) : begin].any()
            yield sound[max(0, begin - 3) * _FRAME : (end + 4) * _FRAME], begins
        begin = end
