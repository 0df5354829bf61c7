"""Echo cancellation: WebRTC's canceller (AEC3, through livekit's wheels: requirements/aec.txt) beside a linear model.

WebRTC's leaves little of the echo, and little of a person who speaks at the same time as loudly. The linear model
leaves the person whole, and of the echo what no linear model can take. So the linear model is heard where it has
proved itself and something is there besides the echo; everywhere else, whichever leaves less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
from livekit import rtc

from ..audio.base import Block
from ..audio.low_latency_resampler import LowLatencyResampler
from ..core.arrays import F64, Pcm
from ..core.clock import s_from_ns
from ..core.levels import AUDIBLE_DBFS, FULL_SCALE, gain_from_db, mean_power, pcm_from_unit
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import AudioFrame
from .drift_estimator import DriftEstimator
from .kalman_filter import LinearEcho
from .reference_line import ReferenceLine

#: WebRTC's canceller wants pieces of 10 ms.
_PIECE = LISTENING_RATE_HZ // 100
#: The reference is given this much early, so that an error of the two devices' clocks does not put the echo before its
#: cause; both cancellers find the delay by themselves.
LEAD_S = 0.02
#: The reference must be known so much further than is needed: its place is estimated, and read between samples.
_MARGIN = 64
#: What counts as sound.
AUDIBLE_POWER = gain_from_db(AUDIBLE_DBFS) ** 2
#: Until this much sound was heard from the loudspeaker nobody knows the room, and until it is known how far the clocks
#: differ nobody knows the place: what is heard beside the avatar is damped so far. A model that takes less than SURE_DB
#: by then is still learning (a long room, a loudspeaker that distorts): it is given until SLOW_S.
UNTRIED_S, SURE_DB, SLOW_S = 6.0, 20.0, 12.0
UNTRIED_DB = -20.0
#: The drift was taken for another by so much, samples a frame (5 ppm): the model has to learn anew.
MOVED = 0.0016
#: What is left of the echo where nobody speaks besides is damped by this much more.
NOBODY_DB = -12.0
#: After so long without any sound from the loudspeaker there is no echo left to cancel, and the work is spared.
QUIET_S = 2.0


class EchoChoice:
    """Whether somebody speaks besides the echo, frame by frame, from the power before and behind the linear model.

    Power is that below 2 kHz: above, what is left of the avatar's hissing is as loud as a voice is.
    Told in order, 20 ms a frame. While the avatar talks alone, the model takes as much as it can; while a person talks
    too, less. So what it takes in its better frames says whether it has learnt the room, and how much less means that
    somebody is there. A room dies away slower than a voice pauses: for a while, what is left is compared with the echo
    as loud as it was.
    """

    #: The model has learnt the room when it takes this much in the better frames of the last seconds.
    TRUST_DB = 12.0
    #: What it takes varies by so much; nobody is asked to be louder than this against the echo.
    SPREAD_DB, ECHO_ALONE_DB = 10.0, 12.0
    _BETTER, _MEMORY, _ENOUGH = 70, 250, 150
    _FADE = 0.93  # of the echo's power, each frame: 16 dB/s

    def __init__(self) -> None:
        self._taken_db: deque[float] = deque(maxlen=self._MEMORY)
        self._recent: deque[tuple[float, float]] = deque(maxlen=3)
        self._echo = 0.0

    @property
    def learnt_db(self) -> float:
        """What the model takes in its better frames; 0 before there were enough."""
        enough = len(self._taken_db) >= self._ENOUGH
        return float(np.percentile(self._taken_db, self._BETTER)) if enough else 0.0

    def forget(self) -> None:
        """What the model had learnt is worth nothing any more."""
        self._taken_db.clear()

    def is_somebody(self, reference: float, heard: float, echo: float, linear: float) -> bool:
        """Powers of the reference, at the microphone, of the modelled echo, and behind the model; full scale 1."""
        self._recent.append((heard, linear))
        self._echo = max(echo, self._FADE * self._echo)
        if reference > AUDIBLE_POWER and heard > AUDIBLE_POWER:
            self._taken_db.append(_db(heard, linear))
        before, behind = (sum(powers) for powers in zip(*self._recent, strict=True))
        taken_db, learnt_db = _db(max(before, len(self._recent) * self._echo), behind), self.learnt_db
        return learnt_db >= self.TRUST_DB and taken_db < min(self.ECHO_ALONE_DB, learnt_db - self.SPREAD_DB)


class WebRtcEcho:
    """What was heard at t is cancelled by what was played until t + LEAD_S, which drift_estimator.py finds."""

    name = "webrtc"
    warning = ""

    def __init__(self) -> None:
        self._apm = rtc.AudioProcessingModule(echo_cancellation=True)
        self._line = ReferenceLine(LISTENING_RATE_HZ)
        self._drift = DriftEstimator()
        self._next_played = -1
        self._heard = 0  # samples of the microphone so far
        self._frame = 0  # samples of a frame
        self._rate: tuple[int, LowLatencyResampler] | None = None
        self._linear: LinearEcho | None = None
        self._choice = EchoChoice()
        self._was_somebody = False
        self._tried_s = 0.0  # of sound from the loudspeaker
        self._tried = False
        self._sound_until_s = -1e9

    def played(self, frame: AudioFrame) -> None:
        """Take what the loudspeaker plays."""
        if self._rate is None or self._rate[0] != frame.sample_rate_hz:
            self._rate = (frame.sample_rate_hz, LowLatencyResampler(frame.sample_rate_hz))
        sound = pcm_from_unit(self._rate[1].push(frame.pcm / FULL_SCALE))
        joined, self._next_played = frame.first_sample == self._next_played, frame.first_sample + len(frame.pcm)
        self._line.put(
            AudioFrame(pcm=sound, sample_rate_hz=LISTENING_RATE_HZ, steady_ns=frame.steady_ns), joined=joined
        )
        if frame.pcm.any():
            self._sound_until_s = s_from_ns(frame.steady_ns) + len(frame.pcm) / frame.sample_rate_hz

    def ready(self, frame: Block) -> bool:
        """Whether the reference that belongs to the frame has come; without it, the echo would pass as a voice."""
        place = self._line.place(frame.at_s + LEAD_S)
        known = place is not None and self._line.end >= place + len(frame.pcm) + _MARGIN
        return known or self._is_quiet(frame)

    def treat(self, frame: Block) -> Pcm:
        """The sound without the echo. Frames are multiples of 10 ms, all of one length."""
        place, step = self._place(frame)
        if self._is_quiet(frame):
            return frame.pcm
        reference = self._line.take(place, len(frame.pcm), step)
        return self._cancelled(reference, frame.pcm)

    def status(self) -> Mapping[str, str]:
        """How much of the echo the model takes, and how the two clocks differ."""
        drift_ppm = 1e6 * self._drift.drift / self._frame if self._frame else 0.0
        return {
            "echo_taken_db": f"{self._choice.learnt_db:.0f}",
            "clock_drift_ppm": f"{drift_ppm:.0f}",
            "clock_jitter_ms": f"{1e3 * self._drift.jitter / LISTENING_RATE_HZ:.1f}",
            "clock_jumps": str(max(self._drift.jumps, 0)),
        }

    def _cancelled(self, reference: Pcm, heard: Pcm) -> Pcm:
        webrtc, rest = self._webrtc(reference, heard), self._linearly(reference, heard)
        linear, loud = pcm_from_unit(rest), mean_power(reference)
        near = heard / FULL_SCALE
        somebody = self._choice.is_somebody(loud, _low_power(near), _low_power(near - rest), _low_power(rest))
        self._tried_s += len(heard) / LISTENING_RATE_HZ if loud > AUDIBLE_POWER else 0.0
        # Once tried it stays so: while a person talks too, the model seems to take less.
        self._tried = self._tried or self._tried_s >= (UNTRIED_S if self._choice.learnt_db >= SURE_DB else SLOW_S)
        if not self._tried or not self._drift.settled:
            return _damped(webrtc, UNTRIED_DB)
        learnt = self._choice.learnt_db >= self._choice.TRUST_DB
        softer = linear if learnt and mean_power(linear) < mean_power(webrtc) else webrtc
        nobody = _damped(softer, NOBODY_DB)
        before, self._was_somebody = self._was_somebody, somebody
        return _faded(linear if before else nobody, linear if somebody else nobody)

    def _place(self, frame: Block) -> tuple[float, float]:
        """Where on the line the frame's reference begins, and how far apart its samples lie.

        Also asked for in quiet, so that it is known how the clocks differ before it matters.
        """
        measured = self._line.place(frame.at_s + LEAD_S)
        known = self._drift.jumps, self._drift.drift
        offset = self._drift.step(None if measured is None else measured - self._heard)
        if known[0] != self._drift.jumps or abs(known[1] - self._drift.drift) > MOVED:
            self._choice.forget()
            self._tried_s, self._tried = 0.0, False
        self._frame = len(frame.pcm)
        place, self._heard = self._heard + offset, self._heard + len(frame.pcm)
        return place, 1.0 + self._drift.drift / len(frame.pcm)

    def _is_quiet(self, frame: Block) -> bool:
        return frame.at_s > self._sound_until_s + QUIET_S

    def _webrtc(self, reference: Pcm, heard: Pcm) -> Pcm:
        out = []
        for at in range(0, len(heard) - _PIECE + 1, _PIECE):
            self._apm.process_reverse_stream(_frame(reference[at : at + _PIECE]))
            self._apm.set_stream_delay_ms(round(1e3 * LEAD_S))
            near = _frame(heard[at : at + _PIECE])
            self._apm.process_stream(near)
            out.append(np.frombuffer(near.data, np.int16).copy())
        return np.concatenate(out) if out else heard

    def _linearly(self, reference: Pcm, heard: Pcm) -> F64:
        if self._linear is None:
            self._linear = LinearEcho(len(heard), LISTENING_RATE_HZ)
        return self._linear.step(reference / FULL_SCALE, heard / FULL_SCALE)


def _frame(pcm: Pcm) -> rtc.AudioFrame:
    return rtc.AudioFrame(bytearray(pcm.tobytes()), LISTENING_RATE_HZ, 1, len(pcm))


def _low_power(sound: F64) -> float:
    """Of what lies between 100 Hz and 2 kHz."""
    spectrum = np.fft.rfft(sound)
    hz = len(sound) / LISTENING_RATE_HZ
    part = spectrum[round(100 * hz) : round(2000 * hz)]
    return float(2 * np.sum(np.abs(part) ** 2) / len(sound) ** 2)


def _damped(pcm: Pcm, gain_db: float) -> Pcm:
    return np.round(pcm * gain_from_db(gain_db)).astype(np.int16)


def _db(above: float, below: float) -> float:
    return float(10 * np.log10((above + 1e-12) / (below + 1e-12)))


def _faded(before: Pcm, behind: Pcm) -> Pcm:
    """From one version of a sound to another within the frame, so that the change does not click."""
    if before is behind or np.array_equal(before, behind):
        return behind
    share = np.linspace(0.0, 1.0, len(behind))
    return np.round(before * (1 - share) + behind * share).astype(np.int16)
