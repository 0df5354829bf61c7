"""Levels of an utterance: where its speech lies, how loud it is, and the gain that brings it to the usual level."""

from __future__ import annotations

from math import sqrt

import numpy as np

from ..core.arrays import Pcm
from ..core.levels import FULL_SCALE, mean_power, pcm_from_unit, power_dbfs
from ..core.rates import LISTENING_RATE_HZ

_BLOCK_SAMPLES = 320  # 20 ms
#: A block this far below the loudest so far counts as silence: noise 20 dB below speech is 25 dB below its vowels.
_SILENT_BELOW = 0.1
#: RMS of int16 (-60 dBFS); an utterance that is nowhere louder holds no speech.
_QUIETEST_SPEECH = 30.0
#: Silence after which an utterance may be over, s: longer than most stops within words.
SILENCE_S = 0.15
#: Less sound than this is not worth decoding.
FEWEST_SAMPLES = 1600
#: What is kept around the loud part: soft consonants, and silence for the decoder to begin and end in.
_MARGIN_SAMPLES = round(0.25 * LISTENING_RATE_HZ)


class _Blocks:
    """Sound that comes in any pieces, by blocks of 20 ms."""

    def __init__(self) -> None:
        self._rest: Pcm = np.zeros(0, np.int16)

    def powers(self, pcm: Pcm) -> list[float]:
        """Mean squares of the blocks that `pcm`, int16 at 16 kHz, completes; full scale 1."""
        sound = np.concatenate([self._rest, pcm])
        whole = len(sound) - len(sound) % _BLOCK_SAMPLES
        self._rest = sound[whole:]
        return [mean_power(block) for block in sound[:whole].reshape(-1, _BLOCK_SAMPLES)]


class SpeechSpan:
    """Where the speech is: the loud blocks of 20 ms so far. silence_s: after so long without one it fell silent."""

    def __init__(self, silence_s: float = SILENCE_S) -> None:
        self._silence_needed = round(silence_s * LISTENING_RATE_HZ)
        self._blocks = _Blocks()
        self._levels: list[float] = []
        self._last_loud = -1

    def add(self, pcm: Pcm) -> bool:
        """Take the next sound, int16 at 16 kHz; whether there was a loud block in it."""
        before = self._last_loud
        for power in self._blocks.powers(pcm):
            self._levels.append(FULL_SCALE * sqrt(power))
            if self._levels[-1] >= self._threshold():
                self._last_loud = len(self._levels) - 1
        return self._last_loud != before

    @property
    def fell_silent(self) -> bool:
        """Whether speech was heard and silence since."""
        return self._last_loud >= 0 and self._silent_samples >= self._silence_needed

    @property
    def silent_s(self) -> float:
        """How long it has been silent after speech, s; 0 before there was any."""
        return self._silent_samples / LISTENING_RATE_HZ if self._last_loud >= 0 else 0.0

    @property
    def loud_now(self) -> bool:
        """Whether the last block was loud: speech goes on."""
        return self._last_loud >= 0 and not self._silent_samples

    @property
    def _silent_samples(self) -> int:
        return (len(self._levels) - 1 - self._last_loud) * _BLOCK_SAMPLES

    @property
    def loudest(self) -> float:
        """RMS of the loudest block; 0 before there is one."""
        return max(self._levels, default=0.0)

    @property
    def first_sample(self) -> int:
        """Where the part worth decoding begins."""
        threshold = self._threshold()
        first = next((i for i, level in enumerate(self._levels) if level >= threshold), 0)
        return max(first * _BLOCK_SAMPLES - _MARGIN_SAMPLES, 0)

    @property
    def last_sample(self) -> int:
        """Where it ends, not included; equal to or before `first_sample` where there is none."""
        return (self._last_loud + 1) * _BLOCK_SAMPLES + _MARGIN_SAMPLES if self._last_loud >= 0 else 0

    def _threshold(self) -> float:
        return max(self.loudest * _SILENT_BELOW, _QUIETEST_SPEECH)


#: Speech is as loud as the loudest tenth of an utterance, pre-roll, pauses and the wait for its end included.
_LOUD_PERCENTILE = 90.0


class UtteranceLevel:
    """Level of one utterance, found as the sound comes."""

    def __init__(self) -> None:
        self._blocks = _Blocks()
        self._powers: list[float] = []

    def add(self, pcm: Pcm) -> None:
        """Take the next sound, int16 at 16 kHz."""
        self._powers += self._blocks.powers(pcm)

    @property
    def dbfs(self) -> float:
        """RMS level of the speech, dBFS; SILENCE_DBFS where there is no sound."""
        return power_dbfs(float(np.percentile(self._powers, _LOUD_PERCENTILE)) if self._powers else 0.0)


#: RMS of the loudest 20 ms after the gain, and of the noise that is added, int16.
LOUDEST_RMS, _HISS_RMS = 6000.0, 50.0


class LevelTracker:
    """The gain of one utterance; the same sound, the same result. loudest: RMS of its loudest part so far, int16."""

    def __init__(self, loudest: float) -> None:
        self._gain = LOUDEST_RMS / max(loudest, 1.0)
        # Logarithms of digital silence would spoil the cepstral mean.
        self._rng = np.random.default_rng(0)

    def level(self, pcm: Pcm) -> Pcm:
        """The next sound at the usual level."""
        levelled = pcm * self._gain + self._rng.normal(0.0, _HISS_RMS, len(pcm))
        return pcm_from_unit(levelled / FULL_SCALE)
