"""Many microphones heard as one: delayed so that a direction's sound meets, and added; or the best of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64, Pcm
from ..core.rates import LISTENING_RATE_HZ
from .direction_finder import SOUND_M_PER_S

#: Taps on either side of a fractional delay's sinc; all sound is late by LATE_SAMPLES.
_HALF = 8
LATE_SAMPLES = 16
#: A change of what is heard fades, samples.
_FADE = 160
#: A microphone takes over where its voice stands out of its noise by so much more, as a factor of power.
_CLEARLY_BETTER = 1.4
#: Powers are means over about so many frames of 20 ms.
_SLOW = 0.02


class Beam:
    """Delay and sum; before a direction is known, and while the avatar speaks, the first microphone.

    What cancels the avatar's echo has learnt one path from the loudspeaker: while that plays, nothing is steered.
    """

    def __init__(self, positions: F64) -> None:
        self._positions = positions
        count = len(positions)
        self._past = np.zeros((2 * LATE_SAMPLES, count))
        self._first = np.zeros((2 * _HALF + 1, count))
        self._first[_HALF, 0] = 1.0
        self._taps = self._towards = self._first
        self._delay = np.zeros(count, int)
        self._now = self._towards_delay = self._delay

    def aim(self, azimuth_rad: float) -> None:
        """The voice is there."""
        towards = np.array([np.cos(azimuth_rad), np.sin(azimuth_rad), 0.0])
        earlier = (self._positions @ towards) / SOUND_M_PER_S * LISTENING_RATE_HZ
        whole = np.round(earlier).astype(int)
        n = np.arange(-_HALF, _HALF + 1)[:, None]
        taps = np.sinc(n - (earlier - whole)) * np.hamming(2 * _HALF + 1)[:, None]
        self._towards, self._towards_delay = taps / taps.sum(axis=0) / len(whole), whole

    def hear(self, pcm: NDArray[np.int16], *, steered: bool) -> Pcm:
        """[n, microphones] -> [n], late by LATE_SAMPLES."""
        sound = np.concatenate([self._past, pcm])
        self._past = sound[-2 * LATE_SAMPLES :]
        taps, delay = (self._towards, self._towards_delay) if steered else (self._first, self._delay)
        out = _filtered(sound, taps, delay, len(pcm))
        if taps is not self._taps:
            before = _filtered(sound, self._taps, self._now, len(pcm))
            ramp = np.minimum(1.0, np.arange(len(pcm)) / _FADE)
            out = before + ramp * (out - before)
            self._taps, self._now = taps, delay
        return np.clip(np.round(out), -32768, 32767).astype(np.int16)


def _filtered(sound: F64, taps: F64, delay: NDArray[np.intp], count: int) -> F64:
    """Each microphone delayed by `delay` samples and its taps' fraction; their sum."""
    out = np.zeros(count)
    for mic, whole in enumerate(delay):
        if not taps[:, mic].any():
            continue
        begin = LATE_SAMPLES - _HALF - int(whole)
        piece = sound[begin : begin + count + 2 * _HALF, mic]
        out += np.convolve(piece, taps[:, mic], "valid")
    return out


class BestChannel:
    """The microphone whose voice stands furthest out of its noise; another one only where it is clearly better."""

    def __init__(self, count: int) -> None:
        self._voice = np.zeros(count)
        self._noise = np.zeros(count)
        self.channel = 0

    def hear(self, pcm: NDArray[np.int16], *, voiced: bool, steered: bool) -> Pcm:
        """[n, microphones] -> [n]."""
        power = (pcm.astype(float) ** 2).mean(axis=0) + 1e-3
        kept = self._voice if voiced else self._noise
        kept += (power - kept) * (_SLOW if kept.any() else 1.0)
        if steered and self._voice.any() and self._noise.any():
            clear = self._voice / self._noise
            best = int(clear.argmax())
            if clear[best] > _CLEARLY_BETTER * clear[self.channel]:
                self.channel = best
        return np.ascontiguousarray(pcm[:, self.channel])
