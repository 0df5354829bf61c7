"""Whether a node is there twice: two robots of one namespace in one ROS domain answer each other's questions.

Known from `alive`: two lives that go on beside each other. A node that is started again ends one life first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .peers import SILENT_S

#: So many signs of each life: more than a node that died has under way when its successor begins.
_SIGNS = 6
#: Lives of one node that are remembered: a robot has one.
_MOST = 4


@dataclass
class _Life:
    signs: int
    seen_s: float


class Twins:
    """Told who says that he lives, at what time; says which names are there more than once."""

    def __init__(self) -> None:
        self._lives: dict[str, dict[int, _Life]] = {}

    def heard(self, node: str, life: int, now_s: float) -> None:
        """A node that does its own work lives."""
        lives = self._lives.setdefault(node, {})
        for old in [one for one, told in lives.items() if now_s - told.seen_s > SILENT_S]:
            del lives[old]
        if life in lives or len(lives) < _MOST:
            told = lives.setdefault(life, _Life(0, now_s))
            told.signs, told.seen_s = told.signs + 1, now_s

    def names(self, now_s: float) -> tuple[str, ...]:
        """Nodes that are there more than once."""
        return tuple(sorted(node for node, lives in self._lives.items() if _living(lives, now_s) > 1))


def _living(lives: dict[int, _Life], now_s: float) -> int:
    return sum(told.signs >= _SIGNS and now_s - told.seen_s <= SILENT_S for told in lives.values())


def told(names: Sequence[str]) -> str:
    """What people are told; "" where nothing is there twice.

    >>> told(["speaker_node"])
    'there are several of speaker_node: another robot of this namespace is in the network, and both answer; give one \
another namespace, or another ROS_DOMAIN_ID'
    """
    if not names:
        return ""
    return (
        f"there are several of {', '.join(names)}: another robot of this namespace is in the network, and both answer; "
        "give one another namespace, or another ROS_DOMAIN_ID"
    )
