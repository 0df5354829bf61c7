"""The gateway as a stage: what pages say goes into the graph, what the graph says goes to the page that it is for."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..core.enums import SessionKind
from ..core.events import Interrupt, Offer, Say, SessionEvent
from ..core.operating import NodeDesk, NoDesk
from ..core.peers import PeerNews
from ..core.rates import LISTENING_RATE_HZ
from ..core.stage import Out, Stage
from ..core.topics import Message
from .apologies import fixed_text
from .avatar_files import AvatarFiles
from .base import WebSettings
from .face_desk import FaceDesk
from .live_view import LiveView
from .lobby import Lobby
from .mic_ways import MicWays
from .page_connection import PageConnection
from .page_messages import Goodbye, Hello, read_text
from .pipelines import DYING, Pipelines, read_pipelines
from .refusal import RESTARTING, RefusalError
from .sent_frames import Frame
from .speech_offer import SpeechOffer

TICK_S = 0.1
SPEECH_RATE_HZ = 24000

#: What takes a socket's frames: of pages, or of programs.
Take = Callable[[PageConnection, Frame | None, float], Iterable[Out]]
#: Starts the server beside the stage: given the stage, it returns what ends it.
StartServer = Callable[["GatewayStage"], Callable[[], None]]


class GatewayStage(Stage):
    """One thread thinks (the runner's), one serves (the server's); between them stand bounded queues."""

    tick_period_s = TICK_S
    awaits_conversation = True
    waits_for = DYING

    def __init__(
        self,
        settings: WebSettings,
        start_server: StartServer,
        own_namespace: str = "/avatar",
        make_desk: Callable[[tuple[str, ...]], NodeDesk] = lambda namespaces: NoDesk(),
    ) -> None:
        """make_desk: given all namespaces, its own too, what the operator sees of the nodes there."""
        super().__init__()
        self.settings = settings
        self.avatars = AvatarFiles((settings.avatar, *settings.avatars))
        self.origin_s = time.monotonic() - secrets.randbelow(1000)
        self.view = LiveView()
        self.speech = SpeechOffer(settings.locale)
        self.mic_ways = MicWays(settings)
        self.port = settings.port  # that it really listens on
        self._start_server = start_server
        self._stop_server: Callable[[], None] | None = None
        all_pipelines = read_pipelines(settings.pipelines, settings.max_sessions, own_namespace)
        self.pipelines = Pipelines(all_pipelines, settings.pipeline_patience_s)
        self.namespaces = self.pipelines.namespaces
        self.desk: NodeDesk = make_desk((own_namespace, *self.namespaces)) if settings.admin_token_file else NoDesk()
        self._lobby = Lobby(settings, lambda: secrets.token_hex(12), self._welcome, self.origin_s, speech=self.speech)
        self._lobby.pipelines, self._lobby.apology = self.pipelines, fixed_text("missed", settings.locale)
        self._desk = FaceDesk(self._lobby, lambda: secrets.token_hex(12))
        self._inbox: deque[tuple[Take, PageConnection, Frame | None]] = deque()
        self._orders: deque[Callable[[float], Iterable[Out]]] = deque()
        self._viewed_s = 0.0

    def load(self) -> None:
        """Read the avatars, begin to serve. Raises ConfigError for a port, certificate or file that cannot be used."""
        self.avatars.load()
        self.mic_ways.load()
        if self._stop_server is None:
            self._stop_server = self._start_server(self)

    # --- from the graph ------------------------------------------------------------------------------------------

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """A message for one of the pages; what a node offers to all of them."""
        if isinstance(message, Offer):
            self.speech.take(message)
            return ()
        session = self._lobby.sessions.get(getattr(message, "session", ""))
        if session is not None:
            session.take(message, now_s)
        return ()

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """An order for one of the pages."""
        return self.push("interrupt", order, now_s)

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """The dialogue has closed a session: it is asked for it again, so that the page goes on."""
        session = self._lobby.sessions.get(event.session)
        if session is not None and event.kind is SessionKind.CLOSED:
            session.opened = False
        return ()

    def peer(self, news: PeerNews, now_s: float) -> Iterable[Out]:
        """A node died or is back."""
        self.pipelines.hear(news)
        return ()

    # --- from the pages ------------------------------------------------------------------------------------------

    def receive(self, connection: PageConnection, frame: Frame | None) -> None:
        """A page's frame, or None: it is gone. Called by the server's thread."""
        self._inbox.append((self._said, connection, frame))
        self.wake()

    def receive_program(self, connection: PageConnection, frame: Frame | None) -> None:
        """The same of a program that has borrowed a face."""
        self._inbox.append((self._desk.said, connection, frame))
        self.wake()

    def order(self, work: Callable[[float], Iterable[Out]]) -> None:
        """Have `work(now_s)` done by the stage's thread. Called by the server's."""
        self._orders.append(work)
        self.wake()

    def end_session(self, name: str) -> None:
        """The operator closes a conversation."""

        def end(now_s: float) -> Iterable[Out]:
            session = self._lobby.sessions.get(name)
            return self._lobby.end(session, "kicked", now_s) if session else ()

        self.order(end)

    def say(self, name: str, text: str) -> None:
        """The operator has the avatar say something in a conversation."""
        say = Say(name, f"operator_{secrets.token_hex(4)}", text)
        self.order(lambda now_s: (Out("say", say),))

    def tick(self, now_s: float) -> Iterator[Out]:
        """What pages have said since; who is let in, who has been away or silent for too long."""
        yield from map(self.pipelines.route, self._tick(now_s))

    def _tick(self, now_s: float) -> Iterator[Out]:
        while self._inbox:
            yield from self._frame(*self._inbox.popleft(), now_s)
        while self._orders:
            yield from self._orders.popleft()(now_s)
        if now_s - self._viewed_s >= TICK_S:
            self._viewed_s = now_s
            self.pipelines.look(self.missing, now_s)
            self._lobby.accepting = self.pipelines.any_well
            yield from self._lobby.tick(now_s)
            self.view.update(self._lobby, now_s)

    def status(self) -> Mapping[str, str]:
        """Conversations and who waits for one."""
        return {"conversations": str(len(self._lobby.sessions)), "waiting": str(self._lobby.waiting)}

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Tell every page that the server restarts."""
        return map(self.pipelines.route, self._lobby.close_all("restart", RESTARTING, now_s))

    def close(self) -> None:
        """Stop serving."""
        if self._stop_server is not None:
            self._stop_server()
            self._stop_server = None
        self.desk.close()

    # --- inside --------------------------------------------------------------------------------------------------

    def _frame(self, take: Take, connection: PageConnection, frame: Frame | None, now_s: float) -> Iterator[Out]:
        if frame is not None:
            connection.taken()
        try:
            yield from take(connection, frame, now_s)
        except RefusalError as error:
            connection.close(error.close_code, str(error))

    def _said(self, connection: PageConnection, frame: Frame | None, now_s: float) -> Iterable[Out]:
        if frame is None:
            return self._lobby.leave(connection, now_s)
        session = self._lobby.session_of(connection)
        if isinstance(frame, bytes):
            return session.hear(frame, now_s) if session else ()
        message = read_text(frame)
        if isinstance(message, Hello):
            return self._lobby.arrive(connection, message, now_s) if session is None else ()
        if isinstance(message, Goodbye) and session is not None:
            return self._lobby.end(session, "left", now_s)
        return session.answer(message, now_s) if session and message else ()

    def _welcome(self, hello: Hello) -> dict[str, Any]:
        return {
            "now_s": time.monotonic() - self.origin_s,
            "speech_rate_hz": SPEECH_RATE_HZ,
            "mic_rate_hz": LISTENING_RATE_HZ,
            "avatar": self.avatars.choose(hello.avatar),
            "version": self.view.version,
            "talk": "open",
            **self.mic_ways.told(),
        }

