"""Yesterday's times as today's, and what a recording holds. Pure: told messages and instants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.enums import Layer
from ..core.topics import TOPICS
from .base import BagMessage, Instant, RecordingError

#: How much of a recording is looked at for its clocks, ns.
_LOOK_NS = 60 * 10**9
#: Messages that are made at their steady_ns and leave at once, the best first: the others carry instants to come.
_PROMPT = ("motion/expression", "mic/voice_activity", "speech/played", "mic/audio")

#: What a message says: its fields by name.
Decode = Callable[[BagMessage], Any]


@dataclass(frozen=True)
class Survey:
    """What a recording holds. namespace: of its avatar, "/avatar"; counts: by topic without the namespace; first_ns,
    last_ns: when the first and last of them arrived; steady_ns: CLOCK_MONOTONIC at first_ns.
    """

    namespace: str
    counts: Mapping[str, int]
    first_ns: int
    last_ns: int
    steady_ns: int

    @property
    def duration_s(self) -> float:
        return (self.last_ns - self.first_ns) * 1e-9


def topic_in(namespace: str, topic: str) -> str:
    """The conversation's topic that a full name stands for in this namespace; "" for another.

    >>> topic_in("/avatar", "/avatar/speech/audio")
    'speech/audio'
    """
    inner = topic.removeprefix(namespace.rstrip("/") + "/")
    return inner if inner in TOPICS and inner != topic else ""


def namespaces(topics: Iterable[str]) -> Counter[str]:
    """Namespaces that conversations stand in, with how many of their topics were found."""
    found: Counter[str] = Counter()
    for topic in set(topics):
        for known in TOPICS:
            if topic.endswith("/" + known):
                found[topic.removesuffix("/" + known)] += 1
    return found


def chosen_namespace(topics: Iterable[str], asked: str = "") -> str:
    """The namespace of the one avatar of a recording, or of the one asked for. Raises RecordingError."""
    found = namespaces(topics)
    wanted = "/" + asked.strip("/") if asked else ""
    known = ", ".join(sorted(name or "/" for name in found))
    if not found:
        raise RecordingError("recording_empty", "the recording holds no topic of a conversation (docs/interface.md)")
    if wanted and wanted not in found:
        raise RecordingError("bad_option", f"the recording holds no avatar {wanted}; it holds {known}")
    if not wanted and len(found) > 1:
        raise RecordingError("bad_option", f"the recording holds several avatars ({known}); choose one with --of")
    return wanted or next(iter(found))


def survey(messages: Iterable[BagMessage], decode: Decode, begun: Callable[[], Instant | None], of: str = "") -> Survey:
    """Look through a recording. begun: what it says of its start, once its first message was read.

    Raises RecordingError where it holds no conversation.
    """
    counts: Counter[str] = Counter()
    clocks = _Clocks(decode)
    first_ns = last_ns = 0
    for message in messages:
        counts[message.topic] += 1
        first_ns = min(first_ns or message.log_ns, message.log_ns)
        last_ns = max(last_ns, message.log_ns)
        if message.log_ns - first_ns <= _LOOK_NS:
            clocks.see(message)
    namespace = chosen_namespace(counts, of)
    own = {inner: count for topic, count in counts.items() if (inner := topic_in(namespace, topic))}
    return Survey(namespace, own, first_ns, last_ns, clocks.steady_at(first_ns, begun()))


@dataclass
class _Clocks:
    """Finds CLOCK_MONOTONIC of a recording that does not say it: arrival - steady_ns is least where nothing waited."""

    decode: Decode
    least: dict[str, int] = field(default_factory=dict)

    def see(self, message: BagMessage) -> None:
        kind = next((name for name in _PROMPT if message.topic.endswith("/" + name)), "")
        if not kind:
            return
        decoded = self.decode(message)
        steady_ns = int(getattr(decoded, "steady_ns", 0))
        if not steady_ns or getattr(decoded, "layer", Layer.IDLE) != Layer.IDLE:
            return
        self.least[kind] = min(self.least.get(kind, message.log_ns), message.log_ns - steady_ns)

    def steady_at(self, wall_ns: int, begun: Instant | None) -> int:
        """Raises RecordingError where nothing tells."""
        if begun is not None:
            return begun.steady_ns + wall_ns - begun.wall_ns
        offset = next((self.least[kind] for kind in _PROMPT if kind in self.least), None)
        if offset is None:
            raise RecordingError(
                "recording_times", f"the recording tells nothing of its clock: it needs one of {', '.join(_PROMPT)}"
            )
        return wall_ns - offset


@dataclass(frozen=True)
class TimeShift:
    """From a recording's times to those of a replay. then, now: the same instant, in both."""

    then: Instant
    now: Instant

    def due_ns(self, log_ns: int) -> int:
        """When a message that arrived at `log_ns` arrives again, CLOCK_MONOTONIC."""
        return self.now.steady_ns + log_ns - self.then.wall_ns

    def steady(self, steady_ns: int) -> int:
        """An instant of CLOCK_MONOTONIC; 0, which means none, stays so."""
        return steady_ns + self.now.steady_ns - self.then.steady_ns if steady_ns else 0

    def wall(self, wall_ns: int) -> int:
        """A stamp; 0 stays so."""
        return wall_ns + self.now.wall_ns - self.then.wall_ns if wall_ns else 0
