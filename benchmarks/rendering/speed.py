"""How fast does a rasteriser draw, stage by stage, at rest and with one core kept busy by another process?

    python -m benchmarks.rendering.speed --avatar head.zip --size 512x512 --json render.json

Each line is measured in a process of its own: it loads the avatar, draws `--frames` frames of random expressions with
the head moved by the avatar's own clips, and reports medians and 95th percentiles in milliseconds and its peak memory;
then what a whole turn of the renderer stage takes over the bare rasterisation of the same splats. With --process the
memory of a real renderer node at 1080x1080 comes too; `bench render-soak` looks at it for half an hour.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.avatar.load import BUILT_IN, avatar_file, load_avatar
from avatar_ros.avatar.model import Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import AvatarRosError
from avatar_ros.core.outputs import write_whole
from avatar_ros.render.auto import make_rasteriser
from avatar_ros.render.base import BACKENDS, Camera, Rasteriser, RasterSettings
from avatar_ros.render.pose import portrait_camera

from ..lib.machine import parse_size, processor_name
from .node_overhead import WITH_BARE, measure_node

SIZES = ("512x512", "720x1280", "1080x1080")
STAGES = ("morph_ms", "project_ms", "sort_ms", "bin_ms", "blend_ms")
WARM_UP_FRAMES = 10
PROCESS_SIZE = "1080x1080"
GREY = (0.9, 0.9, 0.92)
LAM_CAMERA_DISTANCE_M, LAM_CAMERA_HEIGHT_M, LAM_CAMERA_FOV_DEG = 0.9, 1.655, 24.0


@dataclass(frozen=True)
class Case:
    """One line to measure."""

    backend: str
    avatar: str
    width: int
    height: int
    threads: int = 2
    frames: int = 120
    busy: bool = False  # another process keeps one core busy
    camera: str = "framed"  # framed: as the kiosk frames it; lam: 0.9 m before a LAM head, 24 degrees high
    reference_frames: int = 0  # frames also drawn by the float64 reference


@dataclass
class SpeedResult:
    """What one line gave; times in ms."""

    case: Case
    median_ms: float
    p95_ms: float
    fps: float
    first_frame_ms: float  # from the file to the first frame, imports not counted
    peak_mb: float  # of the whole process, Python and NumPy included
    isa: str
    device: str
    splats: int
    stages_ms: dict[str, float] = field(default_factory=dict)  # medians
    stages_p95_ms: dict[str, float] = field(default_factory=dict)
    worst_psnr_db: float | None = None
    node_ms: float | None = None  # median of a whole turn of the renderer stage: face, clips, drawing, handing over
    over_bare: float | None = None  # node_ms over the rasterisation of the same splats alone


def poses(avatar: Avatar, frames: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Random expressions [52] (half of the weights at rest) with head matrices [4, 4] of the avatar's clips."""
    rng = np.random.default_rng(seed)
    clips = list(avatar.clips.values())
    for i in range(frames):
        weights = rng.random(ARKIT_COUNT) * (rng.random(ARKIT_COUNT) < 0.5)
        head = clips[i % len(clips)].at(i / 30) if clips else np.eye(4)
        yield weights.astype(np.float32), head


def camera_of(case: Case, avatar: Avatar) -> Camera:
    """The camera that a case asks for."""
    if case.camera == "framed":
        return portrait_camera(avatar, case.width, case.height)
    eye = (0.0, LAM_CAMERA_HEIGHT_M, LAM_CAMERA_DISTANCE_M)
    return Camera.look_at(eye, (0.0, LAM_CAMERA_HEIGHT_M, 0.0), LAM_CAMERA_FOV_DEG, case.width, case.height)


