"""What changes over a long run: the slope of an error, the growth of a memory, each with how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: s of one point of the slope, which is the median of what lies in it; of the beginning that says nothing of a leak.
POINT_S, WARM_UP_S = 30.0, 300.0
_LEAST_POINTS, _SIDES = 4, 3


def slope_per_hour(errors: Sequence[tuple[float, float]]) -> dict[str, float | int] | None:
    """Of (s, signed error) over time, a unit of the error an hour: least squares through the medians of each 30 s.

    low, high: 95 % of such runs have the true slope between them (Student's t; the medians taken as independent). None
    where fewer than four of them are there.
    """
    points: dict[int, list[float]] = {}
    for at_s, error in errors:
        points.setdefault(int(at_s // POINT_S), []).append(error)
    if len(points) < _LEAST_POINTS:
        return None
    hours = (np.array(sorted(points)) + 0.5) * POINT_S / 3600.0
    middle = np.array([np.median(points[point]) for point in sorted(points)])
    slope, offset = np.polyfit(hours, middle, 1)
    spread = np.std(middle - (slope * hours + offset), ddof=2)
    wide = _student(len(hours) - 2) * spread / (hours.std() * np.sqrt(len(hours)))
    found = {"slope": slope, "low": slope - wide, "high": slope + wide}
    return {name: round(float(value), 2) for name, value in found.items()} | {"points": len(points)}


def growth_mib(rows: Sequence[tuple[float, float]], length_s: float) -> dict[str, float | int] | None:
    """Of (s, MiB): the median of the last third less that of the first one, after a warm-up of five minutes, or of a
    quarter of a shorter run; so it is the growth over two thirds of `measured_s`. None where too few are left.
    """
    warm_s, kept = _after_warm_up(rows, length_s)
    side = len(kept) // _SIDES
    if not side:
        return None
    first, last = (float(np.median([mib for _, mib in part])) for part in (kept[:side], kept[-side:]))
    return {"first": round(first, 2), "last": round(last, 2), "growth": round(last - first, 2),
            "warm_up_s": round(warm_s), "measured_s": round(kept[-1][0] - kept[0][0]), "rows": len(kept)}  # fmt: skip


def slope_mib_per_half_hour(rows: Sequence[tuple[float, float]], length_s: float) -> dict[str, float | int] | None:
    """Of (s, MiB) after the same warm-up, as `slope_per_hour` tells it, but for half an hour."""
    found = slope_per_hour(_after_warm_up(rows, length_s)[1])
    return found and {name: value if name == "points" else round(value / 2, 3) for name, value in found.items()}


def _after_warm_up(rows: Sequence[tuple[float, float]], length_s: float) -> tuple[float, list[tuple[float, float]]]:
    warm_s = min(WARM_UP_S, length_s / 4)
    return warm_s, [(at_s, mib) for at_s, mib in rows if at_s >= warm_s]


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t: Cornish and Fisher's expansion, Abramowitz and Stegun 26.7.5."""
    z = 1.959964
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom ** (n + 1) for n, term in enumerate(terms))
