"""What /health, /metrics and /admin tell: written by the stage's thread, read by the server's."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .lobby import Lobby


@dataclass
class LiveView:
    """Each field is replaced as a whole, so that a reader never sees half of one. No words of visitors."""

    version: str = ""
    accepting: bool = False
    waiting: int = 0
    nodes: dict[str, str] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    begun: int = 0
    questions: int = 0
    generating: int = 0
    generate_waiting: int = 0
    generated: int = 0
    _names: set[str] = field(default_factory=set)
    _asked: dict[str, int] = field(default_factory=dict)

    def update(self, lobby: Lobby, lacking: Set[str], needed: Set[str], now_s: float) -> None:
        """Take it all from the lobby."""
        self.accepting = lobby.accepting
        self.waiting = lobby.waiting
        self.nodes = {name: "missing" if name in lacking else "ok" for name in sorted(needed)}
        self.begun += len(lobby.sessions.keys() - self._names)
        self._names = set(lobby.sessions)
        asked = {session.name: session.figures.questions for session in lobby.sessions.values()}
        self.questions += sum(count - self._asked.get(name, 0) for name, count in asked.items())
        self._asked = asked
        self.sessions = [
            {
                "name": session.name,
                "state": session.state.name.lower(),
                "connected": session.visitor is not None,
                "age_s": round(now_s - session.began_s, 1),
                "silent_s": round(now_s - session.used_s, 1),
                "questions": session.figures.questions,
                "first_sound_ms": _middle(session.figures.first_sound_ms),
                "page": session.figures.page,
            }
            for session in lobby.sessions.values()
        ]

    def first_sounds_ms(self) -> list[float]:
        """The middle first sound of each session that has one."""
        return [session["first_sound_ms"] for session in self.sessions if session["first_sound_ms"] is not None]


def _middle(values: Any) -> float | None:
    return round(median(values), 1) if values else None
