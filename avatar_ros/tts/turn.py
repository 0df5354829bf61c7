"""The speech of one turn: sentences in, chunks out, samples counted from the start of the turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..core.errors import TtsError
from ..core.events import SpeechFault
from ..core.spoken_text import usual_duration_s
from ..core.types import Sentence, SpeechChunk
from .base import UNREADABLE, TtsSettings
from .error_capture import ErrorCapture
from .fallback import SAID_ANYWAY
from .pacing import Pacer
from .sentence import SpokenSentence
from .synthesis_job import SynthesisJob
from .text import clean, split

#: (text, locale=…) -> job
Synthesize = Callable[..., SynthesisJob]


class TurnSpeech:
    """Owns the order of a turn's sentences, the sample count and the pacing."""

    def __init__(self, session: str, key: tuple[int, int], settings: TtsSettings, synthesize: Synthesize) -> None:
        self.session = session
        self.key = key
        least_s = max(settings.first_chunk_s, settings.chunk_s)  # or the first chunk could never be sent
        ahead_s, burst_s = max(settings.ahead_s, least_s), max(settings.burst_s, least_s)
        self.pacer = Pacer(settings.speech_rate_hz, ahead_s, settings.no_clock_s, burst_s)
        self._settings = settings
        self._synthesize = synthesize
        self._sentences: deque[SpokenSentence] = deque()
        self._newest = -1  # index of the newest sentence
        self._sample = 0
        self._last_seen = False
        self.closed = False  # turn_end was given

    def add(self, sentence: Sentence) -> bool:
        """Queue a sentence; False for one that came before or after the last one."""
        if self._last_seen or sentence.index <= self._newest:
            return False
        self._newest = sentence.index
        self._last_seen = sentence.last
        parts = split(clean(sentence.text), self._settings.split_chars)
        silence_s = self._settings.tail_s if sentence.last else self._settings.pause_s
        synthesize = partial(self._synthesize, locale=sentence.locale)
        self._sentences.append(SpokenSentence(sentence, parts, synthesize, self._settings.speech_rate_hz, silence_s))
        return True

    @property
    def idle(self) -> bool:
        """Nothing to say now."""
        return not self._sentences

    def supersede(self) -> None:
        """A newer turn began: no more sentences are waited for."""
        self._last_seen = True

    def cancel(self) -> None:
        """Stop all voices and forget what is queued."""
        sentences = list(self._sentences)
        self._sentences.clear()
        self.closed = True
        for spoken in sentences:
            spoken.cancel()

    def chunks(self, now_s: float) -> Iterator[SpeechChunk | SpeechFault]:
        """What may be sent now. Raises TtsError after closing the sentence that cannot be spoken; another error after
        the part of it that it struck, from which the rest goes on. The fault comes before the sentence's end.
        """
        while self._sentences:
            spoken = self._sentences[0]
            failure = self._work(spoken)
            if (fault := self._fault(spoken, failure)) is not None:
                yield fault
            chunk = self._cut(spoken, now_s)
            if chunk is not None:
                yield chunk
            if failure is not None:
                raise failure
            if chunk is None:
                return
        if self._last_seen and not self.closed:
            self.closed = True
            yield replace(self._empty_chunk(max(0, self._newest)), turn_end=True)

    def _work(self, spoken: SpokenSentence) -> Exception | None:
        """Have more than a chunk ready, so that the one that is sent is known to be the sentence's last or not."""
        captured = ErrorCapture()
        with captured:
            spoken.work(self._chunk_samples + 1)
        if captured.error is not None:
            gone = isinstance(captured.error, TtsError) and captured.error.code != UNREADABLE
            (spoken.give_up if gone else spoken.skip)()
            return captured.error
        if spoken.synthesized and spoken.announced and len(self._sentences) > 1:
            self._sentences[1].begin()  # synthesized while this one is spoken
        return None

    def _fault(self, spoken: SpokenSentence, failure: Exception | None) -> SpeechFault | None:
        """What has just become known not to be heard; once for each sentence."""
        failed = failure is not None and SAID_ANYWAY not in getattr(failure, "__notes__", ())
        mute = spoken.synthesized and not spoken.voiced_s and bool(spoken.sentence.text)
        if spoken.fault_sent or not (failed or mute):
            return None
        spoken.fault_sent = True
        share = min(1.0, spoken.voiced_s / max(usual_duration_s(spoken.text), 0.1))
        reason = "voice_failed" if failed else "unpronounceable"
        return SpeechFault(self.session, *self.key, spoken.sentence.index, share, reason)

    def _cut(self, spoken: SpokenSentence, now_s: float) -> SpeechChunk | None:
        count = min(spoken.ready, self._chunk_samples)
        ends = spoken.synthesized and count == spoken.ready
        if not ends and spoken.ready <= self._chunk_samples:
            return None
        if self._sample + count > self.pacer.limit(now_s):
            return None
        if count:
            self.pacer.start(now_s)
        chunk = self._chunk(spoken, count, ends)
        self._sample += count
        if ends:
            self._sentences.popleft()
        self.closed = chunk.turn_end
        return chunk

    def _chunk(self, spoken: SpokenSentence, count: int, ends: bool) -> SpeechChunk:
        first = not spoken.announced
        if first:
            spoken.announce(self._sample)
        return replace(
            self._empty_chunk(spoken.sentence.index),
            pcm=spoken.take(count),
            text=spoken.text if first else "",
            locale=spoken.sentence.locale if first else "",
            marks=spoken.take_marks(),
            sentence_end=ends,
            turn_end=ends and self._last_seen and len(self._sentences) == 1,
        )

    def _empty_chunk(self, sentence: int) -> SpeechChunk:
        """A chunk without sound, where the turn's sound has come to."""
        return SpeechChunk(self.session, *self.key, sentence, self._sample, self._settings.speech_rate_hz)

    @property
    def _chunk_samples(self) -> int:
        """Of the next chunk."""
        seconds = self._settings.first_chunk_s if self._sample == 0 else 0.0
        return round(max(seconds, self._settings.chunk_s) * self._settings.speech_rate_hz)
