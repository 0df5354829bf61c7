"""The talk button: where it is, what presses it, and how a press reaches mic/talk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.display.base import ROTATIONS, DisplaySettings, ScreenEvents
from avatar_ros.display.fake import FakeScreen
from avatar_ros.display.layout import turned_box, turned_size
from avatar_ros.display.screen_sink import ScreenSink
from avatar_ros.display.talk_button import TalkButton, button_box, button_patch, hits
from avatar_ros.render.stage import RendererSettings, RenderStage

PANELS = [(540, 960), (1080, 1920), (1920, 1080), (64, 64)]


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("pressed", [False, True])
def test_it_is_drawn_where_it_is_hit(panel: tuple[int, int], pressed: bool) -> None:
    box, patch = button_box(panel), button_patch(panel, pressed)
    assert (patch.x, patch.y) == (box.x, box.y)
    assert patch.pixels.shape == (box.height, box.width, 4)
    assert 0 <= box.x <= panel[0] - box.width
    assert 0 <= box.y <= panel[1] - box.height
    middle = patch.pixels[box.height // 3, box.width // 2]
    assert tuple(middle) == (255, 255, 255, 255), "the microphone"
    assert patch.pixels[0, 0, 3] == 0, "it is round"
    assert (patch.pixels[..., :3] <= patch.pixels[..., 3:]).all(), "premultiplied"


def test_pressed_looks_another() -> None:
    panel = (540, 960)
    assert not np.array_equal(button_patch(panel, True).pixels, button_patch(panel, False).pixels)


@pytest.mark.parametrize("rotation", ROTATIONS)
@pytest.mark.parametrize("panel", PANELS)
def test_a_turned_panel_is_hit_where_the_button_is_seen(panel: tuple[int, int], rotation: int) -> None:
    upright = turned_size(panel, rotation)
    box = turned_box(button_box(upright), upright, rotation)
    inside = (box.x + box.width // 2, box.y + box.height // 2)
    assert hits(inside, upright, rotation)
    for outside in ((box.x - 1, inside[1]), (box.x + box.width, inside[1]), (inside[0], box.y - 1)):
        assert not hits(outside, upright, rotation)


def test_two_that_hold_it_are_one_press() -> None:
    button = TalkButton()
    assert button.hold("key") == [True]
    assert button.hold("key") == button.hold("pointer") == []
    assert button.release("key") == []
    assert button.pressed
    assert button.release("pointer") == [False]
    assert button.release("pointer") == button.release() == []
    button.hold("key")
    assert button.release() == [False], "the window lost the keyboard"


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real window on SDL's driver without a screen."""
    pygame = pytest.importorskip("pygame", reason="pygame-ce is not installed")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from avatar_ros.display.window import WindowScreen

    screen = WindowScreen(DisplaySettings(backend="window", fullscreen=False, talk="push"))
    screen.open()
    pygame.event.clear()
    yield screen
    screen.close()


def test_key_and_mouse_press_it_and_other_keys_do_not(window: Any) -> None:
    import pygame

    box = button_box(window.size)
    on, off = (box.x + 5, box.y + box.height // 2), (5, 5)
    for kind, fields, expected in (
        (pygame.KEYDOWN, {"key": pygame.K_a}, ()),
        (pygame.KEYDOWN, {"key": pygame.K_SPACE}, (True,)),
        (pygame.KEYUP, {"key": pygame.K_SPACE}, (False,)),
        (pygame.MOUSEBUTTONDOWN, {"pos": off, "button": 1}, ()),
        (pygame.MOUSEBUTTONUP, {"pos": off, "button": 1}, ()),
        (pygame.MOUSEBUTTONDOWN, {"pos": on, "button": 1}, (True,)),
        (pygame.MOUSEBUTTONUP, {"pos": off, "button": 1}, (False,)),
        (pygame.KEYDOWN, {"key": pygame.K_SPACE}, (True,)),
        (pygame.WINDOWFOCUSLOST, {}, (False,)),
    ):
        pygame.event.post(pygame.Event(kind, fields))
        assert window.poll().presses == expected, (kind, fields)


def test_an_unknown_key_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pygame = pytest.importorskip("pygame", reason="pygame-ce is not installed")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from avatar_ros.display.window import WindowScreen

    with pytest.raises(ConfigError, match="talk_key is 'any key'; give SDL's name of a key, such as space"):
        WindowScreen(DisplaySettings(fullscreen=False, talk="tap", talk_key="any key")).open()
    assert not pygame.display.get_init(), "nothing is left open"


def test_a_press_becomes_a_message_of_the_renderers_session() -> None:
    events = (ScreenEvents(presses=(True,)), ScreenEvents(presses=(False, True)))
    screen = FakeScreen(DisplaySettings(), events)
    sink = ScreenSink(DisplaySettings(), open_=lambda: (screen, ""))
    stage = RenderStage(RendererSettings(backend="fake", session="hall"), lambda: (sink,))
    stage.load()
    told: list[Any] = []
    for i in range(600):
        told += [out.message for out in stage.tick(i / 30) if out.topic == "mic/talk"]
        if len(told) == 3:
            break
        sink._closing.wait(0.02)
    stage.close()
    assert [(talk.session, talk.pressed) for talk in told] == [("hall", True), ("hall", False), ("hall", True)]
