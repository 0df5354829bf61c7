"""The asr stage: utterances in while they are spoken, transcripts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..core.errors import AsrError
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.types import (
    EVENT_COMPLETE,
    EVENT_TOO_QUIET,
    AudioFrame,
    Message,
    SessionEvent,
    SessionKind,
    Transcript,
)
from .base import ASR_BACKENDS, SAMPLE_RATE_HZ, AsrSettings, Heard, Hearing, Recogniser
from .fallback import Fallback
from .loudness import Loudness

#: What is softer than this is nobody's voice, dBFS: vad_node sends no such sound as speech.
SILENT_DBFS = -70.0


class _Utterance:
    """State of one session: the utterance that is being heard."""

    def __init__(self) -> None:
        self.number = 0
        self.hearing: Hearing | None = None
        self.samples = 0
        self.samples_at_partial = 0
        self.loudness = Loudness()
        self.said = Heard()


class AsrStage(Stage):
    """Publishes a partial whenever what is heard changes, and one final transcript for every utterance that ends."""

    def __init__(self, recogniser: Recogniser, settings: AsrSettings) -> None:
        super().__init__()
        self._recogniser = recogniser
        self._settings = settings
        self._utterances: SessionTable[_Utterance] = SessionTable(_Utterance)
        self._counts = {"understood": 0, "rejected": 0, "abandoned": 0}

    def load(self) -> None:
        """Load the recogniser."""
        self._recogniser.load()

    def close(self) -> None:
        """Free the recogniser."""
        self._recogniser.close()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take a piece of an utterance."""
        if isinstance(message, AudioFrame):
            yield from self._hear(message, now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Drop the state of a closed session."""
        if event.kind is SessionKind.CLOSED:
            self._abandon(self._utterances.get(event.session, now_s))
            self._utterances.drop(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """How many utterances were understood, rejected, and never ended; a warning where the fallback hears."""
        counts = {name: str(count) for name, count in self._counts.items()}
        warning = self._recogniser.warning if isinstance(self._recogniser, Fallback) else ""
        return {**counts, "warning": warning} if warning else counts

    def _hear(self, frame: AudioFrame, now_s: float) -> Iterator[Out]:
        _check(frame)
        state = self._utterances.get(frame.session, now_s)
        if state.hearing is None or frame.utterance != state.number:
            self._begin(state, frame.utterance)
        assert state.hearing is not None
        state.samples += len(frame.pcm)
        state.loudness.add(frame.pcm)
        too_long = state.samples > self._settings.max_utterance_s * SAMPLE_RATE_HZ
        if not too_long:
            state.hearing.accept(frame.pcm)
        if frame.last:
            yield self._finish(state, frame, too_long=too_long)
        elif state.samples - state.samples_at_partial >= self._settings.partial_period_s * SAMPLE_RATE_HZ:
            yield from self._partial(state, frame)

    def _begin(self, state: _Utterance, number: int) -> None:
        self._abandon(state)
        state.number, state.samples, state.samples_at_partial, state.said = number, 0, 0, Heard()
        state.loudness = Loudness()
        state.hearing = self._recogniser.start()

    def _abandon(self, state: _Utterance) -> None:
        if state.hearing is not None:
            state.hearing.abandon()
            state.hearing = None
            self._counts["abandoned"] += 1

    def _partial(self, state: _Utterance, frame: AudioFrame) -> Iterator[Out]:
        assert state.hearing is not None
        state.samples_at_partial = state.samples
        heard = state.hearing.partial()
        if _news(heard) != _news(state.said):
            state.said = heard
            events = (*heard.events, EVENT_COMPLETE) if heard.complete else heard.events
            yield _transcript(frame, heard, final=False, events=events)

    def _finish(self, state: _Utterance, frame: AudioFrame, *, too_long: bool) -> Out:
        assert state.hearing is not None
        if too_long:
            state.hearing.abandon()
            heard = Heard(rejected=True, locale=state.said.locale)
        else:
            heard = state.hearing.finish()
        state.hearing = None
        self._counts["rejected" if heard.rejected else "understood"] += 1
        too_quiet = heard.rejected and SILENT_DBFS <= state.loudness.dbfs < self._settings.quiet_dbfs
        events = (*heard.events, EVENT_TOO_QUIET) if too_quiet else heard.events
        return _transcript(frame, heard, final=True, events=events)


def _news(heard: Heard) -> tuple[str, bool, str, tuple[str, ...]]:
    return heard.text, heard.complete, heard.emotion, heard.events


def _transcript(frame: AudioFrame, heard: Heard, *, final: bool, events: tuple[str, ...]) -> Out:
    return Out(
        "speech/transcript",
        Transcript(
            session=frame.session,
            utterance=frame.utterance,
            text=heard.text,
            final=final,
            confidence=heard.confidence,
            locale=heard.locale,
            emotion=heard.emotion,
            events=events,
            rejected=heard.rejected,
        ),
    )


def _check(frame: AudioFrame) -> None:
    if frame.sample_rate_hz != SAMPLE_RATE_HZ or frame.channels != 1:
        raise AsrError(
            "asr_audio_format",
            f"mic/utterance has {frame.sample_rate_hz} Hz and {frame.channels} channel(s); "
            f"recognition needs {SAMPLE_RATE_HZ} Hz mono",
        )


def build(settings: AsrSettings) -> Stage:
    """The stage with the backend that the settings name."""
    if settings.fallback and settings.fallback != settings.backend:
        return AsrStage(Fallback(settings), settings)
    return AsrStage(ASR_BACKENDS.load(settings.backend)(settings), settings)
