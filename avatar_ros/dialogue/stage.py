"""The dialogue as a stage: one Conversation for the kiosk's own session, further ones as they appear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..core.enums import SessionKind
from ..core.events import Control, Interrupt, Offer, Say, SessionEvent
from ..core.peers import PeerNews
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import Transcript, VoiceActivity
from .base import DialogueSettings
from .conversation import WAITS_FOR, Conversation, Event
from .epoch import default_path, next_epoch, read_epoch, write_epoch
from .fixed_texts import answered_languages, check_languages

TICK_S = 0.05
#: Nodes that serve the kiosk's session only.
_OWN = frozenset({"speaker_node"})
#: What we say on `session` comes back to us within this time, s.
_OWN_NEWS_S = 1.0

#: Makes this run's epoch; the text says what is wrong with how it is stored, or is "".
EpochSource = Callable[[], tuple[int, str]]


class DialogueStage(Stage):
    """Owns turn numbers, epoch, state, history and the decision to interrupt."""

    tick_period_s = TICK_S
    waits_for = WAITS_FOR

    def __init__(self, settings: DialogueSettings, epoch_source: EpochSource) -> None:
        super().__init__()
        self._settings = settings
        self._epoch_source = epoch_source
        self._epoch = 0
        self._warning = ""
        self._conversations: dict[str, Conversation] = {}
        self._last_turn = 0  # the highest of all closed sessions
        self._used_s: dict[str, float] = {}
        self._closed_s: dict[str, float] = {}  # sessions that we have closed ourselves, and when
        self._opened: dict[str, SessionEvent] = {}  # what we have said of sessions, and not heard of yet

    def load(self) -> None:
        """Take the epoch of this run. Raises ConfigError for a locale without texts, or whose file is wrong."""
        check_languages(self._settings)
        self.offer = Offer("dialogue_node", answered_languages(self._settings))
        self._epoch, self._warning = self._epoch_source()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Pass the event on to its session's conversation."""
        if not isinstance(message, Event):
            return
        yield from self._open(self._settings.session, now_s)
        if isinstance(message, Transcript | VoiceActivity | Say | Control):  # only people and programs begin one
            yield from self._open(message.session, now_s)
        conversation = self._conversations.get(message.session)
        if conversation is None:
            return
        self._used_s[message.session] = now_s
        yield from conversation.take(message, now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Open the kiosk's session at the first tick; then whatever is due."""
        yield from self._open(self._settings.session, now_s)
        for session in self._expired(now_s):
            yield from self._forget(session, now_s)
            self._closed_s[session] = now_s
            yield Out("session", SessionEvent(session, SessionKind.CLOSED))
        self._closed_s = {name: at_s for name, at_s in self._closed_s.items() if now_s - at_s <= _OWN_NEWS_S}
        for conversation in list(self._conversations.values()):
            yield from conversation.tick(now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Another node opened or closed a session; our own news comes back, too, and changes nothing."""
        if event.kind is SessionKind.OPENED:
            yield from self._opened_by_others(event, now_s)
        elif self._closed_s.pop(event.session, None) is None:
            yield from self._forget(event.session, now_s)

    def _opened_by_others(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        own = self._opened.pop(event.session, None) if not event.avatar else None
        if own is not None and (own.locale, own.voice, own.ttl_s) == (event.locale, event.voice, event.ttl_s):
            return
        if (conversation := self._conversations.get(event.session)) is None:
            yield from self._open(event.session, now_s, event.locale, event.voice)
        if event.avatar and event.locale:
            self._conversations[event.session].wear(event.locale)
        elif conversation is not None and event.locale:
            conversation.choose(event.locale)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """An order of others; our own come back, too, but then what they end has ended."""
        if (conversation := self._conversations.get(order.session)) is not None:
            yield from conversation.take(order, now_s)

    def peer(self, news: PeerNews, now_s: float) -> Iterable[Out]:
        """A node died, or is back. The loudspeaker is the kiosk's own; the others serve every session."""
        for session, conversation in list(self._conversations.items()):
            if session == self._settings.session or news.node not in _OWN:
                yield from conversation.take(news, now_s)

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Nothing more will be said: programs that wait for the result of a `say` are told."""
        for conversation in self._conversations.values():
            yield from conversation.end("shutdown", now_s)

    def status(self) -> Mapping[str, str]:
        """State and turn of the kiosk's session."""
        values = {"epoch": str(self._epoch), "sessions": str(len(self._conversations))}
        own = self._conversations.get(self._settings.session)
        if own is not None:
            values |= {"conversation": own.state.name, "turn": str(own.turn)}
        if self._warning:
            values["warning"] = self._warning
        return values

    def _open(self, session: str, now_s: float, locale: str = "", voice: str = "") -> Iterable[Out]:
        if session in self._conversations:
            return
        conversation = Conversation(self._settings, session, self._epoch, self._last_turn, locale)
        self._conversations[session] = conversation
        self._used_s[session] = now_s
        ttl_s = 0.0 if session == self._settings.session else self._settings.session_ttl_s
        self._opened[session] = SessionEvent(session, SessionKind.OPENED, ttl_s, conversation.locale, voice=voice)
        yield Out("session", self._opened[session])
        yield from conversation.open(now_s)

    def _expired(self, now_s: float) -> list[str]:
        return [
            session
            for session, used_s in self._used_s.items()
            if session != self._settings.session and now_s - used_s > self._settings.session_ttl_s
        ]

    def _forget(self, session: str, now_s: float) -> Iterable[Out]:
        # Turns go on counting when the session comes back: other stages may remember what was cancelled. One number
        # for all of them does not grow with every name that a session may have.
        if (conversation := self._conversations.pop(session, None)) is not None:
            self._last_turn = max(self._last_turn, conversation.turn)
            ended = conversation.end("session_closed", now_s)
            yield from (out for out in ended if out.topic != "interrupt")  # its speaker drops it by itself
        self._used_s.pop(session, None)
        self._opened.pop(session, None)


def build(settings: DialogueSettings) -> Stage:
    """The stage with its epoch kept in the user's state directory."""
    path = Path(settings.epoch_file).expanduser() if settings.epoch_file else default_path()

    def stored_epoch() -> tuple[int, str]:
        epoch = next_epoch(read_epoch(path), time.time())
        return epoch, write_epoch(path, epoch)

    return DialogueStage(settings, stored_epoch)
