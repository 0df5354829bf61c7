"""The vad stage: microphone sound in, voice activity and numbered utterances out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..core.enums import SessionKind, VoiceKind
from ..core.errors import ConfigError
from ..core.events import AvatarState, SessionEvent
from ..core.levels import level_dbfs
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import AudioFrame, Talk, Transcript
from .base import TURN_DETECTORS, VAD_BACKENDS, TurnDetector, VadSettings, VoiceDetector
from .judge import Judge, ThreadJudge
from .segmenter import Segmenter, VoiceStarted, VoiceStopped
from .session import VadSession, ignores_microphone
from .turn_detector import NoDetector
from .windows import Window, check_format

#: Without sound for this long in mid-utterance the microphone is gone: the utterance is closed.
SILENT_MIC_S = 1.0
#: (detector, wake) -> what asks it.
MakeJudge = Callable[[TurnDetector, Callable[[], None]], Judge]
#: After so long without sound a microphone is forgotten, s: not everybody who connects ever speaks, or says goodbye.
FORGET_MIC_S = 60.0
#: What the detector is this sure of must be so much softer, dB, to count as faded away.
_SURE, _SURE_DB = 0.97, 2.0
#: In place of the question's number: the turn detector is asked once the sound at hand was sent.
_TO_BE_ASKED = -1


class VadStage(Stage):
    """Publishes STARTED with the pre-roll, then every window while somebody speaks, then STOPPED and the last frame.

    Utterances are numbered from 1 for the life of the stage. AudioFrame.first_sample of an utterance counts from its
    own beginning, VoiceActivity.sample on mic/audio's stream. Speech that becomes too long is cut: STARTED of the next
    utterance then names the sample after the one that STOPPED named, which is how others know that it goes on.
    """

    says_alive = True
    tick_period_s = 0.25

    def __init__(
        self,
        detector: VoiceDetector,
        settings: VadSettings,
        turns: TurnDetector | None = None,
        judge: MakeJudge = ThreadJudge,
    ) -> None:
        """turns: judges by the sound whether somebody is done; judge: makes what asks it, on a thread of its own."""
        super().__init__()
        self._detector = detector
        self._settings = settings
        self._turns = turns or NoDetector(settings)
        self._make_judge = judge
        self._judge: Judge | None = None
        self._asked: dict[int, str] = {}  # question of the turn detector -> session
        self._warning = ""
        self._sessions: SessionTable[VadSession] = SessionTable(
            lambda: VadSession(settings, detector.stream(), judged=self._judge is not None)
        )
        self._open: set[str] = set()
        self._heard_s: dict[str, float] = {}  # when each session was last heard
        self._lost_samples = 0
        self._utterances = self._questions = 0
        self._background_dbfs = float("nan")

    def load(self) -> None:
        """Load the detectors."""
        self._detector.load()
        if isinstance(self._turns, NoDetector):
            return
        try:
            self._turns.load()
        except ConfigError as error:
            if not self._settings.turn_detector_fallback:
                raise
            self._warning = f"words and silence alone tell whether somebody is done: {error.text}"
            return
        self._judge = self._make_judge(self._turns, self._woken)

    def close(self) -> None:
        """Free the detectors."""
        if self._judge is not None:
            self._judge.close()
        self._judge = None
        self._turns.close()
        self._detector.close()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """mic/audio: listen; speech/transcript: a partial sets how long to wait for more; mic/talk: when to listen."""
        if isinstance(message, AudioFrame):
            yield from self._hear(message, now_s)
        elif isinstance(message, Transcript):
            yield from self._read(message, now_s)
        elif isinstance(message, Talk):
            self._heard_s.setdefault(message.session, now_s)  # to be forgotten some day
            self._sessions.get(message.session, now_s).gate.press(message.pressed, now_s)
        elif isinstance(message, AvatarState) and (message.session in self._heard_s or ignores_microphone(message)):
            self._heard_s.setdefault(message.session, now_s)
            self._sessions.get(message.session, now_s).follow(message)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Take verdicts on turns; close the utterance of a microphone that fell silent; forget it when it stays so."""
        yield from self._verdicts(now_s)
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
            **({"warning": self._warning} if self._warning else {}),
        }

    def _woken(self) -> None:
        self.wake()  # looked up when called: the runner sets it after the stage was built

    def _forget(self, session: str) -> None:
        self._sessions.drop(session)
        self._open.discard(session)
        self._heard_s.pop(session, None)

    def _hear(self, frame: AudioFrame, now_s: float) -> Iterator[Out]:
        check_format(frame)
        state = self._sessions.get(frame.session, now_s)
        self._heard_s[frame.session] = now_s
        gap = state.capture.gap_samples(frame)
        self._lost_samples += max(gap, 0)
        if not 0 <= gap <= self._settings.max_gap_s * LISTENING_RATE_HZ:
            yield from self._end_stream(state, frame.session)
        yield from self._verdicts(now_s)
        if not state.gate.is_open(now_s):
            yield from self._close_gate(state, frame)
            return
        state.listened = True
        for window in state.capture.add(frame):
            yield from self._take(state, window, frame.session)
        self._ask(state, frame.session, now_s)
        if frame.last:
            yield from self._end_stream(state, frame.session)

    def _read(self, transcript: Transcript, now_s: float) -> Iterator[Out]:
        state = self._sessions.get(transcript.session, now_s) if transcript.session in self._heard_s else None
        if state is None or transcript.utterance != state.utterance:
            return
        if transcript.final:
            state.turn_end.read_final(now_s - state.stopped_s)
        elif transcript.session in self._open:
            state.turn_end.read(transcript, state.segmenter.silence_s)
            yield from self._follow(state, transcript.session)

    def _ask(self, state: VadSession, session: str, now_s: float) -> None:
        """Have the turn detector judge the utterance, where it is time to."""
        if self._judge is not None and state.question == _TO_BE_ASKED:
            state.question = self._questions = self._questions + 1
            self._asked = {state.question: session}  # one at a time: what was asked before is not answered any more
            self._judge.ask(state.question, state.sound(), now_s)

    def _verdicts(self, now_s: float) -> Iterator[Out]:
        for verdict in self._judge.verdicts(now_s) if self._judge is not None else ():
            session = self._asked.pop(verdict.number, "")
            state = self._sessions.get(session, now_s) if session in self._open else None
            if state is not None and state.question == verdict.number and state.segmenter.silence_s > 0.0:
                state.turn_end.judge(verdict.probability)
                yield from self._follow(state, session)

    def _follow(self, state: VadSession, session: str) -> Iterator[Out]:
        """More is known of a pause: end the utterance where it is long enough by now; tell of one that may be the end,
        and of one that was not.
        """
        if not state.segmenter.speaking:
            return
        silence_s = state.segmenter.silence_s
        news = state.turn_end.step(silence_s, state.segmenter.voice_s)
        if silence_s <= 0.0:
            state.question = 0  # a verdict on a pause that is over is none
        if news.ask:
            state.question = _TO_BE_ASKED
        state.segmenter.wait_s = float("inf") if state.gate.holds else state.turn_end.wait_s
        if silence_s >= state.segmenter.wait_s and (event := state.segmenter.stop()) is not None:
            yield from self._stop(state, event, state.sent_to, session)
        elif news.kind is not None:
            last_sample = state.sent_to - round(silence_s * LISTENING_RATE_HZ) - 1
            yield state.activity(news.kind, max(0, last_sample), session)

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
            yield state.piece([window], session)
            yield from self._follow(state, session)

    def _fade_db(self, probability: float) -> float:
        return self._settings.fade_db + (_SURE_DB if self._settings.fade_db and probability > _SURE else 0.0)

    def _is_loud(self, dbfs: float, background_dbfs: float) -> bool:
        return dbfs >= max(self._settings.min_level_dbfs, background_dbfs + self._settings.min_snr_db)

    @property
    def _kept_samples(self) -> int:
        return round((self._settings.pre_roll_s + self._settings.min_speech_s) * LISTENING_RATE_HZ)

    def _start(self, state: VadSession, window: Window, event: VoiceStarted, session: str) -> Iterator[Out]:
        self._utterances += 1
        state.begin(self._utterances)
        self._open.add(session)
        began = max(window.end_sample - round((event.speech_s + self._settings.onset_s) * LISTENING_RATE_HZ), 0)
        yield state.activity(VoiceKind.STARTED, began, session)
        windows = state.pre_roll.since(max(began - round(self._settings.pre_roll_s * LISTENING_RATE_HZ), state.sent_to))
        state.sent_from = windows[0].first_sample
        yield state.piece(windows, session)

    def _stop(self, state: VadSession, event: VoiceStopped, end_sample: int, session: str) -> Iterator[Out]:
        last_sample = end_sample - round(event.silence_s * LISTENING_RATE_HZ) - 1
        self._open.discard(session)
        state.stopped_s = self._heard_s[session]
        state.gate.voice_stopped()
        yield state.activity(VoiceKind.STOPPED, last_sample, session)
        yield state.piece(state.pre_roll.since(state.sent_to), session, last=True)

    def _cut(self, state: VadSession, window: Window, session: str) -> Iterator[Out]:
        """End the utterance and start the next, which is announced before the first can have been recognised."""
        yield state.activity(VoiceKind.STOPPED, window.end_sample - 1, session)
        ended, self._utterances = state.utterance, self._utterances + 1
        state.utterance = self._utterances
        yield state.activity(VoiceKind.STARTED, window.end_sample, session)
        state.utterance = ended
        yield state.piece([window], session, last=True)
        state.begin(self._utterances)
        state.sent_from = state.sent_to

    def _close_gate(self, state: VadSession, frame: AudioFrame) -> Iterator[Out]:
        """Nothing is listened to: end what is open; what comes now leaves no trace."""
        event = state.segmenter.stop()
        if event is not None:
            yield from self._stop(state, event, state.sent_to, frame.session)
        if state.listened:
            state.listened = False
            state.capture.restart()
            state.pre_roll.clear()
            state.stream = self._detector.stream()
        state.sent_to = frame.first_sample + len(frame.pcm)

    def _end_stream(self, state: VadSession, session: str) -> Iterator[Out]:
        """Close what is open and begin anew with the next frame."""
        if (event := state.segmenter.stop()) is not None:
            yield from self._stop(state, event, state.sent_to, session)
        state.capture.restart()
        state.pre_roll.clear()
        state.sent_to = 0
        state.stream = self._detector.stream()
        state.segmenter = Segmenter(self._settings)


def build(settings: VadSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that the settings name."""
    turns = TURN_DETECTORS.make(settings.turn_detector, settings)
    return VadStage(VAD_BACKENDS.make(settings.backend, settings, own=own), settings, turns)
