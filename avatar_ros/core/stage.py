"""A stage: messages in, messages out, time as an argument.

A stage knows no ROS, no thread and no clock. ros/stage_node.py runs it: each message that arrives goes to `push` on
one worker thread, what `push` yields is published as it is yielded, and the runner drops what a CANCEL has voided,
before the work and before each publication. Hence a long push must yield often: cancelling takes effect at a yield.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from .events import Interrupt, Offer, SessionEvent
from .peers import PeerNews
from .topics import Message


class Out(NamedTuple):
    """A message and the topic it goes to."""

    topic: str
    message: Message

    @property
    def namespace(self) -> str:
        """One of the stage's `namespaces`, "" for the node's own."""
        return ""


class OutElsewhere(Out):
    """The same, to another of the stage's `namespaces`."""

    _namespace = ""

    @classmethod
    def of(cls, out: Out, namespace: str) -> OutElsewhere:
        """That message, there."""
        made = cls(*out)
        made._namespace = namespace
        return made

    @property
    def namespace(self) -> str:
        """Where it goes to."""
        return self._namespace


def _nothing() -> None:
    """No runner: there is nothing to wake."""


class Stage:
    """Base of all stages. Subclasses override what they need; all but `abort`, `heeds`, `drowsy` and `foresee` run
    on the worker thread.

    tick_period_s: how often `tick` wants to be called, seconds; 0 for never.
    wake: set by the runner; a stage's own thread (a device, a network stream) calls it to have `tick` called now.
    finished: set by a stage that has done all it was asked to do (N turns); the process then ends: EXIT_DONE.
    failure: what it was asked for and could not do to the end (too few turns; a recording, on a full disk); the
    process's end then is EXIT_UNFINISHED. "": nothing.
    awaits_conversation: the runner keeps `missing` up to date until it is empty: which nodes between the microphone and
    the loudspeaker are not ready yet.
    unread: topics of its port that it has no use for as it is configured; the runner does not subscribe to them.
    waits_for: nodes whose deaths it wants to know of; `peer` is then called. says_alive: others wait for this one, so
    its node says several times a second that it lives. can_do: "" or a line for the log once it is loaded: what it is
    able to do as it is configured. offer: the same for programs, on the topic `offer`; None: nothing.
    namespaces: further ones, absolute, whose topics it takes and gives too; in `missing` and in PeerNews the nodes
    there are called NAMESPACE/NAME.
    """

    tick_period_s: float = 0.0
    unread: frozenset[str] = frozenset()
    awaits_conversation: bool = False
    missing: frozenset[str] = frozenset()
    waits_for: frozenset[str] = frozenset()
    says_alive: bool = False
    can_do: str = ""
    namespaces: tuple[str, ...] = ()
    offer: Offer | None = None

    def __init__(self) -> None:
        self.wake: Callable[[], None] = _nothing
        self.finished = False
        self.failure = ""

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError or StageError with what to do."""

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take one message that arrived on `topic` and yield what follows from it."""
        return ()

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """Obey DUCK, PAUSE, RESUME or CANCEL. Called before messages that are still queued."""
        return ()

    def heeds(self, topic: str, message: Message) -> bool:
        """Whether `push` would do anything with it; False saves waking the worker. Called from another thread; takes no
        time, and never says False of what is wanted in a moment.
        """
        return True

    def drowsy(self) -> Set[str]:
        """Topics whose messages need not wake the node now: they are taken together, 0.1 s later at most, or when
        something else comes. Called from another thread, hundreds of times a second; `foresee` may change it.
        """
        return frozenset()

    def foresee(self, topic: str, message: Message, now_s: float) -> None:
        """A message has come, and will be pushed when its turn comes. Called from another thread; takes no time."""

    def abort(self, order: Interrupt) -> None:
        """Break a blocking call (close a stream). Called from another thread, at once, on CANCEL."""

    def tick(self, now_s: float) -> Iterable[Out]:
        """Do what is due by time alone."""
        return ()

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """A session opened or closed."""
        return ()

    def peer(self, news: PeerNews, now_s: float) -> Iterable[Out]:
        """A node of `waits_for` is silent, is there again, or was started anew."""
        return ()

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say of this stage, name -> value."""
        return {}

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """The runner stops calling, perhaps for long: let go of devices, forget what is under way, say so.

        Called after the worker has ended; what is loaded stays loaded, and `push` and `tick` may come again.
        """
        return ()

    def close(self) -> None:
        """Free the model and the device. `load` may be called again."""


@dataclass(frozen=True)
class Port:
    """How a stage is wired: topics it takes and gives, names from core/topics.TOPICS.

    on_demand: taken only while there is something to do (ros/stage_node.py's `listen`).
    """

    subscribes: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    on_demand: tuple[str, ...] = ()
