"""A room on a virtual clock: a microphone that hears a person, the loudspeaker's echo, and its own noise.

The echo is what the loudspeaker really played (mic/fake.py), carried to 16 kHz and convolved with the room's
impulse response, at the instants at which it was heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..aec.reference_line import ReferenceLine
from ..audio.base import Block
from ..audio.device_clock import DeviceClock
from ..audio.low_latency_resampler import LowLatencyResampler
from ..audio.wav import read_wav
from ..core.arrays import F32, Pcm
from ..core.levels import FULL_SCALE, gain_from_db, pcm_from_unit, power_dbfs
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import AudioFrame
from ..mic.base import MicSettings
from ..mic.paced import PacedMic
from ..speaker.base import SpeakerSettings
from ..speaker.fake import FakeSpeaker

NOISE_DBFS = -75.0
#: An impulse response is cut where less than this share of its energy is left.
_REST = 1e-6
_FRAME = 160
#: Of the convolution: short against a sound card's buffer.
_BLOCK = 160


def active_dbfs(sound: NDArray[np.float32]) -> float:
    """Level while somebody speaks: RMS of the 10 ms frames within 25 dB of the 95th percentile, dBFS.

    sound: [n] at 16 kHz, full scale 1. After the idea of ITU-T P.56, without its hangover.
    """
    whole = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.mean(np.square(whole, dtype=np.float64), axis=1)
    loud = power >= np.percentile(power, 95) * 10**-2.5
    return power_dbfs(float(np.mean(power[loud])))


def at_level(sound: NDArray[np.float32], dbfs: float) -> F32:
    """`sound` with that active level."""
    return (sound * gain_from_db(dbfs - active_dbfs(sound))).astype(np.float32)


def read_sound(path: Path) -> F32:
    """A WAV file at 16 kHz, full scale 1."""
    return (read_wav(path).pcm / FULL_SCALE).astype(np.float32)


def response(path: Path) -> F32:
    """A room's impulse response without its end that nobody hears, its largest sample 1."""
    taps = read_sound(path)
    left = np.cumsum(taps[::-1].astype(np.float64) ** 2)[::-1] / np.sum(taps.astype(np.float64) ** 2)
    taps = taps[: int(np.sum(left > _REST))]
    return (taps / np.abs(taps).max()).astype(np.float32)


class RoomSpeaker(FakeSpeaker):
    """A sound card's latency, as PortAudio is asked for it (SpeakerSettings.latency_s)."""

    latency_s = SpeakerSettings().latency_s


class Echo:
    """Sound of a loudspeaker in a room, as a stream. taps: the room's response at 16 kHz, its gain included.

    Convolved by blocks in the frequency domain (overlap-save, the response in partitions of a block). distortion: see
    Devices; the harmonics are Chebyshev's polynomials of the sound.
    """

    def __init__(self, taps: F32, rate_hz: int, distortion: float = 0.0) -> None:
        self._distortion = distortion
        parts = np.pad(taps, (0, -len(taps) % _BLOCK)).reshape(-1, _BLOCK)
        self._weights = np.fft.rfft(parts, 2 * _BLOCK, axis=1)
        self._spectra = np.zeros_like(self._weights)
        self._rate = LowLatencyResampler(rate_hz)
        self._dry = np.zeros(_BLOCK)  # the last block that was convolved, and what has come since
        self._ready: list[F32] = []

    def add(self, pcm: Pcm) -> None:
        """The next samples that the loudspeaker plays, int16."""
        sound = pcm / FULL_SCALE
        sound = sound + self._distortion * (2 * sound**2 + 4 * sound**3 - 3 * sound)  # silence stays silence
        self._dry = np.concatenate([self._dry, self._rate.push(sound)])
        while len(self._dry) >= 2 * _BLOCK:
            self._ready.append(self._convolved(self._dry[: 2 * _BLOCK]))
            self._dry = self._dry[_BLOCK:]

    def take(self, count: int) -> F32:
        """The next `count` samples of the echo; silence for those that are not known yet."""
        sound = np.concatenate(self._ready) if self._ready else np.zeros(0, np.float32)
        self._ready = [sound[count:]]
        return np.pad(sound[:count], (0, max(0, count - len(sound)))).astype(np.float32)

    def _convolved(self, dry: NDArray[np.float64]) -> F32:
        self._spectra = np.roll(self._spectra, 1, axis=0)
        self._spectra[0] = np.fft.rfft(dry)
        wet = np.fft.irfft(np.sum(self._spectra * self._weights, axis=0))
        return wet[_BLOCK:].astype(np.float32)


