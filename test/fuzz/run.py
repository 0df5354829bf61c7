"""Damaged files for every loader of the package.

    ./avatar exec python test/fuzz/run.py --count 5000            the table of docs/measurements.md
    ./avatar exec python test/fuzz/run.py --seconds 60            that long, all loaders together
    ./avatar exec python test/fuzz/run.py --loader wav --seed 7 --keep 123 case.wav      one case as a file

Prints the seed and a table; exit code 0: no findings, 1: findings, each with the number of a case.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT)]

from fuzz.harness import fuzz  # noqa: E402
from fuzz.loaders import LOADERS, case  # noqa: E402

COLUMNS = ("loader", "files", "loaded", "refused", "tracebacks", "crashes, hangs", "over 5 s", "over 500 MB", "other",
           "longest, s", "most, MB")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", choices=LOADERS, help="one alone (default: all)")
    parser.add_argument("--count", type=int, help="files a loader")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("AVATAR_ROS_FUZZ_SECONDS", "60")))
    seed = int(os.environ.get("AVATAR_ROS_FUZZ_SEED") or random.randrange(2**31))
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--keep", nargs=2, metavar=("NUMBER", "FILE"), help="write one case to a file and leave")
    options = parser.parse_args()
    if options.keep:
        Path(options.keep[1]).write_bytes(case(options.loader, options.seed, int(options.keep[0])))
        return 0
    print(f"fuzz: seed {options.seed}", flush=True)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    chosen = [options.loader] if options.loader else list(LOADERS)
    results = []
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="avatar_ros_fuzz_") as folder:
            seconds = None if options.count else options.seconds / len(chosen)
            results.append(fuzz(name, options.seed, folder, count=options.count, seconds=seconds))
        show(results[-1])
    for result in results:
        for kind, numbers in result.findings.items():
            print(f"{result.loader}: {kind} (cases {', '.join(map(str, numbers[:5]))}; {len(numbers)} in all)")
        if result.borrowed:
            words = ", ".join(f"{kind} {count}" for kind, count in result.borrowed.most_common())
            print(f"{result.loader}: refused in a library's words: {words}")
    return 1 if any(result.findings for result in results) else 0


def show(result):
    cells = (
        result.loader, result.tried, result.loaded, result.refused, result.count("traceback"),
        result.count("crash", "hang", "exit"), result.count("slow"), result.count("fat"),
        result.count("warning", "message"), f"{result.longest_s:.2f}", f"{result.most_bytes / 1e6:.0f}",
    )  # fmt: skip
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
