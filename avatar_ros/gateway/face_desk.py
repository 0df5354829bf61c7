"""Where programs borrow a face: their sockets' frames become sessions of the lobby, and what those do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from ..core.rates import LISTENING_RATE_HZ
from ..core.stage import Out
from .face_messages import FaceHello, Order, read_face_text, read_sound
from .face_session import FaceSession
from .face_turns import AHEAD_S, BUFFER_S
from .lobby import Lobby
from .page_messages import PROTOCOL
from .page_session import Visitor
from .refusal import RESTARTING, TOO_MUCH, RefusalError
from .sent_frames import Frame

_PREFIX = "face_"


class FaceDesk:
    """make_key: fresh unguessable names."""

    def __init__(self, lobby: Lobby, make_key: Callable[[], str]) -> None:
        self._lobby = lobby
        self._make_key = make_key
        self._of: dict[int, FaceSession] = {}

    def said(self, program: Visitor, frame: Frame | None, now_s: float) -> Iterable[Out]:
        """A frame of a program; None: it is gone. Raises RefusalError."""
        session = self._of.get(id(program))
        if frame is None:
            return self._leave(program, now_s)
        message = read_sound(frame) if isinstance(frame, bytes) else read_face_text(frame)
        if isinstance(message, FaceHello):
            return self._begin(program, message, now_s) if session is None else ()
        if session is None or message is None or session.name not in self._lobby.sessions:
            return ()
        if isinstance(message, Order) and message.kind == "bye":
            return self._leave(program, now_s)
        return session.command(message, now_s)

    def _begin(self, program: Visitor, hello: FaceHello, now_s: float) -> Iterator[Out]:
        if not self._lobby.accepting:
            raise RefusalError("starting", "the server is starting: try again in a moment", RESTARTING)
        if not self._lobby.has_room:
            raise RefusalError("full", "all places are taken: try again in a minute", TOO_MUCH)
        lobby = self._lobby
        locale = hello.locale or lobby.settings.locale
        name, key = _PREFIX + self._make_key(), self._make_key()
        session = FaceSession(name, key, program.address, locale, lobby.origin_s, now_s)
        session.borrow(program, hello.rate_hz, hello.avatar, mic=hello.mic)
        lobby.admit(session)
        self._of[id(program)] = session
        told = {"kind": "face", "protocol": PROTOCOL, "key": key, "page": f"/?face={key}", "rate_hz": hello.rate_hz}
        told |= {"locale": locale, "mic_rate_hz": LISTENING_RATE_HZ, "ahead_s": AHEAD_S, "buffer_s": BUFFER_S}
        program.send(json.dumps(told))
        yield from session.tick(now_s)

    def _leave(self, program: Visitor, now_s: float) -> Iterator[Out]:
        session = self._of.pop(id(program), None)
        if session is not None and session.name in self._lobby.sessions:
            yield from self._lobby.end(session, "left", now_s)
