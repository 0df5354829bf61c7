"""What a recording is made of: messages as ROS 2 sends them, with their definitions and the time they arrived at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import AvatarRosError, ConfigError
from ..core.topics import TOPICS

#: Of the metadata record that our own recordings begin with: what time it was.
METADATA = "avatar_ros"
#: Part of the conversation, in the order in which they are named to people. Pictures are not among them.
RECORDED: tuple[str, ...] = tuple(TOPICS)


class RecordingError(ConfigError):
    """A recording that cannot be read or written, or holds nothing to be played."""


class DamagedError(AvatarRosError):
    """A recording that breaks off or is damaged; what came before it was whole."""


@dataclass(frozen=True)
class BagMessage:
    """One message. data: CDR; log_ns: when it arrived, wall clock, ns; definition: of its type, as ros2msg text."""

    topic: str
    type_name: str
    data: bytes
    log_ns: int
    definition: str


@dataclass(frozen=True)
class Instant:
    """The two clocks of a host at one instant: wall and CLOCK_MONOTONIC, ns."""

    wall_ns: int
    steady_ns: int

    def wall_at(self, steady_ns: int) -> int:
        """The wall clock when CLOCK_MONOTONIC shows `steady_ns`, as if nobody had set it since this instant, ns."""
        return self.wall_ns + steady_ns - self.steady_ns


def metadata_of(namespace: str, now: Instant) -> dict[str, str]:
    """What a recording begins with."""
    return {"namespace": namespace, "wall_ns": str(now.wall_ns), "steady_ns": str(now.steady_ns)}


def instant_of(metadata: Mapping[str, str]) -> Instant | None:
    """The instant that a recording was begun at; None where it says none that can be."""
    try:
        return Instant(int(metadata["wall_ns"]), int(metadata["steady_ns"]))
    except (KeyError, ValueError):
        return None
