"""Who lives, by what they say on `alive`: nodes that a skill needs, and the clients of goals."""

from __future__ import annotations

from ..core.clock import s_from_ns
from ..core.peers import SILENT_S

#: The node of the face.
FACE = "expression_node"
#: Of names that come and go so many are kept.
_MOST = 200
_NEVER = (float("-inf"), float("-inf"))


class Lives:
    """Heard while there are goals. A node's `life` is when it began, CLOCK_MONOTONIC of the robot's own host, ns.

    `heard` may be called on any thread.
    """

    def __init__(self) -> None:
        self._heard: dict[str, tuple[float, float]] = {}  # node -> when its life began, when it was last heard

    def heard(self, node: str, life: int, now_s: float) -> None:
        """A sign of life; one of a life before this one may still be under way."""
        began_s = s_from_ns(life)
        if began_s >= self._heard.get(node, (began_s, 0.0))[0]:
            self._heard.pop(node, None)
            self._heard[node] = (began_s, now_s)
        if len(self._heard) > _MOST:
            del self._heard[next(iter(self._heard))]  # who has been silent for longest

    def heard_s(self, node: str) -> float:
        """When it was heard last; in the past without end, where it never was."""
        return self._heard.get(node, _NEVER)[1]

    def seen(self, node: str, since_s: float) -> bool:
        """Whether it has been heard since then."""
        return self.heard_s(node) >= since_s

    def began_s(self, node: str) -> float:
        """When the life that it was last heard of began; in the past without end, where it was never heard."""
        return self._heard.get(node, _NEVER)[0]

    def through(self, node: str, since_s: float, now_s: float) -> bool:
        """Whether it has worked from then until now."""
        return self.seen(node, now_s - SILENT_S) and self.began_s(node) <= since_s

    def forgive(self, slept_s: float, now_s: float) -> None:
        """Who did not listen for so long heard nobody."""
        for node, (began_s, at_s) in tuple(self._heard.items()):
            self._heard[node] = (began_s, min(at_s + slept_s, now_s))
