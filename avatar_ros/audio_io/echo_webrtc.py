"""Echo cancellation: WebRTC's canceller (AEC3, through livekit's wheels: requirements/aec.txt) beside a linear model.

WebRTC's leaves nothing of the echo, and little of a person who speaks at the same time as loudly. The linear model
leaves the person whole, and of the echo what no linear model can take. So the linear model is heard where it has
proved itself and something is there besides the echo, WebRTC's everywhere else.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from livekit import rtc

from ..core.clock import s_from_ns
from ..core.types import AudioFrame
from .base import MIC_RATE_HZ, Block, Pcm
from .echo_linear import F64, LinearEcho
from .mic_rate import ToMicRate
from .reference import ReferenceLine

#: WebRTC's canceller wants pieces of 10 ms.
_PIECE = MIC_RATE_HZ // 100
#: The reference is given this much early, so that an error of the two devices' clocks does not put the echo before its
#: cause; both cancellers find the delay by themselves.
LEAD_S = 0.02
#: After so long without any sound from the loudspeaker there is no echo left to cancel, and the work is spared.
QUIET_S = 2.0


class EchoChoice:
    """Which canceller to believe, frame by frame, from the power before and behind the linear model.

    Told in order, 20 ms a frame. While the avatar talks alone, the model takes as much as it can; while a person talks
    too, less. So what it takes in its better frames says whether it has learnt the room, and how much less means that
    somebody is there.
    """

    #: The model has learnt the room when it takes this much in the better frames of the last seconds.
    TRUST_DB = 12.0
    #: What it takes varies by so much; nobody is asked to be louder than this against the echo.
    SPREAD_DB, ECHO_ALONE_DB = 7.0, 12.0
    _BETTER, _MEMORY, _ENOUGH = 70, 250, 40
    _LOUD = 10**-5.0  # -50 dBFS

    def __init__(self) -> None:
        self._taken_db: deque[float] = deque(maxlen=self._MEMORY)
        self._recent: deque[tuple[float, float]] = deque(maxlen=3)

    @property
    def learnt_db(self) -> float:
        """What the model takes in its better frames; 0 before there were enough."""
        enough = len(self._taken_db) >= self._ENOUGH
        return float(np.percentile(self._taken_db, self._BETTER)) if enough else 0.0

    def take_linear(self, reference: float, heard: float, linear: float) -> bool:
        """Powers of the reference, at the microphone, and behind the model; full scale 1."""
        self._recent.append((heard, linear))
        if reference > self._LOUD and heard > self._LOUD:
            self._taken_db.append(_db(heard, linear))
        before, behind = (sum(powers) for powers in zip(*self._recent, strict=True))
        learnt_db = self.learnt_db
        return learnt_db >= self.TRUST_DB and _db(before, behind) < min(self.ECHO_ALONE_DB, learnt_db - self.SPREAD_DB)


class WebRtcEcho:
    """Aligned by the instants of both devices: what was heard at t is cancelled by what was played until t + LEAD_S."""

    name = "webrtc"
    warning = ""

    def __init__(self) -> None:
        self._apm = rtc.AudioProcessingModule(echo_cancellation=True)
        self._line = ReferenceLine(MIC_RATE_HZ)
        self._rate: tuple[int, ToMicRate] | None = None
        self._linear: LinearEcho | None = None
        self._choice = EchoChoice()
        self._took_linear = False
        self._sound_until_s = -1e9

    def played(self, frame: AudioFrame) -> None:
        """Take what the loudspeaker plays."""
        if self._rate is None or self._rate[0] != frame.sample_rate_hz:
            self._rate = (frame.sample_rate_hz, ToMicRate(frame.sample_rate_hz))
        sound = _pcm(self._rate[1].push(frame.pcm / 32768))
        self._line.put(AudioFrame(pcm=sound, sample_rate_hz=MIC_RATE_HZ, steady_ns=frame.steady_ns))
        if frame.pcm.any():
            self._sound_until_s = s_from_ns(frame.steady_ns) + len(frame.pcm) / frame.sample_rate_hz

    def ready(self, frame: Block) -> bool:
        """Whether the reference that belongs to the frame has come; without it, the echo would pass as a voice."""
        known = self._line.end_s >= frame.at_s + len(frame.pcm) / MIC_RATE_HZ + LEAD_S
        return known or self._is_quiet(frame)

    def treat(self, frame: Block) -> Pcm:
        """The sound without the echo. Frames are multiples of 10 ms, all of one length."""
        if self._is_quiet(frame):
            return frame.pcm
        reference = self._line.take(frame.at_s + LEAD_S, len(frame.pcm))
        webrtc, linear = self._webrtc(reference, frame.pcm), self._linearly(reference, frame.pcm)
        take_linear = self._choice.take_linear(_power(reference), _power(frame.pcm), float(np.mean(linear**2)))
        other, self._took_linear = self._took_linear, take_linear
        return _faded(_pcm(linear) if other else webrtc, _pcm(linear) if take_linear else webrtc)

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
            self._linear = LinearEcho(len(heard), MIC_RATE_HZ)
        return self._linear.step(reference / 32768, heard / 32768)


def _frame(pcm: Pcm) -> rtc.AudioFrame:
    return rtc.AudioFrame(bytearray(pcm.tobytes()), MIC_RATE_HZ, 1, len(pcm))


def _power(pcm: Pcm) -> float:
    return float(np.mean(np.square(pcm / 32768)))


def _pcm(sound: F64) -> Pcm:
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)


def _db(above: float, below: float) -> float:
    return float(10 * np.log10((above + 1e-12) / (below + 1e-12)))


def _faded(before: Pcm, behind: Pcm) -> Pcm:
    """From one version of a sound to another within the frame, so that the change does not click."""
    if before is behind or np.array_equal(before, behind):
        return behind
    share = np.linspace(0.0, 1.0, len(behind))
    return np.round(before * (1 - share) + behind * share).astype(np.int16)
