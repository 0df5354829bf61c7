"""The tts stage: sentences in, chunks of sound out, never far ahead of what is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from ..core.enums import SessionKind, VoiceKind
from ..core.events import Interrupt, SessionEvent
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, PlaybackClock, Sentence, SpeechChunk, VoiceActivity
from .base import TTS_BACKENDS, TtsSettings, Voice
from .cancel_token import CancelToken
from .fallback import VoiceWithFallback
from .sentence import checked
from .synthesis_job import DirectJob, SynthesisJob, ThreadJob
from .trim_leading_silence import trim_leading_silence
from .turn import TurnSpeech

#: While something is being said; idle otherwise.
_BUSY_TICK_S = 0.04
_NEVER = (-1, -1)
#: Sessions that are seen to at one tick, in turn: a voice takes its time for each.
_AT_ONCE = 4
#: Of one session; a dialogue waits for the end of a turn before it begins the next.
_MOST_TURNS = 16


class _Speaker:
    """A session's turns, oldest first, and the newest turn that is over."""

    def __init__(self) -> None:
        self.turns: deque[TurnSpeech] = deque()
        self.over = _NEVER


class TtsStage(Stage):
    """See the module's text. One voice serves all sessions; each keeps its own turns."""

    def __init__(self, settings: TtsSettings, voice: Voice) -> None:
        super().__init__()
        self._settings = settings
        self._voice = voice
        self._table: SessionTable[_Speaker] = SessionTable(_Speaker, settings.session_ttl_s)
        self._busy: dict[str, None] = {}  # sessions with turns, in the order in which they are seen to
        self._ignored = 0
        self._sentences = 0

    def load(self) -> None:
        """Load the voice."""
        self._voice.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """A sentence to speak, or news of the playback; what may be sent now. A voice: there will be something soon."""
        if isinstance(message, VoiceActivity) and message.kind is VoiceKind.STARTED:
            self._voice.expect()
        if not isinstance(message, Sentence | PlaybackClock):
            return
        speaker = self._table.get(message.session, now_s)
        if isinstance(message, Sentence):
            self._add(speaker, message)
        else:
            self._hear(speaker, message, now_s)
        yield from self._step(message.session, speaker, now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL and REPEAT drop the turn and those before it. Pausing is the speaker's work: pacing follows."""
        if order.action.ends_speech:
            speaker = self._table.get(order.session, now_s)
            speaker.over = max(speaker.over, (order.epoch, order.turn))
            for turn in [turn for turn in speaker.turns if turn.key <= speaker.over]:
                turn.cancel()
                speaker.turns.remove(turn)
            yield from self._step(order.session, speaker, now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """What time, or a voice's own thread, has made ready."""
        for session in self._due():
            yield from self._step(session, self._table.get(session, now_s), now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Forget a closed session."""
        if event.kind is SessionKind.CLOSED:
            for turn in self._table.get(event.session, now_s).turns:
                turn.cancel()
            self._busy.pop(event.session, None)
            self._table.drop(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """What the voice says, and counts."""
        out = dict(self._voice.status())
        out["sentences"] = str(self._sentences)
        if self._ignored:
            out["ignored_sentences"] = str(self._ignored)
        return out

    def close(self) -> None:
        """Free the voice."""
        for session in self._busy:
            for turn in self._table.get(session, 0.0).turns:
                turn.cancel()
        self._busy.clear()
        self._voice.close()

    def _due(self) -> list[str]:
        """The kiosk's own session, and the next of the others."""
        others = [session for session in self._busy if session != LOCAL_SESSION][:_AT_ONCE]
        for session in others:
            self._busy[session] = self._busy.pop(session)  # to the end
        return [*([LOCAL_SESSION] if LOCAL_SESSION in self._busy else []), *others]

    def _add(self, speaker: _Speaker, sentence: Sentence) -> None:
        turn = self._turn(speaker, sentence)
        if turn is None or not turn.add(sentence):
            self._ignored += 1
            return
        self._sentences += 1
        self._busy[sentence.session] = None

    def _turn(self, speaker: _Speaker, sentence: Sentence) -> TurnSpeech | None:
        """The sentence's turn; None for one that is over or older than one that has begun."""
        key = (sentence.epoch, sentence.turn)
        if key <= speaker.over or (speaker.turns and key < speaker.turns[-1].key):
            return None
        if not speaker.turns or key > speaker.turns[-1].key:
            if len(speaker.turns) >= _MOST_TURNS:
                return None
            self._supersede(speaker, key)
            speaker.turns.append(TurnSpeech(sentence.session, key, self._settings, self._synthesize))
        return speaker.turns[-1]

    def _supersede(self, speaker: _Speaker, key: tuple[int, int]) -> None:
        """Older turns get no more sentences; those of a dialogue that was restarted are dropped."""
        for older in list(speaker.turns):
            older.supersede()
            if older.key[0] < key[0]:
                older.cancel()
                speaker.turns.remove(older)

    def _hear(self, speaker: _Speaker, clock: PlaybackClock, now_s: float) -> None:
        for turn in speaker.turns:
            if turn.key == (clock.epoch, clock.turn):
                turn.pace.hear(clock, now_s)
            else:
                turn.pace.alive(now_s)

    def _step(self, session: str, speaker: _Speaker, now_s: float) -> Iterator[Out]:
        try:
            while speaker.turns:
                turn = speaker.turns[0]
                for news in turn.chunks(now_s):
                    yield Out("speech/audio" if isinstance(news, SpeechChunk) else "speech/fault", news)
                if not turn.closed or speaker.turns[0] is not turn:
                    return
                speaker.over = max(speaker.over, turn.key)
                speaker.turns.popleft()
            self._busy.pop(session, None)
        finally:
            self.tick_period_s = _BUSY_TICK_S if self._busy else 0.0

    def _synthesize(self, text: str, locale: str) -> SynthesisJob:
        stop = CancelToken()
        parts = checked(self._voice.speak(text, locale, stop))
        if self._voice.blocking:
            return ThreadJob(trim_leading_silence(parts), self.wake, stop)
        return DirectJob(parts)


def build(settings: TtsSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that `settings` names and its fallback. Raises UnknownBackendError."""
    voice = TTS_BACKENDS.make(settings.backend, settings, own=own)
    if settings.fallback and settings.fallback != settings.backend and voice.blocking:
        voice = VoiceWithFallback(voice, TTS_BACKENDS.make(settings.fallback, settings, own=own), settings)
    return TtsStage(settings, voice)
