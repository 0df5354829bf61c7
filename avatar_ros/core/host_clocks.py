"""The clocks of other hosts that send us times: when to ask them, and what became of it. Told the time; sends nothing.

A message whose `clock_id` is another's has its `steady_ns` moved onto our clock, or set to 0, which means unknown, as
long as that clock has not answered. Every stage works without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .clock_map import ClockAnswer, ClockMap
from .events import ClockPing

#: The first questions follow each other quickly, later ones seldom, s.
_FIRST, _FIRST_PERIOD_S, _PERIOD_S = 8, 0.1, 4.0
#: A clock that no message named for so long is asked no more, s.
_UNUSED_S = 60.0
#: Hosts whose clocks are followed at a time: more than a robot has.
_MOST = 8
#: Questions that the answering node may leave open before anybody may answer.
_PATIENCE = 3
#: Questions whose answers are still taken.
_OPEN = 16


@dataclass
class _Host:
    seen_s: float
    map: ClockMap = field(default_factory=ClockMap)
    node: str = ""  # that answers
    open_ns: list[int] = field(default_factory=list)
    unanswered: int = 0
    asked: int = 0
    next_s: float = 0.0


class HostClocks:
    """Of one node, whose own clock is `own`."""

    def __init__(self, own: int) -> None:
        self._own = own
        self._hosts: dict[int, _Host] = {}

    @property
    def any(self) -> bool:
        """Whether there are others."""
        return bool(self._hosts)

    def on_own_clock(self, message: Any, now_s: float) -> Any:
        """The message (of core/types.py), its steady_ns on our clock; 0 where that is not known."""
        clock_id = getattr(message, "clock_id", 0)
        if not clock_id or clock_id == self._own:
            return message
        return replace(message, clock_id=0, steady_ns=self._ours_ns(clock_id, message.steady_ns, now_s))

    def due(self, now_s: float, now_ns: int) -> list[ClockPing]:
        """The questions to be sent now; to be called ten times a second."""
        for clock_id in [id_ for id_, host in self._hosts.items() if now_s - host.seen_s > _UNUSED_S]:
            del self._hosts[clock_id]
        return [self._ask(id_, host, now_s, now_ns) for id_, host in self._hosts.items() if now_s >= host.next_s]

    def reply(self, question: ClockPing, node: str, heard_ns: int, answered_ns: int) -> ClockPing | None:
        """Our answer, if it is we who are asked."""
        if question.heard_ns or question.asked != self._own or question.node not in ("", node):
            return None
        return replace(question, node=node, heard_ns=heard_ns, answered_ns=answered_ns, stamp_ns=0)

    def answered(self, answer: ClockPing, came_ns: int) -> None:
        """Take an answer to a question of ours; others' are not believed."""
        host = self._hosts.get(answer.asked)
        if answer.asker != self._own or not answer.heard_ns or host is None or answer.asked_ns not in host.open_ns:
            return
        host.node = host.node or answer.node
        if answer.node == host.node:
            host.open_ns.remove(answer.asked_ns)
            host.unanswered = 0
        host.map.add(ClockAnswer(answer.asked_ns, answer.heard_ns, answer.answered_ns, came_ns))

    def status(self) -> Mapping[str, str]:
        """For diagnostics: a line for each of the others."""
        return {f"clock_{id_:016x}"[:14]: _line(host) for id_, host in self._hosts.items()}

    def _ours_ns(self, clock_id: int, steady_ns: int, now_s: float) -> int:
        host = self._hosts.get(clock_id)
        if host is None and len(self._hosts) < _MOST:
            host = self._hosts[clock_id] = _Host(now_s)
        if host is None:
            return 0
        host.seen_s = now_s
        return max(0, host.map.ours_ns(steady_ns)) if steady_ns and host.map.known else 0

    def _ask(self, clock_id: int, host: _Host, now_s: float, now_ns: int) -> ClockPing:
        host.asked += 1
        host.unanswered += 1
        if host.unanswered > _PATIENCE:
            host.node = ""
        quick = host.asked < _FIRST or not host.map.known
        host.next_s = now_s + (_FIRST_PERIOD_S if quick else _PERIOD_S)
        host.open_ns = [*host.open_ns[-_OPEN + 1 :], now_ns]
        return ClockPing(asker=self._own, asked=clock_id, node=host.node, asked_ns=now_ns)


def _line(host: _Host) -> str:
    if not host.map.known:
        return f"has not answered {host.asked} questions: its times count as unknown"
    found = host.map
    ahead = f"{abs(found.offset_ns) * 1e-9:.4f} s {'ahead' if found.offset_ns >= 0 else 'behind'}"
    return f"{ahead}, within {found.within_ns * 1e-6:.2f} ms, drift {found.drift * 1e6:+.1f} ppm"
