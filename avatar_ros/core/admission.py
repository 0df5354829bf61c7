"""Admission control of a stage: turns that the dialogue has begun, and no more sessions than can be served."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import NamedTuple

from .enums import SessionKind
from .events import AvatarState, SessionEvent
from .known_turns import KnownTurns
from .topics import Message

#: Topics overtake each other: longest wait of a message for the `state` that announces its turn, s.
HOLD_S = 1.0
#: Period of looking whether the dialogue of a held state has been discovered, s.
LOOK_AGAIN_S = 0.05
HOLD_LIMIT, HOLD_STATES_LIMIT = 256, 16
#: A session that was heard of within this time keeps its place against newcomers, s.
IN_USE_S = 10.0
#: What is known of a session without messages is dropped after this time, s (or after its own, if that is longer).
FORGET_S = 900.0


class Entry(NamedTuple):
    """A message and the topic it came on."""

    topic: str
    message: Message


class _Held(NamedTuple):
    until_s: float
    entry: Entry


class Admission:
    """Pure; called by one thread, but for `announce`. refused: topic -> messages that were not let in.

    own_sessions: those of the kiosk itself, which always have a place; session_limit: how many others do;
    is_new_dialogue: see KnownTurns.learn; told whether the state has waited HOLD_S for its dialogue to be found.
    """

    def __init__(
        self, own_sessions: Set[str], session_limit: int, is_new_dialogue: Callable[[bool], bool] = lambda waited: True
    ) -> None:
        self._own = own_sessions
        self._limit = session_limit
        self._is_new_dialogue = is_new_dialogue
        self._known = KnownTurns()
        self._held: deque[_Held] = deque()
        self._held_states: deque[_Held] = deque()
        self._look_again_s = 0.0
        self._used_s: dict[str, float] = {}
        self._ttl_s: dict[str, float] = {}
        self.refused: Counter[str] = Counter()
        self.why = ""

    def announce(self, state: AvatarState) -> None:
        """The node is the dialogue itself: its own word needs no proof."""
        self._known.learn(state, lambda: True)

    def has_place(self, topic: str, session: str, now_s: float) -> bool:
        """Whether a session is or can be served; cheaper to ask than to read its message. False is counted."""
        if session in self._own or session in self._used_s or len(self._used_s) < self._limit:
            return True
        if now_s - min(self._used_s.values()) >= IN_USE_S:
            return True
        self.refused[topic] += 1
        self.why = f"{topic}: more than {self._limit} sessions (session_limit)"
        return False

    def offer(self, topic: str, message: Message, now_s: float) -> Iterator[Entry]:
        """A message has arrived: what goes on to the stage by it, in order."""
        yield from self._overdue(now_s)
        entry = Entry(topic, message)
        if isinstance(message, AvatarState):
            if self._learn(message, waited=False):
                yield from self._release(entry, now_s)
            else:  # its dialogue may be found in a moment
                self._hold(self._held_states, HOLD_STATES_LIMIT, entry, now_s)
                self._look_again_s = now_s + LOOK_AGAIN_S
        elif self._known.have(message):
            yield from self._admit(entry, now_s)
        else:
            self._hold(self._held, HOLD_LIMIT, entry, now_s)

    def tick(self, now_s: float) -> list[Entry]:
        """To be called now and then: what waited long enough, and sessions without messages, as CLOSED."""
        late = list(self._overdue(now_s))
        quiet = [name for name, at_s in self._used_s.items() if now_s - at_s > max(FORGET_S, self._ttl_s.get(name, 0))]
        return [*late, *(self._close(name) for name in quiet)]

    def _hold(self, held: deque[_Held], limit: int, entry: Entry, now_s: float) -> None:
        if len(held) >= limit:
            self._refuse(held.popleft().entry)
        held.append(_Held(now_s + HOLD_S, entry))

    def _release(self, state: Entry, now_s: float) -> Iterator[Entry]:
        """A state that is believed, and what has waited for it."""
        yield from self._admit(state, now_s)
        waiting, self._held = self._held, deque()
        for held in waiting:
            if self._known.have(held.entry.message):
                yield from self._admit(held.entry, now_s)
            else:
                self._held.append(held)

    def _overdue(self, now_s: float) -> Iterator[Entry]:
        if self._held_states and now_s >= self._look_again_s:
            self._look_again_s = now_s + LOOK_AGAIN_S
            states, self._held_states = self._held_states, deque()
            for held in states:
                waited = held.until_s <= now_s
                if self._learn(held.entry.message, waited=waited):
                    yield from self._release(held.entry, now_s)
                elif waited:
                    self._refuse(held.entry)
                else:
                    self._held_states.append(held)
        while self._held and self._held[0].until_s <= now_s:
            self._refuse(self._held.popleft().entry)

    def _learn(self, state: Message, *, waited: bool) -> bool:
        return isinstance(state, AvatarState) and self._known.learn(state, partial(self._is_new_dialogue, waited))

    def _refuse(self, entry: Entry) -> None:
        self.refused[entry.topic] += 1
        message = entry.message
        epoch, turn = getattr(message, "epoch", None), getattr(message, "turn", None)
        self.why = f"{entry.topic}: the dialogue has begun no such turn (epoch {epoch}, turn {turn})"

    # --- sessions ------------------------------------------------------------------------------------------------

    def _admit(self, entry: Entry, now_s: float) -> Iterator[Entry]:
        message = entry.message
        session = getattr(message, "session", None)
        if session is None or session in self._own:
            yield entry
        elif isinstance(message, SessionEvent) and message.kind is SessionKind.CLOSED:
            if session in self._used_s:
                self._close(session)
                yield entry
        elif self.has_place(entry.topic, session, now_s):
            if session not in self._used_s and len(self._used_s) >= self._limit:
                yield self._close(min(self._used_s, key=self._used_s.__getitem__))
            yield self._use(entry, session, now_s)

    def _use(self, entry: Entry, session: str, now_s: float) -> Entry:
        self._used_s[session] = now_s
        if isinstance(entry.message, SessionEvent):
            self._ttl_s[session] = entry.message.ttl_s
        return entry

    def _close(self, session: str) -> Entry:
        self._used_s.pop(session, None)
        self._ttl_s.pop(session, None)
        return Entry("session", SessionEvent(session, SessionKind.CLOSED))
