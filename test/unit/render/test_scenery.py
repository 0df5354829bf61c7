"""What is around the face: the head's shadow, the renderer's live parameters, one picture for every sink."""

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.backdrop_words import KEY_GREEN, PLAIN, parse_backdrop
from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.frame_sink import FrameSink
from avatar_ros.core.settings import retune
from avatar_ros.render.backdrop import drawn, shade
from avatar_ros.render.scenery import ScenerySettings
from avatar_ros.render.stage import RendererSettings, RenderStage
from avatar_ros.testing.lam_writer import save_lam

pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built: cmake -S src -B build/raster …")
cv2 = pytest.importorskip("cv2")


class Panel(FrameSink):
    """Keeps the newest frame; of a size that a test may change."""

    size = (96, 160)

    def wants_frames(self):
        return True

    def frame_size(self):
        return self.size

    def show(self, rgba, shown_at_s):
        self.frame = rgba.copy()


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    path = tmp_path_factory.mktemp("head") / "head.zip"
    save_lam(fake_avatar(1500), path)
    return str(path)


@pytest.fixture
def shown(head):
    """Starts a renderer; gives its settings and what to call for the next frame."""
    stages = []

    def start(**values):
        settings, panel, clock = RendererSettings(backend="cpu", avatar=head, **values), Panel(), VirtualClock(5.0)
        stage = RenderStage(settings, lambda: [panel], clock)
        stages.append(stage)
        stage.load()

        def tick():
            clock.advance(1 / 30)
            list(stage.tick(clock.now_s()))
            return panel.frame[..., :3].astype(int)

        return settings, panel, stage, tick

    yield start
    for stage in stages:
        stage.close()


def block(picture, across, down):
    """Mean colour about a place, [3]."""
    height, width = picture.shape[:2]
    y, x = int(down * height), int(across * width)
    return picture[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].reshape(-1, 3).mean(axis=0)


def test_a_shadow_is_dark_behind_the_head_and_nothing_far_away():
    cover = np.zeros((80, 60), np.float32)
    cover[30:, 25:35] = 1.0
    dark = shade(cover, 300, 400)
    assert dark.shape == (400, 300) and dark.min() >= 0 and dark.max() <= 1
    assert dark[250, 150] > 0.5 and dark[10, 5] < 0.05
    assert dark[250, 195] > dark[250, 105], "the lamp is to the upper left"
    picture = drawn(parse_backdrop("#c8c8c8"), 300, 400, cover, 0.5)
    assert not picture.flags.writeable
    np.testing.assert_allclose(picture[..., 0], 200 * (1 - 0.5 * dark), atol=1.01)


@pytest.mark.parametrize("text, wanted", [("#c8c8c8", (200 / 255,) * 3), ("chroma", tuple(p / 255 for p in KEY_GREEN))])
def test_one_colour_needs_no_picture(text, wanted):
    assert drawn(parse_backdrop(text), 30, 40) == wanted
    hides = np.ones((4, 3), np.float32)
    assert drawn(parse_backdrop("chroma"), 30, 40, hides, 1.0) == tuple(p / 255 for p in KEY_GREEN)
    assert drawn(parse_backdrop("transparent"), 30, 40, hides, 1.0) is None


def test_out_of_the_box_the_head_stands_in_a_studio(shown):
    _, _, _, tick = shown()
    frame = tick()
    assert block(frame, 0.5, 0.12).sum() > block(frame, 0.02, 0.02).sum() + 20
    assert abs(block(frame, 0.02, 0.3) - PLAIN).max() < 60


def test_words_shadow_and_light_change_while_it_runs(shown):
    settings, _, stage, tick = shown(background="#808080", shadow=0.0)
    plain = tick()
    assert np.allclose(block(plain, 0.03, 0.03), 128, atol=1)
    retune(settings, {"background": "gradient:#ff0000,#0000ff"})
    gradient = tick()
    assert block(gradient, 0.03, 0.02)[0] > 240 and block(gradient, 0.03, 0.02)[2] < 15
    retune(settings, {"background": "#808080", "shadow": 1.0})
    shadowed = tick()
    assert shadowed.sum() < plain.sum() and abs(block(shadowed, 0.03, 0.03) - 128).max() < 25
    retune(settings, {"shadow": 0.0, "exposure_ev": 1.0, "temperature_k": 4000.0})
    lit = tick()
    middle = [block(picture, 0.5, 0.55) for picture in (plain, lit)]
    assert middle[1].sum() > middle[0].sum() and np.allclose(block(lit, 0.03, 0.03), 128, atol=1)
    retune(settings, {"exposure_ev": 0.0, "temperature_k": 6500.0})
    np.testing.assert_array_equal(tick(), plain)
    with pytest.raises(ConfigError, match="background is"):
        retune(settings, {"background": "#nothing"})
    assert stage.status().get("warning", "") == ""


def test_a_picture_that_goes_missing_is_told_and_the_one_before_stays(shown, tmp_path):
    hall = str(tmp_path / "hall.png")
    assert cv2.imwrite(hall, np.full((10, 10, 3), (10, 200, 30), np.uint8))
    settings, panel, stage, tick = shown(background=hall, shadow=0.0)
    with_hall = tick()
    assert tuple(block(with_hall, 0.03, 0.03)) == (30, 200, 10)
    retune(settings, {"background": str(tmp_path / "absent.png")})
    np.testing.assert_array_equal(tick(), with_hall)
    assert "absent.png" in stage.status()["warning"]
    panel.size = (64, 64)
    assert tick().shape == (64, 64, 3) and "absent.png" in stage.status()["warning"]
    retune(settings, {"background": hall})
    assert tuple(block(tick(), 0.04, 0.04)) == (30, 200, 10) and "warning" not in stage.status()


def test_a_first_picture_that_is_missing_is_an_error(shown):
    with pytest.raises(ConfigError, match=r"background '/nowhere/hall\.jpg' is no file"):
        shown(background="/nowhere/hall.jpg")


def test_a_panel_of_another_size_gets_its_own_background(shown):
    _, panel, stage, tick = shown()
    tick()
    panel.size = (160, 96)
    turned = tick()
    assert turned.shape == (96, 160, 3)
    fresh = drawn(parse_backdrop("studio"), 160, 96).astype(int)
    assert abs(turned[0, 0] - fresh[0, 0]).max() < 40, "the shadow is all that lies between them"
    tick()
    assert stage.rasteriser.stats["tiles_drawn"] == 0, "the picture behind costs nothing while nothing moves"


@pytest.mark.parametrize("bad", [{"background": "#12"}, {"shadow": 2.0}, {"exposure_ev": 9.0}, {"temperature_k": 10.0}])
def test_bad_values_are_refused(bad):
    with pytest.raises(ConfigError):
        ScenerySettings(**bad)


@pytest.mark.parametrize("wants_sound", [False, True])
def test_what_is_played_is_read_for_a_recording_alone(shown, monkeypatch, wants_sound):
    monkeypatch.setattr(Panel, "wants_sound", wants_sound)
    _, _, stage, _ = shown()
    assert stage.unread == (frozenset() if wants_sound else {"speech/played"})
