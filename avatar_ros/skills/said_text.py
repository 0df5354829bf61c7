"""One text of a skill, from its `say` to its result: whether it was spoken, and what of it was heard."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.enums import AgentState, InterruptAction, SayWhen
from ..core.events import AvatarState, Interrupt, Say, SayResult
from ..core.spoken_text import join_sentences
from ..core.stage import Out
from ..core.topics import Message
from .goals import SayEnd, SayNews, SayPhase
from .observed import Observed, Turn

#: What our ids begin with.
ID_PREFIX = "skills/"
#: Words that wait while nobody speaks may have been lost on their way: after this time it is asked for them, s.
_PROBE_S = 3.0
#: Times that words are sent.
_MOST_SENT = 3
#: Longest wait for the result of what was taken back, s.
_WITHDRAW_S = 1.0


class SaidText:
    """`end`: the result, once it is over. patience_s: how long no dialogue may be there."""

    def __init__(self, say: Say, observed: Observed, patience_s: float) -> None:
        self.say = say
        self.end: SayEnd | None = None
        self.phase = SayPhase.WAITING
        self._observed = observed
        self._patience_s = patience_s
        self._epoch = 0
        self._sent = 0
        self._alone_s: float | None = None  # since when no dialogue is there
        self._quiet_s: float | None = None  # since when it should have been spoken
        self._probing = self._skip_next = False
        self._stopped: tuple[str, float] | None = None  # why it is taken back, and since when
        self._turn: Turn | None = None
        self._heard_before = ""  # under former turns

    @property
    def news(self) -> SayNews:
        """How far it is."""
        sentence, spoken = self._heard()
        share = min(1.0, len(spoken) / max(1, len(self.say.text)))
        return SayNews(self.phase, sentence, share, spoken)

    def tick(self, now_s: float) -> Iterable[Out]:
        """To be called at the beginning, and several times a second."""
        if self.end is not None:
            return
        if self._stopped is not None:
            if now_s - self._stopped[1] > _WITHDRAW_S:
                yield from self._silence()
                self._finish(self._stopped[0])
        elif self._is_alone(now_s):
            self._finish("no_dialogue")
        elif not self._sent:
            if self._observed.reachable("say"):
                yield from self._send(now_s)
        elif self._probing and self._quiet_s is not None and now_s - self._quiet_s > self._patience_s:
            self._finish("no_dialogue")
        elif self._is_lost(now_s):
            self._probing, self._quiet_s = True, now_s
            yield self._order(SayWhen.WITHDRAW)

    def push(self, message: Message, now_s: float) -> Iterable[Out]:
        """A state, or a result."""
        if self.end is None and isinstance(message, AvatarState):
            yield from self._follow(message, now_s)
        elif self.end is None and isinstance(message, SayResult) and message.id == self.say.id and self._sent:
            yield from self._take(message, now_s)

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Take it back."""
        if self.end is not None or self._stopped is not None:
            return
        if not self._sent:
            self._finish(reason)
            return
        self._stopped = (reason, now_s)
        yield self._order(SayWhen.WITHDRAW)

    # --- machinery ------------------------------------------------------------------------------------------------

    def _send(self, now_s: float) -> Iterable[Out]:
        self._sent += 1
        self._epoch, self._quiet_s = self._observed.epoch, now_s
        yield Out("say", self.say)

    def _follow(self, state: AvatarState, now_s: float) -> Iterable[Out]:
        if not self._sent:
            return
        self._epoch = self._epoch or state.epoch
        if state.epoch > self._epoch:
            yield self._order(SayWhen.WITHDRAW)  # should the new one have got it all the same
            self._finish("dialogue_lost")
        elif state.say == self.say.id:
            self._speak(state)
        elif self._observed.busy or self._quiet_s is None:
            self._quiet_s = now_s

    def _speak(self, state: AvatarState) -> None:
        turn = (state.epoch, state.turn)
        if self._turn is not None and turn != self._turn:  # it is said again from where it broke off
            self._heard_before = join_sentences([self._heard_before, self._observed.heard(self._turn)[1]])
        self._turn = turn
        if state.state is AgentState.SPEAKING:
            self.phase = SayPhase.SPEAKING
        else:
            self.phase = SayPhase.PREPARING if self.phase < SayPhase.SPEAKING else SayPhase.PAUSED

    def _take(self, result: SayResult, now_s: float) -> Iterable[Out]:
        if self._skip_next:  # the result of a WITHDRAW that has found it
            self._skip_next = False
        elif self._stopped is not None and result.reason in ("withdrawn", "unknown_id"):
            spoken = result.spoken or self._heard()[1]
            self.end = SayEnd(False, spoken, self._stopped[0])
        elif self._probing and result.reason in ("withdrawn", "unknown_id"):
            self._probing, self._skip_next = False, result.reason == "withdrawn"
            if self._sent < _MOST_SENT:
                yield from self._send(now_s)
            else:
                self._finish("no_dialogue")
        elif result.reason != "unknown_id":
            self.end = SayEnd(result.done, result.spoken, result.reason)

    def _is_alone(self, now_s: float) -> bool:
        if self._observed.reachable("say"):
            self._alone_s = None
        elif self._alone_s is None:
            self._alone_s = now_s
        return self._alone_s is not None and now_s - self._alone_s > self._patience_s

    def _silence(self) -> Iterable[Out]:
        """No dialogue takes it back, but the voice and the loudspeaker may have all of it, and go on."""
        if self._turn is not None:
            yield Out("interrupt", Interrupt(self.say.session, *self._turn, InterruptAction.CANCEL))

    def _is_lost(self, now_s: float) -> bool:
        if self._probing or self.phase is not SayPhase.WAITING or self._observed.busy:
            return False
        return self._quiet_s is not None and now_s - self._quiet_s > _PROBE_S

    def _finish(self, reason: str) -> None:
        self.end = SayEnd(False, self._heard()[1], reason)

    def _heard(self) -> tuple[int, str]:
        if self._turn is None:
            return 0, ""
        sentence, spoken = self._observed.heard(self._turn)
        return sentence, join_sentences([self._heard_before, spoken])

    def _order(self, when: SayWhen) -> Out:
        return Out("say", Say(self.say.session, self.say.id, when=when))
