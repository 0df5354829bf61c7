"""A window that draws for itself shows what the copying one shows; in Xvfb, by Mesa, both looked at."""

import os
import shutil
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("pygame", reason="pygame-ce is not installed")
pytest.importorskip("moderngl", reason="moderngl is not installed (extra: gl)")
from avatar_ros.core import egl
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import RenderError
from avatar_ros.display.base import Captions, DisplaySettings, open_screen
from avatar_ros.display.panel_care import AS_IT_IS, Care
from avatar_ros.display.screen_sink import ScreenSink
from avatar_ros.render.gl_context import GlContext
from avatar_ros.render.stage import RendererSettings, RenderStage
from x_screen import XScreen

PANEL = (120, 200)
CARD = "llvmpipe"


@pytest.fixture(scope="module")
def xvfb(tmp_path_factory):
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed (apt install xvfb)")
    try:
        GlContext().release()
    except RenderError as error:
        pytest.skip(str(error))
    screen = XScreen(tmp_path_factory.mktemp("framebuffer"), PANEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", screen.display)
        patch.setenv("SDL_VIDEODRIVER", "x11")
        patch.delenv("WAYLAND_DISPLAY", raising=False)
        yield screen
        sys.modules["pygame"].display.quit()  # a client that outlives its server is ended by Xlib
    screen.close()


def settings(**options):
    return DisplaySettings(**{"scale": 1.0, "pixel_shift_px": 0} | options)


def wait_until(holds, what):
    """For what another process or thread does; a minute is the limit of a machine that is busy, not of the code."""
    for _ in range(6000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"it never came: {what}")


def noise(width, height, alpha=255):
    rgba = np.random.default_rng(0).integers(0, alpha + 1, (height, width, 4), dtype=np.uint8)
    rgba[..., 3] = alpha
    return np.ascontiguousarray(np.kron(rgba, np.ones((4, 4, 1), np.uint8)))


def shown_by(xvfb, backend, frame, told, **options):
    """The panel's picture of a frame; only once it is another one than before."""
    screen, _ = open_screen(settings(backend=backend, **options), card=CARD if backend == "window_gl" else "")
    try:
        assert screen.name == backend
        for colour in (0, 255):
            screen.show(np.full((200, 120, 4), (colour, colour, colour, 255), np.uint8), 1.0)
        screen.tell(*told)
        screen.show(frame, 1.0)
        xvfb.settled()
        return xvfb.picture()
    finally:
        screen.close()


PLAIN = (AgentState.SPEAKING, Captions(), AS_IT_IS)
WORDS = (AgentState.LISTENING, Captions("hello", "Welcome to the museum."), AS_IT_IS)


@pytest.mark.parametrize(
    "size, told, options",
    [
        ((30, 50), PLAIN, {}),
        ((50, 30), PLAIN, {"rotation": 90}),
        ((30, 50), WORDS, {"rotation": 180, "captions": True}),
        ((50, 30), (*WORDS[:2], Care(0.5, 3, 2)), {"rotation": 270, "captions": True}),
        ((20, 20), WORDS, {"captions": True}),
        ((20, 20), PLAIN, {"panel_background": "gradient:#102030,#c0b0a0", "fit": "cover"}),
        ((22, 36), PLAIN, {"panel_background": "#102030"}),
        ((60, 100), PLAIN, {"talk": "push"}),
    ],
    ids=["as it is", "turned", "words", "moved and dimmed", "blurred sides", "cropped", "enlarged", "shrunk"],
)
def test_it_shows_what_the_copying_window_shows(xvfb, size, told, options):
    frame = noise(*size)
    one, other = (shown_by(xvfb, backend, frame, told, **options) for backend in ("window_gl", "window"))
    assert np.abs(one - other).max() <= 3 and one.std() > 20


def test_what_shows_through_is_the_background(xvfb):
    frame, options = noise(30, 50, alpha=60), {"panel_background": "#80a0c0"}
    one, other = (shown_by(xvfb, backend, frame, PLAIN, **options) for backend in ("window_gl", "window"))
    assert np.abs(one - other).max() <= 3 and one.std() > 5


class Kiosk:
    """A renderer with a panel, and somebody who may want bytes."""

    def __init__(self, backend="gl", card=True, **options):
        self.sink = None

        def sinks():
            chosen = settings(backend="window", **options)
            self.sink = ScreenSink(chosen, open_=lambda: open_screen(chosen, card=self.stage.card if card else ""))
            return [self.sink]

        self.stage = RenderStage(RendererSettings(backend=backend, clips=0.0, avatar="bolt"), sinks)
        self.stage.load()

    def draw(self, frames=1):
        before = self.sink.shown

        def drawn():
            list(self.stage.tick(1.0))
            return self.sink.shown >= before + frames

        wait_until(drawn, self.sink.status())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stage.close()


def test_a_face_comes_to_the_panel_without_its_bytes(xvfb, monkeypatch):
    from avatar_ros.render.gl_target import GlPicture

    with Kiosk(card=False) as kiosk:
        kiosk.draw(3)
        xvfb.settled()
        copied = xvfb.picture()
        assert kiosk.sink.status()["screen_copies"] == "frames"
    with Kiosk() as kiosk:
        monkeypatch.setattr(GlPicture, "read_into", lambda *_: pytest.fail("somebody read the frame back"))
        kiosk.draw(3)
        xvfb.settled()
        assert kiosk.sink.status()["screen_copies"].startswith("none"), kiosk.sink.status()
        assert kiosk.sink.status()["screen"] == "window_gl"
        assert np.abs(xvfb.picture() - copied).max() <= 1 and copied.std() > 20


def test_whoever_wants_bytes_has_them_beside_the_panel(xvfb):
    from avatar_ros.core.frame_sink import FrameSink

    class Topic(FrameSink):
        wanted, frames, instants = False, (), ()

        def wants_frames(self):
            return self.wanted

        def show(self, rgba, shown_at_s):
            self.frames, self.instants = (*self.frames, rgba.copy()), (*self.instants, shown_at_s)

    with Kiosk() as kiosk:
        topic = Topic()
        kiosk.stage._sinks._sinks = [kiosk.sink, topic]
        kiosk.draw(2)
        assert not topic.frames
        topic.wanted = True
        for at_s in (1000.0, 2000.0, 3000.0):
            list(kiosk.stage.tick(at_s))
        assert [at_s // 1000 for at_s in topic.instants] == [1, 2], "a frame later, with its own instant"
        kiosk.draw(2)
        xvfb.settled()
        assert np.abs(topic.frames[-1][..., :3].astype(int) - xvfb.picture()).max() <= 1
        before = len(topic.frames)
    assert len(topic.frames) == before + 1, "the last one too"


def test_a_panel_that_goes_and_comes_takes_the_card_along(xvfb):
    with Kiosk() as kiosk:
        kiosk.draw(2)
        first = kiosk.sink.home()
        kiosk.sink._screen._outgrown = True  # as if X had another size
        wait_until(lambda: list(kiosk.stage.tick(1.0)) and kiosk.sink.home() not in (None, first), kiosk.sink.status())
        kiosk.draw(3)
        assert kiosk.sink.status()["screen_copies"].startswith("none")
        assert kiosk.stage.rasteriser._context.home == kiosk.sink.home()


def test_another_avatar_is_drawn_there_and_the_first_one_let_go(xvfb):
    from avatar_ros.core.events import Wear

    with Kiosk() as kiosk:
        kiosk.draw(2)
        first = kiosk.stage._head
        list(kiosk.stage.push("wear", Wear(avatar="grace"), 1.0))
        wait_until(lambda: list(kiosk.stage.tick(1.0)) and kiosk.stage._head is not first, "grace")
        wait_until(lambda: list(kiosk.stage.tick(1.0)) and kiosk.stage._retired is None, "the first is closed")
        assert first.rasteriser._context is None
        kiosk.draw(2)
        assert kiosk.sink.status()["screen_copies"].startswith("none")


def test_a_card_is_not_given_up_for_a_window_in_software(xvfb):
    screen, _ = open_screen(settings(backend="window"), card="A real card")
    assert screen.name == "window" and "drawn by the processor" in screen.copied and "A real card" in screen.copied
    screen.close()


def test_without_egl_frames_are_copied_and_it_says_why(xvfb, monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda wanted: None)
    screen, _ = open_screen(settings(backend="window"), card=CARD)
    assert screen.name == "window" and "libegl1" in screen.copied
    sink = ScreenSink(settings(backend="window"), open_=lambda: (screen, ""))
    assert "libegl1" in sink.status()["screen_copies"]
    sink.close()


def test_a_driver_that_does_not_share_is_found_out(xvfb, monkeypatch):
    from avatar_ros.display import gl_window

    monkeypatch.setattr(gl_window, "PROBED", bytes((1, 2, 3, 255)))
    screen, _ = open_screen(settings(backend="window"), card=CARD)
    assert screen.name == "window" and "does not show what is drawn beside the window" in screen.copied
    screen.show(noise(30, 50), 1.0)
    screen.close()


def test_the_processors_frames_are_taken_by_the_window_that_copies(xvfb):
    with Kiosk("cpu") as kiosk:
        kiosk.draw(2)
        assert kiosk.sink.status()["screen"] == "window"


def test_no_two_homes_are_the_same():
    assert egl.GlHome(1, 2, 3, 4) != egl.GlHome(1, 2, 3, 4)
    assert "SDL_VIDEO_X11_FORCE_EGL" not in os.environ
