"""What arrives at a node, on its way to the stage: read, believed or not, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Set
from typing import Any

from rclpy.node import Node

from ..core.admission import Admission, Entry
from ..core.enums import AgentState
from ..core.events import AvatarState
from ..core.topics import TOPICS
from . import convert
from .clock_link import ClockLink
from .diagnostics import throttle_options

#: The owner of `state`, in a kiosk's graph.
DIALOGUE = "dialogue_node"
IN_TURN = frozenset({AgentState.THINKING, AgentState.SPEAKING})
#: A node that nothing came to for so long, between two turns, may leave its work to another one, s.
IDLE_S = 1.0


class Intake:
    """Refuses messages that break their type's promise (bad), and those that Admission does not let in (refused).

    namespace: that the messages come from, absolute; "" for the node's own.
    """

    def __init__(
        self, node: Node, own_sessions: Set[str], session_limit: int, clocks: ClockLink, namespace: str = ""
    ) -> None:
        self.own_sessions = own_sessions
        self._node = node
        self._clocks = clocks
        self._namespace = namespace or node.get_namespace()
        self._admission = Admission(own_sessions, session_limit, self._is_new_dialogue)
        self._dialogues: set[bytes] = set()  # publishers of `state` that were believed
        self._bad = 0
        self._why_bad = ""
        self._told_bad = 0
        self._told: Counter[str] = Counter()
        self._throttled = throttle_options()
        self._in_turn: set[str] = set()  # sessions
        self._busy_s = 0.0

    def take(self, topic: str, msg: Any, now_s: float) -> Iterable[Entry]:
        """What goes on to the stage by this ROS message, or by its bytes (convert.from_msg)."""
        session = getattr(msg, "session", None)
        if session is not None and not self._admission.has_place(topic, session, now_s):
            return ()
        try:
            message = convert.from_msg(TOPICS[topic], msg)
        except convert.MessageError as error:
            self._bad += 1
            self._why_bad = f"{topic}: {error}"
            self._node.get_logger().warning(f"dropped a message on {topic}: {error}", **self._throttled)
            return ()
        if isinstance(message, AvatarState):
            (self._in_turn.add if message.state in IN_TURN else self._in_turn.discard)(message.session)
        else:
            self._busy_s = now_s
        return self._admission.offer(topic, self._clocks.on_own_clock(message, now_s), now_s)

    def is_idle(self, clock_s: Callable[[], float]) -> bool:
        """Whether no session is between a question and the end of its answer, and nothing has come for a while."""
        return not self._in_turn and clock_s() - self._busy_s > IDLE_S

    def announce(self, state: AvatarState) -> None:
        """The node is the dialogue, and says so."""
        self._admission.announce(state)

    def tick(self, now_s: float) -> list[Entry]:
        """To be called every second: sessions to be closed."""
        return self._admission.tick(now_s)

    def values(self) -> dict[str, str]:
        """Counts for diagnostics."""
        counts = {"bad_messages": str(self._bad), "refused_messages": str(self._admission.refused.total())}
        return {**counts, "last_refused": self._admission.why} if self._admission.why else counts

    def news(self) -> list[str]:
        """What was refused since the last call."""
        refused = self._admission.refused - self._told
        news = [self._why_bad] if self._bad != self._told_bad else []
        if refused:
            # No numbers here: a text that changes every second would fill the log.
            news.append(f"messages are refused on {', '.join(sorted(refused))} (see last_refused)")
        self._told_bad, self._told = self._bad, self._admission.refused.copy()
        return news

    def _is_new_dialogue(self, waited: bool) -> bool:
        """Whether a dialogue node has come since one was last believed. Where none comes, any other may play it.

        A publisher has no name yet when it is found; so has a stranger's.
        """
        known = [
            info
            for info in self._node.get_publishers_info_by_topic(self._namespace.rstrip("/") + "/state")
            if info.node_name == DIALOGUE and info.node_namespace == self._namespace
        ]
        gids = {bytes(info.endpoint_gid) for info in known}
        is_new = bool(gids - self._dialogues) if gids else waited
        if is_new:
            self._dialogues |= gids
        return is_new
