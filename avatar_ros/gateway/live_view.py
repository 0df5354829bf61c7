"""What /health, /metrics and /admin tell: written by the stage's thread, read by the server's."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .lobby import Lobby
from .pipelines import NEEDED, Pipelines


@dataclass
class LiveView:
    """Each field is replaced as a whole, so that a reader never sees half of one. No words of visitors."""

    version: str = ""
    accepting: bool = False
    waiting: int = 0
    nodes: dict[str, str] = field(default_factory=dict)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    begun: int = 0
    questions: int = 0
    generating: int = 0
    generate_waiting: int = 0
    generated: int = 0
    _keys: set[str] = field(default_factory=set)
    _asked: dict[str, int] = field(default_factory=dict)

    def update(self, lobby: Lobby, now_s: float) -> None:
        """Take it all from the lobby."""
        self.accepting = lobby.accepting
        self.waiting = lobby.waiting
        self._look_at(lobby.pipelines)
        keys = {session.key for session in lobby.sessions.values()}  # a name changes where a conversation moves
        self.begun += len(keys - self._keys)
        self._keys = keys
        asked = {session.key: session.figures.questions for session in lobby.sessions.values()}
        self.questions += sum(count - self._asked.get(name, 0) for name, count in asked.items())
        self._asked = asked
        self.sessions = [
            {
                "name": session.name,
                "pipeline": lobby.pipelines.where(session.name).name,
                "state": session.state.name.lower(),
                "connected": session.visitor is not None,
                "age_s": round(now_s - session.began_s, 1),
                "silent_s": round(now_s - session.used_s, 1),
                "mic": session.ear.way,
                "questions": session.figures.questions,
                "first_sound_ms": _middle(session.figures.first_sound_ms),
                "page": session.figures.page,
            }
            for session in lobby.sessions.values()
        ]

    def _look_at(self, pipelines: Pipelines) -> None:
        load = pipelines.load()
        self.pipelines = [
            {"name": one.name, "ok": one.is_well, "sessions": load[one.name], "max_sessions": one.places}
            for one in pipelines.all
        ]
        several = len(pipelines.all) > 1
        self.nodes = {
            f"{one.name}/{node}" if several else node: "missing" if node in one.lacking else "ok"
            for one in pipelines.all
            for node in sorted(NEEDED)
        }

    def first_sounds_ms(self) -> list[float]:
        """The middle first sound of each session that has one."""
        return [session["first_sound_ms"] for session in self.sessions if session["first_sound_ms"] is not None]


def _middle(values: Any) -> float | None:
    return round(median(values), 1) if values else None
