"""Which of the nodes that others wait for live: known from what they say of themselves, and from their silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

#: A node says this often that it lives, s; after so long a silence it is taken for dead.
BEAT_S, SILENT_S = 0.3, 0.85
#: Who did not look for so long was stopped itself: the silence was its own.
_ASLEEP_S = 0.5


class PeerChange(Enum):
    """LOST: silent, dead perhaps; BACK: it was only slow, or stopped; RESTARTED: it died, what it knew is lost."""

    LOST = 1
    BACK = 2
    RESTARTED = 3


@dataclass(frozen=True)
class PeerNews:
    """What became of a node."""

    node: str
    change: PeerChange


@dataclass
class _Peer:
    life: int
    seen_s: float
    stands_in: bool = False
    lost: bool = False

    def outranks(self, life: int, stands_in: bool) -> bool:
        """Whether what another one says does not count."""
        if life == self.life:
            return False
        return self.stands_in if self.stands_in is not stands_in else life < self.life


class PeerWatch:
    """Follows `names`. A node that never spoke is not missed: somebody else's may do its work."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._peers: dict[str, _Peer] = {}
        self._looked_s: float | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Those that are lost, by name."""
        return tuple(sorted(name for name, peer in self._peers.items() if peer.lost))

    def heard(self, node: str, life: int, now_s: float, *, stands_in: bool = False) -> PeerNews | None:
        """A node says that it lives. `life` grows with each of its starts; a smaller one is its past, still under way,
        unless it was taken for dead (another host's clock may begin anew). While one stands in for it that has not
        left, the other, which may be back, does not count.
        """
        peer = self._peers.get(node)
        if node not in self._names:
            return None
        if peer is not None and not peer.lost and peer.outranks(life, stands_in):
            return None
        self._peers[node] = _Peer(life, now_s, stands_in)
        if peer is None or (peer.life == life and not peer.lost):
            return None
        return PeerNews(node, PeerChange.BACK if peer.life == life else PeerChange.RESTARTED)

    def left(self, node: str, life: int) -> PeerNews | None:
        """One that stood in leaves the work to the node itself, which is still to begin."""
        peer = self._peers.get(node)
        if peer is None or peer.life != life or peer.lost:
            return None
        peer.lost = True
        return PeerNews(node, PeerChange.LOST)

    def look(self, now_s: float) -> list[PeerNews]:
        """To be called several times a second; whose silence has lasted too long by now."""
        if self._looked_s is not None and now_s - self._looked_s > _ASLEEP_S:
            for peer in self._peers.values():
                peer.seen_s = max(peer.seen_s, now_s)
        self._looked_s = now_s
        dead = [name for name, peer in self._peers.items() if not peer.lost and now_s - peer.seen_s > SILENT_S]
        for name in dead:
            self._peers[name].lost = True
        return [PeerNews(name, PeerChange.LOST) for name in dead]
