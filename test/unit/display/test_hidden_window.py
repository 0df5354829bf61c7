"""A real window, on SDL's driver without a screen, says when it can be seen."""

import pytest

from avatar_ros.display.base import DisplaySettings


@pytest.fixture
def window(monkeypatch):
    pytest.importorskip("pygame", reason="pygame-ce is not installed")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from avatar_ros.display.window import WindowScreen

    screen = WindowScreen(DisplaySettings(backend="window", fullscreen=False))
    screen.open()
    screen.poll()
    yield screen
    screen.close()


def test_hidden_and_shown_again(window):
    assert window.poll().visible is None
    window._window.hide()
    assert window.poll().visible is False
    window._window.show()
    assert window.poll().visible is True


def test_the_last_event_counts(window):
    window._window.hide()
    window._window.show()
    window._window.hide()
    assert window.poll().visible is False
