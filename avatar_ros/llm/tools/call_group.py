"""The calls of one answer, under way at the same time: refused, sent, waited for, given up. Told the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .caller import ToolCaller
from .json_schema import misfit
from .tool_calls import ToolCall
from .tool_file import Tool

#: Longest result, characters: a model reads it before it says a word.
LONGEST_RESULT = 16_000
#: More calls at once are refused.
MOST_AT_ONCE = 8
#: A service is looked for, or missed, for so long: DDS may not have told yet, or be short of breath.
FIND_S = 2.0
_LONGEST_ERROR = 1000

#: (tool, kind of failure; "" for a call that is made): what diagnostics may tell, without anybody's words.
Report = Callable[[str, str], None]


@dataclass
class _PendingCall:
    """One call. seen_s: when its service was last there; outcome: (result, error) once it is known."""

    call: ToolCall
    tool: Tool | None
    began_s: float
    seen_s: float
    arguments: str = ""
    give_up: Callable[[], None] | None = None
    outcome: tuple[str, str] | None = None


class CallGroup:
    """All methods but `close` are called on one thread. wake, report: called from any; wake when a result came."""

    def __init__(
        self,
        calls: Sequence[ToolCall],
        tools: Mapping[str, Tool],
        caller: ToolCaller,
        session: str,
        wake: Callable[[], None],
        report: Report,
    ) -> None:
        self._calls = calls
        self._tools = tools
        self._caller = caller
        self._session = session
        self._wake = wake
        self._report = report
        self._pending: list[_PendingCall] = []
        self._closed = False
        self.started = False

    def start(self, now_s: float) -> None:
        """Check all calls, and send those that are right."""
        self.started = True
        for number, call in enumerate(self._calls):
            pending = _PendingCall(call, self._tools.get(call.name), now_s, now_s)
            self._pending.append(pending)
            self._report(_known(pending), "")
            pending.arguments, refusal = self._checked(call, pending.tool, number)
            if refusal:
                self._fail(pending, "refused", refusal)
        self.tick(now_s)

    def tick(self, now_s: float) -> None:
        """Send what could not be sent before, and give up what takes too long."""
        for pending in self._pending:
            if pending.outcome is None and pending.tool is not None:
                self._look_after(pending, pending.tool, now_s)

    @property
    def done(self) -> bool:
        """Whether every call has its outcome."""
        return self.started and all(pending.outcome is not None for pending in self._pending)

    def messages(self, text: str) -> list[dict[str, Any]]:
        """What the next request tells of it: the model's calls, after its `text`, and a result for each."""
        called = [
            {"id": one.call.id, "type": "function", "function": {"name": one.call.name, "arguments": one.arguments}}
            for one in self._pending
        ]
        results = [
            {"role": "tool", "tool_call_id": one.call.id, "content": self._content(one)} for one in self._pending
        ]
        return [{"role": "assistant", "content": text, "tool_calls": called}, *results]

    def close(self) -> None:
        """Wait for nothing any more; from any thread, any number of times. A program that was called goes on."""
        self._closed = True
        for pending in tuple(self._pending):
            if pending.give_up is not None and pending.outcome is None:
                pending.give_up()

    def _checked(self, call: ToolCall, tool: Tool | None, number: int) -> tuple[str, str]:
        """(arguments as JSON of an object, why the call is refused)."""
        if tool is None:
            return "{}", f"there is no tool '{call.name[:64]}'; known: {', '.join(self._tools)}"
        if number >= MOST_AT_ONCE:
            return "{}", f"more than {MOST_AT_ONCE} calls at once; call again"
        try:
            arguments = json.loads(call.arguments.strip() or "{}")
            if isinstance(arguments, str):  # written twice, as small models do
                arguments = json.loads(arguments)
            text = json.dumps({} if arguments is None else arguments, ensure_ascii=False)
        except (ValueError, RecursionError):
            return "{}", "the arguments are no JSON"
        wrong = misfit({} if arguments is None else arguments, tool.parameters)
        return ("{}", wrong) if wrong else (text, "")

    def _look_after(self, pending: _PendingCall, tool: Tool, now_s: float) -> None:
        problem = self._caller.problem(tool.service)
        if not problem:
            pending.seen_s = now_s
            if pending.give_up is None and not self._closed:
                self._send(pending, tool)
        if now_s - pending.began_s > tool.timeout_s:
            self._give_up(pending, "timeout", f"the tool did not answer within {tool.timeout_s:g} s")
        elif now_s - pending.seen_s > FIND_S:
            self._give_up(pending, "missing", problem)

    def _send(self, pending: _PendingCall, tool: Tool) -> None:
        done = partial(self._take, pending)
        pending.give_up = self._caller.call(tool.service, self._session, tool.name, pending.arguments, done)
        if self._closed:  # by another thread, meanwhile
            pending.give_up()

    def _take(self, pending: _PendingCall, result: str, error: str) -> None:
        if pending.outcome is not None or self._closed:
            return
        if error:
            self._fail(pending, "error", error[:_LONGEST_ERROR])
        elif len(result) > LONGEST_RESULT:
            told = f"the tool's result has {len(result)} characters, more than {LONGEST_RESULT}"
            self._fail(pending, "too_long", told)
        elif result.strip() and not _is_json(result):
            self._fail(pending, "no_json", "the tool's result is no JSON")
        else:
            pending.outcome = (result.strip() or '{"done": true}', "")
        self._wake()

    def _give_up(self, pending: _PendingCall, kind: str, error: str) -> None:
        if pending.give_up is not None:
            pending.give_up()
        self._fail(pending, kind, error)

    def _fail(self, pending: _PendingCall, kind: str, error: str) -> None:
        self._report(_known(pending), kind)
        pending.outcome = ("", error)

    @staticmethod
    def _content(pending: _PendingCall) -> str:
        result, error = pending.outcome or ("", "given up")
        return json.dumps({"error": error}, ensure_ascii=False) if error else result


def _known(pending: _PendingCall) -> str:
    return pending.tool.name if pending.tool is not None else "unknown tool"  # a model's words are no name


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
