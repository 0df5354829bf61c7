"""Captions drawn with pygame's fonts into one patch; drawn anew only when the words change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from ..core.errors import ConfigError
from .base import Captions, DisplaySettings
from .captions import balanced
from .fonts import best_font, font, has, missing_font, pygame
from .reading_order import TextRun, drawn_runs, reads_leftwards
from .sign import Patch, over, rounded_box

_JOINERS = "\u200c\u200d"
SAID_LINES, HEARD_LINES = 4, 2
HEARD_SIZE = 0.75  # of the size of what is said
BOX_COLOUR = (18, 22, 30, 170)
SAID_COLOUR, HEARD_COLOUR = (255, 255, 255), (190, 200, 215)


class _FontPiece(NamedTuple):
    """Letters that one font draws in one direction."""

    text: str
    font: pygame.font.Font


class CaptionWriter:
    """Draws Captions for a panel. Needs no window."""

    def __init__(self, settings: DisplaySettings) -> None:
        self._settings = settings
        self.problem = ""  # letters that no font has, and what to install
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
        leftwards = reads_leftwards(text)
        path = self._font_path(text)
        width_of = cache(lambda part: self._width(part, path, size, leftwards))  # asked of each part many times
        lines = balanced(text, width_of, width, max_lines)
        return [_drawn(list(self._pieces(line, path, size, leftwards)), colour) for line in lines]

    def _width(self, text: str, path: str | None, size: int, leftwards: bool) -> int:
        return sum(piece.font.size(piece.text)[0] for piece in self._pieces(text, path, size, leftwards))

    def _pieces(self, line: str, path: str | None, size: int, leftwards: bool) -> Iterator[_FontPiece]:
        """In the order in which they are drawn, from left to right."""
        if line.isascii():
            yield _FontPiece(line, font(path, size))
            return
        for run in drawn_runs(line, leftwards):
            parts = list(self._by_font(run, path))
            for text, own in reversed(parts) if run.right_to_left else parts:
                yield _FontPiece(text, font(own, size, run.script, run.right_to_left))

    def _by_font(self, run: TextRun, path: str | None) -> Iterator[tuple[str, str | None]]:
        """The run cut where the text's font has no letters of it and another has."""
        text, own = "", path
        for character in run.text:
            known = has(path, character) or not character.isalpha()
            fitting = path if known or self._settings.caption_font else best_font(frozenset({character}))
            if fitting != own and text and not character.isspace():
                yield text, own
                text = ""
            own = own if text and character.isspace() else fitting
            text += character
        if text:
            yield text, own

    def _font_path(self, text: str) -> str | None:
        if self._settings.caption_font:
            return self._settings.caption_font
        letters = frozenset(text) - {" "}
        self.problem = missing_font(letters) or self.problem
        return best_font(letters)


def _drawn(pieces: list[_FontPiece], colour: tuple[int, int, int]) -> pygame.Surface:
    """The pieces of a line side by side, on one baseline; those without width are not drawn."""
    wide = [piece for piece in pieces if piece.font.size(piece.text)[0]]
    parts = [(piece.font.render(piece.text, True, colour), piece.font.get_ascent()) for piece in wide]
    if not parts:
        return pygame.Surface((1, 1), pygame.SRCALPHA)
    if len(parts) == 1:
        return parts[0][0]
    ascent = max(above for _, above in parts)
    height = max(ascent - above + part.get_height() for part, above in parts)
    row = pygame.Surface((sum(part.get_width() for part, _ in parts), height), pygame.SRCALPHA)
    x = 0
    for part, above in parts:
        row.blit(part, (x, ascent - above))
        x += part.get_width()
    return row


def drawable(text: str) -> str:
    """Without what fonts choke on: control characters, and characters beyond what SDL_ttf's strings hold. What joins
    letters of India and parts those of Persian stays.
    """
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text)


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
