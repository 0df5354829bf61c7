"""What the monitor knows of one turn while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import Any

from ..core.events import TurnReport
from ..core.spoken_text import join_sentences, text_said

NAN = float("nan")

#: Steps of a turn in the order in which they are expected; TurnReport has a field `<step>_ms` for each.
STEPS = ("voice_stop", "transcript", "first_reply", "first_tts", "first_expression", "first_sound", "first_mouth")


@dataclass
class UtteranceTimes:
    """One utterance of the user. speech_end_s: its last sample at the microphone; *_s: when the news arrived."""

    number: int
    speech_end_s: float = NAN
    voice_stop_s: float = NAN
    transcript_s: float = NAN
    text: str = ""
    rejected: bool = False
    answered: bool = False


@dataclass
class WatchedTurn:
    """One turn. steps: name -> instant, seconds of the clock; an instant that came first stays."""

    epoch: int
    number: int
    news_s: float
    heard: UtteranceTimes | None = None
    question: str = ""
    rejected: bool = False
    unheard: bool = False  # it is only prepared: of what is thrown away nobody is told
    asked_s: float = NAN  # when its prompt came; NaN: nobody asked (say, a greeting)
    steps: dict[str, float] = field(default_factory=dict)
    reply: str = ""
    sentences: dict[int, str] = field(default_factory=dict)
    earlier: str = ""  # heard under former numbers
    playing_since_s: float | None = None  # when sample 0 of its speech left the speaker
    sentence: int = 0
    progress: float = 0.0
    ended_s: float | None = None
    interrupted: bool = False

    @property
    def asked(self) -> bool:
        """Whether it answers a prompt."""
        return not isnan(self.asked_s)

    def mark(self, step: str, at_s: float) -> None:
        """Note when a step was first reached."""
        self.steps.setdefault(step, at_s)

    @property
    def spoken(self) -> str:
        """What was really heard of the answer."""
        texts = [self.sentences.get(i, "") for i in range(max(self.sentences, default=-1) + 1)]
        if self.playing_since_s is None:
            return self.earlier
        if self.ended_s is not None and not self.interrupted:
            return join_sentences([self.earlier, *texts])
        return join_sentences([self.earlier, text_said(texts, self.sentence, self.progress)])

    def again(self) -> None:
        """It is said again, as the turn after, from the sentence that was being heard."""
        whole = self.sentence + (self.progress >= 1.0) if self.playing_since_s is not None else 0
        self.earlier = join_sentences([self.earlier, *(self.sentences.get(i, "") for i in range(whole))])
        self.number, self.sentences, self.playing_since_s = self.number + 1, {}, None
        self.sentence, self.progress = 0, 0.0

    def report(self, session: str) -> TurnReport:
        """The turn's report; a step that was not reached, or that nobody's speech came before, is NaN."""
        heard = self.heard or UtteranceTimes(0)
        at_s = {**self.steps, "voice_stop": heard.voice_stop_s, "transcript": heard.transcript_s}
        delays: dict[str, Any] = {f"{step}_ms": 1000 * (at_s.get(step, NAN) - heard.speech_end_s) for step in STEPS}
        texts = [self.sentences[i] for i in sorted(self.sentences)]
        return TurnReport(
            session=session,
            epoch=self.epoch,
            turn=self.number,
            utterance=heard.number,
            transcript=self.question,
            reply=join_sentences([self.earlier, *texts]) or self.reply.strip(),
            spoken=self.spoken,
            interrupted=self.interrupted,
            **delays,
        )
