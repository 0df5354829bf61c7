"""Sounds with a pause inside a sentence: recorded people as they are, and their sentences with pauses put in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.levels import loud_samples
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.testing.spoken_questions import RATE_HZ, speak

TABLE = Path(__file__).resolve().parents[1] / "conversation" / "pauses.yaml"
#: Of what comes before and after a pause, s: the turn detector hears no more, and nobody waits for the rest.
_BEFORE_S, _AFTER_S = 5.0, 1.5
#: Pauses that are put in, s; fades at their edges; the room's noise, which goes on in them, int16.
LENGTHS_S = (0.3, 0.5, 0.8, 1.2)
_FADE_S, _NOISE = 0.005, 6.0
#: Silence behind a sound that ends, s.
TAIL_S = 3.0


@dataclass(frozen=True)
class PauseTrial:
    """pcm: int16 at 16 kHz; from_s, to_s: the pause in it. kind: "recorded" or "joined"; or "end" or "question", whose
    sound is over at from_s.
    """

    name: str
    kind: str
    pcm: Pcm
    from_s: float
    to_s: float


def trials(data: Path, table: dict[str, Any], lengths_s: Sequence[float] = LENGTHS_S) -> Iterator[PauseTrial]:
    """All trials of the table (pauses.yaml) for which there is sound in `data`."""
    for file, spans in table["recorded"].items():
        for begin_s, end_s in spans:
            if (pcm := _read(data / file)) is not None:
                yield _trial(f"{file} {begin_s}", "recorded", pcm, begin_s, end_s, None)
    for file, spans in table["joined"].items():
        for place, (begin_s, end_s) in enumerate(spans):
            if (pcm := _read(data / file)) is None:
                continue
            for length_s in lengths_s[place % 2 :: 2]:  # a short one and a long one at each place
                yield _trial(f"{file} {begin_s} + {length_s} s", "joined", pcm, begin_s, end_s, length_s)
    for file in table["ends"]:
        if (pcm := _read(data / file)) is not None:
            yield _ending(file, "end", pcm)


def questions(texts: Sequence[str]) -> Iterator[PauseTrial]:
    """Questions that the kiosk knows, spoken by espeak-ng."""
    from avatar_ros.speech.resample import Resampler

    for text, spoken in zip(texts, speak(list(texts)), strict=True):
        yield _ending(text, "question", Resampler(RATE_HZ).push(spoken).astype(np.int16))


def _read(path: Path) -> Pcm | None:
    from avatar_ros.audio.wav import read_wav

    return read_wav(path).pcm if path.exists() else None


def _trial(name: str, kind: str, pcm: Pcm, begin_s: float, end_s: float, length_s: float | None) -> PauseTrial:
    begin, end = (round(at_s * LISTENING_RATE_HZ) for at_s in (begin_s, end_s))
    before = pcm[max(0, begin - round(_BEFORE_S * LISTENING_RATE_HZ)) : begin]
    after = pcm[end : end + round(_AFTER_S * LISTENING_RATE_HZ)]
    pause = pcm[begin:end]
    if length_s is not None:
        before, after = _faded(before, out=True), _faded(after, out=False)
        pause = np.zeros(round(length_s * LISTENING_RATE_HZ), np.int16)
    from_s = len(before) / LISTENING_RATE_HZ
    sound = np.concatenate([before, pause, after])
    return PauseTrial(name, kind, _in_a_room(sound, name), from_s, from_s + len(pause) / LISTENING_RATE_HZ)


def _ending(name: str, kind: str, pcm: Pcm) -> PauseTrial:
    loud = loud_samples(pcm)
    pcm = pcm[max(0, int(loud[-1]) + 1 - round(_BEFORE_S * LISTENING_RATE_HZ)) : int(loud[-1]) + 1]
    end_s = len(pcm) / LISTENING_RATE_HZ
    return PauseTrial(name, kind, _in_a_room(pcm, name), end_s, end_s + TAIL_S)


def _faded(pcm: Pcm, *, out: bool) -> Pcm:
    count = min(round(_FADE_S * LISTENING_RATE_HZ), len(pcm))
    gain = np.ones(len(pcm))
    ramp = np.linspace(0.0, 1.0, count)
    if out:
        gain[len(pcm) - count :] = ramp[::-1]
    else:
        gain[:count] = ramp
    return (pcm * gain).astype(np.int16)


def _in_a_room(pcm: Pcm, name: str) -> Pcm:
    """The sound and TAIL_S of silence behind it, in a little noise."""
    padded = np.pad(pcm.astype(float), (LISTENING_RATE_HZ // 2, round(TAIL_S * LISTENING_RATE_HZ)))
    noise = np.random.default_rng(sum(name.encode())).normal(0.0, _NOISE, len(padded))
    return np.clip(padded + noise, -32768, 32767).astype(np.int16)


#: Silence before each sound, s: from_s and to_s count from behind it.
LEAD_S = 0.5
