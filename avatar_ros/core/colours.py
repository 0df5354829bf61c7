"""Colours as people write them in parameters."""

from __future__ import annotations

import re


def parse_hex_colour(text: str) -> tuple[int, int, int] | None:
    """'#rrggbb' as red, green, blue of 0-255; None for anything else.

    >>> parse_hex_colour("#e8e4de")
    (232, 228, 222)
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return None
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue
