"""The page is a session's loudspeaker: its reports become speech/playback and speech/played, believed within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..audio.sentence_progress import SentenceProgress
from ..core.arrays import Pcm
from ..core.clock import ns_from_s
from ..core.enums import PlaybackState
from ..core.stage import Out
from ..core.types import AudioFrame, PlaybackClock, SpeechChunk
from .page_messages import ClockReport
from .turn_numbers import Key

#: A page's clock that is further from ours was not mapped well: then what it says counts for now.
_FARTHEST_S = 1.0
#: Turns whose sound may wait to be heard; sound of one that is kept for the echo's reference behind what was heard, s.
_MOST_TURNS, _KEPT_S = 64, 2.0
#: A clock that stands still is repeated, so that who waits for it knows that the page lives.
STANDING_PERIOD_S = 0.5


@dataclass
class _TurnSound:
    """Sound of a turn that came. played: up to this sample it was told on speech/played."""

    rate_hz: int
    end: int = 0
    played: int = 0
    spans: dict[int, SentenceProgress] = field(default_factory=dict)
    pieces: deque[tuple[int, Pcm]] = field(default_factory=deque)

    def add(self, chunk: SpeechChunk) -> None:
        self.end = max(self.end, chunk.first_sample + len(chunk.pcm))
        if chunk.sentence not in self.spans:
            self.spans[chunk.sentence] = SentenceProgress(chunk.first_sample, self.rate_hz)
        self.spans[chunk.sentence].add(chunk)
        if len(chunk.pcm):
            self.pieces.append((chunk.first_sample, chunk.pcm))

    def progress(self, sample: int) -> tuple[int, float]:
        """(sentence that is heard at `sample`, share of its text that was heard by then)."""
        begun = [index for index, span in self.spans.items() if span.start <= sample]
        if not begun:
            return min(self.spans, default=0), 0.0
        return max(begun), self.spans[max(begun)].progress(sample)

    def take(self, first: int, last: int) -> Pcm:
        """Samples [first, last), silence where none came; what lies before is let go."""
        out = np.zeros(max(0, last - first), np.int16)
        while self.pieces and self.pieces[0][0] + len(self.pieces[0][1]) <= first:
            self.pieces.popleft()
        for start, pcm in self.pieces:
            low, high = max(first, start), min(last, start + len(pcm))
            if low < high:
                out[low - first : high - first] = pcm[low - start : high - start]
        return out


class PagePlayback:
    """Of one session. state: what the page said last; `key`: of which turn."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._sounds: dict[Key, _TurnSound] = {}
        self._over: Key = (-1, -1)
        self._last: PlaybackClock | None = None
        self._told_s = 0.0
        self._played_sample = 0

    @property
    def is_playing(self) -> bool:
        return self._last is not None and self._last.state is not PlaybackState.ENDED

    def sound(self, key: Key, chunk: SpeechChunk) -> None:
        """Sound of the turn that is sent to the page."""
        if key > self._over:
            self._sounds.setdefault(key, _TurnSound(chunk.sample_rate_hz)).add(chunk)
        while len(self._sounds) > _MOST_TURNS:
            del self._sounds[min(self._sounds)]

    def report(self, key: Key, report: ClockReport, at_s: float, now_s: float) -> Iterator[Out]:
        """What the page says of a turn, `at_s` on the host's clock."""
        sound = self._sounds.get(key)
        if key <= self._over or sound is None:
            return
        at_s = at_s if abs(at_s - now_s) <= _FARTHEST_S else now_s
        sample = min(report.sample, sound.end)
        yield from self._reference(sound, sample, report, at_s)
        yield self._clock(key, sound, sample, report.state, at_s, now_s)
        if report.state is PlaybackState.ENDED:
            self._over = key
            self._sounds = {other: kept for other, kept in self._sounds.items() if other > key}

    def lost(self, now_s: float) -> Iterator[Out]:
        """The page does not answer: whatever it plays, nobody knows, and the turn is held where it was."""
        last = self._last
        if last is None or last.state is PlaybackState.ENDED or now_s - self._told_s < STANDING_PERIOD_S:
            return
        key = (last.epoch, last.turn)
        if (sound := self._sounds.get(key)) is not None:
            yield self._clock(key, sound, last.sample, PlaybackState.PAUSED, now_s, now_s)

    def ended(self, now_s: float) -> Iterator[Out]:
        """The session is over: so is what is heard."""
        last = self._last
        if last is not None and last.state is not PlaybackState.ENDED:
            key = (last.epoch, last.turn)
            sound = self._sounds.get(key, _TurnSound(last.sample_rate_hz))
            yield self._clock(key, sound, last.sample, PlaybackState.ENDED, now_s, now_s)

    def _clock(
        self, key: Key, sound: _TurnSound, sample: int, state: PlaybackState, at_s: float, now_s: float
    ) -> Out:
        heard = sample
        if state is PlaybackState.PLAYING:
            heard = min(sound.end, sample + round(max(0.0, now_s - at_s) * sound.rate_hz))
        sentence, progress = sound.progress(heard)
        clock = PlaybackClock(
            session=self._session,
            epoch=key[0],
            turn=key[1],
            sample=sample,
            sample_rate_hz=sound.rate_hz,
            state=state,
            sentence=sentence,
            sentence_progress=progress,
            steady_ns=ns_from_s(max(0.0, at_s)),
        )
        self._last, self._told_s = clock, now_s
        return Out("speech/playback", clock)

    def _reference(self, sound: _TurnSound, sample: int, report: ClockReport, at_s: float) -> Iterator[Out]:
        """What was heard between the last report and this one."""
        first = max(sound.played, sample - round(_KEPT_S * sound.rate_hz))
        sound.played = max(sound.played, sample)
        if sample <= first:
            return
        pcm = sound.take(first, sample)
        if report.gain < 1.0:
            pcm = np.round(pcm * report.gain).astype(np.int16)
        start_s = max(0.0, at_s - len(pcm) / sound.rate_hz)
        frame = AudioFrame(
            session=self._session,
            first_sample=self._played_sample,
            sample_rate_hz=sound.rate_hz,
            pcm=pcm,
            steady_ns=ns_from_s(start_s),
        )
        self._played_sample += len(pcm)
        yield Out("speech/played", frame)
