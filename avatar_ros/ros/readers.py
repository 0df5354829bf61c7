"""Who must read a topic before its node begins to work: what is published before DDS has found a reader is lost to it.

Readers are asked for by name. A count is not enough: a recorder or a viewer that is found first would stand in for the
voice, and the first sentence would be lost.
"""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

#: The conversation's own stream: the nodes of a kiosk that read each topic (a test compares this with their ports).
READERS: dict[str, frozenset[str]] = {
    topic: frozenset(names.split())
    for topic, names in {
        "mic/audio": "vad_node",
        "mic/utterance": "asr_node",
        "speech/transcript": "dialogue_node vad_node expression_node renderer_node monitor_node",
        "dialogue/prompt": "llm_node monitor_node",
        "dialogue/reply": "dialogue_node monitor_node",
        "speech/sentence": "tts_node audio_encoder_node expression_node renderer_node monitor_node",
        "speech/audio": "audio_encoder_node speaker_node monitor_node",
        "motion/features": "expression_node",
        "motion/expression": "renderer_node speaker_node monitor_node",
    }.items()
}


#: The nodes that a question and its answer pass: what each takes and what it makes of it. One of another name will do.
STEPS: dict[str, tuple[str, str]] = {
    "vad_node": ("mic/audio", "mic/utterance"),
    "asr_node": ("mic/utterance", "speech/transcript"),
    "dialogue_node": ("speech/transcript", "speech/sentence"),
    "llm_node": ("dialogue/prompt", "dialogue/reply"),
    "tts_node": ("speech/sentence", "speech/audio"),
    "speaker_node": ("speech/audio", "speech/playback"),
    "monitor_node": ("speech/playback", "turn_report"),  # with `turns` set it counts them
}


def missing_steps(node: Node, namespace: str = "") -> frozenset[str]:
    """Which of STEPS no node does yet: a node subscribes and publishes once its model is loaded.

    namespace: an absolute one instead of the node's own; the names then begin with it.
    """
    prefix = namespace and namespace + "/"
    return frozenset(
        prefix + name
        for name, (subscribes, publishes) in STEPS.items()
        if not _between(node, prefix + subscribes, prefix + publishes)
    )


def _between(node: Node, subscribes: str, publishes: str) -> set[tuple[str, str]]:
    """Nodes that read the one topic and write the other."""
    readers = node.get_subscriptions_info_by_topic(subscribes)
    writers = node.get_publishers_info_by_topic(publishes)
    ends = ({(end.node_namespace, end.node_name) for end in side} for side in (readers, writers))
    return set.intersection(*ends)


def role_of(name: str) -> str:
    """The node whose work one of that name does: it, or the one that it stands by for.

    >>> role_of("tts_standby_node"), role_of("tts_node")
    ('tts_node', 'tts_node')
    """
    return name.replace("_standby_node", "_node")


def in_stream(node: Node, topic_name: str) -> bool:
    """Whether a topic, by its full name, is one of READERS."""
    return topic_name.removeprefix(node.get_namespace().rstrip("/") + "/") in READERS


def missing(node: Node, topic: str, publisher: Any, without: frozenset[str]) -> frozenset[str]:
    """Names of the kiosk's nodes but for `without` that should read `topic` (relative to the node's namespace) and do
    not yet.

    DDS tells who is known and how many are matched with `publisher`, not which: until the two numbers are equal, all
    count as missing.
    """
    wanted = READERS.get(topic, frozenset()) - without
    if not wanted:
        return wanted
    known = [role_of(info.node_name) for info in node.get_subscriptions_info_by_topic(topic)]
    absent = wanted.difference(known)
    return absent or (wanted if publisher.get_subscription_count() < len(known) else frozenset())
