"""Captions drawn with pygame's fonts into one patch; drawn anew only when the words change."""

from __future__ import annotations

import os
from functools import lru_cache

import numpy as np

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from ..core.errors import ConfigError
from .base import Captions, DisplaySettings
from .captions import balanced
from .sign import Patch, over, rounded_box

SAID_LINES, HEARD_LINES = 4, 2
HEARD_SIZE = 0.75  # of the size of what is said
BOX_COLOUR = (18, 22, 30, 170)
SAID_COLOUR, HEARD_COLOUR = (255, 255, 255), (190, 200, 215)
# Tried in this order for each text; the first that has every letter wins.
FONTS = (
    "notosans", "notosanscjksc", "notosanscjkjp", "notosanscjktc", "notosanssc", "wenquanyizenhei",
    "wenquanyimicrohei", "droidsansfallback", "arplumingcn", "unifont", "dejavusans", "liberationsans", "freesans",
    "notosansthai", "notosansarabic",
)  # fmt: skip


class CaptionWriter:
    """Draws Captions for a panel. Needs no window."""

    def __init__(self, settings: DisplaySettings) -> None:
        self._settings = settings
        pygame.font.init()
        if settings.caption_font and not os.path.isfile(settings.caption_font):
            raise ConfigError("no_font", f"caption_font '{settings.caption_font}' is no file; give a .ttf or .otf")

    def patch(self, captions: Captions, panel: tuple[int, int], bottom: int) -> Patch | None:
        """The words in a rounded box that ends at row `bottom` of the upright panel; None where there are none."""
        size = max(8, round(self._settings.caption_size * max(panel)))
        padding = round(0.7 * size)
        room = min(round(0.86 * panel[0]), panel[0] - 2 * padding - 2)
        rows = self._rows(captions.heard, round(size * HEARD_SIZE), HEARD_COLOUR, room, HEARD_LINES)
        rows += self._rows(captions.said, size, SAID_COLOUR, room, SAID_LINES)
        if not rows:
            return None
        pixels = _boxed(rows, padding)
        return Patch(pixels, (panel[0] - pixels.shape[1]) // 2, max(0, bottom - pixels.shape[0]))

    def _rows(
        self, text: str, size: int, colour: tuple[int, int, int], width: int, max_lines: int
    ) -> list[pygame.Surface]:
        if not text.strip():
            return []
        text = drawable(text)
        font = _font(self._font_path(text), size)
        lines = balanced(text, lambda part: font.size(part)[0], width, max_lines)
        return [font.render(line, True, colour) for line in lines]

    def _font_path(self, text: str) -> str | None:
        if self._settings.caption_font:
            return self._settings.caption_font
        return best_font(frozenset(text) - {" "})


def drawable(text: str) -> str:
    """Without what fonts choke on: control characters, and characters beyond what SDL_ttf's strings hold."""
    return "".join(c if c.isprintable() else " " for c in text)


@lru_cache(maxsize=256)
def best_font(letters: frozenset[str]) -> str | None:
    """Path of the font that has most of `letters`; None for pygame's own, which has the Latin ones."""
    best, most = None, -1
    for path in (*system_fonts(), None):
        known = sum(_has(path, letter) for letter in letters)
        if known > most:
            best, most = path, known
        if known == len(letters):
            break
    return best


@lru_cache(maxsize=1)
def system_fonts() -> tuple[str, ...]:
    """Paths of those of FONTS that this machine has."""
    found = (pygame.font.match_font(name) for name in FONTS)
    return tuple(path for path in found if path)


@lru_cache(maxsize=8192)
def _has(path: str | None, letter: str) -> bool:
    return _font(path, 16).metrics(letter) != [None]


@lru_cache(maxsize=32)
def _font(path: str | None, size: int) -> pygame.font.Font:
    return pygame.font.Font(path, size)


def _boxed(rows: list[pygame.Surface], padding: int) -> np.ndarray:
    """Rows of text in the middle of a rounded box: RGBA [h, w, 4], premultiplied."""
    width = max(row.get_width() for row in rows) + 2 * padding
    height = sum(row.get_height() for row in rows) + 2 * padding
    text = pygame.Surface((width, height), pygame.SRCALPHA)
    y = padding
    for row in rows:
        text.blit(row, ((width - row.get_width()) // 2, y))
        y += row.get_height()
    data = pygame.image.tobytes(text.premul_alpha(), "RGBA")
    letters = np.frombuffer(data, np.uint8).reshape(height, width, 4)
    return over(letters, rounded_box(width, height, padding, BOX_COLOUR))
