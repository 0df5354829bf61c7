"""`./avatar bench labiodental`: whether /f/ and /v/ of recorded people put an avatar's lower lip to its upper teeth.

Weights are made of each recording by the whole chain (from the labels themselves, with the text known, from sound
alone), and in the middle of each /f/ and /v/ of the labels the mouth is measured in mm (mouth_points.py):
lip_to_teeth_mm   the lower lip's nearest vertex to the upper teeth's edge, the worst of three columns (both central
                  incisors and the midline); good: under 2 mm
upper_clear_mm    how far the upper lip's lowest vertex stands above the lower lip's highest, the narrowest of the three
                  columns; good: over 3 mm, so that the teeth's lower third is seen
good              share of the middles at which both are good
teeth             for how far the answer hangs on where the teeth are: the same share with their edge moved
Columns and vertices are listed under `points`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import F32, F64
from avatar_ros.encoder.encode import load_encoder

from ..lib.data_folder import default_data, lips_file
from ..lib.report import tell
from .mouth_points import MouthPoints, mouth_points
from .scores import SCORE_FPS, SOURCES, RecordedPeople, summary

LABIODENTALS = ("f", "v")
TOUCH_MM, CLEAR_MM = 2.0, 3.0
#: The teeth's edge elsewhere, mm: (y up, z forward).
MOVED_MM = {"1 mm higher": (1.0, 0.0), "1 mm lower": (-1.0, 0.0), "1 mm back": (0.0, -1.0), "1 mm forward": (0.0, 1.0)}


def main(arguments: Sequence[str]) -> int:
    """Parse, measure, print one JSON object; exit code 0."""
    options = _parser().parse_args(list(arguments))
    encoder = load_encoder()
    out: dict[str, Any] = {}
    for name in options.avatar:
        path = lips_file(name, options.data)
        points = mouth_points(path)
        people = RecordedPeople(options.data, str(path), encoder, options.speech)
        scores = {source: summary(people.tracks(source)) for source in SOURCES} if options.scores else {}
        found = {source: labiodentals(people, points, source) for source in SOURCES}
        out[name] = {"points": described(points), **found, **({"scores": scores} if scores else {})}
    tell(out, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="avatar bench labiodental", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with speech/ and avatars/")
    parser.add_argument("--speech", type=Path, nargs="+", default=[], help="other recordings (default: DATA/speech)")
    parser.add_argument("--avatar", nargs="+", default=["james.zip"], help="names in DATA/avatars, or paths")
    parser.add_argument("--scores", action="store_true", help="closures and open vowels too, as bench express has them")
    parser.add_argument("--json", help="write the result here too")
    return parser


def labiodentals(people: RecordedPeople, points: MouthPoints, source: str) -> dict[str, Any]:
    """Share of good middles of /f/ and /v/, with each of them by itself."""
    where, rows = [], []
    for name in people.names:
        weights = people.weights(name, source)
        for phone, middle_s in people.middles(name, LABIODENTALS):
            where.append(f"{name} {phone} {middle_s:.2f} s")
            rows.append(_at(weights, middle_s))
    poses = np.array(rows, np.float32).reshape(len(rows), -1)
    touch, clear = mouth_mm(points, poses)
    moved = {name: _share(mouth_mm(points, poses, by)[0], clear) for name, by in MOVED_MM.items()}
    each = {place: [round(float(a), 1), round(float(b), 1)] for place, a, b in zip(where, touch, clear, strict=True)}
    return {
        "good": _share(touch, clear), "middles": len(rows), "touching": _mean(touch < TOUCH_MM),
        "clear": _mean(clear > CLEAR_MM), "teeth": moved, "lip_to_teeth_mm, upper_clear_mm": each,
    }  # fmt: skip


def mouth_mm(points: MouthPoints, weights: F32, moved_mm: tuple[float, float] = (0.0, 0.0)) -> tuple[F64, F64]:
    """lip_to_teeth_mm and upper_clear_mm of weights [T, 52], [T] each; moved_mm: the teeth's edge, up and forward."""
    touch, clear = [], []
    for column in points.columns:
        lower, upper = points.posed(column.lower, weights), points.posed(column.upper, weights)
        edge = column.edge_mm + np.array([0.0, *moved_mm])
        touch.append(np.linalg.norm(lower - edge, axis=2).min(axis=1))
        clear.append(upper[:, :, 1].min(axis=1) - lower[:, :, 1].max(axis=1))
    return np.max(touch, axis=0), np.min(clear, axis=0)


def described(points: MouthPoints) -> list[dict[str, Any]]:
    """The columns, for who wants to look at them."""
    return [
        {
            "teeth_edge_mm": [round(float(v), 1) for v in column.edge_mm],
            "teeth_edge_of": [int(v) for v in column.edge_of],
            "lower_lip": column.lower.tolist(),
            "upper_lip": column.upper.tolist(),
        }
        for column in points.columns
    ]


def _at(weights: F32, time_s: float) -> F64:
    """The weights [52] at an instant, between two frames."""
    at = np.clip(time_s * SCORE_FPS, 0, len(weights) - 1)
    low = int(at)
    high = min(low + 1, len(weights) - 1)
    out: F64 = weights[low] * (1 - (at - low)) + weights[high] * (at - low)
    return out


def _share(touch: F64, clear: F64) -> float:
    return _mean((touch < TOUCH_MM) & (clear > CLEAR_MM))


def _mean(values: Any) -> float:
    return round(float(np.mean(values)), 3) if len(values) else float("nan")
