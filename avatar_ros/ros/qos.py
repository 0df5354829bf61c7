"""Quality of service, in one place."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

#: Depth of a topic that must not lose anything while its reader is busy: 60 s of audio in 20 ms frames. With depth 10
#: a burst of 200 chunks lost 187 of them.
STREAM_DEPTH = 3000

#: Topics whose last message a late joiner needs.
KEPT = frozenset({"state", "session"})


def _reliable(depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


def for_topic(topic: str) -> QoSProfile:
    """The profile of a conversation topic (core/types.TOPICS)."""
    if topic in KEPT:
        return _reliable(10, DurabilityPolicy.TRANSIENT_LOCAL)
    return _reliable(STREAM_DEPTH)


def for_signs_of_life(depth: int) -> QoSProfile:
    """The newest of each node is kept, so that one that has come back is known as soon as DDS has found it."""
    return _reliable(depth, DurabilityPolicy.TRANSIENT_LOCAL)


def for_images() -> QoSProfile:
    """Images are offered reliable, since a reliable viewer gets nothing from a best-effort publisher; depth 1."""
    return _reliable(1)
