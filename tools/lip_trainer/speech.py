"""What every synthesizer gives: sound at 16 kHz and what the mouth does in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Protocol

import numpy as np
from scipy.signal import resample_poly

from avatar_ros.core.arrays import F32
from avatar_ros.encoder.mark_frames import frames_from_stretches
from avatar_ros.speech.phone_mapping import Schedule
from avatar_ros.speech.phones import PHONE_INDEX

RATE_HZ = 16000
FRAME = 160


@dataclass(frozen=True)
class Spoken:
    """One utterance: sound [N] at 16 kHz in -1 … 1 and phone probabilities [ceil(N / 160), PHONE_COUNT]."""

    sound: F32
    phones: F32


class Voice(Protocol):
    """A voice that can be asked to speak. words: which words it is given (see texts.py)."""

    @property
    def name(self) -> str: ...

    @property
    def words(self) -> str: ...

    def missing(self) -> str:
        """What to install; "" where the voice is there."""

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """The texts, spoken; those that went wrong are left out. Same texts and seed, same sound."""


def seed_of(*parts: object) -> int:
    """A seed that depends on nothing but its name."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "little")


def to_16k(sound: F32, rate_hz: int) -> F32:
    """Resampled to 16 kHz."""
    if rate_hz == RATE_HZ:
        return sound.astype(np.float32)
    common = gcd(rate_hz, RATE_HZ)
    return resample_poly(sound, RATE_HZ // common, rate_hz // common).astype(np.float32)


def spoken(sound: F32, rate_hz: int, plans: Sequence[Schedule], ends_s: Sequence[float]) -> Spoken:
    """From the phones' schedules and the instants at which they end; the first begins at 0."""
    parts, start_s = [], 0.0
    for plan, end_s in zip(plans, ends_s, strict=True):
        at_s = start_s
        for name, share in plan:
            until_s = at_s + share * (end_s - start_s)
            parts.append((PHONE_INDEX[name], at_s, until_s))
            at_s = until_s
        start_s = end_s
    sound = to_16k(sound, rate_hz)
    return Spoken(sound, frames_from_stretches(parts, 0, -(-len(sound) // FRAME)))
