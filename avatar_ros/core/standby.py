"""Who does a node's work where two could: the offboard half's node, or the robot's own that stands by for it.

Both know each other by `alive` alone. The one that stands by begins once the other has been silent for `after_s`, or is
of another version, and says so (STANDS_IN). The other one, when it hears that, waits (WAITS) instead of working beside
it. While it is there again, the one that stands in leaves between two turns (LEAVES), and the other goes on (SERVES).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .enums import Duty
from .events import Alive
from .peers import SILENT_S

#: A node that is back must live for so long before the work is given back to it, s.
_STEADY_S = 1.0
#: A node that comes up looks for so long whether another one stands in for it, s.
_LOOK_S = 1.0


class Standby:
    """The robot's own. role: the node that it stands by for; version: its own."""

    def __init__(self, role: str, version: str, after_s: float, now_s: float) -> None:
        self._role, self._version, self._after_s = role, version, after_s
        self._seen_s = now_s
        self._since_s: float | None = None  # since when the other one lives without a pause
        self.foreign = ""  # the other one's version, where that is another
        self.works = False

    def heard(self, alive: Alive, now_s: float) -> None:
        """Somebody lives."""
        if alive.node != self._role or alive.duty not in (Duty.SERVES, Duty.WAITS):
            return
        self.foreign = alive.version if alive.version != self._version else ""
        if self.foreign:
            self._since_s = None
            return
        if self._since_s is None or now_s - self._seen_s > SILENT_S:
            self._since_s = now_s
        self._seen_s = now_s

    def look(self, now_s: float, *, idle: bool) -> bool:
        """Whether it works from now on. idle: nothing is under way that would be torn."""
        silent_s = now_s - self._seen_s
        if not self.works:
            self.works = bool(self.foreign) or silent_s >= self._after_s
        elif idle and not self.foreign and silent_s <= SILENT_S and self._since_s is not None:
            self.works = now_s - self._since_s < _STEADY_S
        return self.works

    @property
    def duty(self) -> Duty | None:
        """What it says on `alive`; None: nothing."""
        return Duty.STANDS_IN if self.works else None


class Yielding:
    """The offboard half's: works unless another one stands in for it."""

    def __init__(self, role: str, now_s: float) -> None:
        self._role = role
        self._clear_s = now_s + _LOOK_S
        self.works = False

    def heard(self, alive: Alive, now_s: float) -> None:
        """Somebody lives."""
        if alive.node != self._role:
            return
        if alive.duty is Duty.STANDS_IN:
            self._clear_s = now_s + SILENT_S
        elif alive.duty is Duty.LEAVES:
            self._clear_s = now_s

    def look(self, now_s: float, *, idle: bool) -> bool:
        """Whether it works from now on."""
        self.works = now_s >= self._clear_s
        return self.works

    @property
    def duty(self) -> Duty | None:
        """What it says on `alive`."""
        return Duty.SERVES if self.works else Duty.WAITS


@dataclass
class _Told:
    duty: Duty
    at_s: float
    life: int


class StandbyNews:
    """One sentence for all nodes that stand in at the same time, though each is a process of its own: the first of
    them, by its `life`, says it for those that follow.
    """

    #: When it is said; who follows within the second time has nothing to say himself, s.
    WAIT_S, BURST_S = 1.5, 5.0

    def __init__(self, role: str) -> None:
        self._role = role
        self._told: dict[str, _Told] = {}
        self._due_s: float | None = None

    def heard(self, alive: Alive, now_s: float) -> None:
        """Of any node."""
        if alive.duty in (Duty.STANDS_IN, Duty.LEAVES):
            known = self._told.get(alive.node)
            if known is None or known.duty is not alive.duty:
                self._told[alive.node] = _Told(alive.duty, now_s, alive.life)

    def changed(self, duty: Duty, life: int, now_s: float) -> None:
        """Its own node begins (STANDS_IN) or leaves, or has another reason to. life: as it says on `alive`."""
        self._told[self._role] = _Told(duty, now_s, life)
        self._due_s = now_s + self.WAIT_S

    def due(self, now_s: float, foreign: str, own: str) -> str:
        """The sentence, once it can be said and is this one's to say; else ""."""
        if self._due_s is None or now_s < self._due_s:
            return ""
        self._due_s = None
        mine = self._told[self._role]
        together = {
            name: told.life
            for name, told in self._told.items()
            if told.duty is mine.duty and abs(told.at_s - mine.at_s) <= self.BURST_S
        }
        return sentence(sorted(together), mine.duty, foreign, own) if min(together.values()) == mine.life else ""


def sentence(names: list[str], duty: Duty, foreign: str, own: str) -> str:
    """What people are told.

    >>> sentence(["llm_node"], Duty.LEAVES, "", "0.1.0")
    'the offboard half answers again: llm_node works there, not here'
    """
    who = ", ".join(names)
    if duty is Duty.LEAVES:
        return f"the offboard half answers again: {who} {_works(names)} there, not here"
    if foreign:
        return (
            f"the offboard half is of version {foreign}, this one of {own}, and is not used: this host's own {who} "
            f"{_works(names)}; install the same version on both"
        )
    return f"the offboard half does not answer: this host's own {who} {_works(names)} until it does"


def _works(names: list[str]) -> str:
    return "works" if len(names) == 1 else "work"


def duty_values(works: bool, standby: bool, role: str, foreign: str) -> Mapping[str, str]:
    """For diagnostics."""
    if not standby:
        return {} if works else {"told_warning": f"waits: the robot's half does the work of {role} itself"}
    if not works:
        return {"duty": f"stands by for {role} of the offboard half"}
    why = f"is of version {foreign}" if foreign else "does not answer"
    return {"duty": f"stands in for {role}", "told_warning": f"the offboard half {why}: stands in for its {role}"}
