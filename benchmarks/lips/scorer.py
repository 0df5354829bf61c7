"""Scores moving lips against phone times, by the gap between the inner lips of an avatar.

Weights may mean anything to an avatar, so what is scored is geometry: how far the morphs part the upper from the lower
lip on the midline, in millimetres more than at rest.

closure_auc      probability that the lips are nearer in a closure of p, b or m than in a vowel: 0.5 chance, 1 perfect
closure_recall   share of the closures in which, or within a frame of which, the gap is under 2 mm
open_auc         probability that the lips are wider in an open vowel than in a closed one (or y, w)
mean_open_mm     mean gap in open vowels: lips that never open would score well on recall alone
lag_ms           by how much the lips come late: the shift that makes closure_auc + open_auc largest
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from avatar_ros.avatar.archive import AvatarArchive
from avatar_ros.avatar.lam_format import read_mesh
from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.arrays import F32, F64
from avatar_ros.core.errors import ConfigError

#: Scores that have intervals and differences.
SCORES = ("closure_auc", "closure_recall", "open_auc")
SHUT_MM = 2.0
_OPEN = frozenset("aa ae ah ao aw ay eh".split())
_CLOSED = frozenset("ih iy uh uw w y".split())
_VOWELS = _OPEN | frozenset("er ey ih iy ow oy uh".split())
_STOPS = frozenset("pb")
_CLOSURE_LABELS = frozenset(["cl", "vcl"])
#: Where a stop has one label for closure and release, this share of it is closure.
_CLOSURE_SHARE = 0.6
_MIDLINE_M = 0.0025
_LAGS_MS = range(-200, 201, 10)


class Interval(NamedTuple):
    """kind: closure, open, closed or vowel (a vowel is one beside being open or closed)."""

    kind: str
    start_s: float
    end_s: float


class Track(NamedTuple):
    """Lips beside one recording: gap [T] in mm above rest, frame i at i / fps seconds; what is said when."""

    gap_mm: F64
    fps: float
    intervals: Sequence[Interval]


@dataclass(frozen=True)
class Samples:
    """The gap in each of N intervals: in its middle, and where it is smallest; samples of tracks in their order."""

    kinds: NDArray[np.str_]
    middle_mm: F64
    smallest_mm: F64

    def of(self, kind: str) -> NDArray[np.bool_]:
        """Which are of this kind, [N]."""
        return self.kinds == kind

    @classmethod
    def together(cls, parts: Sequence[Samples]) -> Samples:
        """All of several, one after the other."""
        columns = ([getattr(part, name) for part in parts] for name in ("kinds", "middle_mm", "smallest_mm"))
        return cls(*(np.concatenate(column) for column in columns))

    def chosen(self, rows: NDArray[np.int64]) -> Samples:
        """Some of them, in any order, any of them more than once."""
        return Samples(self.kinds[rows], self.middle_mm[rows], self.smallest_mm[rows])


def gap_per_weight(avatar: Path) -> F64:
    """[52] mm by which each ARKIT weight of 1 parts the lips of a LAM zip; 0 for a morph that it lacks.

    Lips are found by what moves them: vertices of the midline that puckering moves much, of which opening the jaw moves
    the lower lip's a lot and the upper's little; of these the two that are nearest to each other.
    """
    with AvatarArchive(avatar) as archive:
        mesh = read_mesh(archive)
    names, rest = mesh.morphs.names, mesh.positions
    if not {"jawOpen", "mouthPucker"} <= set(names):
        raise ConfigError("avatar_lips", f"{avatar}: its lips cannot be found without morphs jawOpen and mouthPucker")
    deltas = np.zeros((len(names), len(rest), 3), np.float32)
    for morph in range(len(names)):
        moved, by = mesh.morphs.part(morph)
        deltas[morph, moved] = by
    upper, lower = _inner_lips(rest, -deltas[names.index("jawOpen"), :, 1], deltas[names.index("mouthPucker")])
    parted = 1000.0 * (deltas[:, upper, 1].astype(float) - deltas[:, lower, 1])
    by_name = dict(zip(names, parted, strict=True))
    return np.array([by_name.get(name, 0.0) for name in ARKIT_NAMES])


def _inner_lips(rest: F32, drop: F32, pucker: F32) -> tuple[int, int]:
    """Vertices of the upper and the lower lip. drop [N]: how far the jaw takes each down; pucker [N, 3]."""
    midline = np.abs(rest[:, 0]) < _MIDLINE_M
    moved = np.linalg.norm(pucker, axis=1) * midline
    mouth = moved > 0.5 * moved.max()
    most = drop[mouth].max()
    lowers, uppers = np.flatnonzero(mouth & (drop > 0.5 * most)), np.flatnonzero(mouth & (drop < 0.25 * most))
    apart = np.linalg.norm(rest[uppers, None] - rest[lowers], axis=2)
    upper, lower = np.unravel_index(apart.argmin(), apart.shape)
    return int(uppers[upper]), int(lowers[lower])


def intervals(phones: Sequence[str], end_s: Sequence[float]) -> Iterator[Interval]:
    """What is scored of labels: ARPABET (stress digits or none) or TIMIT's, which have closures of their own."""
    names = ["ax" if phone == "AH0" else phone.lower().rstrip("012") for phone in phones]
    around = zip(["", *names], names, [*names[1:], ""], [0.0, *end_s], end_s, strict=False)
    for before, phone, after, start, end in around:
        if phone == "m" or (phone in _CLOSURE_LABELS and after in _STOPS):
            yield Interval("closure", start, end)
        elif phone in _STOPS and before not in _CLOSURE_LABELS:
            yield Interval("closure", start, start + _CLOSURE_SHARE * (end - start))
        for kind, members in (("open", _OPEN), ("closed", _CLOSED), ("vowel", _VOWELS)):
            if phone in members:
                yield Interval(kind, start, end)


