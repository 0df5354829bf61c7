"""The same for every screen: opens, shows, tells, polls, closes. The window is a real one, in Xvfb, and looked at."""

import os
import shutil
import sys
import time

import numpy as np
import pytest

from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import ConfigError, RenderError
from avatar_ros.display.base import Captions, DisplaySettings, open_screen
from avatar_ros.display.panel_care import Care
from avatar_ros.display.screen_sink import ScreenSink
from x_screen import ESCAPE_KEYSYM, XScreen

PANEL = (360, 640)
QUADRANTS = {
    "top left": (200, 40, 40),
    "top right": (40, 180, 60),
    "bottom left": (50, 60, 200),
    "bottom right": (220, 210, 60),
}


@pytest.fixture(scope="module")
def xvfb(tmp_path_factory):
    """A virtual X server."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed (apt install xvfb)")
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    screen = XScreen(tmp_path_factory.mktemp("framebuffer"), PANEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", screen.display)
        for name in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
            patch.delenv(name, raising=False)
        yield screen
        sys.modules["pygame"].display.quit()  # a client that outlives its server is ended by Xlib
    screen.close()


@pytest.fixture(params=["fake", "off", "window"])
def backend(request):
    if request.param == "window":
        request.getfixturevalue("xvfb")
    return request.param


@pytest.fixture
def opened():
    """Opens screens, closes them after the test."""
    screens = []

    def open_(**settings):
        screen, _ = open_screen(DisplaySettings(**settings))
        screens.append(screen)
        return screen

    yield open_
    for screen in screens:
        screen.close()


def quadrants(width=180, height=320, alpha=255):
    frame = np.full((height, width, 4), alpha, np.uint8)
    for (y, x), colour in zip(((0, 0), (0, 1), (1, 0), (1, 1)), QUADRANTS.values(), strict=True):
        part = frame[y * height // 2 : (y + 1) * height // 2, x * width // 2 : (x + 1) * width // 2]
        part[:, :, :3] = colour
    return frame


def colour_at(picture, across, down):
    return tuple(picture[int(down * picture.shape[0]), int(across * picture.shape[1])])


def test_every_screen_goes_through_a_day(backend, opened):
    screen = opened(backend=backend, captions=True)
    for number, state in enumerate(AgentState):
        screen.tell(state, Captions("what time is it", "It is noon. 现在是中午。 \x07 🙂 \U0001d11e"))
        screen.show(quadrants(), 100.0 + number)
        assert not screen.poll().closed_by_user
    screen.show(quadrants(100, 100), 105.0)
    screen.close()
    screen.open()
    screen.show(quadrants(), 106.0)
    screen.close()
    screen.close()


def test_size_is_that_of_the_panel(backend, opened):
    screen = opened(backend=backend, panel_width=PANEL[0], panel_height=PANEL[1])
    assert screen.size == ((0, 0) if backend == "off" else PANEL)


def test_turned_size_is_upright(backend, opened):
    screen = opened(backend=backend, panel_width=PANEL[0], panel_height=PANEL[1], rotation=90)
    assert screen.size == ((0, 0) if backend == "off" else PANEL[::-1])


# Where the upright picture's quadrants are after a turn, clockwise from the panel's top left.
TURNED = {
    0: ("top left", "top right", "bottom right", "bottom left"),
    90: ("bottom left", "top left", "top right", "bottom right"),
    180: ("bottom right", "bottom left", "top left", "top right"),
    270: ("top right", "bottom right", "bottom left", "top left"),
}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_screenshot_shows_the_frame(xvfb, opened, rotation):
    screen = opened(backend="window", rotation=rotation)
    upright = (180, 320) if rotation in (0, 180) else (320, 180)
    screen.show(quadrants(*upright), 1.0)
    picture = xvfb.picture()
    places = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    assert [colour_at(picture, *place) for place in places] == [QUADRANTS[name] for name in TURNED[rotation]]


def test_a_square_frame_stands_below_the_background(xvfb, opened):
    screen = opened(backend="window", panel_background="#102030")
    screen.show(quadrants(64, 64), 1.0)
    picture = xvfb.picture()
    assert colour_at(picture, 0.5, 0.1) == (0x10, 0x20, 0x30)
    assert colour_at(picture, 0.25, 0.95) == QUADRANTS["bottom left"]


def test_a_transparent_frame_shows_the_background(xvfb, opened):
    screen = opened(backend="window", panel_background="#102030")
    screen.show(np.zeros((320, 180, 4), np.uint8), 1.0)
    assert colour_at(xvfb.picture(), 0.5, 0.5) == (0x10, 0x20, 0x30)


def test_captions_and_sign_change_the_lower_edge_only(xvfb, opened):
    screen = opened(backend="window", captions=True)
    screen.show(quadrants(), 1.0)
    plain = xvfb.picture()
    screen.tell(AgentState.LISTENING, Captions("hello", "Welcome to the museum."))
    screen.show(quadrants(), 1.0)
    changed = np.abs(xvfb.picture() - plain).max(axis=2) > 8
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows[0] > 0.7 * PANEL[1]
    assert changed.sum() > 1000
    screen.tell(AgentState.SPEAKING, Captions())
    screen.show(quadrants(), 1.0)
    assert np.array_equal(xvfb.picture(), plain)


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_panel_is_dimmed_and_moved_as_a_whole(xvfb, opened, rotation):
    screen = opened(backend="window", rotation=rotation)
    upright = (180, 320) if rotation == 0 else (320, 180)
    screen.show(quadrants(*upright), 1.0)
    plain = xvfb.picture()
    screen.tell(AgentState.IDLE, Captions(), Care(0.5, 3, 2))
    screen.show(quadrants(*upright), 1.0)
    right, down = (3, 2) if rotation == 0 else (-2, 3)
    moved = np.roll(plain, (down, right), axis=(0, 1)) // 2
    assert np.abs(xvfb.picture() - moved)[8:-8, 8:-8].max() <= 1
    screen.tell(AgentState.IDLE, Captions())
    screen.show(quadrants(*upright), 1.0)
    assert np.array_equal(xvfb.picture(), plain)


def test_escape_and_closing_are_told_once(xvfb, opened):
    import pygame

    screen = opened(backend="window")
    screen.poll()
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE))
    assert screen.poll().escape
    assert not screen.poll().closed_by_user
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE))
    assert screen.poll().closed


def test_the_escape_key_itself_leaves(xvfb, opened):
    if not XScreen.can_press():
        pytest.skip("libX11 or libXtst is not installed (apt install libxtst6)")
    screen = opened(backend="window")
    screen.show(quadrants(), 1.0)
    screen.poll()
    xvfb.press(ESCAPE_KEYSYM)
    assert any(screen.poll().escape for _ in range(1000))


def test_a_window_that_is_resized_is_filled_again(xvfb, opened):
    screen = opened(backend="window", fullscreen=False, panel_width=180, panel_height=320)
    screen.show(quadrants(), 1.0)
    screen.poll()
    screen._window.size = (240, 240)  # what a window manager would do
    assert screen.poll().resized
    screen.show(quadrants(60, 60), 2.0)
    assert screen.size == (240, 240)
    picture = xvfb.picture()
    assert [tuple(c) for c in np.unique(picture.reshape(-1, 3), axis=0) if tuple(c) in QUADRANTS.values()]
    same = (picture == QUADRANTS["bottom right"]).all(axis=2)
    assert 0.9 * 120 * 120 < same.sum() <= 120 * 120


def test_a_sink_shows_frames_from_its_own_thread(xvfb):
    left = []
    sink = ScreenSink(DisplaySettings(backend="window"), on_close=lambda: left.append(True))
    assert sink.wants_frames()
    assert sink.size == PANEL
    while sink.shown < 2:
        sink.show(quadrants(), 1.0)
    assert colour_at(xvfb.picture(), 0.25, 0.25) == QUADRANTS["top left"]
    sink.close()
    assert not left
    assert sink.status()["screen"] == "window"


def test_cursor_is_hidden_and_the_panel_kept_awake(xvfb, opened):
    import pygame

    opened(backend="window")
    assert not pygame.mouse.get_visible()
    assert not pygame.display.get_allow_screensaver()


@pytest.fixture
def no_panel(monkeypatch):
    """No X, no Wayland; where a console with KMSDRM is left, this machine has a screen after all."""
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    if any(name.startswith("card") for name in (os.listdir("/dev/dri") if os.path.isdir("/dev/dri") else [])):
        pytest.skip("this machine has a graphics card: KMSDRM may find a panel")


def test_without_a_screen_window_says_what_was_tried(no_panel):
    with pytest.raises(ConfigError, match=r"no screen.*DISPLAY.*WAYLAND_DISPLAY.*KMSDRM.*--display off"):
        open_screen(DisplaySettings(backend="window"))


def test_without_a_screen_auto_goes_on_and_says_so(no_panel):
    screen, text = open_screen(DisplaySettings())
    assert screen.name == "off"
    assert "nothing is shown" in text


def test_a_panel_that_is_not_there_is_named(xvfb):
    with pytest.raises(ConfigError, match="panel_index is 3"):
        open_screen(DisplaySettings(backend="window", panel_index=3))


def test_a_panel_that_changes_its_mode_is_taken_anew(tmp_path, monkeypatch):
    """Its own server: the others' keeps its size."""
    if not shutil.which("Xvfb") or not XScreen.can_resize():
        pytest.skip("Xvfb or libXrandr is not installed (apt install xvfb libxrandr2)")
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    panel = XScreen(tmp_path, PANEL)
    monkeypatch.setenv("DISPLAY", panel.display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    screen, _ = open_screen(DisplaySettings(backend="window"))
    try:
        screen.show(quadrants(), 1.0)
        screen.poll()
        panel.resize(300, 500)
        with pytest.raises(RenderError, match="changed its size"):
            for _ in range(10000):
                screen.poll()
                screen.show(quadrants(), 2.0)
        screen.close()
        screen.open()
        assert screen.size == (300, 500)
        screen.show(quadrants(150, 250), 3.0)
        assert not screen.poll().closed_by_user
    finally:
        screen.close()
        panel.close()


def test_a_panel_that_is_unplugged_and_comes_back_turned_is_drawn_for_again(tmp_path, monkeypatch):
    """While it talks: frames go on coming, and are of the new panel's size as soon as it is there."""
    if not shutil.which("Xvfb") or not XScreen.can_resize():
        pytest.skip("Xvfb or libXrandr is not installed (apt install xvfb libxrandr2)")
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    panel = XScreen(tmp_path, (640, 640))  # no mode may be larger than the first
    panel.resize(*PANEL)
    monkeypatch.setenv("DISPLAY", panel.display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    sink = ScreenSink(DisplaySettings(backend="window", scale=1.0))
    try:
        assert sink.frame_size() == PANEL
        panel.unplug()
        before = sink.shown
        for _ in range(60000):
            sink.show(quadrants(), 1.0)
            if sink.shown > before + 2:
                break
            time.sleep(0.001)
        panel.resize(*PANEL[::-1])
        for _ in range(60000):
            sink.show(quadrants(), 2.0)
            if sink.frame_size() == PANEL[::-1]:
                break
            time.sleep(0.001)
        assert sink.frame_size() == PANEL[::-1], sink.status()
        assert not sink.closed_by_user
    finally:
        sink.close()
        panel.close()


def test_a_panel_of_4k_is_filled(monkeypatch, opened):
    """By a driver that shows nothing: what counts is the picture that it is given."""
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    screen = opened(backend="window", fullscreen=False, panel_width=2160, panel_height=3840)
    assert screen.size == (2160, 3840)
    screen.show(quadrants(1080, 1920), 1.0)
    surface = screen._window.get_surface()
    assert tuple(surface.get_at((540, 960)))[:3] == QUADRANTS["top left"]
    assert tuple(surface.get_at((1620, 2880)))[:3] == QUADRANTS["bottom right"]
