"""Is the user done? What is known of one session's pause, and what follows from it. Reads no clock."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import NamedTuple

from ..core.enums import VoiceKind
from ..core.types import EVENT_LIKELY, Transcript
from .base import VadSettings
from .endpointing import BRIEF_S, DONE, Evidence, Words, wait_s, words_of

#: Silences at which the detector is asked, s: what it says becomes surer while a pause lasts.
ASK_AT_S = (0.1, 0.3, 0.6, 1.0)
#: Where the words are likely a known question, the recogniser says within this time whether they are, for which nobody
#: has to be asked; what the detector would take of the cores it takes from that, s.
ASK_OF_KNOWN_AT_S = 0.3
#: A silence of this length is told of, where it is likely the end, s: the answer is prepared meanwhile.
PAUSE_S = 0.13
#: Where no longer wait is wanted than this, at a patience of 0.5, it is likely the end, s.
LIKELY_WAIT_S = 0.9

#: A recogniser whose final words come this soon after an utterance's end is not behind, s.
PROMPT_S = 0.2


class PauseNews(NamedTuple):
    """kind: PAUSED or RESUMED, where that is to be told; ask: the detector should judge the utterance now."""

    kind: VoiceKind | None = None
    ask: bool = False


class TurnEnd:
    """Of one session; `began` starts it anew. judged: whether there is a detector to wait for."""

    def __init__(self, settings: VadSettings, *, judged: bool) -> None:
        self._settings = settings
        self._judged = judged
        self._evidence = Evidence()
        self._asked = 0
        self._maybe_known = False
        self._paused = False

    def began(self, *, over_speech: bool) -> None:
        """An utterance begins. over_speech: while the avatar spoke."""
        self._evidence = Evidence(over_speech=over_speech, behind=self._evidence.behind)
        self._asked, self._maybe_known, self._paused = 0, False, False

    @property
    def probability(self) -> float | None:
        """That the user is done, by the sound; None: nobody has judged it in this pause."""
        return self._evidence.probability

    @property
    def wait_s(self) -> float:
        """Silence that ends the utterance, s."""
        return wait_s(self._settings, self._evidence)

    def read(self, partial: Transcript, silence_s: float = 0.0) -> None:
        """The words so far, which came when it had been silent for `silence_s`."""
        words = words_of(partial, self._settings.locale)
        self._maybe_known = words is Words.COMPLETE or EVENT_LIKELY in partial.events
        behind = self._evidence.behind
        if words is Words.COMPLETE:
            behind = silence_s >= self._settings.stop_silence_s
        self._evidence = replace(self._evidence, words=words, confidence=partial.confidence, behind=behind)

    def read_final(self, late_s: float) -> None:
        """The final transcript came `late_s` after the end of the utterance."""
        if late_s < PROMPT_S:
            self._evidence = replace(self._evidence, behind=False)

    def judge(self, probability: float | None) -> None:
        """The detector's verdict on this pause."""
        self._evidence = replace(self._evidence, probability=probability)

    def step(self, silence_s: float, voice_s: float = 60.0) -> PauseNews:
        """`silence_s` have passed since the last speech of an utterance that began `voice_s` before that."""
        self._evidence = replace(self._evidence, brief=voice_s <= BRIEF_S)
        if silence_s <= 0.0:
            resumed, self._paused, self._asked = self._paused, False, 0
            self._evidence = replace(self._evidence, probability=None)
            return PauseNews(VoiceKind.RESUMED if resumed else None)
        ask = self._judged and self._is_time_to_ask(silence_s)
        if ask:
            self._asked = bisect_right(ASK_AT_S, silence_s)
        if self._paused or silence_s < PAUSE_S or not self._likely:
            return PauseNews(ask=ask)
        self._paused = True
        return PauseNews(VoiceKind.PAUSED, ask)

    def _is_time_to_ask(self, silence_s: float) -> bool:
        sure = self._evidence.probability is not None and self._evidence.probability >= DONE
        if sure or self._asked == len(ASK_AT_S) or (self._maybe_known and silence_s < ASK_OF_KNOWN_AT_S):
            return False
        return silence_s >= ASK_AT_S[self._asked]

    @property
    def _likely(self) -> bool:
        unjudged = self._judged and self._evidence.probability is None
        if unjudged and self._evidence.words is not Words.COMPLETE:
            return False
        return wait_s(replace(self._settings, patience=0.5), self._evidence) <= LIKELY_WAIT_S
