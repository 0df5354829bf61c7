"""One browser's conversation: what the graph says becomes frames, what the page says becomes messages. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..core.clock import ns_from_s, s_from_ns
from ..core.enums import AgentState, InterruptAction, Layer, PlaybackState, SessionKind, VoiceKind
from ..core.events import AvatarState, Interrupt, SessionEvent
from ..core.rates import LISTENING_RATE_HZ
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import AudioFrame, Expression, Sentence, SpeechChunk, Talk, Transcript, VoiceActivity
from . import page_frames
from .page_messages import ClockReport, Figures, PageMessage, SpeechChoice, StopButton, TalkPress, TypedText
from .page_playback import PagePlayback
from .sent_frames import Frame, SentFrames
from .session_figures import SessionFigures
from .speech_offer import USUAL_VOICE, SpeechOffer
from .turn_numbers import TurnNumbers

#: A gap in the microphone's count that is longer is a stream that began anew, s.
_LONGEST_GAP_S = 60.0
#: An OPENED that the dialogue has not answered is said again after this time, s.
_ASK_AGAIN_S = 1.0


class Visitor(Protocol):
    """A page's socket, as the session sees it. send: never waits; droppable: a newer one will do as well."""

    address: str

    def send(self, frame: Frame, *, droppable: bool = False) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


@dataclass
class _Microphone:
    """Counts its samples: our own number goes on where a page begins anew."""

    next_own: int = 0
    next_theirs: int | None = None

    def place(self, first_sample: int, count: int) -> int:
        gap = 0 if self.next_theirs is None else first_sample - self.next_theirs
        if not 0 <= gap <= _LONGEST_GAP_S * LISTENING_RATE_HZ:
            gap = 0
        own = self.next_own + gap
        self.next_own, self.next_theirs = own + count, first_sample + count
        return own


