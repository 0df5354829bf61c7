"""Night and wandering: the hours told, the seconds told, nothing waited for."""

from itertools import pairwise
from math import hypot

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.settings import retune
from avatar_ros.display.compose import show_moved
from avatar_ros.display.panel_care import (
    AS_IT_IS,
    STEP_S,
    Care,
    Carer,
    CareSettings,
    Night,
    brightness,
    parse_night,
    shift,
)


@pytest.mark.parametrize(
    "text, night",
    [("22:00-06:30", Night(22, 6.5)), ("22 - 6", Night(22, 6)), ("1:15-24:00", Night(1.25, 0)), ("", None)],
)
def test_hours_are_understood(text, night):
    assert parse_night(text) == night


@pytest.mark.parametrize("text", ["22:00", "22-22", "25-6", "22:60-6", "night", "0-24", "24-6", "-"])
def test_other_texts_are_named(text):
    with pytest.raises(ConfigError, match="night is"):
        CareSettings(night=text)


@pytest.mark.parametrize(
    "hour, wanted",
    [(12, 1), (21.99, 1), (22, 1), (22.5, 0.7), (23, 0.4), (0, 0.4), (5.5, 0.4), (6, 0.7), (6.5, 1), (7, 1)],
)
def test_it_gets_dark_and_light_slowly_past_midnight(hour, wanted):
    assert brightness(hour, Night(22, 6.5), 0.4, 1.0) == pytest.approx(wanted)


def test_a_night_shorter_than_its_fades_is_never_quite_dark_and_never_jumps():
    night = Night(1.0, 2.0)
    levels = [night.share(hour, 5.0) for hour in np.linspace(0, 24, 24 * 60, endpoint=False)]
    assert max(levels) == pytest.approx(1.0) and np.abs(np.diff(levels)).max() < 0.04
    assert [night.share(hour, 0.0) for hour in (0.99, 1.0, 1.99, 2.0)] == [0, 1, 1, 0]


@pytest.mark.parametrize("reach_px", [0, 1, 3, 16])
def test_the_walk_is_slow_goes_everywhere_and_comes_back(reach_px):
    places = [shift(STEP_S * (k + 0.5), reach_px) for k in range(4 * (2 * reach_px + 1) ** 2)]
    assert len(set(places)) == (2 * reach_px + 1) ** 2
    assert max(abs(side) for place in places for side in place) == reach_px
    steps = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places)]
    assert max(steps) <= 1


def test_it_walks_while_idle_and_stands_while_somebody_talks():
    carer, settings = Carer(), CareSettings()
    at_s = 100.0
    assert carer.at(at_s, True, 12.0, settings) == AS_IT_IS
    for _ in range(90):
        at_s += 1
        care = carer.at(at_s, True, 12.0, settings)
    assert care == Care(1.0, 1, 0)
    for _ in range(1000):
        at_s += 1
        assert carer.at(at_s, False, 12.0, settings) == care
    for _ in range(60):
        at_s += 1
        care = carer.at(at_s, True, 12.0, settings)
    assert care == Care(1.0, 1, 1)


def test_hours_change_while_it_runs():
    carer, settings = Carer(), CareSettings()
    assert carer.at(0.0, True, 23.0, settings).brightness == 1.0
    retune(settings, {"night": "22:00-06:00", "night_brightness": 0.2})
    assert carer.at(0.1, True, 23.0, settings).brightness == pytest.approx(0.2, abs=0.002)
    with pytest.raises(ConfigError):
        retune(settings, {"night": "late"})
    assert settings.night == "22:00-06:00"


@pytest.mark.parametrize("right_px, down_px", [(0, 0), (2, 1), (-3, 2), (1, -2), (-1, -1), (40, -40)])
@pytest.mark.parametrize("level", [1.0, 0.5])
def test_a_moved_picture_against_a_slow_reference(right_px, down_px, level):
    picture = np.random.default_rng(1).integers(0, 256, (9, 7, 4), dtype=np.uint8)
    target = np.zeros_like(picture)
    show_moved(picture, target, right_px, down_px, level)
    for y in range(9):
        for x in range(7):
            wanted = picture[min(max(y - down_px, 0), 8), min(max(x - right_px, 0), 6)] * level
            np.testing.assert_allclose(target[y, x], wanted, atol=0.51)
