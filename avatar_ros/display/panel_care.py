"""Care of a panel that shows a face day and night: dimmer in hours that one names, and never quite still while idle.

Pure: told the local time and how long the face has been idle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..core.errors import ConfigError
from ..core.settings import Settings, setting

DAY_H = 24.0
#: A step of the slow walk comes after so many idle seconds: nobody sees a pixel a minute.
STEP_S = 60.0


class Care(NamedTuple):
    """How the whole panel is shown: brightness 0-1, and by how many pixels its picture is moved right and down."""

    brightness: float = 1.0
    right_px: int = 0
    down_px: int = 0


AS_IT_IS = Care()


@dataclass(frozen=True)
class Night:
    """start_h, end_h: hours of the day, 0-24; it may go past midnight."""

    start_h: float
    end_h: float

    def share(self, hour: float, fade_h: float) -> float:
        """How much of night it is at `hour` (local, 0-24): 0 by day, 1 by night, linear over the first and the last
        `fade_h` of it.
        """
        length = (self.end_h - self.start_h) % DAY_H
        since = (hour - self.start_h) % DAY_H
        if since >= length:
            return 0.0
        fade_h = min(fade_h, length / 2)
        return min(1.0, since / fade_h, (length - since) / fade_h) if fade_h > 0 else 1.0


def parse_night(text: str) -> Night | None:
    """'22:00-06:30' (local time); None for "". Raises ConfigError.

    >>> parse_night("22:00-06:30")
    Night(start_h=22.0, end_h=6.5)
    """
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?", text.strip())
    if found:
        start_h, end_h = (int(found[k]) + int(found[k + 1] or 0) / 60 for k in (1, 3))
        minutes_fit = all(int(found[k] or 0) < 60 for k in (2, 4))
        if start_h < DAY_H and end_h <= DAY_H and start_h != end_h % DAY_H and minutes_fit:
            return Night(start_h, end_h % DAY_H)
    text = f"night is '{text}'; give two different times of the day, such as '22:00-06:30', or nothing"
    raise ConfigError("bad_night", text)


def brightness(hour: float, night: Night | None, at_night: float, fade_h: float) -> float:
    """Of the panel at `hour`: 1 by day, `at_night` by night."""
    share = night.share(hour, fade_h) if night else 0.0
    return 1.0 + (at_night - 1.0) * share


def shift(idle_s: float, reach_px: int) -> tuple[int, int]:
    """Where the slow walk is after so many idle seconds: right and down, px, each within ±reach_px.

    One pixel a step, over every place of the square and back the way it came; it begins in the middle.

    >>> [shift(60.0 * k, 1) for k in range(4)]
    [(0, 0), (1, 0), (1, 1), (0, 1)]
    """
    path = _spiral(reach_px)
    step = int(idle_s / STEP_S) % max(1, 2 * len(path) - 2)
    return path[step if step < len(path) else 2 * len(path) - 2 - step]


@lru_cache(maxsize=4)
def _spiral(reach_px: int) -> tuple[tuple[int, int], ...]:
    """All places of the square around (0, 0), each a pixel beside the one before."""
    x = y = 0
    path = [(0, 0)]
    right, down, run = 1, 0, 1
    while len(path) < (2 * reach_px + 1) ** 2:
        for _ in range(2):
            for _ in range(run):
                x, y = x + right, y + down
                path.append((x, y))
            right, down = -down, right
        run += 1
    return tuple(path[: (2 * reach_px + 1) ** 2])


@dataclass(frozen=True)
class CareSettings(Settings):
    """Parameters of a panel's care."""

    night: str = setting("", "hours of the local time in which the panel is dimmed, such as '22:00-06:30'", live=True)
    night_brightness: float = setting(0.35, "of the panel in those hours, 0-1", low=0.02, high=1.0, live=True)
    night_fade_min: float = setting(20.0, "time to get dark, and light, minutes", low=0.0, high=720.0, live=True)
    pixel_shift_px: int = setting(
        3, "while idle the picture wanders so far from its place, a pixel a minute: nothing burns in; 0: never, px",
        low=0, high=16, live=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_night(self.night)

    @property
    def night_hours(self) -> Night | None:
        """`night`, understood."""
        return parse_night(self.night)


class Carer:
    """Says how a panel is shown now. The picture stands where it is while the face is not idle."""

    def __init__(self) -> None:
        self._idle_s = 0.0
        self._last_s: float | None = None

    def at(self, now_s: float, is_idle: bool, hour: float, settings: CareSettings) -> Care:
        """now_s: steady; hour: local, 0-24."""
        if is_idle and self._last_s is not None:
            self._idle_s += max(0.0, now_s - self._last_s)
        self._last_s = now_s
        dimmed = brightness(hour, settings.night_hours, settings.night_brightness, settings.night_fade_min / 60)
        right_px, down_px = shift(self._idle_s, settings.pixel_shift_px)
        return Care(round(255 * dimmed) / 255, right_px, down_px)