def measure(tracks: Iterable[Track], lag_s: float = 0.0) -> Samples:
    """The gap in every interval, with the lips moved earlier by lag_s."""
    rows = [(each.kind, *_gaps(track, each, lag_s)) for track in tracks for each in track.intervals]
    kinds, middle, smallest = zip(*rows, strict=True) if rows else ((), (), ())
    return Samples(np.array(kinds, str), np.array(middle, float), np.array(smallest, float))


def _gaps(track: Track, interval: Interval, lag_s: float) -> tuple[float, float]:
    times_s = np.arange(len(track.gap_mm)) / track.fps - lag_s
    middle = float(np.interp((interval.start_s + interval.end_s) / 2, times_s, track.gap_mm))
    within = (times_s >= interval.start_s - 1 / track.fps) & (times_s <= interval.end_s + 1 / track.fps)
    return middle, float(track.gap_mm[within].min()) if within.any() else middle


def scores(samples: Samples) -> dict[str, float]:
    """Without lag_ms; NaN where a recording has nothing of the kind that is compared."""
    closures, vowels = samples.of("closure"), samples.of("vowel")
    open_mm, closed_mm = samples.middle_mm[samples.of("open")], samples.middle_mm[samples.of("closed")]
    return {
        "closure_auc": auc(samples.middle_mm[closures], samples.middle_mm[vowels]),
        "closure_recall": _mean(samples.smallest_mm[closures] < SHUT_MM),
        "open_auc": auc(closed_mm, open_mm),
        "mean_open_mm": _mean(open_mm),
        "closures": int(closures.sum()),
        "vowels": int(vowels.sum()),
    }


def auc(low: F64, high: F64) -> float:
    """P(one of low < one of high), equal ones count half (Mann and Whitney's U over its largest)."""
    if not len(low) or not len(high):
        return float("nan")
    ordered = np.sort(high)
    smaller, not_larger = np.searchsorted(ordered, low, "left"), np.searchsorted(ordered, low, "right")
    return float(1 - (smaller + not_larger).mean() / (2 * len(high)))


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def lag_ms(tracks: Sequence[Track]) -> int:
    """The first of the best shifts, in steps of 10 ms up to 200 ms either way; 0 where nothing can be compared."""
    found = [scores(measure(tracks, lag / 1000)) for lag in _LAGS_MS]
    merits = [each["closure_auc"] + each["open_auc"] for each in found]
    return _LAGS_MS[int(np.nanargmax(merits))] if np.isfinite(merits).any() else 0


def interval_95(samples: Samples, draws: int = 200) -> dict[str, list[float]]:
    """Percentile bootstrap intervals of SCORES, closures and vowels of each kind drawn anew."""
    found = [scores(samples.chosen(rows)) for rows in _draws(samples, draws)]
    return _quantiles(found)


def paired_difference(ours: Samples, theirs: Samples, draws: int = 2000) -> dict[str, list[float]]:
    """Of SCORES, ours less theirs: the difference and its 95 % interval; the same closures and vowels in each draw.

    Both are of the same intervals, in the same order.
    """
    if list(ours.kinds) != list(theirs.kinds):
        raise ValueError("only lips beside the same labels can be compared in pairs")
    found = [_less(ours.chosen(rows), theirs.chosen(rows)) for rows in _draws(ours, draws)]
    whole = _less(ours, theirs)
    return {key: [round(whole[key], 3), *ends] for key, ends in _quantiles(found).items()}


def _less(ours: Samples, theirs: Samples) -> dict[str, float]:
    mine, other = scores(ours), scores(theirs)
    return {key: mine[key] - other[key] for key in SCORES}


def _draws(samples: Samples, draws: int) -> Iterator[NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(samples.of(kind)) for kind in np.unique(samples.kinds)]
    for _ in range(draws):
        yield np.concatenate([rng.choice(group, len(group)) for group in groups])


def _quantiles(found: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    return {key: [round(float(q), 3) for q in np.quantile([row[key] for row in found], (0.025, 0.975))]
            for key in SCORES}  # fmt: skip
