"""Two panels of different sizes under Wayland: weston without a screen, and within it one with two outputs."""

import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("pygame", reason="pygame-ce is not installed")
from avatar_ros.core.errors import ConfigError
from avatar_ros.display.base import DisplaySettings, open_screen

SIZES = ((300, 400), (200, 320))
INI = "[core]\nidle-time=0\n" + "".join(
    f"[output]\nname=WL{number}\nmode={width}x{height}\n" for number, (width, height) in enumerate(SIZES, 1)
)


def weston(folder, socket, *options, **env):
    """A compositor that is ready: its socket is there. Skips where it does not start."""
    process = subprocess.Popen(
        ["weston", f"--socket={socket}", *options], env=os.environ | env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(6000):
        if (folder / socket).exists() or process.poll() is not None:
            break
        threading.Event().wait(0.01)
    return process


@pytest.fixture(scope="module")
def panels(tmp_path_factory):
    if not shutil.which("weston"):
        pytest.skip("weston is not installed (apt install weston)")
    folder = tmp_path_factory.mktemp("wayland")
    folder.chmod(0o700)
    (folder / "weston.ini").write_text(INI)
    outer = weston(folder, "outer", "--backend=headless-backend.so", "--width=900", "--height=700", "--no-config",
                   "--idle-time=0", XDG_RUNTIME_DIR=str(folder))  # fmt: skip
    inner = weston(folder, "inner", "--backend=wayland-backend.so", "--output-count=2", "--use-pixman",
                   f"--config={folder}/weston.ini", XDG_RUNTIME_DIR=str(folder), WAYLAND_DISPLAY="outer")  # fmt: skip
    try:
        if inner.poll() is not None:
            pytest.skip("weston does not run within weston here")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(folder))
            patch.setenv("WAYLAND_DISPLAY", "inner")
            patch.setenv("SDL_VIDEODRIVER", "wayland")
            for name in ("DISPLAY", "SDL_FRAMEBUFFER_ACCELERATION"):  # the latter is of other tests, under X
                patch.delenv(name, raising=False)
            yield
            sys.modules["pygame"].display.quit()
    finally:
        for process in (inner, outer):
            process.kill()
            process.wait(10)


def opened(index, card=""):
    return open_screen(DisplaySettings(backend="window", panel_index=index), card=card)[0]


@pytest.mark.parametrize("index", [0, 1])
def test_each_is_filled(panels, index):
    screen = opened(index)
    assert screen.size == SIZES[index] and screen.name == "window"
    screen.show(np.full((40, 30, 4), 200, np.uint8), 1.0)
    screen.close()


@pytest.mark.parametrize("index", [0, 1])
def test_each_is_drawn_by_the_card_without_a_copy(panels, index):
    pytest.importorskip("moderngl", reason="moderngl is not installed (extra: gl)")
    screen = opened(index, card="llvmpipe")
    if screen.name != "window_gl":
        pytest.skip(screen.copied)
    assert screen.size == SIZES[index] and screen.home is not None
    colours = np.random.default_rng(0).integers(0, 256, (40, 30, 4), dtype=np.uint8)
    colours[..., 3] = 255
    screen.show(colours, 1.0)
    screen.close()


def test_a_third_is_missed(panels):
    with pytest.raises(ConfigError, match="panel_index is 2; there are 2 panels"):
        opened(2)
