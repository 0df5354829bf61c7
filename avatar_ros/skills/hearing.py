"""What a person says next, kept from the avatar's own answers."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.enums import ControlAction, VoiceKind
from ..core.events import Control
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import Transcript, VoiceActivity
from .observed import Observed

#: A claim is said again so often, and holds so long where it is not, s.
_RENEW_S, _LEASE_S = 1.0, 4.0
#: What was heard may reach the dialogue later than us, which must not answer it: it stays ours for so long, s.
_HEARD_LEASE_S = 0.5
#: And what a program itself says to the avatar then waits so much longer, s.
_MARGIN_S = 0.1
#: A chat's words come back to us within this time, s.
_PASSED_ON_S = 3.0
#: A voice that has ended without a transcript, or never ends, is nobody's answer after this time, s.
_TRANSCRIPT_S, _LONGEST_VOICE_S = 6.0, 40.0


class Hearing:
    """transcript: the final one, once it has come; fault: "timeout", "asleep" or "not_listening" where none will.

    timeout_s: for somebody to begin to speak, 0 without end.
    """

    def __init__(self, observed: Observed, session: str, timeout_s: float) -> None:
        self.transcript: Transcript | None = None
        self.fault = ""
        self.partial = ""
        self._observed = observed
        self._session = session
        self._timeout_s = timeout_s
        self._claimed_s: float | None = None
        self._until_s = float("inf")
        self._voice_until_s: float | None = None

    @property
    def over(self) -> bool:
        return self.transcript is not None or self.fault != ""

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks, or has spoken and is being understood."""
        return self._voice_until_s is not None

    def begin(self, now_s: float) -> Iterable[Out]:
        """From now on what is said is ours."""
        self._until_s = now_s + self._timeout_s if self._timeout_s > 0 else float("inf")
        yield from self.tick(now_s)

    def claim(self, now_s: float) -> Iterable[Out]:
        """Say again that it is ours, where that is due."""
        if self._claimed_s is None or now_s - self._claimed_s >= _RENEW_S:
            self._claimed_s = now_s
            self._observed.claimed_until_s = now_s + _LEASE_S + _MARGIN_S
            yield Out("control", Control(self._session, ControlAction.CLAIM, _LEASE_S))

    def tick(self, now_s: float) -> Iterable[Out]:
        """To be called several times a second."""
        if self.over:
            return
        if self._observed.asleep or not self._observed.listening:
            self.fault = "asleep" if self._observed.asleep else "not_listening"
        elif self._voice_until_s is not None and now_s > self._voice_until_s:
            self._voice_until_s, self.partial = None, ""
        elif self._voice_until_s is None and now_s >= self._until_s:
            self.fault = "timeout"
        else:
            yield from self.claim(now_s)

    def push(self, message: Message, now_s: float) -> None:
        """A voice, or a transcript."""
        if self.over:
            return
        if isinstance(message, VoiceActivity):
            began = message.kind in (VoiceKind.STARTED, VoiceKind.RESUMED)
            if began:
                self._voice_until_s = now_s + _LONGEST_VOICE_S
            elif message.kind is VoiceKind.STOPPED and self._voice_until_s is not None:
                self._voice_until_s = now_s + _TRANSCRIPT_S
        elif isinstance(message, Transcript) and not self._is_passed_on(message, now_s):
            self._read(message)
            if self.transcript is not None:
                self._observed.claimed_until_s = now_s + _HEARD_LEASE_S + _MARGIN_S

    def end(self) -> Iterable[Out]:
        """The avatar answers again."""
        if self._claimed_s is not None:
            self._claimed_s = None
            if self.transcript is not None:
                yield Out("control", Control(self._session, ControlAction.CLAIM, _HEARD_LEASE_S))
            else:
                self._observed.claimed_until_s = float("-inf")
                yield Out("control", Control(self._session, ControlAction.RELEASE))

    def _is_passed_on(self, transcript: Transcript, now_s: float) -> bool:
        """Whether it is a chat's: typed, by a program, to the avatar."""
        passed_on = self._observed.passed_on
        for text in [text for text, at_s in passed_on.items() if now_s - at_s > _PASSED_ON_S]:
            del passed_on[text]
        return transcript.utterance == 0 and transcript.text in passed_on

    def _read(self, transcript: Transcript) -> None:
        if not transcript.final:
            self.partial = transcript.text
        elif transcript.text or transcript.rejected:
            self.transcript = transcript
        else:  # a sound without words: whoever coughs is still to speak
            self._voice_until_s = None
