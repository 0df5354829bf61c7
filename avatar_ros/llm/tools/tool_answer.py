"""An answer of a model that may call tools: asked, called for, asked again with the results, until it is only words.

While a tool or the model after it takes longer than a moment, and nothing was said, the avatar says that it is at it.
What is only prepared calls nothing: calls are held until the answer is wanted (`confirm`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ...core.errors import LlmError
from ..base import Answer
from ..service_errors import BrokenOffError
from .call_group import CallGroup
from .tool_calls import ToolCall


class ToolOffer(Enum):
    """What a request says of tools: that they may be called; that none may be any more; nothing."""

    TOOLS = 1
    NO_MORE = 2
    NOTHING = 3


class CallingAnswer(Answer, Protocol):
    """One request's answer. calls: what it calls, once it is done."""

    @property
    def calls(self) -> tuple[ToolCall, ...]: ...


Ask = Callable[[Sequence[dict[str, Any]], ToolOffer, float], CallingAnswer]


@dataclass(frozen=True)
class ToolPolicy:
    """rounds: requests that may call tools, a question; waiting: what is said meanwhile, at first and from then on, ""
    for nothing; after_s: how long nothing has been said then, at first and from then on.
    """

    rounds: int
    waiting: tuple[str, str]
    after_s: tuple[float, float]


class ToolAnswer:
    """ask(messages that follow the question, what is offered, now_s): sends a request; call(calls): the group of them;
    refused: told where the service answers without tools alone; held: it is only being prepared.
    """

    def __init__(
        self,
        ask: Ask,
        call: Callable[[Sequence[ToolCall]], CallGroup],
        refused: Callable[[], None],
        policy: ToolPolicy,
        now_s: float,
        *,
        held: bool = False,
    ) -> None:
        self._ask = ask
        self._call = call
        self._refused = refused
        self._policy = policy
        self._held = held
        self._closed = False
        self.done = False
        self._rounds = 1
        self._messages: list[dict[str, Any]] = []
        self._group: CallGroup | None = None
        self._said = ""  # by the request at hand
        self._quiet_s: float | None = None  # since when nothing was said while tools are at work; None: they are not
        self._waits = self._spoken = 0  # sentences said meanwhile; pieces of text so far
        self._offer = ToolOffer.TOOLS
        self._request = ask((), self._offer, now_s)

    @property
    def is_over(self) -> bool:
        """Nothing is awaited any more."""
        return self.done or self._closed

    def confirm(self, now_s: float) -> None:
        """The answer is wanted: tools may be called from now on."""
        self._held = False

    def take(self, now_s: float) -> Sequence[str]:
        """See Answer. Raises BrokenOffError where the service fails after a tool was called: that is not done twice."""
        if self.done or self._closed:
            self.done = True
            return ()
        pieces = list(self._read(now_s)) if self._group is None else []
        if self._group is not None:
            self._look_after(self._group, now_s)
        if not any(pieces) and (text := self._due(now_s)):
            pieces = [text]
        return pieces

    def close(self) -> None:
        """Give up the request, and wait for no tool."""
        self._closed = True
        self._request.close()
        if (group := self._group) is not None:
            group.close()

    def _read(self, now_s: float) -> Sequence[str]:
        try:
            pieces = [piece for piece in self._request.take(now_s) if piece]
        except LlmError as error:
            return self._failed(error, now_s)
        if pieces:
            begins = not self._said and self._spoken
            self._said += "".join(pieces)
            self._spoken, self._quiet_s = self._spoken + 1, None
            if self._offer is ToolOffer.NOTHING:
                self._refused()
            pieces[:0] = ["\n"] if begins else []  # a sentence of its own
        if self._request.done:
            self._end_request()
        return pieces

    def _failed(self, error: LlmError, now_s: float) -> Sequence[str]:
        if self._rounds > 1:
            self.done = True
            raise BrokenOffError(error.code, error.text, retryable=error.retryable) from error
        if error.code != "llm_refused" or self._offer is ToolOffer.NOTHING:
            self.done = True
            raise error
        self._offer = ToolOffer.NOTHING  # many a model knows no tools, and its service no other answer to them
        self._request = self._ask((), self._offer, now_s)
        return ()

    def _end_request(self) -> None:
        calls = self._request.calls if self._offer is ToolOffer.TOOLS else ()
        if calls:
            self._group = self._call(calls)
        else:
            self.done = True

    def _look_after(self, group: CallGroup, now_s: float) -> None:
        if self._held:
            return
        if group.started:
            group.tick(now_s)
        else:
            self._quiet_s = now_s
            group.start(now_s)
        if self._closed:  # by another thread, meanwhile
            group.close()
        elif group.done:
            self._messages += group.messages(self._said)
            self._group, self._said = None, ""
            self._rounds += 1
            self._offer = ToolOffer.TOOLS if self._rounds <= self._policy.rounds else ToolOffer.NO_MORE
            self._request = self._ask(self._messages, self._offer, now_s)
            if self._closed:
                self._request.close()

    def _due(self, now_s: float) -> str:
        """What is said because nothing else was for so long; "" for nothing yet."""
        if self._quiet_s is None or self.done:
            return ""
        after_s = self._policy.after_s[int(self._spoken > 0)]
        text = self._policy.waiting[min(self._waits, 1)]
        if not text or now_s - self._quiet_s < after_s:
            return ""
        begins = "\n" if self._spoken else ""
        self._quiet_s, self._waits, self._spoken = now_s, self._waits + 1, self._spoken + 1
        return f"{begins}{text}\n"
