"""Where pixels go: layout, turns, background, overlays, the state's sign."""

import cv2
import numpy as np
import pytest

from avatar_ros.core.backdrop_words import Backdrop
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import ConfigError
from avatar_ros.display.background import Background, parse_panel_background
from avatar_ros.display.base import DisplaySettings, render_size
from avatar_ros.display.compose import Composer
from avatar_ros.display.layout import Box, fit_frame, margins, turned_box, turned_size
from avatar_ros.display.sign import PHASES, Patch, sign_patch, sign_phase

TURNS = {0: 0, 90: 3, 180: 2, 270: 1}  # np.rot90 turns the other way round


def noise(height, width, seed=0):
    frame = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    frame[:, :, 3] = 255
    return frame


def composed(panel, rotation=0, fit="contain", background=None, swap=False, frame=None, patches=()):
    composer = Composer(panel, rotation, fit, background or Background(Backdrop("colour", ((1, 2, 3),))), swap)
    target = np.zeros((panel[1], panel[0], 4), np.uint8)
    composer.draw(target, frame if frame is not None else noise(panel[1], panel[0]), patches)
    return target


def test_contain_stands_on_the_lower_edge():
    fit = fit_frame((512, 512), (1080, 1920), "contain")
    assert fit == (Box(0, 0, 512, 512), Box(0, 840, 1080, 1080))


def test_cover_crops_left_right_and_below():
    assert fit_frame((512, 512), (1080, 1920), "cover").source == Box(112, 0, 288, 512)
    assert fit_frame((512, 1024), (1000, 1000), "cover").source == Box(0, 0, 512, 512)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turned_boxes_follow_the_turned_picture(rotation):
    upright = np.zeros((30, 20), bool)
    box = Box(3, 5, 7, 11)
    upright[5:16, 3:10] = True
    turned = turned_box(box, (20, 30), rotation)
    panel = np.zeros(turned_size((20, 30), rotation)[::-1], bool)
    panel[turned.y : turned.y + turned.height, turned.x : turned.x + turned.width] = True
    assert np.array_equal(panel, np.rot90(upright, TURNS[rotation]))


@pytest.mark.parametrize("box", [Box(0, 0, 20, 30), Box(0, 10, 20, 20), Box(4, 6, 9, 9), Box(0, 0, 1, 1)])
def test_margins_cover_the_rest_exactly_once(box):
    count = np.zeros((30, 20), int)
    for strip in [*margins(box, (20, 30)), box]:
        count[strip.y : strip.y + strip.height, strip.x : strip.x + strip.width] += 1
    assert (count == 1).all()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("swap", [False, True])
def test_frame_of_the_panels_size_arrives_unchanged(rotation, swap):
    panel = (24, 40)
    upright = turned_size(panel, rotation)
    frame = noise(upright[1], upright[0])
    expected = np.rot90(frame, TURNS[rotation])
    if swap:
        expected = expected[:, :, [2, 1, 0, 3]]
    assert np.array_equal(composed(panel, rotation, swap=swap, frame=frame), expected)


def test_enlarging_is_smooth_and_as_opencv_does_it():
    frame = noise(20, 12)
    assert np.array_equal(composed((24, 40), frame=frame), cv2.resize(frame, (24, 40), interpolation=cv2.INTER_LINEAR))


def test_background_fills_what_the_frame_leaves():
    picture = composed((24, 40), frame=noise(10, 10))
    assert (picture[:16] == (1, 2, 3, 255)).all()
    assert np.array_equal(picture[16:], cv2.resize(noise(10, 10), (24, 24), interpolation=cv2.INTER_LINEAR))


def test_premultiplied_frame_over_background_against_slow_reference():
    rng = np.random.default_rng(5)
    alpha = rng.integers(0, 256, (40, 24, 1))
    frame = np.concatenate([rng.integers(0, 256, (40, 24, 3)) * alpha // 255, alpha], axis=2).astype(np.uint8)
    picture = composed((24, 40), background=Background(Backdrop("colour", ((200, 100, 50),))), frame=frame)
    expected = frame[:, :, :3] + np.array([200, 100, 50]) * (1 - alpha / 255)
    assert np.abs(picture[:, :, :3] - expected).max() <= 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_patch_is_blended_where_it_belongs_and_cut_at_the_edge(rotation):
    panel = (24, 40)
    width, height = turned_size(panel, rotation)
    frame = noise(height, width)
    patch = Patch(np.full((8, 10, 4), 100, np.uint8), width - 6, -3)
    expected = frame.astype(float)
    expected[:5, width - 6 :] = expected[:5, width - 6 :] * (155 / 255) + 100
    picture = composed(panel, rotation, frame=frame, patches=[patch])
    assert np.abs(picture - np.rot90(expected, TURNS[rotation])).max() <= 1


def test_blurred_background_goes_on_in_the_frames_colours():
    frame = np.full((20, 20, 4), 255, np.uint8)
    frame[:, :, :3] = (90, 120, 60)
    picture = composed((40, 80), background=parse_panel_background("blur"), frame=frame)
    assert (np.abs(picture[:, :, :3].astype(int) - (90, 120, 60)) <= 1).all()


def test_picture_as_background_covers_the_panel(tmp_path):
    cv2.imwrite(str(tmp_path / "b.png"), np.full((50, 10, 3), (30, 20, 10), np.uint8))
    for text in (str(tmp_path / "b.png"), f"blur:{tmp_path / 'b.png'}"):
        drawn = parse_panel_background(text).drawn(24, 40)
        assert drawn.shape == (40, 24, 4)
        assert (drawn == (10, 20, 30, 255)).all()


@pytest.mark.parametrize("text", ["#12345", "#12345g", "missing.png", "blur:missing.png", ""])
def test_bad_backgrounds_are_named(text):
    with pytest.raises(ConfigError, match="panel_background"):
        parse_panel_background(text)


def test_a_background_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(ConfigError, match="no picture"):
        parse_panel_background(str(tmp_path / "b.png"))


def test_speaking_and_idle_have_no_sign():
    assert sign_phase(AgentState.SPEAKING, 1.0) is None
    assert sign_phase(AgentState.IDLE, 1.0) is None


@pytest.mark.parametrize("state", [AgentState.LISTENING, AgentState.THINKING])
def test_sign_moves_softly_and_is_drawn_once(state):
    panel = (1080, 1920)
    cycle = [sign_patch(state, phase, panel) for phase in range(PHASES)]
    assert sign_patch(state, 0, panel) is cycle[0]
    steps = [np.abs(a.pixels.astype(int) - b.pixels).mean() for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True)]
    assert 0 < max(steps) < 12
    for patch in cycle:
        assert (patch.pixels[:, :, :3].max(axis=2) <= patch.pixels[:, :, 3]).all()  # premultiplied
        assert patch.y + patch.pixels.shape[0] < panel[1]


def test_phases_run_through_and_come_back():
    phases = [sign_phase(AgentState.THINKING, at / 100) for at in range(240)]
    assert set(phases) == set(range(PHASES))
    assert phases[0] == phases[120] == 0


def test_render_size_is_even_and_follows_the_scale():
    assert render_size((1080, 1920), 0.667) == (720, 1280)
    assert render_size((1080, 1920), 1.0) == (1080, 1920)
    assert render_size((20, 20), 0.1) == (16, 16)


def test_only_quarter_turns():
    with pytest.raises(ConfigError, match="rotation"):
        DisplaySettings(rotation=45)
