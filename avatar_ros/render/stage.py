"""The renderer stage: expressions and the playback clock in, frames out to screen, recording and topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..avatar.axes import AXES, Y_UP
from ..avatar.framing import head_pivot
from ..avatar.load import BUILT_IN, avatar_file, load_avatar
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_INDEX
from ..core.clock import Clock, SteadyClock, ns_from_s
from ..core.events import AvatarState, FrameInfo, Interrupt
from ..core.frame_sink import FrameSink
from ..core.registry import NO_OPTIONS, Options
from ..core.settings import setting
from ..core.stage import Out, Port, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, AudioFrame, Expression, PlaybackClock, Sentence, Talk, Transcript
from .auto import make_rasteriser
from .base import BACKENDS, Rasteriser, RasterSettings
from .clip_mixer import ClipMixer, pose_matrix
from .face import Face, FaceState
from .frame_statistics import FrameStatistics
from .pose import portrait_camera
from .scenery import Scenery, ScenerySettings
from .sink_group import SinkGroup

PORT = Port(
    subscribes=(
        "motion/expression",
        "speech/playback",
        "state",
        "speech/transcript",
        "speech/sentence",
        "speech/played",
    ),
    publishes=("frame_info", "mic/talk"),
)
MIN_SIDE_PX = 16
JAW_OPEN, MOUTH_CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]


@dataclass(frozen=True)
class RendererSettings(ScenerySettings):
    """Parameters of the renderer node."""

    backend: str = setting("auto", "rasteriser: auto, cpu, gsplat, gl, reference or fake")
    threads: int = setting(2, "threads of the CPU rasteriser", low=1, high=256)
    blur_px2: float = setting(0.3, "variance of the antialias filter at 512 px, px²", low=0.0, high=100.0)
    smoke_cover: float = setting(
        0.3, "thin what covers a pixel by less than this share: the smoke around LAM heads, 0-1", low=0.0, high=1.0
    )
    lam_weight_scaling: bool = setting(False, "LAM's own weight factors; right for its Audio2Expression only")
    session: str = setting(LOCAL_SESSION, "session whose face is shown")
    avatar: str = setting(BUILT_IN, "a name of ./avatar avatars, or a LAM .zip, or splats as .ply, .spz or .splat")
    avatar_axes: str = setting(Y_UP, "up axis of an avatar of splats alone", choices=tuple(AXES))
    width: int = setting(0, "frame width, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    height: int = setting(0, "frame height, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    fps: float = setting(30.0, "frames a second", low=1.0, high=240.0)
    display_latency_s: float = setting(0.0, "time from handing over a frame to its light, s", low=0.0, high=0.5)
    clips: float = setting(0.5, "amplitude of the avatar's own head animations, 0-1", low=0.0, high=1.0)


def rasteriser_settings(settings: RendererSettings) -> RasterSettings:
    """The rasteriser's share of the node's parameters."""
    return RasterSettings(
        backend=settings.backend,
        threads=settings.threads,
        blur_px2=settings.blur_px2,
        smoke_cover=settings.smoke_cover,
        lam_weight_scaling=settings.lam_weight_scaling,
    )


SinkMaker = Callable[[], Sequence[FrameSink]]


class RenderStage(Stage):
    """Draws the face that will be heard when its frame is seen, `fps` times a second."""

    def __init__(
        self, settings: RendererSettings, make_sinks: SinkMaker, clock: Clock | None = None, own: Options = NO_OPTIONS
    ) -> None:
        super().__init__()
        self.tick_period_s = 1.0 / settings.fps
        self._settings = settings
        self._make_sinks = make_sinks
        self._own = own
        self._clock = clock or SteadyClock()  # only to time the drawing; what is drawn depends on `now_s` alone
        self._sinks = SinkGroup()
        self._face = Face()
        self._statistics = FrameStatistics(self.tick_period_s)

    def load(self) -> None:
        """Load the avatar, draw one frame to warm up, open the sinks."""
        settings = self._settings
        if settings.backend != "auto":
            BACKENDS.load(settings.backend)  # a misspelt name is known before a large file is read
        self._avatar = load_avatar(avatar_file(settings.avatar), axes=settings.avatar_axes)
        self._rasteriser, self._fallback = make_rasteriser(self._avatar, rasteriser_settings(settings), self._own)
        self._scenery = Scenery(settings, self._avatar)
        self._sinks = SinkGroup(self._make_sinks())
        self._resize(self._wanted_size())
        self._clips = ClipMixer(self._avatar.clips, settings.clips)
        self._pivot = head_pivot(self._avatar)
        self._draw(Face().at(0.0), 0.0)

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take note; drawing happens at the next tick."""
        if getattr(message, "session", LOCAL_SESSION) != self._settings.session:
            return ()
        if isinstance(message, Expression):
            self._face.express(message)
        elif isinstance(message, PlaybackClock):
            self._face.playback(message)
        elif isinstance(message, AvatarState):
            self._clips.set_state(message.state, now_s)
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
        return self._avatar

    @property
    def rasteriser(self) -> Rasteriser:
        """What draws."""
        return self._rasteriser

    @property
    def focal_px(self) -> float:
        """Focal length of the camera that draws, px."""
        return float(self._camera.fy)

    def status(self) -> Mapping[str, str]:
        """Backend, speed and what the sinks say."""
        values = {
            "avatar": self._avatar.name,
            "backend": self._rasteriser.name,
            "bad_weights": str(self._rasteriser.bad_weights),
            **self._statistics.values(),
            "expressions_dropped": str(self._face.dropped),
        }
        of_sinks, warnings = self._sinks.status()
        fallback = getattr(self._rasteriser, "warning", self._fallback)
        text = "; ".join(filter(None, [fallback, self._scenery.warning, *warnings]))
        return values | of_sinks | ({"warning": text} if text else {})

    def close(self) -> None:
        """Finish recordings, close the window, free the rasteriser."""
        self.failure = "; ".join(filter(None, [self.failure, *self._sinks.close()]))
        rasteriser: Any = getattr(self, "_rasteriser", None)
        if rasteriser is not None:
            rasteriser.close()

    def _wanted_size(self) -> tuple[int, int]:
        width, height = self._sinks.frame_size()
        return (self._settings.width or width, self._settings.height or height)

    def _resize(self, size: tuple[int, int]) -> None:
        width, height = (max(side, MIN_SIDE_PX) for side in size)
        self._size = size
        self._camera = portrait_camera(self._avatar, width, height)
        self._set_scene()

    def _set_scene(self) -> None:
        width, height = self._camera.width, self._camera.height
        self._background = self._scenery.behind(self._rasteriser, self._camera)
        self._out = self._rasteriser.buffer(width, height)

    def _check_sinks(self) -> None:
        """A panel may have been turned or changed; a person may have pressed Esc."""
        if (size := self._wanted_size()) != self._size:
            self._resize(size)
        elif self._scenery.changed(self._camera):
            self._set_scene()
        self.finished = self.finished or self._sinks.closed_by_user

    def _show(self, state: FaceState, shown_at_s: float) -> float:
        """Draw for the sinks that want it; the cost in seconds."""
        wanting = self._sinks.wanting()
        if not wanting:
            return 0.0
        started_s = self._clock.now_s()
        self._scenery.shine(self._rasteriser)
        self._draw(state, shown_at_s)
        cost_s = self._clock.now_s() - started_s
        self._statistics.cost(cost_s)
        for sink in wanting:
            sink.show(self._out, shown_at_s)
            sink.drawn(cost_s, self.tick_period_s, self._statistics.missed)
        return cost_s

    def _draw(self, state: FaceState, at_s: float) -> None:
        head = self._clips.at(at_s) @ pose_matrix(state.head.rotation, state.head.translation, self._pivot)
        self._rasteriser.render(state.weights, head, self._camera, self._background, self._out)
        self._statistics.drawn += 1

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
