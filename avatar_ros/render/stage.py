"""The renderer stage: expressions and the playback clock in, frames out to screen, recording and topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from ..avatar.load import avatar_file, load_avatar
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_INDEX
from ..core.clock import Clock, SteadyClock, ns_from_s
from ..core.enums import AgentState
from ..core.errors import RenderError
from ..core.events import AvatarState, FrameInfo, Interrupt, SessionEvent, Wear
from ..core.frame_sink import FrameSink
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Port, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, AudioFrame, Expression, PlaybackClock, Sentence, Talk, Transcript
from .base import BACKENDS, DrawsForWindow, Rasteriser
from .face import Face, FaceState
from .frame_statistics import FrameStatistics
from .read_back import ReadBack
from .renderer_settings import RendererSettings, rasteriser_settings
from .shown_head import Head, keeps_to_its_thread
from .sink_group import SinkGroup
from .wardrobe import Loaded, Wardrobe

__all__ = ["PORT", "RenderStage", "RendererSettings", "rasteriser_settings"]

PORT = Port(
    subscribes=(
        "motion/expression",
        "speech/playback",
        "state",
        "speech/transcript",
        "speech/sentence",
        "speech/played",
        "wear",
    ),
    publishes=("frame_info", "mic/talk", "wear_result", "session"),
)
JAW_OPEN, MOUTH_CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]


SinkMaker = Callable[[], Sequence[FrameSink]]


class RenderStage(Stage):
    """Draws the face that will be heard when its frame is seen, `fps` times a second."""

    def __init__(
        self, settings: RendererSettings, make_sinks: SinkMaker, clock: Clock | None = None, own: Options = NO_OPTIONS,
        loader: Executor | None = None,
    ) -> None:
        """loader: where another avatar is loaded, a thread of its own unless told otherwise."""
        super().__init__()
        self.tick_period_s = 1.0 / settings.fps
        self._settings = settings
        self._make_sinks = make_sinks
        self._own = own
        self._clock = clock or SteadyClock()  # only to time the drawing; what is drawn depends on `now_s` alone
        self._sinks = SinkGroup()
        self._face = Face()
        self._statistics = FrameStatistics(self.tick_period_s)
        self._read_back = ReadBack()
        self._wardrobe = Wardrobe(self._load_other, loader)
        self._head: Head | None = None
        self._retired: Head | None = None  # sinks may still have its last frame
        self._state: AgentState | None = None

    def load(self) -> None:
        """Load the avatar, draw one frame to warm up, open the sinks."""
        settings = self._settings
        if settings.backend != "auto":
            BACKENDS.load(settings.backend)  # a misspelt name is known before a large file is read
        avatar = load_avatar(avatar_file(settings.avatar), axes=settings.avatar_axes)
        self._head = Head(avatar, settings, self._own)
        self._sinks = SinkGroup(self._make_sinks())
        self.unread = frozenset() if self._sinks.wants_sound else frozenset({"speech/played"})
        self._head.settle(self._sinks.home())
        self._head.resize(self._wanted_size())
        self._head.warm()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take note; drawing happens at the next tick."""
        if getattr(message, "session", LOCAL_SESSION) != self._settings.session:
            return ()
        if isinstance(message, Expression):
            self._face.express(message)
        elif isinstance(message, PlaybackClock):
            self._face.playback(message)
        elif isinstance(message, AvatarState):
            self._state = message.state
            self._shown.clips.set_state(message.state, now_s)
        elif isinstance(message, Wear):
            self._wardrobe.ask(message, self._shown.avatar.name)
        if isinstance(message, AvatarState | Transcript | Sentence | PlaybackClock | AudioFrame):
            self._sinks.hear(topic, message)
        return ()

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """Drop the lips of what was cancelled."""
        if order.session == self._settings.session:
            self._face.interrupt(order)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Draw and hand over one frame."""
        self._statistics.tick(now_s)
        yield from self._change_head(now_s)
        self._check_sinks()
        shown_at_s = now_s + self._statistics.cost_s + self._settings.display_latency_s
        state = self._face.at(shown_at_s)
        cost_s = self._show(state, shown_at_s)
        for pressed in self._sinks.presses():
            yield Out("mic/talk", Talk(self._settings.session, pressed))
        yield Out("frame_info", self._info(state, shown_at_s, cost_s))

    @property
    def avatar(self) -> Avatar:
        """Whom it shows."""
        return self._shown.avatar

    @property
    def rasteriser(self) -> Rasteriser:
        """What draws."""
        return self._shown.rasteriser

    @property
    def card(self) -> str:
        """What draws frames that a window can show where they lie, "" where nothing does."""
        rasteriser = self.rasteriser
        on_card = isinstance(rasteriser, DrawsForWindow) and rasteriser.name == "gl"
        return str(getattr(rasteriser, "device", "")) if on_card else ""

    @property
    def camera(self) -> tuple[float, float]:
        """Of the camera that draws: its focal length, px, and how far it is from the face, m."""
        return self._shown.camera

    def status(self) -> Mapping[str, str]:
        """Backend, speed and what the sinks say."""
        values = {
            "avatar": self._shown.avatar.name,
            "backend": self._shown.rasteriser.name,
            "bad_weights": str(self._shown.rasteriser.bad_weights),
            **self._statistics.values(),
            "expressions_dropped": str(self._face.dropped),
        }
        of_sinks, warnings = self._sinks.status()
        text = "; ".join(filter(None, [*self._shown.warnings, *warnings]))
        return values | of_sinks | ({"warning": text} if text else {})

    def close(self) -> None:
        """Finish recordings, close the window, free the rasteriser."""
        self._read_back.finish()
        self.failure = "; ".join(filter(None, [self.failure, *self._sinks.close()]))
        self._wardrobe.close()
        for head in filter(None, (self._head, self._retired)):
            head.close()
        self._head = self._retired = None

    # --- the head -----------------------------------------------------------------------------------------------------

    @property
    def _shown(self) -> Head:
        if self._head is None:
            raise RenderError("render_not_loaded", "the renderer has no avatar yet; configure it first")
        return self._head

    def _load_other(self, wear: Wear) -> Loaded:
        """On another thread than the rest: read the file, and make the head where that may be done there."""
        settings, shown = self._settings, self._shown
        avatar = load_avatar(avatar_file(wear.avatar), axes=wear.axes or settings.avatar_axes)
        if keeps_to_its_thread(shown.rasteriser):
            return partial(self._made, avatar, "")
        return self._made(avatar, shown.rasteriser.name)

    def _made(self, avatar: Avatar, backend: str) -> Head:
        head = Head(avatar, self._settings, self._own, backend)
        head.settle(self._sinks.home())
        head.resize(self._shown.size)
        head.warm()
        return head

    def _change_head(self, now_s: float) -> Iterable[Out]:
        if self._retired is not None and not self._retired.looked_at:
            self._retire(None)
        head = self._wardrobe.ready(self._shown.avatar.name)
        if head is not None:
            if self._state is not None:
                head.clips.set_state(self._state, now_s)
            self._retire(self._head)
            self._head = head
            yield Out("session", self._asked_by(head.avatar))
        for result in self._wardrobe.results():
            yield Out("wear_result", result)

    def _asked_by(self, avatar: Avatar) -> SessionEvent:
        """The language and the voices that suit who is shown from now on; the kiosk's own where it asks for none."""
        home = self._settings.home_locale
        locale = home and (avatar.locale or home)
        return SessionEvent(self._settings.session, locale=locale, avatar=avatar.name, avatar_voices=avatar.voices)

    def _retire(self, head: Head | None) -> None:
        """Put a head aside, and close the one that lies there."""
        if self._retired is not None:
            self._retired.close()
        self._retired = head

    def _wanted_size(self) -> tuple[int, int]:
        width, height = self._sinks.frame_size()
        return (self._settings.width or width, self._settings.height or height)

    def _check_sinks(self) -> None:
        """A panel may have been turned or changed; a person may have pressed Esc."""
        self._shown.settle(self._sinks.home())
        if (size := self._wanted_size()) != self._shown.size:
            self._shown.resize(size)
        self._shown.refresh()
        self.finished = self.finished or self._sinks.closed_by_user

    def _show(self, state: FaceState, shown_at_s: float) -> float:
        """Draw for the sinks that want it; the cost in seconds."""
        wanting = self._sinks.wanting()
        if not wanting:
            return 0.0
        started_s = self._clock.now_s()
        self._shown.draw(state, shown_at_s)
        self._statistics.drawn += 1
        cost_s = self._clock.now_s() - started_s
        self._statistics.cost(cost_s)
        picture = self._shown.picture
        want_bytes = [sink for sink in wanting if picture is None or not sink.show_on_card(picture, shown_at_s)]
        self._read_back.hand_over(want_bytes, self._shown, shown_at_s)
        for sink in wanting:
            sink.drawn(cost_s, self.tick_period_s, self._statistics.missed)
        return cost_s

    def _info(self, state: FaceState, shown_at_s: float, cost_s: float) -> FrameInfo:
        return FrameInfo(
            session=self._settings.session,
            epoch=state.epoch,
            turn=state.turn,
            sample=state.sample,
            speaking=state.speaking,
            mouth_open=float(np.clip(state.weights[JAW_OPEN] - state.weights[MOUTH_CLOSE], 0.0, 1.0)),
            render_ms=1000 * cost_s,
            fps=self._statistics.fps,
            dropped=self._statistics.dropped,
            steady_ns=ns_from_s(shown_at_s),
        )
