"""One browser's conversation: what the graph says becomes frames, what the page says becomes messages. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..audio.base import Block
from ..core.avatar_voices import USUAL_VOICE
from ..core.clock import ns_from_s, s_from_ns
from ..core.enums import AgentState, InterruptAction, Layer, PlaybackState, SessionKind, VoiceKind
from ..core.events import AvatarState, Interrupt, Say, SessionEvent
from ..core.rates import LISTENING_RATE_HZ
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import AudioFrame, Expression, Sentence, SpeechChunk, Talk, Transcript, VoiceActivity
from . import page_frames
from .page_ear import PageEar
from .page_echo import PageEcho
from .page_messages import ClockReport, Figures, MicNote, PageMessage, SpeechChoice, StopButton, TalkPress, TypedText
from .page_playback import PagePlayback
from .sent_frames import Frame, SentFrames
from .session_figures import SessionFigures
from .speech_offer import SpeechOffer
from .turn_numbers import TurnNumbers

#: An OPENED that the dialogue has not answered is said again after this time, s.
_ASK_AGAIN_S = 1.0


class Visitor(Protocol):
    """A page's socket, as the session sees it. send: never waits; droppable: a newer one will do as well."""

    address: str

    def send(self, frame: Frame, *, droppable: bool = False) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


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
    ear: PageEar = field(default_factory=PageEar)
    make_echo: Callable[[bool], PageEcho | None] = lambda cancelled_there: None
    _asked_s: float = -math.inf
    _apology: str = ""  # said as soon as the dialogue answers

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
            MicNote: self._opened_mic,
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
        yield from self._heard(self.ear.hear(data, self.origin_s, now_s))

    def _heard(self, sound: Iterable[tuple[int, Block]]) -> Iterator[Out]:
        for first, block in sound:
            yield Out(
                "mic/audio",
                AudioFrame(
                    session=self.name,
                    first_sample=first,
                    sample_rate_hz=LISTENING_RATE_HZ,
                    pcm=block.pcm,
                    steady_ns=ns_from_s(block.at_s),
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
        if self.ear.echo is not None:
            self.ear.echo.plays(playing=report.state is PlaybackState.PLAYING)
        for out in self._playback.report(key, report, report.at_s + self.origin_s, now_s):
            if isinstance(out.message, AudioFrame):
                self.ear.played(out.message)
            yield out
        yield from self._heard(self.ear.due(now_s))

    def _typed(self, typed: TypedText, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        self.figures.asked(now_s)
        yield Out("speech/transcript", Transcript(session=self.name, text=typed.text, locale=self.locale))

    def _stop(self, button: StopButton, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        if (newest := self._turns.newest) is not None:
            yield Out("interrupt", Interrupt(self.name, *newest, InterruptAction.CANCEL, "button"))

    def _talk(self, button: TalkPress, now_s: float) -> Iterable[Out]:
        self.used_s = now_s
        yield Out("mic/talk", Talk(self.name, button.pressed))

    def _measured(self, figures: Figures, now_s: float) -> Iterable[Out]:
        self.figures.page = dict(figures.values)
        return ()

    def _opened_mic(self, note: MicNote, now_s: float) -> Iterable[Out]:
        self.ear.echo = self.make_echo(note.echo_cancelled)
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
        if self.opened and self._apology:
            yield Out("say", Say(self.name, f"apology_{self.name}", self._apology, locale=self.locale))
            self._apology = ""
        yield from self._heard(self.ear.due(now_s))
        self.sent.age(now_s, there=self.visitor is not None)
        if self.visitor is None:
            yield from self._playback.lost(now_s)

    def lose(self, now_s: float) -> Iterator[Out]:
        """Its socket is gone."""
        self.visitor, self.lost_s = None, now_s
        yield from self._playback.lost(now_s)

    def move(self, name: str, apology: str) -> None:
        """Another graph goes on with it, under another name: what it was saying is cut off, and it apologises."""
        if turn := self._turns.last_number:
            self._tell("order", turn=turn, action="cancel")
        self._tell("voice", speaking=False)
        self._tell("state", turn=turn, state="idle")
        self.name, self.opened, self.state, self._apology = name, False, AgentState.IDLE, apology
        self._asked_s = -math.inf
        self._turns.begin_anew()
        self._playback = PagePlayback(name)

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
