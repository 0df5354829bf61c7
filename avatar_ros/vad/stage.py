"""The vad stage: microphone sound in, voice activity and numbered utterances out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from ..core.enums import SessionKind, VoiceKind
from ..core.errors import VadError
from ..core.events import SessionEvent
from ..core.levels import level_dbfs
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import AudioFrame, Transcript, VoiceActivity
from .base import VAD_BACKENDS, VadSettings, VoiceDetector, VoiceStream
from .endpointing import wait_s
from .level_tracking import NoiseFloor, SpeechLevel
from .segmenter import Segmenter, VoiceStarted, VoiceStopped
from .windows import Capture, PreRoll, Window

#: Without sound for this long in mid-utterance the microphone is gone: the utterance is closed.
SILENT_MIC_S = 1.0
#: After so long without sound a microphone is forgotten, s: not everybody who connects ever speaks, or says goodbye.
FORGET_MIC_S = 60.0
#: What the detector is this sure of must be so much softer, dB, to count as faded away.
_SURE, _SURE_DB = 0.97, 2.0


class VadSession:
    """State of one session: a microphone that is listened to."""

    def __init__(self, settings: VadSettings, stream: VoiceStream) -> None:
        self.capture = Capture()
        self.pre_roll = PreRoll()
        self.background = NoiseFloor()
        self.speech_level = SpeechLevel()
        self.segmenter = Segmenter(settings)
        self.stream = stream
        self.utterance = 0
        self.sent_from = 0  # first sample of the current utterance, on mic/audio's stream
        self.sent_to = 0  # the sample after the last that was sent
        self.probability = 0.0

    def note_level(self, dbfs: float, stop_threshold: float) -> None:
        """Remember how loud the speech is; forget it where there is none."""
        if self.probability >= stop_threshold:
            self.speech_level.add(dbfs)
        elif not self.segmenter.speaking:
            self.speech_level.clear()


class VadStage(Stage):
    """Publishes STARTED with the pre-roll, then every window while somebody speaks, then STOPPED and the last frame.

    Utterances are numbered from 1 for the life of the stage. AudioFrame.first_sample of an utterance counts from its
    own beginning, VoiceActivity.sample on mic/audio's stream. Speech that becomes too long is cut: STARTED of the next
    utterance then names the sample after the one that STOPPED named, which is how others know that it goes on.
    """

    says_alive = True
    tick_period_s = 0.25

    def __init__(self, detector: VoiceDetector, settings: VadSettings) -> None:
        super().__init__()
        self._detector = detector
        self._settings = settings
        self._sessions: SessionTable[VadSession] = SessionTable(lambda: VadSession(settings, detector.stream()))
        self._open: set[str] = set()
        self._heard_s: dict[str, float] = {}  # when each session was last heard
        self._lost_samples = 0
        self._utterances = 0
        self._background_dbfs = float("nan")

    def load(self) -> None:
        """Load the detector."""
        self._detector.load()

    def close(self) -> None:
        """Free the detector."""
        self._detector.close()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """mic/audio: listen; speech/transcript: a partial sets how long to wait for more."""
        if isinstance(message, AudioFrame):
            yield from self._hear(message, now_s)
        elif isinstance(message, Transcript):
            self._read(message, now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Close the utterance of a microphone that fell silent altogether; forget it when it stays so."""
        for session in sorted(self._open):
            state = self._sessions.get(session, now_s)
            if now_s - self._heard_s[session] >= SILENT_MIC_S:
                yield from self._end_stream(state, session)
        for session in [name for name, heard_s in self._heard_s.items() if now_s - heard_s > FORGET_MIC_S]:
            self._forget(session)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Drop the state of a closed session."""
        if event.kind is SessionKind.CLOSED:
            self._forget(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """Utterances so far, sound lost on the way, the background's level."""
        return {
            "utterances": str(self._utterances),
            "lost_audio_s": f"{self._lost_samples / LISTENING_RATE_HZ:.2f}",
            "background_dbfs": f"{self._background_dbfs:.0f}",
        }

    def _forget(self, session: str) -> None:
        self._sessions.drop(session)
        self._open.discard(session)
        self._heard_s.pop(session, None)

    def _hear(self, frame: AudioFrame, now_s: float) -> Iterator[Out]:
        _check(frame)
        state = self._sessions.get(frame.session, now_s)
        self._heard_s[frame.session] = now_s
        gap = state.capture.gap_samples(frame)
        self._lost_samples += max(gap, 0)
        if not 0 <= gap <= self._settings.max_gap_s * LISTENING_RATE_HZ:
            yield from self._end_stream(state, frame.session)
        for window in state.capture.add(frame):
            yield from self._take(state, window, frame.session)
        if frame.last:
            yield from self._end_stream(state, frame.session)

    def _read(self, transcript: Transcript, now_s: float) -> None:
        if transcript.session not in self._open or transcript.final:
            return
        state = self._sessions.get(transcript.session, now_s)
        if transcript.utterance == state.utterance:
            state.segmenter.wait_s = wait_s(self._settings, transcript)

    def _take(self, state: VadSession, window: Window, session: str) -> Iterator[Out]:
        dbfs = level_dbfs(window.pcm)
        state.background.add(dbfs)
        self._background_dbfs = state.background.dbfs
        state.probability = state.stream.probability(window.pcm, window.first_sample)
        state.pre_roll.add(window, self._kept_samples)
        event = state.segmenter.step(
            len(window.pcm) / LISTENING_RATE_HZ,
            state.probability,
            loud_enough=self._is_loud(dbfs, state.background.dbfs),
            faded=state.speech_level.is_faded(dbfs, self._fade_db(state.probability), state.background.sound_dbfs),
        )
        state.note_level(dbfs, self._settings.stop_threshold)
        if isinstance(event, VoiceStarted):
            yield from self._start(state, window, event, session)
        elif isinstance(event, VoiceStopped) and event.cut:
            yield from self._cut(state, window, session)
        elif isinstance(event, VoiceStopped):
            yield from self._stop(state, event, window.end_sample, session)
        elif state.segmenter.speaking:
            yield self._send(state, [window], session)

    def _fade_db(self, probability: float) -> float:
        return self._settings.fade_db + (_SURE_DB if self._settings.fade_db and probability > _SURE else 0.0)

    def _is_loud(self, dbfs: float, background_dbfs: float) -> bool:
        return dbfs >= max(self._settings.min_level_dbfs, background_dbfs + self._settings.min_snr_db)

    @property
    def _kept_samples(self) -> int:
        return round((self._settings.pre_roll_s + self._settings.min_speech_s) * LISTENING_RATE_HZ)

    def _start(self, state: VadSession, window: Window, event: VoiceStarted, session: str) -> Iterator[Out]:
        self._utterances += 1
        state.utterance = self._utterances
        self._open.add(session)
        began = max(window.end_sample - round((event.speech_s + self._settings.onset_s) * LISTENING_RATE_HZ), 0)
        yield self._activity(state, VoiceKind.STARTED, began, session)
        windows = state.pre_roll.since(max(began - round(self._settings.pre_roll_s * LISTENING_RATE_HZ), state.sent_to))
        state.sent_from = windows[0].first_sample
        yield self._send(state, windows, session)

    def _stop(self, state: VadSession, event: VoiceStopped, end_sample: int, session: str) -> Iterator[Out]:
        last_sample = end_sample - round(event.silence_s * LISTENING_RATE_HZ) - 1
        self._open.discard(session)
        yield self._activity(state, VoiceKind.STOPPED, last_sample, session)
        yield self._send(state, state.pre_roll.since(state.sent_to), session, last=True)

    def _cut(self, state: VadSession, window: Window, session: str) -> Iterator[Out]:
        """End the utterance and start the next, which is announced before the first can have been recognised."""
        yield self._activity(state, VoiceKind.STOPPED, window.end_sample - 1, session)
        ended, self._utterances = state.utterance, self._utterances + 1
        state.utterance = self._utterances
        yield self._activity(state, VoiceKind.STARTED, window.end_sample, session)
        state.utterance = ended
        yield self._send(state, [window], session, last=True)
        state.utterance, state.sent_from = self._utterances, state.sent_to

    def _end_stream(self, state: VadSession, session: str) -> Iterator[Out]:
        """Close what is open and begin anew with the next frame."""
        event = state.segmenter.stop()
        if event is not None:
            yield from self._stop(state, event, state.sent_to, session)
        state.capture.restart()
        state.pre_roll.clear()
        state.sent_to = 0
        state.stream = self._detector.stream()
        state.segmenter = Segmenter(self._settings)

    def _send(self, state: VadSession, windows: list[Window], session: str, *, last: bool = False) -> Out:
        pcm = np.concatenate([window.pcm for window in windows]) if windows else np.zeros(0, np.int16)
        first_sample = windows[0].first_sample if windows else state.sent_to
        state.sent_to = first_sample + len(pcm)
        return Out(
            "mic/utterance",
            AudioFrame(
                session=session,
                utterance=state.utterance,
                first_sample=first_sample - state.sent_from,
                sample_rate_hz=LISTENING_RATE_HZ,
                pcm=pcm,
                last=last,
                steady_ns=state.capture.steady_ns(first_sample),
            ),
        )

    def _activity(self, state: VadSession, kind: VoiceKind, sample: int, session: str) -> Out:
        return Out(
            "mic/voice_activity",
            VoiceActivity(
                session=session,
                utterance=state.utterance,
                kind=kind,
                sample=sample,
                probability=state.probability,
                steady_ns=state.capture.steady_ns(sample),
            ),
        )


def _check(frame: AudioFrame) -> None:
    if frame.sample_rate_hz != LISTENING_RATE_HZ or frame.channels != 1:
        raise VadError(
            "vad_audio_format",
            f"mic/audio has {frame.sample_rate_hz} Hz and {frame.channels} channel(s); voice detection needs "
            f"{LISTENING_RATE_HZ} Hz mono: have the microphone node convert it",
        )


def build(settings: VadSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that the settings name."""
    return VadStage(VAD_BACKENDS.make(settings.backend, settings, own=own), settings)
