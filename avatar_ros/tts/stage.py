"""The tts stage: sentences in, chunks of sound out, never far ahead of what is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from ..core.avatar_voices import USUAL_VOICE
from ..core.enums import SessionKind, VoiceKind
from ..core.events import Interrupt, Offer, SessionEvent
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, PlaybackClock, Sentence, SpeechChunk, VoiceActivity
from .base import TTS_BACKENDS, ManyVoices, TtsSettings, Voice, spoken_by
from .cancel_token import CancelToken
from .fallback import VoiceWithFallback
from .sentence import checked
from .synthesis_job import DirectJob, SynthesisJob, ThreadJob
from .trim_leading_silence import trim_leading_silence
from .turn import TurnSpeech
from .worn_voices import WornVoices

#: While something is being said; idle otherwise.
_BUSY_TICK_S = 0.04
_NEVER = (-1, -1)
#: Sessions that are seen to at one tick, in turn: a voice takes its time for each.
_AT_ONCE = 4
#: That people may choose among (ros/message_limits.py).
_MOST_VOICES = 200
#: Of one session; a dialogue waits for the end of a turn before it begins the next.
_MOST_TURNS = 16


class _SessionSpeech:
    """A session's turns, oldest first, and the newest turn that is over."""

    def __init__(self) -> None:
        self.turns: deque[TurnSpeech] = deque()
        self.over = _NEVER
        self.drafted = _NEVER  # the newest turn whose first sentence came as a draft: it comes once more


class TtsStage(Stage):
    """See the module's text. One voice serves all sessions; each keeps its own turns."""

    says_alive = True

    def __init__(self, settings: TtsSettings, voice: Voice, worn: WornVoices | None = None) -> None:
        super().__init__()
        self._worn = worn or WornVoices(settings.backend, (), ())
        self._settings = settings
        self._voice = voice
        self._table: SessionTable[_SessionSpeech] = SessionTable(_SessionSpeech, settings.session_ttl_s)
        self._chosen: dict[str, str] = {}  # session -> id of its voice
        self._busy: dict[str, None] = {}  # sessions with turns, in the order in which they are seen to
        self._ignored = 0
        self._sentences = 0

    def load(self) -> None:
        """Load the voice."""
        self._voice.load()
        found = self._voice.voices()[:_MOST_VOICES] if isinstance(self._voice, ManyVoices) else ()
        ids, names = tuple(one.id for one in found), tuple(one.name for one in found)
        self.offer = Offer("tts_node", (), ids, names, tuple(one.locale for one in found))

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """A sentence to speak (the draft of a turn's first comes before it), or news of the playback; what may be sent
        now. A voice: there will be something soon.
        """
        if isinstance(message, VoiceActivity) and message.kind is VoiceKind.STARTED:
            self._voice.expect()
        if not isinstance(message, Sentence | PlaybackClock):
            return
        speech = self._table.get(message.session, now_s)
        if isinstance(message, Sentence):
            self._add(speech, message, draft=topic == "speech/draft")
        else:
            self._played(speech, message, now_s)
        yield from self._step(message.session, speech, now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL and REPEAT drop the turn and those before it. Pausing is the speaker's work: pacing follows."""
        if order.action.ends_speech:
            speech = self._table.get(order.session, now_s)
            speech.over = max(speech.over, (order.epoch, order.turn))
            for turn in [turn for turn in speech.turns if turn.key <= speech.over]:
                turn.cancel()
                speech.turns.remove(turn)
            yield from self._step(order.session, speech, now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """What time, or a voice's own thread, has made ready."""
        for session in self._due():
            yield from self._step(session, self._table.get(session, now_s), now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """A session's voice; forget a closed session."""
        self._worn.take(event)
        if event.kind is SessionKind.OPENED and event.voice:
            self._chosen[event.session] = "" if event.voice == USUAL_VOICE else event.voice
        if event.kind is SessionKind.CLOSED:
            self._chosen.pop(event.session, None)
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

    def _add(self, speech: _SessionSpeech, sentence: Sentence, *, draft: bool) -> None:
        key = (sentence.epoch, sentence.turn)
        again = draft or (sentence.index == 0 and speech.drafted == key)
        if draft:
            speech.drafted = key
        turn = self._turn(speech, sentence)
        if turn is None or not turn.add(sentence):
            self._ignored += not again
            return
        self._sentences += 1
        self._busy[sentence.session] = None

    def _turn(self, speech: _SessionSpeech, sentence: Sentence) -> TurnSpeech | None:
        """The sentence's turn; None for one that is over or older than one that has begun."""
        key = (sentence.epoch, sentence.turn)
        if key <= speech.over or (speech.turns and key < speech.turns[-1].key):
            return None
        if not speech.turns or key > speech.turns[-1].key:
            if len(speech.turns) >= _MOST_TURNS:
                return None
            self._supersede(speech, key)
            synthesize = partial(self._begin, sentence.session, self._chosen.get(sentence.session, ""))
            speech.turns.append(TurnSpeech(sentence.session, key, self._settings, synthesize))
        return speech.turns[-1]

    def _supersede(self, speech: _SessionSpeech, key: tuple[int, int]) -> None:
        """Older turns get no more sentences; those of a dialogue that was restarted are dropped."""
        for older in list(speech.turns):
            older.supersede()
            if older.key[0] < key[0]:
                older.cancel()
                speech.turns.remove(older)

    def _played(self, speech: _SessionSpeech, clock: PlaybackClock, now_s: float) -> None:
        for turn in speech.turns:
            if turn.key == (clock.epoch, clock.turn):
                turn.pacer.played(clock, now_s)
            else:
                turn.pacer.speaker_alive(now_s)

    def _step(self, session: str, speech: _SessionSpeech, now_s: float) -> Iterator[Out]:
        try:
            while speech.turns:
                turn = speech.turns[0]
                for news in turn.chunks(now_s):
                    yield Out("speech/audio" if isinstance(news, SpeechChunk) else "speech/fault", news)
                if not turn.closed or speech.turns[0] is not turn:
                    return
                speech.over = max(speech.over, turn.key)
                speech.turns.popleft()
            self._busy.pop(session, None)
        finally:
            self.tick_period_s = _BUSY_TICK_S if self._busy else 0.0

    def _begin(self, session: str, chosen: str, text: str, locale: str) -> SynthesisJob:
        """What a person chose counts more than what suits the face, which may change between two sentences."""
        return self._synthesize(text, locale, chosen or self._worn.of(session, locale))

    def _synthesize(self, text: str, locale: str, voice: str) -> SynthesisJob:
        stop = CancelToken()
        parts = checked(spoken_by(self._voice, voice, text, locale, stop))
        if self._voice.blocking:
            return ThreadJob(trim_leading_silence(parts), self.wake, stop)
        return DirectJob(parts)


def build(settings: TtsSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that `settings` names and its fallback. Raises UnknownBackendError."""
    voice = TTS_BACKENDS.make(settings.backend, settings, own=own)
    if settings.fallback and settings.fallback != settings.backend and voice.blocking:
        voice = VoiceWithFallback(voice, TTS_BACKENDS.make(settings.fallback, settings, own=own), settings)
    configured = getattr(own.get(settings.backend), "voices", ())
    return TtsStage(settings, voice, WornVoices(settings.backend, configured, settings.voices_of_avatar))
