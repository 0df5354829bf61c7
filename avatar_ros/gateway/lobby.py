"""Who talks, who waits, who may come back: the sessions of all browsers. Pure; told the time."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.locales import same_language
from ..core.stage import Out
from .base import WebSettings
from .face_session import FaceSession
from .page_echo import PageEcho, make_page_echo
from .page_messages import PROTOCOL, Hello
from .page_session import PageSession, Visitor
from .pipelines import Pipeline, Pipelines
from .refusal import NORMAL, TAKEN_OVER, TOO_MUCH, RefusalError
from .speech_offer import SpeechOffer

#: Why a session ends -> what its person is told.
BYE = {
    "idle": "Nothing was said for a while, so the conversation was closed.",
    "longest": "The time for one conversation is over.",
    "restart": "The server restarts; the page comes back by itself.",
    "kicked": "The operator has closed this conversation.",
    "replaced": "This conversation goes on in another window.",
    "left": "Goodbye.",
}
_SESSION_PREFIX = "web_"


@dataclass
class _Waiting:
    visitor: Visitor
    hello: Hello
    place: int = 0


@dataclass
class Lobby:
    """make_key: fresh unguessable names; welcome: what the page is told besides (its avatar, the server's version).

    accepting: whether a graph is ready; nobody is let in before. apology: what a conversation that goes on in another
    graph begins with there, by its locale.
    """

    settings: WebSettings
    make_key: Callable[[], str]
    welcome: Callable[[Hello], dict[str, Any]]
    origin_s: float
    accepting: bool = False
    pipelines: Pipelines = field(default_factory=Pipelines)
    apology: Callable[[str], str] = lambda locale: ""
    speech: SpeechOffer = field(default_factory=SpeechOffer)
    sessions: dict[str, PageSession] = field(default_factory=dict)  # by name
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _by_visitor: dict[int, PageSession] = field(default_factory=dict)
    _by_key: dict[str, PageSession] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """People in the queue."""
        return len(self._waiting)

    def session_of(self, visitor: Visitor) -> PageSession | None:
        """The session that a socket belongs to."""
        return self._by_visitor.get(id(visitor))

    # --- coming and going ----------------------------------------------------------------------------------------

    def arrive(self, visitor: Visitor, hello: Hello, now_s: float) -> Iterator[Out]:
        """A page says hello: it comes back, begins, or waits. Raises RefusalError where it can do none of these."""
        if (session := self._by_key.get(hello.resume_key)) is not None and self._resume(session, visitor, hello):
            if isinstance(session, FaceSession):
                yield from session.arrived(anew=False)
            yield from session.tick(now_s)
            return
        if hello.face:
            yield from self._show_face(visitor, hello, now_s)
            return
        limit = self.settings.conversations_per_address
        if limit and self._of_address(visitor.address) >= limit:
            raise RefusalError("too_many", "too many conversations of one address", TOO_MUCH)
        if len(self._waiting) >= self.settings.queue_length and not self.has_room:
            raise RefusalError("queue_full", "too many people wait already: try again in a minute", TOO_MUCH)
        self._waiting.append(_Waiting(visitor, hello))
        yield from self.let_in(now_s)

    def admit(self, session: PageSession) -> None:
        """A session that has no page yet takes its place."""
        if (pipeline := self.pipelines.choose()) is not None:
            self.pipelines.place(session.name, pipeline)
        self.sessions[session.name] = self._by_key[session.key] = session

    def let_in(self, now_s: float) -> Iterator[Out]:
        """Those who wait, while there is room; the others are told their place where it has changed."""
        while self._waiting and self.has_room:
            waiting = self._waiting.popleft()
            yield from self._begin(waiting.visitor, waiting.hello, now_s)
        for place, waiting in enumerate(self._waiting, start=1):
            if waiting.place != place:
                waiting.place = place
                told = {"kind": "queue", "place": place, "length": len(self._waiting), "starting": not self.accepting}
                waiting.visitor.send(json.dumps(told))

    def leave(self, visitor: Visitor, now_s: float) -> Iterator[Out]:
        """A socket is gone."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.visitor is not visitor)
        session = self._by_visitor.pop(id(visitor), None)
        if session is not None and session.visitor is visitor:
            yield from session.lose(now_s)
            if self.settings.resume_s <= 0:
                yield from self.end(session, "left", now_s)

    def end(self, session: PageSession, reason: str, now_s: float) -> Iterator[Out]:
        """A session is over; its page is told why."""
        if session.visitor is not None:
            self._dismiss(session.visitor, reason, NORMAL)
        self.sessions.pop(session.name, None)
        self._by_key.pop(session.key, None)
        yield from session.close(now_s)
        yield from self.let_in(now_s)

    def tick(self, now_s: float) -> Iterator[Out]:
        """What is due by time alone."""
        yield from self._rescue(now_s)
        for session in tuple(self.sessions.values()):
            if reason := self._due(session, now_s):
                yield from self.end(session, reason, now_s)
            else:
                yield from session.tick(now_s)
        yield from self.let_in(now_s)

    def close_all(self, reason: str, code: int, now_s: float) -> Iterator[Out]:
        """The server ends."""
        for waiting in self._waiting:
            self._dismiss(waiting.visitor, reason, code)
        for session in self.sessions.values():
            if session.visitor is not None:
                self._dismiss(session.visitor, reason, code)
            yield from session.close(now_s)
        self.sessions.clear()
        self._waiting.clear()
        self._by_key.clear()
        self._by_visitor.clear()

    # --- inside --------------------------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether one more may begin."""
        limit = self.settings.conversations
        within = not limit or len(self.sessions) < limit
        return self.accepting and within and self.pipelines.choose() is not None

    def _show_face(self, visitor: Visitor, hello: Hello, now_s: float) -> Iterator[Out]:
        """A page that shows a program's face, the newest of them."""
        face = self._by_key.get(hello.face)
        if not isinstance(face, FaceSession):
            self._dismiss(visitor, "left", NORMAL)
            return
        if face.visitor is not None:
            self._by_visitor.pop(id(face.visitor), None)
            self._dismiss(face.visitor, "replaced", TAKEN_OVER)
        self._attach(face, visitor, replace(hello, avatar=face.avatar or hello.avatar), resumed=False)
        yield from face.arrived(anew=True)
        yield from face.tick(now_s)

    def _of_address(self, address: str) -> int:
        talking = sum(session.address == address and session.visitor is not None for session in self.sessions.values())
        return talking + sum(waiting.visitor.address == address for waiting in self._waiting)

    def _rescue(self, now_s: float) -> Iterator[Out]:
        """Conversations of a graph that has died go on in another, while one has room."""
        failed = self.pipelines.failed(now_s)
        for session in tuple(self.sessions.values()) if failed else ():
            old, new = self.pipelines.where(session.name), self.pipelines.choose()
            if old.name in failed and new is not None:
                yield from self._move(session, new, now_s)

    def _move(self, session: PageSession, to: Pipeline, now_s: float) -> Iterator[Out]:
        del self.sessions[session.name]
        yield from session.close(now_s)
        session.move(_SESSION_PREFIX + self.make_key(), self.apology(session.locale))
        self.sessions[session.name] = session
        self.pipelines.place(session.name, to)
        yield from session.tick(now_s)

    def _begin(self, visitor: Visitor, hello: Hello, now_s: float) -> Iterator[Out]:
        name, key = _SESSION_PREFIX + self.make_key(), self.make_key()
        speech = self.speech
        locale, voice = speech.choose_locale(hello.locale), speech.choose_voice(hello.voice)
        session = PageSession(name, key, visitor.address, locale, self.origin_s, now_s, voice, speech)
        session.make_echo = self._page_echo
        self.admit(session)
        self._attach(session, visitor, hello, resumed=False)
        if hello.locale and not same_language(hello.locale, locale):
            session.refuse(speech.refusal(hello.locale))
        yield from session.tick(now_s)

    def _page_echo(self, cancelled_there: bool) -> PageEcho | None:
        return make_page_echo(self.settings.echo, cancelled_there=cancelled_there)

    def _resume(self, session: PageSession, visitor: Visitor, hello: Hello) -> bool:
        missed = session.sent.after(hello.resume_seq)
        if missed is None:
            return False
        if session.visitor is not None:
            self._by_visitor.pop(id(session.visitor), None)
            self._dismiss(session.visitor, "replaced", TAKEN_OVER)
        self._attach(session, visitor, hello, resumed=True)
        for frame in missed:
            visitor.send(frame)
        return True

    def _attach(self, session: PageSession, visitor: Visitor, hello: Hello, *, resumed: bool) -> None:
        session.visitor, session.lost_s = visitor, None
        self._by_visitor[id(visitor)] = session
        own = self.settings
        told = {
            "kind": "session",
            "protocol": PROTOCOL,
            "key": session.key,
            "resumed": resumed,
            "resume_s": own.resume_s,
            **session.spoken,
            "idle_s": own.idle_s,
            "longest_s": own.longest_s,
            **self.welcome(hello),
        }
        visitor.send(json.dumps(told, ensure_ascii=False))

    def _due(self, session: PageSession, now_s: float) -> str:
        """Why it is to end now; "": it is not."""
        own = self.settings
        limits = (
            ("left", session.lost_s, own.resume_s),
            ("idle", session.used_s, own.idle_s or math.inf),
            ("longest", session.began_s, own.longest_s or math.inf),
        )
        return next((reason for reason, since_s, limit_s in limits if _past(since_s, limit_s, now_s)), "")

    def _dismiss(self, visitor: Visitor, reason: str, code: int) -> None:
        visitor.send(json.dumps({"kind": "bye", "reason": reason, "text": BYE[reason]}))
        visitor.close(code, reason)


def _past(since_s: float | None, limit_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= limit_s
