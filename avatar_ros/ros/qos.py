"""Quality of service, in one place."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

#: Depth of a topic that must not lose anything while its reader is busy: 60 s of audio in 20 ms frames. With depth 10
#: a burst of 200 chunks lost 187 of them.
STREAM_DEPTH = 3000
_STREAMS = frozenset({"mic/audio", "mic/utterance", "speech/played", "motion/features", "motion/expression"})
#: Of events and orders, which come a few a second: more of them than this are a flood, and stale.
EVENT_DEPTH = 200
#: Of an answer, as text and as speech: tts_node keeps at most 2 s ahead of what is heard.
ANSWER_DEPTH = 600
_ANSWER = frozenset({"dialogue/reply", "speech/sentence", "speech/audio"})

#: Topics whose last messages a late joiner needs: those of all sessions.
KEPT = frozenset({"state", "session", "offer", "wear"})
_KEPT_DEPTH = 100
#: Of what counts alone is kept: the newest wish.
_NEWEST = frozenset({"wear"})


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
        return _reliable(1 if topic in _NEWEST else _KEPT_DEPTH, DurabilityPolicy.TRANSIENT_LOCAL)
    return _reliable(depth(topic))


def depth(topic: str) -> int:
    """Messages of a conversation topic that may wait for a reader."""
    if topic in _ANSWER:
        return ANSWER_DEPTH
    return STREAM_DEPTH if topic in _STREAMS else EVENT_DEPTH


def for_signs_of_life(depth: int) -> QoSProfile:
    """The newest of each node is kept, so that one that has come back is known as soon as DDS has found it."""
    return _reliable(depth, DurabilityPolicy.TRANSIENT_LOCAL)


def for_clock() -> QoSProfile:
    """Questions for the time and their answers: one that comes late, by being repeated, would be of no use."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=20,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


def for_images() -> QoSProfile:
    """Images are offered reliable, since a reliable viewer gets nothing from a best-effort publisher; depth 1."""
    return _reliable(1)