def measure(case: Case) -> SpeedResult:
    """Measure one case in this process."""
    started_s = time.perf_counter()
    avatar = load_avatar(case.avatar)
    raster, _ = make_rasteriser(avatar, RasterSettings(backend=case.backend, threads=case.threads))
    camera = camera_of(case, avatar)
    out = None if case.backend == "gsplat" else raster.buffer(case.width, case.height)
    raster.render(np.zeros(ARKIT_COUNT, np.float32), np.eye(4), camera, GREY, out)
    finish = getattr(raster, "finish", None) or device_barrier(case.backend)
    finish()
    first_frame_ms = 1000 * (time.perf_counter() - started_s)
    took_ms, stages = draw(raster, avatar, camera, out, case.frames, finish)
    result = SpeedResult(
        case=case,
        median_ms=float(np.median(took_ms)),
        p95_ms=float(np.percentile(took_ms, 95)),
        fps=1000 * len(took_ms) / float(np.sum(took_ms)),
        first_frame_ms=first_frame_ms,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        isa=str(getattr(raster, "isa", "")),
        device=getattr(raster, "device", "") or device_name(case.backend),
        splats=avatar.splats,
    )
    for name, values in stages.items():
        result.stages_ms[name] = float(np.median(values))
        result.stages_p95_ms[name] = float(np.percentile(values, 95))
    if case.backend in WITH_BARE:
        node = measure_node(case.backend, case.avatar, (case.width, case.height), case.threads, case.frames)
        result.node_ms, result.over_bare = node.node_ms, node.node_ms / node.bare_ms
    if case.reference_frames:
        result.worst_psnr_db = worst_psnr_db(raster, avatar, camera, case.reference_frames)
    raster.close()
    return result


def draw(
    raster: Rasteriser, avatar: Avatar, camera: Camera, out: np.ndarray | None, frames: int, finish: Any
) -> tuple[list[float], dict[str, list[float]]]:
    """Milliseconds of each frame, and of each of its stages where the rasteriser reports them."""
    took_ms: list[float] = []
    stages: dict[str, list[float]] = {}
    for i, (weights, head) in enumerate(poses(avatar, WARM_UP_FRAMES + frames)):
        started_s = time.perf_counter()
        raster.render(weights, head, camera, GREY, out)
        finish()
        if i < WARM_UP_FRAMES:
            continue
        took_ms.append(1000 * (time.perf_counter() - started_s))
        for name, value in getattr(raster, "stats", {}).items():
            if name in STAGES:
                stages.setdefault(name, []).append(value)
    return took_ms, stages


def device_barrier(backend: str) -> Any:
    """A function that waits until the device has finished what it was given."""
    if backend != "gsplat":
        return lambda: None
    import torch

    return torch.cuda.synchronize


def device_name(backend: str) -> str:
    """The graphics card or the processor."""
    if backend == "gsplat":
        import torch

        return str(torch.cuda.get_device_name())
    return processor_name()


def worst_psnr_db(raster: Rasteriser, avatar: Avatar, camera: Camera, frames: int) -> float:
    """Smallest PSNR of RGB bytes against the float64 reference over random frames."""
    reference = BACKENDS.make("reference", avatar, RasterSettings())
    worst = float("inf")
    for weights, head in poses(avatar, frames, seed=1):
        fast = raster.render(weights, head, camera, GREY).numpy()[..., :3].astype(np.float64)
        slow = reference.render(weights, head, camera, GREY).numpy()[..., :3]
        error = float(np.mean((fast - slow) ** 2))
        worst = min(worst, 10 * np.log10(255**2 / max(error, 1e-10)))
    return worst


@contextmanager
def busy_core(wanted: bool) -> Iterator[None]:
    """Another process that computes all the time, where wanted."""
    hog = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if wanted else None
    try:
        yield
    finally:
        if hog is not None:
            hog.kill()
            hog.wait()


def run_case(case: Case) -> SpeedResult:
    """Measure one case in a process of its own, so that its memory and warm-up are its own."""
    with busy_core(case.busy), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, case).result()


def renderer_process(case: Case) -> Any:
    """Memory (render_soak.Figures) of a real renderer node that draws a case's avatar for ten seconds."""
    from .soak import parse as soak_options
    from .soak import soak

    arguments = ["--minutes", "0", "--size", PROCESS_SIZE, "--backend", case.backend, "--threads", str(case.threads)]
    return soak(soak_options([*arguments, "--avatar", case.avatar]))


