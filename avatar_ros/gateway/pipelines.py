"""The graphs that answer visitors, each a namespace: who is well, who takes the next conversation, where each one is.

Pure; told who is missing, and the time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from ..core.enums import SessionKind
from ..core.errors import ConfigError
from ..core.events import SessionEvent
from ..core.peers import PeerChange, PeerNews
from ..core.stage import Out, OutElsewhere

#: Nodes that a conversation needs; monitor_node, which awaits_conversation asks for too, is none.
NEEDED = frozenset({"vad_node", "asr_node", "dialogue_node", "llm_node", "tts_node"})
#: Of these the ones that say that they live.
DYING = frozenset({"vad_node", "asr_node", "llm_node", "tts_node"})
_ENTRY = re.compile(r"/?(?P<name>[A-Za-z]\w*(?:/[A-Za-z]\w*)*)/?(?:=(?P<places>\d+))?")


@dataclass
class Pipeline:
    """namespace: absolute, "" for the gateway's own; name: for people; places: conversations at a time, 0: no limit.

    lacking: nodes that it needs and that are missing or silent; unwell_s: since when, None where none is.
    """

    namespace: str
    name: str
    places: int = 0
    lacking: frozenset[str] = frozenset()
    unwell_s: float | None = None

    @property
    def is_well(self) -> bool:
        return not self.lacking

    def has_failed(self, patience_s: float, now_s: float) -> bool:
        """Whether its conversations are to go on elsewhere."""
        if self.unwell_s is None:
            return False
        return self.lacking >= DYING or now_s - self.unwell_s >= patience_s


def read_pipelines(entries: Iterable[str], max_sessions: int, own: str) -> tuple[Pipeline, ...]:
    """Of the parameter `pipelines`. own: the gateway's own namespace. Raises ConfigError for what is none."""
    found: dict[str, Pipeline] = {}
    for entry in entries:
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            text = f"pipelines has '{entry}'; give namespaces, with their places if you like: [avatar=6, avatar2]"
            raise ConfigError("bad_pipeline", text)
        name = match["name"]
        if name in found:
            raise ConfigError("bad_pipeline", f"pipelines has '{name}' twice")
        places = max_sessions if match["places"] is None else int(match["places"])
        found[name] = Pipeline("" if name == own.strip("/") else f"/{name}", name, places)
    return tuple(found.values()) or (Pipeline("", own.strip("/") or "/", max_sessions),)


@dataclass
class Pipelines:
    """Follows all of them; knows which session is where, from `place` until its CLOSED passes `route`."""

    all: tuple[Pipeline, ...] = field(default_factory=lambda: (Pipeline("", "avatar"),))
    patience_s: float = 10.0
    _silent: set[str] = field(default_factory=set)
    _of: dict[str, Pipeline] = field(default_factory=dict)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Those that are not the gateway's own."""
        return tuple(one.namespace for one in self.all if one.namespace)

    @property
    def any_well(self) -> bool:
        return any(one.is_well for one in self.all)

    def hear(self, news: PeerNews) -> None:
        """A node died or is back."""
        if news.change is PeerChange.LOST:
            self._silent.add(news.node)
        else:
            self._silent.discard(news.node)

    def look(self, missing: Set[str], now_s: float) -> None:
        """missing: nodes that are not on the graph, NAMESPACE/NAME where not the gateway's own."""
        absent = self._silent | missing
        for one in self.all:
            prefix = one.namespace and one.namespace + "/"
            one.lacking = frozenset(name for name in NEEDED if prefix + name in absent)
            if not one.lacking:
                one.unwell_s = None
            elif one.unwell_s is None:
                one.unwell_s = now_s

    def choose(self) -> Pipeline | None:
        """The least loaded of those that are well and have a place, the first of equals."""
        load = self.load()
        free = [one for one in self.all if one.is_well and (not one.places or load[one.name] < one.places)]
        return min(free, key=lambda one: _share(load[one.name], one.places), default=None)

    def place(self, session: str, pipeline: Pipeline) -> None:
        """A session begins there."""
        self._of[session] = pipeline

    def where(self, session: str) -> Pipeline:
        """The one that a session is at."""
        return self._of.get(session, self.all[0])

    def load(self) -> Counter[str]:
        """Sessions of each, by name."""
        return Counter(one.name for one in self._of.values())

    def failed(self, now_s: float) -> frozenset[str]:
        """Names of those whose conversations are to go on elsewhere."""
        return frozenset(one.name for one in self.all if one.has_failed(self.patience_s, now_s))

    def route(self, out: Out) -> Out:
        """The same, to the namespace of its session."""
        session = getattr(out.message, "session", "")
        pipeline = self.where(session)
        if isinstance(out.message, SessionEvent) and out.message.kind is SessionKind.CLOSED:
            self._of.pop(session, None)
        return OutElsewhere.of(out, pipeline.namespace) if pipeline.namespace else out


def _share(load: int, places: int) -> float:
    """How full it is; one without a limit counts as having room for a hundred."""
    return load / (places or 100)
