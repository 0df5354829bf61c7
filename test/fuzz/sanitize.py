"""Random scenes through the CPU rasteriser built with address and undefined-behaviour sanitizers.

    ./avatar exec python test/fuzz/sanitize.py --scenes 10000 [--seed N]

Prints the seed and a table; exit code 0: no findings, 1: findings, with the sanitizer's report. Skips with exit code 0,
saying so, where the compiler lacks the sanitizers' libraries. A hundred legal scenes are drawn by the ordinary build
too and must look the same.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SCENES = Path(__file__).with_name("scenes.py")
BATCH = 500
COMPARED = 100
#: Levels of 255 by which two builds may differ: other roundings at the edge of a splat.
MOST_LEVELS = 3


def missing():
    """Why the sanitizers cannot be used here; "" where they can."""
    compiler = shutil.which("g++")
    if compiler is None or shutil.which("cmake") is None:
        return "no g++ or no cmake"
    libraries = [library(compiler, name) for name in ("libasan.so", "libubsan.so")]
    return "" if all(path.is_file() for path in libraries) else "the compiler has no libasan or libubsan"


def library(compiler, name):
    done = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()).resolve()


def build(folder):
    """The module, built with sanitizers in `folder`."""
    commands = (
        ["cmake", "-S", ROOT / "src", "-B", folder, "-DAVATAR_SANITIZE=ON", f"-DPython3_EXECUTABLE={sys.executable}",
         "-DCMAKE_CXX_COMPILER=g++"],
        ["cmake", "--build", folder, "--parallel", "2"],
    )  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"sanitize: the build failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return next(folder.glob("_raster*.so"))


def run(module, arguments, *, sanitized=True):
    """One process of scenes.py."""
    env = dict(os.environ)
    if sanitized:
        preload = [library("g++", name) for name in ("libasan.so", "libstdc++.so.6")]
        env["LD_PRELOAD"] = " ".join(map(str, preload))
        env["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=0"
        env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    command = [sys.executable, SCENES, "--module", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=env)


def differences(ours, theirs, seed):
    """Scenes that two builds draw differently."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.npz" for name in ("sanitized", "ordinary")]
        for file, module, sanitized in zip(files, (ours, theirs), (True, False), strict=True):
            done = run(module, ["--seed", seed, "--count", COMPARED, "--save", file], sanitized=sanitized)
            if done.returncode:
                return [f"drawing legal scenes: exit code {done.returncode}\n{done.stderr[-4000:]}"]
        pictures = [np.load(file) for file in files]
        for name in pictures[0].files:
            levels = int(np.abs(pictures[0][name].astype(int) - pictures[1][name].astype(int)).max(initial=0))
            if levels > MOST_LEVELS:
                found.append(f"legal scene {name} differs by {levels} levels between the two builds")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=2000)
    seed = int(os.environ.get("AVATAR_ROS_FUZZ_SEED") or random.randrange(2**31))
    parser.add_argument("--seed", type=int, default=seed)
    options = parser.parse_args()
    if reason := missing():
        print(f"sanitize: skipped: {reason}")
        return 0
    print(f"sanitize: seed {options.seed}", flush=True)
    began, module = time.monotonic(), build(ROOT / "build/sanitized")
    built = time.monotonic()
    totals, findings = {"scenes": 0, "frames": 0, "refused": 0}, []
    for first in range(0, options.scenes, BATCH):
        count = min(BATCH, options.scenes - first)
        done = run(module, ["--seed", options.seed, "--first", first, "--count", count])
        if done.returncode:
            findings.append(done.stderr[-6000:])
            continue
        told = json.loads(done.stdout)
        totals = {name: totals[name] + told[name] for name in totals}
        isas = told["isas"]
    from avatar_ros import _raster

    findings += differences(module, _raster.__file__, options.seed)
    for finding in findings:
        print(finding)
    print("| scenes | frames | refused | instruction sets | findings | build, s | drawing, s |")
    print("|---|---|---|---|---|---|---|")
    cells = (*totals.values(), ", ".join(isas) if totals["scenes"] else "", len(findings))
    print(f"| {' | '.join(map(str, cells))} | {built - began:.0f} | {time.monotonic() - built:.0f} |")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
