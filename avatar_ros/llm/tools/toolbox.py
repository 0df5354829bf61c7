"""What a chat service is offered of the robot: the tools of a file, who calls them, and what became of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from ...core.errors import ConfigError
from ...core.locales import AUTO, per_language
from ...core.paths import share_file
from ...core.types import Prompt
from ..openai_settings import OpenAiSettings
from .call_group import CallGroup
from .caller import ToolCaller
from .tool_answer import Ask, ToolAnswer, ToolOffer, ToolPolicy
from .tool_calls import ToolCall
from .tool_file import Tool, load_tools

_waiting = per_language(yaml, lambda language: language.waiting, ())


class Toolbox:
    """locale: the kiosk's, for what is said meanwhile in a language that has no words for it."""

    def __init__(self, own: OpenAiSettings, locale: str, caller: ToolCaller | None) -> None:
        self._own = own
        self._locale = locale
        self._caller = caller
        self._tools: Mapping[str, Tool] = {}
        self._news: deque[tuple[str, str]] = deque()  # of calls, from any thread
        self._calls: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._refused = False

    def load(self) -> None:
        """Read the file, if one is named, and look for the services. Raises ConfigError."""
        self._refused = False
        self._tools = load_tools(share_file(self._own.tools)) if self._own.tools else {}
        if not self._tools:
            return
        if self._caller is None:
            raise ConfigError("tools_no_robot", "parameter 'openai.tools' is set, and nothing here reaches a robot")
        self._caller.open({tool.service for tool in self._tools.values()})

    def __bool__(self) -> bool:
        """Whether there is anything to offer, to a service that takes it."""
        return bool(self._tools) and not self._refused

    def fields(self, offer: ToolOffer) -> dict[str, Any]:
        """What a request says of the tools."""
        if offer is ToolOffer.NOTHING:
            return {}
        offers = [tool.offer() for tool in self._tools.values()]
        return {"tools": offers, **({"tool_choice": "none"} if offer is ToolOffer.NO_MORE else {})}

    def answer(self, ask: Ask, prompt: Prompt, wake: Callable[[], None], now_s: float) -> ToolAnswer:
        """Begin to answer a prompt with the tools at hand."""
        own = self._own
        policy = ToolPolicy(own.tool_rounds, self._texts(prompt.locale), (own.waiting_after_s, own.waiting_again_s))

        def call(calls: Sequence[ToolCall]) -> CallGroup:
            assert self._caller is not None, "load() comes first"
            return CallGroup(calls, self._tools, self._caller, prompt.session, wake, self._report)

        return ToolAnswer(ask, call, self._note_refusal, policy, now_s, held=prompt.speculative)

    def status(self) -> dict[str, str]:
        """Counts, no words; a warning while nobody offers a tool, or the service takes none."""
        if not self._tools or self._caller is None:
            return {}
        while self._news:
            name, kind = self._news.popleft()
            (self._failures if kind else self._calls)[f"{name} {kind}".strip()] += 1
        status = {"tools": ", ".join(self._tools), "tool_calls": _counts(self._calls)}
        status |= {"tool_failures": _counts(self._failures)} if self._failures else {}
        missing = dict.fromkeys(filter(None, (self._caller.problem(tool.service) for tool in self._tools.values())))
        refused = ["the service refuses requests with tools: answers go without them"]
        problems = refused if self._refused else list(missing)
        return {**status, "warning": f"tools: {'; '.join(problems)}"} if problems else status

    def close(self) -> None:
        """Let go of the services."""
        if self._caller is not None:
            self._caller.close()

    def _texts(self, locale: str) -> tuple[str, str]:
        given = self._own.waiting
        texts = (given,) if given != AUTO else _waiting(locale) or _waiting(self._locale)
        return (texts[0], texts[-1]) if texts else ("", "")

    def _report(self, tool: str, kind: str) -> None:
        self._news.append((tool, kind))

    def _note_refusal(self) -> None:
        self._refused = True


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counter.most_common(8)) or "0"
