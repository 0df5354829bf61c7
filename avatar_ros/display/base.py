"""What every screen shares: its Settings, the Protocol and the table of backends.

"Upright" coordinates are those of the person in front of the panel: x to the right, y down, pixels of the turned
panel. `rotation` says by how many degrees clockwise the picture is turned before it goes to the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from ..core.egl import CardPicture, GlHome, is_software
from ..core.enums import AgentState
from ..core.errors import ConfigError, UnknownBackendError
from ..core.registry import NO_OPTIONS, Backend, Options, Registry
from ..core.settings import setting
from .panel_care import AS_IT_IS, Care, CareSettings

U8 = NDArray[Any]  # uint8 always; OpenCV's stubs do not name the element type

ROTATIONS = (0, 90, 180, 270)
LEAST_SCALE = 0.1


@dataclass(frozen=True)
class DisplaySettings(CareSettings):
    """How the face is shown on a panel."""

    backend: str = setting(
        "auto", "screen: auto (a window where there is a screen), window (window_gl where gl draws), off, fake"
    )  # fmt: skip
    fullscreen: bool = setting(True, "fill the panel; false: a window of panel_width x panel_height")
    panel_width: int = setting(540, "width of the window where it is not full-screen, px", low=64, high=8192)
    panel_height: int = setting(960, "height of the window where it is not full-screen, px", low=64, high=8192)
    panel_index: int = setting(0, "which panel, from 0", low=0, high=15)
    rotation: int = setting(0, "turn the picture clockwise by 0, 90, 180 or 270 degrees", low=0, high=270)
    fit: str = setting(
        "contain", "contain: the whole frame, background beside it; cover: fill the panel, crop the frame",
        choices=("contain", "cover"),
    )  # fmt: skip
    scale: float = setting(
        0.0, "size at which the avatar is rendered, per axis, of the panel's; 0: what is drawn in time, 0.5 to 1",
        low=0.0, high=1.0,
    )  # fmt: skip
    vsync: bool = setting(True, "wait for the panel's refresh: no tearing")
    panel_background: str = setting(
        "blur", "beside a frame that leaves room: blur (the frame's own colours go on), or the words of `background`"
    )  # fmt: skip
    captions: bool = setting(False, "write what was heard and what is said", live=True)
    caption_size: float = setting(0.026, "height of the captions' letters, of the panel's height", low=0.01, high=0.1)
    caption_font: str = setting("", "path of a .ttf or .otf for captions; empty: what the system has")
    state_sign: bool = setting(True, "a small sign while listening and thinking", live=True)
    talk: str = setting(
        "open", "as vad_node's parameter of this name: for push and tap a button is shown, and talk_key is one, too",
        choices=("open", "push", "tap"),
    )  # fmt: skip
    talk_key: str = setting("space", "key that presses the button, by SDL's name")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rotation not in ROTATIONS:
            text = f"parameter 'rotation' is {self.rotation}; it must be 0, 90, 180 or 270"
            raise ConfigError("parameter_choice", text)
        if 0 < self.scale < LEAST_SCALE:
            text = f"parameter 'scale' is {self.scale:g}; it must be 0 (found out) or {LEAST_SCALE} to 1"
            raise ConfigError("parameter_range", text)


@dataclass(frozen=True)
class ScreenEvents:
    """What happened to the screen since the last poll."""

    closed: bool = False  # the window was closed by the user or the system
    escape: bool = False  # the Esc key
    resized: bool = False  # another size, or another panel
    presses: tuple[bool, ...] = ()  # of the talk button, in order: pressed, or let go
    visible: bool | None = None  # can be seen again, or no longer; None: as before

    @property
    def closed_by_user(self) -> bool:
        """Whether the user wants to end the show."""
        return self.closed or self.escape


@dataclass(frozen=True)
class Captions:
    """Words to write: what was heard, what is being said; "" for none."""

    heard: str = ""
    said: str = ""


class Screen(Protocol):
    """A panel. All methods are called from one thread, the one that called `open`."""

    name: str

    def open(self) -> None:
        """Take the panel. Raises ConfigError where there is none, saying what was tried."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in upright pixels; (0, 0) where nothing is shown."""

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Put a frame [H, W, 4] on the panel; waits for vsync. Transparent frames are premultiplied.

        shown_at_s: the instant whose face it shows; animates the state's sign. Raises RenderError("screen_lost") where
        the panel has gone; `close` and `open` may be tried again.
        """

    def tell(self, state: AgentState, captions: Captions, care: Care = AS_IT_IS) -> None:
        """State and words to draw, and how the whole panel is shown, from the next frame on."""

    def poll(self) -> ScreenEvents:
        """What happened since the last call."""

    def close(self) -> None:
        """Give the panel back."""


@runtime_checkable
class TellsProblem(Protocol):
    """A Screen that shows less than it should; problem: what and what to do, "" where all is well."""

    @property
    def problem(self) -> str: ...


@runtime_checkable
class CopiesFrames(Protocol):
    """A Screen that takes bytes. copied: why a card's frames have to be copied to it, "" where there are none."""

    copied: str


@runtime_checkable
class DrawsFrames(Protocol):
    """A Screen that draws for itself: its `show` takes CardPictures of `home` too; None while it is closed."""

    home: GlHome | None

    def show(self, rgba: U8 | CardPicture, shown_at_s: float) -> None: ...


SCREEN_BACKENDS = Registry(
    "display",
    Screen,
    {
        "window": Backend("avatar_ros.display.window:WindowScreen", "embedded", ("pygame",)),
        "window_gl": Backend("avatar_ros.display.gl_window:GlWindowScreen", "gl", ("pygame", "moderngl")),
        "off": Backend("avatar_ros.display.off:OffScreen"),
        "fake": Backend("avatar_ros.display.fake:FakeScreen"),
    },
)


def open_screen(
    settings: DisplaySettings, own: Options = NO_OPTIONS, card: str = ""
) -> tuple[Screen, str]:
    """The chosen screen, open. The text is "" or says why `auto` shows nothing, and what to do about it.

    own: options of backends; card: what draws the frames, where a window may show them without a copy. Raises
    ConfigError where the backend was named and cannot be had.
    """
    if settings.backend not in ("auto", "window"):
        return _opened(settings.backend, settings, own), ""
    try:
        return _opened_window(settings, own, card), ""
    except ConfigError as error:
        if settings.backend != "auto":
            raise
        return _opened("off", settings, own), f"nothing is shown: {error.text}"


def _opened_window(settings: DisplaySettings, own: Options, card: str) -> Screen:
    """One that draws for itself where a card draws the frames, and the window's OpenGL is no worse than the card's."""
    why = ""
    if card:
        try:
            window = _opened("window_gl", settings, own)
        except (ConfigError, UnknownBackendError) as error:
            why = error.text
        else:
            renderer = str(getattr(window, "renderer", ""))
            if is_software(card) or not is_software(renderer):
                return window
            window.close()
            why = f"the window's OpenGL is drawn by the processor ({renderer}), the face by {card}"
    window = _opened("window", settings, own)
    if isinstance(window, CopiesFrames):
        window.copied = why
    return window


def _opened(name: str, settings: DisplaySettings, own: Options) -> Screen:
    screen = SCREEN_BACKENDS.make(name, settings, own=own)  # these settings, not a copy: some of them are live
    screen.open()
    return screen


def render_size(panel: Sequence[int], scale: float) -> tuple[int, int]:
    """Width and height (even, at least 16 px) at which to render for a panel of `panel` upright pixels."""
    width, height = (max(16, 2 * round(side * scale / 2)) for side in panel)
    return width, height
