"""The renderer stage: expressions and the playback clock in, frames out to whoever shows, records or publishes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..avatar.axes import AXES, Y_UP
from ..avatar.load import load_avatar
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_INDEX
from ..core.clock import Clock, SteadyClock, ns_from_s
from ..core.errors import ConfigError
from ..core.events import AvatarState, FrameInfo, Interrupt
from ..core.paths import share_file
from ..core.registry import NO_OPTIONS, Options
from ..core.settings import Settings, setting
from ..core.stage import Out, Port, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION, AudioFrame, Expression, PlaybackClock, Sentence, Transcript
from .auto import make_rasteriser
from .base import BACKENDS, Background, Rasteriser
from .base import RasterSettings as RasteriserSettings
from .clips import ClipMixer, pose_matrix
from .face import Face, FaceState
from .pose import portrait_camera

PORT = Port(
    subscribes=(
        "motion/expression",
        "speech/playback",
        "state",
        "speech/transcript",
        "speech/sentence",
        "speech/played",
    ),
    publishes=("frame_info",),
)
DEFAULT_SIDE_PX = 512
MIN_SIDE_PX = 16
JAW_OPEN, MOUTH_CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
BUILT_IN = "builtin"


@dataclass(frozen=True)
class RendererSettings(Settings):
    """Parameters of the renderer node."""

    backend: str = setting("auto", "rasteriser: auto, cpu, gsplat, reference or fake")
    threads: int = setting(2, "threads of the CPU rasteriser", low=1, high=256)
    blur_px2: float = setting(0.3, "variance of the antialias filter at 512 px, px²", low=0.0, high=100.0)
    smoke_cover: float = setting(
        0.3, "thin what covers a pixel by less than this share: the smoke around LAM heads, 0-1", low=0.0, high=1.0
    )
    lam_weight_scaling: bool = setting(False, "LAM's own weight factors; right for its Audio2Expression only")
    background: str = setting("#e8e4de", "colour '#rrggbb' behind the head, or 'transparent'")
    session: str = setting(LOCAL_SESSION, "session whose face is shown")
    avatar: str = setting(BUILT_IN, "avatar: 'builtin', or a LAM .zip, or splats as .ply, .spz or .splat")
    avatar_axes: str = setting(Y_UP, "which way is up in an avatar of splats alone", choices=tuple(AXES))
    width: int = setting(0, "frame width, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    height: int = setting(0, "frame height, px; 0: what the screen wants, 512 without one", low=0, high=4096)
    fps: float = setting(30.0, "frames a second", low=1.0, high=240.0)
    display_latency_s: float = setting(0.0, "time from handing over a frame to its light, s", low=0.0, high=0.5)
    clips: float = setting(0.5, "how much of the avatar's own head movements is played, 0-1", low=0.0, high=1.0)


def rasteriser_settings(settings: RendererSettings) -> RasteriserSettings:
    """The rasteriser's share of the node's parameters."""
    return RasteriserSettings(
        backend=settings.backend,
        threads=settings.threads,
        blur_px2=settings.blur_px2,
        smoke_cover=settings.smoke_cover,
        lam_weight_scaling=settings.lam_weight_scaling,
    )


def parse_background(text: str) -> Background:
    """'#rrggbb' as (r, g, b) of 0–1, 'transparent' as None. Raises ConfigError for anything else."""
    if text == "transparent":
        return None
    digits = text.removeprefix("#")
    if len(digits) != 6 or not text.startswith("#") or set(digits.lower()) - set("0123456789abcdef"):
        raise ConfigError("bad_colour", f"background is '{text}'; give '#rrggbb' or 'transparent'")
    r, g, b = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return (r, g, b)


class FrameSink(Protocol):
    """Somebody who wants frames. Called on the renderer's thread; must return at once (a window may wait for vsync)."""

    def wants_frames(self) -> bool:
        """Whether a frame would be used now; nothing is drawn while nobody wants one."""

    def frame_size(self) -> tuple[int, int] | None:
        """Width and height at which it would like frames, px; None where it takes any."""

    @property
    def leave(self) -> bool:
        """Whether a person asked to end the show (Esc, window closed)."""

    def show(self, rgba: NDArray[np.uint8], shown_at_s: float) -> None:
        """A frame [H, W, 4], valid until the next call; it shows the face of `shown_at_s`."""

    def hear(self, topic: str, message: Message) -> None:
        """A message of the conversation: captions, state, what was played."""

    def status(self) -> Mapping[str, str]:
        """For /diagnostics."""

    def close(self) -> str | None:
        """Finish what was begun (a recording); what could not be finished, if anything."""


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
        self._sinks: Sequence[FrameSink] = ()
        self._face = Face()
        self._cost_s = 0.0
        self._last_s: float | None = None
        self._frame_s = self.tick_period_s
        self._dropped = 0
        self._drawn = 0

    def load(self) -> None:
        """Load the avatar, draw one frame to warm up, open the sinks."""
        settings = self._settings
        if settings.backend != "auto":
            BACKENDS.load(settings.backend)  # a misspelt name is known before a large file is read
        path = share_file("models/avatar.zip") if settings.avatar == BUILT_IN else settings.avatar
        self._avatar = load_avatar(path, axes=settings.avatar_axes)
        self._background = parse_background(settings.background)
        self._rasteriser, self._fallback = make_rasteriser(
            self._avatar, rasteriser_settings(settings), self._own
        )
        self._sinks = self._make_sinks()
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
            self._clips.mood(message.state, now_s)
        if isinstance(message, AvatarState | Transcript | Sentence | PlaybackClock | AudioFrame):
            for sink in self._sinks:
                sink.hear(topic, message)
        return ()

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """Drop the lips of what was cancelled."""
        if order.session == self._settings.session:
            self._face.interrupt(order)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Draw and hand over one frame."""
        self._count(now_s)
        self._look_after_sinks()
        shown_at_s = now_s + self._cost_s + self._settings.display_latency_s
        state = self._face.at(shown_at_s)
        cost_s = self._show(state, shown_at_s)
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
            "render_ms": f"{1000 * self._cost_s:.1f}",
            "fps": f"{1 / self._frame_s:.1f}",
            "frames_drawn": str(self._drawn),
            "frames_dropped": str(self._dropped),
            "expressions_dropped": str(self._face.dropped),
        }
        warnings = [self._fallback]
        for sink in self._sinks:
            said = dict(sink.status())
            warnings.append(said.pop("warning", ""))
            values |= said
        if text := "; ".join(filter(None, warnings)):
            values["warning"] = text
        return values

    def close(self) -> None:
        """Finish recordings, close the window, free the rasteriser."""
        failures = [sink.close() for sink in self._sinks]
        self.failure = "; ".join(filter(None, [self.failure, *failures]))
        self._sinks = ()
        rasteriser: Any = getattr(self, "_rasteriser", None)
        if rasteriser is not None:
            rasteriser.close()

    def _wanted_size(self) -> tuple[int, int]:
        sizes = [size for sink in self._sinks if (size := sink.frame_size()) is not None]
        width, height = sizes[0] if sizes else (DEFAULT_SIDE_PX, DEFAULT_SIDE_PX)
        return (self._settings.width or width, self._settings.height or height)

    def _resize(self, size: tuple[int, int]) -> None:
        width, height = (max(side, MIN_SIDE_PX) for side in size)
        self._size = size
        self._camera = portrait_camera(self._avatar, width, height)
        self._out = self._rasteriser.buffer(width, height)

    def _look_after_sinks(self) -> None:
        """A panel may have been turned or changed; a person may have pressed Esc."""
        if (size := self._wanted_size()) != self._size:
            self._resize(size)
        self.finished = self.finished or any(sink.leave for sink in self._sinks)

    def _count(self, now_s: float) -> None:
        if self._last_s is not None:
            elapsed_s = now_s - self._last_s
            self._frame_s += 0.1 * (elapsed_s - self._frame_s)
            self._dropped += max(0, round(elapsed_s / self.tick_period_s) - 1)
        self._last_s = now_s

    def _show(self, state: FaceState, shown_at_s: float) -> float:
        """Draw for the sinks that want it; the cost in seconds."""
        wanting = [sink for sink in self._sinks if sink.wants_frames()]
        if not wanting:
            return 0.0
        started_s = self._clock.now_s()
        self._draw(state, shown_at_s)
        cost_s = self._clock.now_s() - started_s
        self._cost_s += 0.2 * (cost_s - self._cost_s)
        for sink in wanting:
            sink.show(self._out, shown_at_s)
        return cost_s

    def _draw(self, state: FaceState, at_s: float) -> None:
        head = self._clips.at(at_s) @ pose_matrix(state.head.rotation, state.head.translation, self._pivot)
        self._rasteriser.render(state.weights, head, self._camera, self._background, self._out)
        self._drawn += 1

    def _info(self, state: FaceState, shown_at_s: float, cost_s: float) -> FrameInfo:
        return FrameInfo(
            session=self._settings.session,
            epoch=state.epoch,
            turn=state.turn,
            sample=state.sample,
            speaking=state.speaking,
            mouth_open=float(np.clip(state.weights[JAW_OPEN] - state.weights[MOUTH_CLOSE], 0.0, 1.0)),
            render_ms=1000 * cost_s,
            fps=1 / self._frame_s,
            dropped=self._dropped,
            steady_ns=ns_from_s(shown_at_s),
        )


def head_pivot(avatar: Avatar) -> NDArray[np.float64]:
    """Where the head turns, metres: its joint, or a third of the way up a cloud that has none."""
    if avatar.neck is not None:
        return np.array(avatar.neck.pivot)
    low, high = np.percentile(avatar.positions.astype(np.float64), [1, 99], axis=0)
    return np.array([(low[0] + high[0]) / 2, low[1] + 0.33 * (high[1] - low[1]), (low[2] + high[2]) / 2 - 0.02])
