"""One session's microphone: what is known of it while it is listened to, and the messages about it."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..core.arrays import Pcm
from ..core.enums import AgentState, VoiceKind
from ..core.events import AvatarState
from ..core.rates import LISTENING_RATE_HZ
from ..core.stage import Out
from ..core.types import AudioFrame, VoiceActivity
from .base import WINDOW_SAMPLES, VadSettings, VoiceStream
from .level_tracking import NoiseFloor, SpeechLevel
from .segmenter import Segmenter
from .talk_gate import TalkGate
from .turn_end import TurnEnd
from .windows import Capture, PreRoll, Window

#: What the turn detector is given of an utterance at most, s.
JUDGED_S = 8.0


class VadSession:
    """State of one session. name: the session's. judged: whether a detector judges turns."""

    def __init__(self, settings: VadSettings, stream: VoiceStream, *, judged: bool = False) -> None:
        self.capture = Capture()
        self.pre_roll = PreRoll()
        self.background = NoiseFloor()
        self.speech_level = SpeechLevel()
        self.segmenter = Segmenter(settings)
        self.turn_end = TurnEnd(settings, judged=judged)
        self.gate = TalkGate(settings)
        self.stream = stream
        self.utterance = 0
        self.sent_from = 0  # first sample of the current utterance, on mic/audio's stream
        self.sent_to = 0  # the sample after the last that was sent
        self.stopped_s = 0.0  # when the last utterance was ended
        self.probability = 0.0
        self.agent_speaks = False
        self.listened = False  # to the last frame
        self.question = 0  # number of the last that the turn detector was asked
        self._judged = judged
        self._heard: deque[Pcm] = deque(maxlen=round(JUDGED_S * LISTENING_RATE_HZ / WINDOW_SAMPLES))

    def follow(self, state: AvatarState) -> None:
        """What the avatar does, and whether it wants to hear anything."""
        self.agent_speaks = state.state is AgentState.SPEAKING
        self.gate.ignored = ignores_microphone(state)

    def note_level(self, dbfs: float, stop_threshold: float) -> None:
        """Remember how loud the speech is; forget it where there is none."""
        if self.probability >= stop_threshold:
            self.speech_level.add(dbfs)
        elif not self.segmenter.speaking:
            self.speech_level.clear()

    def begin(self, number: int) -> None:
        """Utterance `number` begins."""
        self.utterance = number
        self._heard.clear()
        self.turn_end.began(over_speech=self.agent_speaks)
        self.gate.voice_started()

    def sound(self) -> Pcm:
        """The utterance so far, of its last 8 s."""
        return np.concatenate([np.zeros(0, np.int16), *self._heard])

    def piece(self, windows: list[Window], name: str, *, last: bool = False) -> Out:
        """The next sound of the utterance, as it is sent."""
        pcm = np.concatenate([window.pcm for window in windows]) if windows else np.zeros(0, np.int16)
        first_sample = windows[0].first_sample if windows else self.sent_to
        self.sent_to = first_sample + len(pcm)
        if self._judged:
            self._heard.extend(window.pcm for window in windows)
        return Out(
            "mic/utterance",
            AudioFrame(
                session=name,
                utterance=self.utterance,
                first_sample=first_sample - self.sent_from,
                sample_rate_hz=LISTENING_RATE_HZ,
                pcm=pcm,
                last=last,
                steady_ns=self.capture.steady_ns(first_sample),
            ),
        )

    def activity(self, kind: VoiceKind, sample: int, name: str) -> Out:
        """News of the voice, as of `sample`."""
        done = self.turn_end.probability or 0.0
        return Out(
            "mic/voice_activity",
            VoiceActivity(
                session=name,
                utterance=self.utterance,
                kind=kind,
                sample=sample,
                probability=done if kind is VoiceKind.PAUSED else self.probability,
                steady_ns=self.capture.steady_ns(sample),
                voice_samples=sample + 1 - self.sent_from if kind is VoiceKind.STOPPED else 0,
            ),
        )


def ignores_microphone(state: AvatarState) -> bool:
    """Whether nothing is to be heard: the avatar sleeps, or a program wants it so."""
    return not state.listening or state.state is AgentState.SLEEPING