@dataclass(frozen=True)
class Placed:
    """A sound and when its first sample reaches the microphone, s of the clock."""

    at_s: float
    sound: F32


@dataclass(frozen=True)
class Devices:
    """What is not perfect of the two: the microphone's clock is fast by drift_ppm (0 or more), what is known of the
    instants of both together is off by jitter_s (standard deviation, block by block), and of a sine at full scale the
    loudspeaker makes a second and a third harmonic, each with this share (distortion, 0-1) of its amplitude.
    """

    drift_ppm: float = 0.0
    jitter_s: float = 0.0
    distortion: float = 0.0


class RoomMic(PacedMic):
    """Hears the loudspeaker through the room, and what `say` puts in front of it."""

    def __init__(
        self, settings: MicSettings, speaker: FakeSpeaker, echo: Echo, seed: int = 0, devices: Devices | None = None
    ) -> None:
        super().__init__(settings)
        self._devices = devices or Devices()
        self._drifting = _Drifting(1.0 - 1e-6 * self._devices.drift_ppm) if self._devices.drift_ppm else None
        self._device = DeviceClock(LISTENING_RATE_HZ)
        self._speaker = speaker
        self._echo = echo
        self._echo_at_s: float | None = None
        self._said: list[Placed] = []
        self._noise = np.random.default_rng(seed)

    def read(self, now_s: float) -> list[Block]:
        """Frames that are over by now, at the instants that a device's clock would give them."""
        return [Block(block.pcm, self._told(block.at_s)) for block in super().read(now_s)]

    def say(self, at_s: float, sound: F32) -> None:
        """Somebody speaks from the instant `at_s` on; the sound as it is at the microphone, full scale 1."""
        self._said.append(Placed(at_s, sound))

    def _next(self, at_s: float) -> Pcm:
        heard = self._noise.normal(0, gain_from_db(NOISE_DBFS), self._frame).astype(np.float32)
        heard += self._echoed(at_s)
        self._said = [s for s in self._said if s.at_s + len(s.sound) / LISTENING_RATE_HZ > at_s]
        for said in self._said:
            _mix(heard, said.sound, round((said.at_s - at_s) * LISTENING_RATE_HZ))
        return pcm_from_unit(heard)

    def _told(self, at_s: float) -> float:
        sample = round((at_s - self._origin_s) * LISTENING_RATE_HZ)
        late_s = 1e-6 * self._devices.drift_ppm * (at_s - self._origin_s)
        return self._device.measure(sample, at_s - late_s + self._noise.normal(0, 1) * self._devices.jitter_s)

    def _echoed(self, at_s: float) -> F32:
        echo = self._echo_on_time(at_s)
        return self._drifting.push(echo) if self._drifting else echo

    def _echo_on_time(self, at_s: float) -> F32:
        while self._speaker.played:
            begin_s, pcm = self._speaker.played.popleft()
            if self._echo_at_s is None:
                self._echo_at_s = begin_s
            self._echo.add(pcm)
        if self._echo_at_s is None or at_s < self._echo_at_s - 1e-9:
            return np.zeros(self._frame, np.float32)
        late = round((at_s - self._echo_at_s) * LISTENING_RATE_HZ)
        if late > 0:  # the loudspeaker played before anybody listened
            self._echo.take(late)
        self._echo_at_s = at_s + self._frame / LISTENING_RATE_HZ
        return self._echo.take(self._frame)


class _Drifting:
    """Sound as a device of a faster clock takes it: later and later, frame for frame."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._line = ReferenceLine(LISTENING_RATE_HZ)
        self._place = 0.0

    def push(self, sound: F32) -> F32:
        """As many samples as are given."""
        self._line.put(AudioFrame(pcm=pcm_from_unit(sound), sample_rate_hz=LISTENING_RATE_HZ), joined=True)
        out = self._line.take(self._place - _BLOCK, len(sound), self._step)
        self._place += self._step * len(sound)
        return (out / FULL_SCALE).astype(np.float32)


def _mix(into: F32, sound: F32, at: int) -> None:
    """Add `sound`, whose first sample lies at index `at` of `into`, where they overlap."""
    low, high = max(at, 0), min(at + len(sound), len(into))
    if high > low:
        into[low:high] += sound[low - at : high - at]
