"""Captions as pictures; needs pygame's fonts, no window."""

import numpy as np
import pygame
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.display.base import Captions, DisplaySettings
from avatar_ros.display.caption_writer import CaptionWriter, drawable
from avatar_ros.display.fonts import best_font

PANEL = (1080, 1920)


@pytest.fixture(scope="module")
def writer():
    return CaptionWriter(DisplaySettings(captions=True))


@pytest.mark.parametrize(
    "text",
    ["Hi.", "word " * 200, "x" * 3000, "现在是中午十二点。", "مرحبا", "\x00\x1b\n\t", "🙂 \U0001d11e", "e\u0301",
     "\u200d\u200c", "\u0301", "\ufe0f"],
)
@pytest.mark.parametrize("panel", [(1080, 1920), (1920, 1080), (64, 64)])
def test_any_text_fits_any_panel(writer, text, panel):
    patch = writer.patch(Captions(text, text), panel, panel[1] - 10)
    if not drawable(text).strip():
        assert patch is None
        return
    height, width = patch.pixels.shape[:2]
    assert patch.x >= 0
    assert patch.y >= 0
    assert patch.x + width <= panel[0]
    assert (patch.pixels[:, :, :3].max(axis=2) <= patch.pixels[:, :, 3]).all()
    if panel == PANEL:
        assert patch.y + height == panel[1] - 10


def test_no_words_no_box(writer):
    assert writer.patch(Captions(), PANEL, 1900) is None


def test_said_is_brighter_and_below_heard(writer):
    pixels = writer.patch(Captions("mmmm", "mmmm"), PANEL, 1900).pixels
    light = pixels[:, :, :3].min(axis=2)
    half = len(light) // 2
    assert light[half:].max() == 255
    assert 150 < light[: round(0.45 * len(light))].max() < 255


def test_corners_are_round_and_smooth(writer):
    alpha = writer.patch(Captions("", "Welcome"), PANEL, 1900).pixels[:, :, 3]
    assert alpha[0, 0] == 0
    assert len(np.unique(alpha[: len(alpha) // 4, : len(alpha) // 4])) > 10


def test_a_font_with_all_letters_is_preferred():
    letters = "abcäöüßéñ"
    assert None not in pygame.font.Font(best_font(frozenset(letters)), 20).metrics(letters)


def test_a_font_that_is_missing_is_named():
    with pytest.raises(ConfigError, match=r"missing\.ttf"):
        CaptionWriter(DisplaySettings(caption_font="missing.ttf"))