def table(results: Sequence[SpeedResult]) -> str:
    """Results as Markdown."""
    lines = [
        "| backend | avatar | size | other load | median ms | p95 ms | FPS | morph | project | sort | bin | blend | "
        "first frame ms | peak MB | PSNR dB | node ms | node/bare |",
        "|" + "---|" * 17,
    ]
    for r in results:
        stages = " | ".join(f"{r.stages_ms[s]:.2f}" if s in r.stages_ms else "" for s in STAGES)
        psnr = f"{r.worst_psnr_db:.1f}" if r.worst_psnr_db is not None else ""
        c = r.case
        cells = (
            f"{c.backend} {r.isa}".strip(), Path(c.avatar).stem, f"{c.width}x{c.height}",
            "one core busy" if c.busy else "none", f"{r.median_ms:.2f}", f"{r.p95_ms:.2f}", f"{r.fps:.0f}", stages,
            f"{r.first_frame_ms:.0f}", f"{r.peak_mb:.0f}", psnr, "" if r.node_ms is None else f"{r.node_ms:.2f}",
            "" if r.over_bare is None else f"{r.over_bare:.2f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def make_cases(options: argparse.Namespace) -> list[Case]:
    """All combinations asked for."""
    avatars = options.avatar or [BUILT_IN]
    paths = [str(avatar_file(avatar)) for avatar in avatars]
    loads = {"none": [False], "busy": [True], "both": [False, True]}[options.load]
    sizes = [parse_size(size) for size in options.size or SIZES]
    base = Case("", "", 1, 1, threads=options.threads, frames=options.frames, camera=options.camera)
    return [
        replace(base, backend=backend, avatar=path, width=size[0], height=size[1], busy=busy,
                reference_frames=0 if busy else options.reference)
        for backend, path, size, busy in itertools.product(options.backend or ["cpu"], paths, sizes, loads)
    ]  # fmt: skip


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        "avatar bench render", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--avatar", action="append", metavar="FILE", help="a LAM .zip or .ply, repeatable (default: the built-in one)")
    add("--size", action="append", metavar="WxH", help=f"picture size, repeatable (default: {', '.join(SIZES)})")
    add("--backend", action="append", choices=BACKENDS.names, help="repeatable (default: cpu)")
    add("--threads", type=int, default=2, help="threads of the CPU rasteriser (default: 2)")
    add("--frames", type=int, default=120, help="frames a line (default: 120)")
    add("--load", choices=("none", "busy", "both"), default="both", help="with one core kept busy, without, or both")
    add("--camera", choices=("framed", "lam"), default="framed", help="as the kiosk frames, or LAM's usual camera")
    add("--reference", type=int, default=0, metavar="N", help="compare N frames with the float64 reference (slow)")
    add("--process", action="store_true", help="also a renderer node's memory at 1080x1080 (needs ROS 2)")
    add("--json", metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def report(results: Sequence[SpeedResult]) -> dict[str, Any]:
    """For the JSON file."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "load_average_1min": os.getloadavg()[0],
        "results": [asdict(result) for result in results],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON. 0: done; 2: bad input."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    results = []
    try:
        cases = make_cases(options)
        for i, case in enumerate(cases, 1):
            print(
                f"[{i}/{len(cases)}] {case.backend} {Path(case.avatar).stem} {case.width}x{case.height}"
                f"{' busy' if case.busy else ''}",
                file=sys.stderr,
            )
            results.append(run_case(case))
        tree = report(results)
        if options.process:
            tree["renderer_process"] = asdict(renderer_process(cases[0]))
        if options.json:
            write_whole(options.json, json.dumps(tree, indent=1) + "\n")
    except (AvatarRosError, OSError) as error:
        print(f"avatar bench render: {error}", file=sys.stderr)
        return 2
    print(f"{processor_name()}, {os.cpu_count()} cores; {options.threads} threads; {options.frames} frames a line\n")
    print(table(results))
    if "renderer_process" in tree:
        p = tree["renderer_process"]
        print(
            f"\nrenderer node's process at {PROCESS_SIZE}: peak {p['peak_mb']:.0f} MB resident, "
            f"{p['proportional_mb']:.0f} MB proportional at the end"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