@dataclass
class PageSession:
    """name: the session's in the graph; key: what the page shows to come back; origin_s: zero of the session's time.

    visitor: its socket, None while it is lost; opened: the dialogue has answered.
    """

    name: str
    key: str
    address: str
    locale: str
    origin_s: float
    began_s: float
    voice: str = USUAL_VOICE
    speech: SpeechOffer = field(default_factory=SpeechOffer)
    visitor: Visitor | None = None
    lost_s: float | None = None
    used_s: float = 0.0
    opened: bool = False
    state: AgentState = AgentState.IDLE
    sent: SentFrames = field(default_factory=SentFrames)
    figures: SessionFigures = field(default_factory=SessionFigures)
    _turns: TurnNumbers = field(default_factory=TurnNumbers)
    _mic: _Microphone = field(default_factory=_Microphone)
    _asked_s: float = -math.inf

    def __post_init__(self) -> None:
        self.used_s = self.began_s
        self._playback = PagePlayback(self.name)
        self._takers: dict[type, Callable[[Any, float], None]] = {
            AvatarState: self._state,
            SpeechChunk: self._voice,
            Expression: self._face,
            Sentence: self._sentence,
            Transcript: self._transcript,
            VoiceActivity: self._activity,
            Interrupt: self._order,
        }
        self._answers: dict[type, Callable[[Any, float], Iterable[Out]]] = {
            ClockReport: self._clock,
            TypedText: self._typed,
            StopButton: self._stop,
            TalkPress: self._talk,
            Figures: self._measured,
            SpeechChoice: self._choose,
        }

    # --- from the graph ------------------------------------------------------------------------------------------

    def take(self, message: Message, now_s: float) -> None:
        """A message of this session: what follows for the page is sent."""
        if (taker := self._takers.get(type(message))) is not None:
            taker(message, now_s)

    def _state(self, state: AvatarState, now_s: float) -> None:
        self.opened = True
        self.state = state.state
        if state.state in (AgentState.SPEAKING, AgentState.THINKING):
            self.used_s = now_s
        turn = self._turns.number((state.epoch, state.turn))
        self._tell("state", turn=turn, state=state.state.name.lower())

    def _voice(self, chunk: SpeechChunk, now_s: float) -> None:
        key = (chunk.epoch, chunk.turn)
        if turn := self._turns.number(key):
            self._playback.sound(key, chunk)
            self._keep(lambda seq: page_frames.voice(seq, turn, chunk))

    def _face(self, face: Expression, now_s: float) -> None:
        if face.layer is Layer.IDLE:
            if self.visitor is not None:
                at_s = s_from_ns(face.steady_ns) - self.origin_s
                self.visitor.send(page_frames.face(0, 0, face, at_s), droppable=True)
        elif turn := self._turns.number((face.epoch, face.turn)):
            self._keep(lambda seq: page_frames.face(seq, turn, face, 0.0))

    def _sentence(self, sentence: Sentence, now_s: float) -> None:
        turn = self._turns.number((sentence.epoch, sentence.turn))
        fields = {"locale": sentence.locale, "expression": sentence.expression, "last": sentence.last}
        self._tell("sentence", turn=turn, index=sentence.index, text=sentence.text, **fields)

    def _transcript(self, heard: Transcript, now_s: float) -> None:
        fields = {"text": heard.text, "final": heard.final, "rejected": heard.rejected}
        self._tell("heard", utterance=heard.utterance, **fields)

    def _activity(self, activity: VoiceActivity, now_s: float) -> None:
        self.used_s = now_s
        if activity.kind in (VoiceKind.STARTED, VoiceKind.STOPPED):
            self._tell("voice", speaking=activity.kind is VoiceKind.STARTED)
        if activity.kind is VoiceKind.STOPPED:
            self.figures.asked(s_from_ns(activity.steady_ns) if activity.steady_ns else now_s)

    def _order(self, order: Interrupt, now_s: float) -> None:
        turn = self._turns.number_up_to((order.epoch, order.turn))
        if turn or order.action is InterruptAction.RESUME:
            self._tell("order", turn=turn, action=order.action.name.lower())

    # --- from the page -------------------------------------------------------------------------------------------

    def hear(self, data: bytes, now_s: float) -> Iterator[Out]:
        """Sound of its microphone. Raises RefusalError."""
        mic = page_frames.read_mic(data)
        length_s = len(mic.pcm) / LISTENING_RATE_HZ
        at_s = mic.at_s + self.origin_s
        if not abs(at_s + length_s - now_s) <= _LONGEST_GAP_S:  # NaN, too
            at_s = now_s - length_s
        first = self._mic.place(mic.first_sample, len(mic.pcm))
        yield Out(
            "mic/audio",
            AudioFrame(
                session=self.name,
                first_sample=first,
                sample_rate_hz=LISTENING_RATE_HZ,
                pcm=mic.pcm,
                steady_ns=ns_from_s(max(0.0, min(at_s, now_s))),
            ),
        )

    def answer(self, message: PageMessage, now_s: float) -> Iterable[Out]:
        """Something that the page says."""
        answer = self._answers.get(type(message))
        return answer(message, now_s) if answer else ()

    def _clock(self, report: ClockReport, now_s: float) -> Iterator[Out]:
        key = self._turns.key(report.turn)
        if key is None:
            return
        if report.state is PlaybackState.PLAYING:
            self.used_s = now_s
            self.figures.sounded(report.turn, report.at_s + self.origin_s)
        yield from self._playback.report(key, report, report.at_s + self.origin_s, now_s)

    def _typed(self, typed: TypedText, now_s: float) -> Iterator[Out]:
        self.used_s = now_s
        self.figures.asked(now_s)
        yield Out("speech/transcript", Transcript(session=self.name, text=typed.text, locale=self.locale))

    def _stop(self, button: StopButton, now_s: float) -> Iterator[Out]:
        self.used_s = now_s
        if (newest := self._turns.newest) is not None:
            yield Out("interrupt", Interrupt(self.name, *newest, InterruptAction.CANCEL, "button"))

    def _talk(self, button: TalkPress, now_s: float) -> Iterator[Out]:
        self.used_s = now_s
        yield Out("mic/talk", Talk(self.name, button.pressed))

    def _measured(self, figures: Figures, now_s: float) -> Iterable[Out]:
        self.figures.page = dict(figures.values)
        return ()

    def _choose(self, choice: SpeechChoice, now_s: float) -> Iterator[Out]:
        self.used_s = now_s
        if choice.locale:
            self.locale = self.speech.choose_locale(choice.locale)
        if choice.voice:
            self.voice = self.speech.choose_voice(choice.voice)
        self._tell("speech", **self.spoken)
        yield self._event()

    @property
    def spoken(self) -> dict[str, Any]:
        """What the page is told of its language and voice. heard: whether the server understands it spoken."""
        return {"locale": self.locale, "voice": self.voice, "heard": self.speech.hears(self.locale)}

    def refuse(self, problem: dict[str, str]) -> None:
        """Tell the person what is not possible here; the conversation goes on."""
        self._tell("error", **problem)

    def _event(self) -> Out:
        return Out("session", SessionEvent(self.name, SessionKind.OPENED, locale=self.locale, voice=self.voice))

    # --- its life ------------------------------------------------------------------------------------------------

    def tick(self, now_s: float) -> Iterator[Out]:
        """Ask the dialogue for the conversation until it answers; hold what is spoken while the page is away."""
        if not self.opened and now_s - self._asked_s >= _ASK_AGAIN_S:
            self._asked_s = now_s
            yield self._event()
        if self.visitor is None:
            yield from self._playback.lost(now_s)

    def lose(self, now_s: float) -> Iterator[Out]:
        """Its socket is gone."""
        self.visitor, self.lost_s = None, now_s
        yield from self._playback.lost(now_s)

    def close(self, now_s: float) -> Iterator[Out]:
        """It is over."""
        yield from self._playback.ended(now_s)
        yield Out("session", SessionEvent(self.name, SessionKind.CLOSED))

    def _tell(self, kind: str, **fields: Any) -> None:
        self._keep(lambda seq: json.dumps({"kind": kind, "seq": seq, **fields}, ensure_ascii=False))

    def _keep(self, make: Callable[[int], Frame]) -> None:
        frame = self.sent.add(make)
        if self.visitor is not None:
            self.visitor.send(frame)
