"""The asr stage: utterances in while they are spoken, transcripts out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from ..core.clock import Clock, SteadyClock
from ..core.enums import SessionKind
from ..core.errors import AsrError
from ..core.events import NO_LANGUAGE, Offer, SessionEvent
from ..core.locales import language_code
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import EVENT_COMPLETE, EVENT_TOO_QUIET, GUESS_CONFIDENCE, AudioFrame, Transcript
from .base import ASR_BACKENDS, AsrSettings, Hypothesis, KnowsLanguages, Recogniser, RecognitionStream
from .deaf import DeafStream, deaf_warning
from .fallback import RecogniserWithFallback
from .real_time_factor import RealTimeFactor
from .urgency import Urgency
from .utterance_levels import UtteranceLevel

#: Softer sound is no speech, dBFS: vad_node sends none.
SILENT_DBFS = -70.0
_TRANSCRIPT = "speech/transcript"


class _Utterance:
    """State of one session: the utterance that is being recognised."""

    def __init__(self, patience_s: float) -> None:
        self.urgency = Urgency(patience_s)
        self.given_up = False  # the rest of it is not recognised
        self.number = 0
        self.stream: RecognitionStream | None = None
        self.samples = 0
        self.samples_at_partial = 0
        self.level = UtteranceLevel()
        self.partial = Hypothesis()


class AsrStage(Stage):
    """Publishes a partial transcript whenever the hypothesis changes, and one final transcript for every utterance that
    ends; none for one that is too late to be answered, so that a host that is too slow recognises at least the newest.
    """

    says_alive = True

    def __init__(self, recogniser: Recogniser, settings: AsrSettings, clock: Clock | None = None) -> None:
        super().__init__()
        self._recogniser = recogniser
        self._settings = settings
        self._clock = clock or SteadyClock()
        self._rtf = RealTimeFactor(self._clock)
        self._utterances: SessionTable[_Utterance] = SessionTable(lambda: _Utterance(settings.hear_patience_s))
        self._spoken: dict[str, str] = {}  # session -> language that it chose
        self._reported_given_up = 0
        self._counts = {"understood": 0, "rejected": 0, "abandoned": 0, "given_up": 0}

    def load(self) -> None:
        """Load the recogniser."""
        self._recogniser.load()
        deaf = not self._understands(self._settings.locale)
        self.offer = Offer("asr_node", NO_LANGUAGE if deaf else self._hears)

    def close(self) -> None:
        """Free the recogniser."""
        self._recogniser.close()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take a piece of an utterance."""
        if isinstance(message, AudioFrame):
            yield from self._recognise(message, now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """The language that a session speaks; drop the state of a closed one."""
        if event.kind is SessionKind.OPENED and event.locale:
            self._spoken[event.session] = event.locale
        if event.kind is SessionKind.CLOSED:
            self._spoken.pop(event.session, None)
            self._abandon(self._utterances.get(event.session, now_s))
            self._utterances.drop(event.session)
        return ()

    def foresee(self, topic: str, message: Message, now_s: float) -> None:
        """Note what waits to be recognised."""
        if isinstance(message, AudioFrame):
            self._utterances.get(message.session, now_s).urgency.note(message, now_s)

    def status(self) -> Mapping[str, str]:
        """How many utterances were understood, rejected, never ended, and given up; the real-time factor;
        a warning where the host is too slow, or the fallback recognises.
        """
        factor = self._rtf.value
        values = {name: str(count) for name, count in self._counts.items()} | {"real_time_factor": f"{factor:.2f}"}
        fallback = self._recogniser.warning if isinstance(self._recogniser, RecogniserWithFallback) else ""
        warning = "; ".join(filter(None, (fallback, self._deaf_warning(), self._slow_warning(factor))))
        return {**values, "warning": warning} if warning else values

    @property
    def _hears(self) -> tuple[str, ...]:
        return self._recogniser.hears if isinstance(self._recogniser, KnowsLanguages) else ()

    def _understands(self, locale: str) -> bool:
        return not self._hears or language_code(locale) in self._hears

    def _deaf_warning(self) -> str:
        own = self._settings.locale
        return "" if self._understands(own) else deaf_warning(self._settings.backend, self._hears, own)

    def _slow_warning(self, factor: float) -> str:
        """In round figures: a text that changes is logged again."""
        given_up, self._reported_given_up = self._counts["given_up"] > self._reported_given_up, self._counts["given_up"]
        if factor > 1.0:
            return f"this host is too slow: the real-time factor of recognising is over {2 ** int(math.log2(factor))}"
        return "this host was too slow: what was said came too late to be answered" if given_up else ""

    def _recognise(self, frame: AudioFrame, now_s: float) -> Iterator[Out]:
        _check(frame)
        state = self._utterances.get(frame.session, now_s)
        if frame.utterance != state.number or frame.first_sample == 0:
            state.given_up = False
        if not state.given_up and state.urgency.too_late(frame.utterance, now_s, slow=self._rtf.value > 1.0):
            self._give_up(state, frame.utterance)
        if state.given_up:
            return
        if state.stream is None or frame.utterance != state.number:
            self._begin(state, frame)
        began_s = self._clock.now_s()
        yield from self._work(state, frame)
        if frame.last and (out := self._result(state, frame, now_s - began_s)):
            yield out

    def _work(self, state: _Utterance, frame: AudioFrame) -> Iterator[Out]:
        assert state.stream is not None
        state.samples += len(frame.pcm)
        state.level.add(frame.pcm)
        self._rtf.sound_s += len(frame.pcm) / LISTENING_RATE_HZ
        with self._rtf:
            if not self._is_too_long(state):
                state.stream.accept(frame.pcm)
        if (
            not frame.last
            and state.samples - state.samples_at_partial >= self._settings.partial_period_s * LISTENING_RATE_HZ
        ):
            yield from self._partial(state, frame)

    def _result(self, state: _Utterance, frame: AudioFrame, clock_s: float) -> Out | None:
        """The final transcript, unless finding it took too long. clock_s: now, less this stage's own clock."""
        with self._rtf:
            final = self._finish(state, frame, too_long=self._is_too_long(state))
        self._rtf.end()
        late = state.urgency.too_late(frame.utterance, clock_s + self._clock.now_s(), slow=False)
        self._counts["given_up" if late else "rejected" if final.rejected else "understood"] += 1
        return None if late else Out(_TRANSCRIPT, final)

    def _is_too_long(self, state: _Utterance) -> bool:
        return state.samples > self._settings.max_utterance_s * LISTENING_RATE_HZ

    def _give_up(self, state: _Utterance, number: int) -> None:
        if state.stream is not None:
            if state.number != number:
                self._abandon(state)
            else:
                state.stream.abandon()
                state.stream = None
        state.number, state.given_up = number, True
        self._counts["given_up"] += 1
        self._rtf.end()

    def _begin(self, state: _Utterance, frame: AudioFrame) -> None:
        self._abandon(state)
        number, spoken = frame.utterance, self._spoken.get(frame.session, "")
        state.number, state.samples, state.samples_at_partial, state.partial = number, 0, 0, Hypothesis()
        state.level = UtteranceLevel()
        deaf = spoken != "" and not self._understands(spoken)
        state.stream = DeafStream(spoken) if deaf else self._recogniser.start()

    def _abandon(self, state: _Utterance) -> None:
        if state.stream is not None:
            state.stream.abandon()
            state.stream = None
            self._counts["abandoned"] += 1

    def _partial(self, state: _Utterance, frame: AudioFrame) -> Iterator[Out]:
        assert state.stream is not None
        state.samples_at_partial = state.samples
        with self._rtf:
            hypothesis = state.stream.partial()
        if _published(hypothesis) != _published(state.partial):
            state.partial = hypothesis
            events = (*hypothesis.events, EVENT_COMPLETE) if hypothesis.complete else hypothesis.events
            yield Out(_TRANSCRIPT, _transcript(frame, hypothesis, final=False, events=events))

    def _finish(self, state: _Utterance, frame: AudioFrame, *, too_long: bool) -> Transcript:
        assert state.stream is not None
        if too_long:
            state.stream.abandon()
            hypothesis = Hypothesis(rejected=True, locale=state.partial.locale)
        else:
            hypothesis = state.stream.finish()
        state.stream = None
        too_quiet = hypothesis.rejected and SILENT_DBFS <= state.level.dbfs < self._settings.quiet_dbfs
        events = (*hypothesis.events, EVENT_TOO_QUIET) if too_quiet else hypothesis.events
        return _transcript(frame, hypothesis, final=True, events=events)


def _published(hypothesis: Hypothesis) -> tuple[str, bool, bool, str, tuple[str, ...]]:
    """What a partial transcript is published for anew. A guess that has become more is news, be its words the same."""
    guess = bool(hypothesis.text) and hypothesis.confidence <= GUESS_CONFIDENCE
    return hypothesis.text, hypothesis.complete, guess, hypothesis.emotion, hypothesis.events


def _transcript(frame: AudioFrame, hypothesis: Hypothesis, *, final: bool, events: tuple[str, ...]) -> Transcript:
    return Transcript(
        session=frame.session,
        utterance=frame.utterance,
        text=hypothesis.text,
        final=final,
        confidence=hypothesis.confidence,
        locale=hypothesis.locale,
        emotion=hypothesis.emotion,
        events=events,
        rejected=hypothesis.rejected,
        heard_samples=frame.first_sample + len(frame.pcm),
    )


def _check(frame: AudioFrame) -> None:
    if frame.sample_rate_hz != LISTENING_RATE_HZ or frame.channels != 1:
        raise AsrError(
            "asr_audio_format",
            f"mic/utterance has {frame.sample_rate_hz} Hz and {frame.channels} channel(s); "
            f"recognition needs {LISTENING_RATE_HZ} Hz mono",
        )


def build(settings: AsrSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that the settings name."""
    if settings.fallback and settings.fallback != settings.backend:
        return AsrStage(RecogniserWithFallback(settings, own), settings)
    return AsrStage(ASR_BACKENDS.make(settings.backend, settings, own=own), settings)
