"""`./avatar bench web-kiosk`: what the browser adds to a kiosk's delay: the same question files asked of a kiosk (its
panel drawn) and of the page in a headless Chromium, in blocks by turns, within one run.

Both from the last sample of the question above -50 dBFS at the microphone to the first sample above it of the answer
that leaves the loudspeaker, by each side's clock (`bench turn`; `bench web-page`). What the page has more is told
for median and p95, with the interval in which 95 % of questions drawn anew have it (bootstrap). 3.5 minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import F64
from avatar_ros.testing.kiosk_process import KioskProcess
from benchmarks.lib.question_files import RATE_HZ, question_files, write_wav
from benchmarks.lib.report import tell

from .turn import converse
from .web_load import open_house, wait_until_well
from .web_page import hearing
from .web_page_watch import DRAIN, Watched

#: Until the first question of a page, s; the longest that is waited for the last answer.
BEFORE_S, LAST_S = 5.0, 10.0
#: Answered shortly, so that the next question is no interruption.
QUESTIONS = ("what is your name", "how are you", "thank you", "what time is it")
_DRAWS, _SEED = 10_000, 1
_WORKS: dict[str, Callable[..., F64]] = {
    "median": np.median,
    "p95": lambda values, axis=None: np.percentile(values, 95, axis=axis),
}


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 where every question was answered."""
    parser = argparse.ArgumentParser(prog="avatar bench web-kiosk", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="blocks of each (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=6, help="of a block (default: %(default)s)")
    parser.add_argument("--every-s", type=float, default=7.0, help="a question to the page (default: %(default)s)")
    parser.add_argument("--avatar", default="", help="FILE of both (default: the built-in one)")
    parser.add_argument("--panel", default="1080x1920", metavar="WxH", help='the kiosk\'s; "" draws nothing')
    parser.add_argument("--scale", type=float, default=1.0, help="of --panel: display.scale (default: %(default)s)")
    parser.add_argument("--side", type=int, default=512, help="of the page's picture, pixels")
    parser.add_argument("--port", type=int, default=8073)
    parser.add_argument("--json", type=Path, help="write the result there, after each block")
    options = parser.parse_args(arguments)
    options.profile, options.record = "embedded", ""
    found: dict[str, Any] = {"load": os.getloadavg()[0], "kiosk_ms": [], "page_ms": []}
    with tempfile.TemporaryDirectory() as folder:
        files = question_files(Path(folder), options.questions, QUESTIONS)
        for number in range(options.rounds):
            for way in (_kiosk, _page) if number % 2 == 0 else (_page, _kiosk):
                way(options, files, found)
                tell(found | {"page_minus_kiosk_ms": difference(found["kiosk_ms"], found["page_ms"])}, options.json)
    asked = options.rounds * options.questions
    return int(min(len(found["kiosk_ms"]), len(found["page_ms"])) < asked)


def difference(kiosk_ms: Sequence[float], page_ms: Sequence[float]) -> dict[str, list[float]] | None:
    """[estimate, low, high] of what the page has more; None while one of both was not asked."""
    if not kiosk_ms or not page_ms:
        return None
    rng, found = np.random.default_rng(_SEED), {}
    kiosk, page = (rng.choice(values, (_DRAWS, len(values))) for values in (kiosk_ms, page_ms))
    for name, of in _WORKS.items():
        drawn = of(page, axis=1) - of(kiosk, axis=1)
        estimate = float(of(page_ms) - of(kiosk_ms))
        found[name] = [round(each, 1) for each in (estimate, *map(float, np.percentile(drawn, (2.5, 97.5))))]
    return found


def _kiosk(options: argparse.Namespace, files: Sequence[Path], found: dict[str, Any]) -> None:
    waits = converse(files, options)["end_to_first_sound_ms"]
    found["kiosk_ms"] += [wait for wait in waits if np.isfinite(wait)]


def _page(options: argparse.Namespace, files: Sequence[Path], found: dict[str, Any]) -> None:
    folder = files[0].parent
    given = ("--avatar", options.avatar) if options.avatar else ()
    arguments = ("--http", options.port, "--profile", open_house(folder), *given)
    sound = one_after_another([_pcm(file) for file in files], options.every_s)
    voice = write_wav(folder / "page.wav", sound, RATE_HZ, BEFORE_S, LAST_S)
    with KioskProcess(*arguments, namespace="bench_page", verb="web") as server:
        wait_until_well(options.port, server)
        with hearing(f"http://127.0.0.1:{options.port}/?pixels={options.side**2}", voice, repeat=False) as browser:
            watched, end_s = Watched(), time.monotonic() + len(sound) / RATE_HZ + LAST_S
            while time.monotonic() < end_s and watched.first_sounds_ms()[0] < len(files):
                time.sleep(1.0)
                watched.take(browser.js(DRAIN))
    found["page_ms"] += [round(wait, 1) for wait in watched.first_sounds_ms()[1]]


def one_after_another(sounds: Sequence[np.ndarray], every_s: float) -> np.ndarray:
    """Each of them at its time, silence between."""
    size = round(every_s * RATE_HZ)
    out = np.zeros(size * len(sounds), np.int16)
    for number, pcm in enumerate(sounds):
        out[number * size : number * size + len(pcm)] = pcm
    return out


def _pcm(file: Path) -> np.ndarray:
    with wave.open(str(file)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
