"""A whole kiosk on a panel: the face is there, and Esc ends the show."""

import shutil
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("pygame", reason="pygame-ce is not installed")

from kiosk_process import KioskProcess
from x_screen import ESCAPE_KEYSYM, XScreen

pytestmark = pytest.mark.ros
PANEL = (360, 640)
FACE_LIMIT_S = 120.0


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed (apt install xvfb)")
    if not XScreen.can_press():
        pytest.skip("libX11 or libXtst is not installed (apt install libxtst6)")
    screen = XScreen(tmp_path_factory.mktemp("panel"), PANEL)
    yield screen
    screen.close()


def skin_share(picture):
    """Share of the pixels that are of a skin's hue: red over green over blue, by far."""
    red, green, blue = np.moveaxis(picture, 2, 0)
    return float(((red > green + 20) & (green > blue + 5) & (red > 90)).mean())


def test_the_panel_shows_the_face_and_escape_ends_the_show(panel):
    env = {"DISPLAY": panel.display, "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"}
    with KioskProcess("--mic", "none", "--display", "window", namespace="panel", env=env) as kiosk:
        end_s = time.monotonic() + FACE_LIMIT_S
        while skin_share(panel.picture()) < 0.05:
            assert time.monotonic() < end_s, f"no face on the panel:\n{kiosk.log}"
            time.sleep(0.1)
        picture = panel.picture()
        rows, columns = np.indices(picture.shape[:2])
        red = picture[:, :, 0] > picture[:, :, 2] + 30
        assert 0.2 < rows[red].mean() / PANEL[1] < 0.8 and 0.3 < columns[red].mean() / PANEL[0] < 0.7
        seen = [panel.picture()]
        while np.abs(seen[-1] - seen[0]).max() < 10:
            assert time.monotonic() < end_s, "the face stands still"
            time.sleep(0.1)
            seen = [seen[0], panel.picture()]
        panel.press(ESCAPE_KEYSYM)
        assert kiosk.wait() == 0, kiosk.log
    assert "Traceback" not in kiosk.log
