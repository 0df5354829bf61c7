"""What a graphics card draws: the whole table, in ten minutes, from one command.

    ./avatar bench gpu --json gpu.json
    python -m benchmarks.rendering.gpu --json gpu.json        (without ROS: NumPy, torch, gsplat, moderngl are enough)

For each backend and size: frames that stay on the card and frames brought off it, one by one and many in a row; beside
them gsplat.rasterization alone, called with tensors that lie ready; the distance from the float64 reference; then the
speech encoder FP16 on CUDA beside INT8 on the processor (--no-encoder leaves it out). What cannot run here is named
with its reason.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.avatar.load import BUILT_IN, avatar_file, load_avatar
from avatar_ros.avatar.model import Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import AvatarRosError
from avatar_ros.core.outputs import write_whole
from avatar_ros.render.base import BACKENDS, Camera, Rasteriser, RasterSettings
from avatar_ros.render.pose import portrait_camera

from ..lib.machine import parse_size, processor_name
from .speed import GREY, device_barrier, poses

SIZES = ("1920x1080", "1080x1920", "1080x1080", "512x512")
#: What is measured: the backend and its options that differ from the defaults.
LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "gsplat": ("gsplat", {}),
    "gl": ("gl", {}),
    "gl, floats": ("gl", {"target": "float"}),
}
PACKAGES = ("numpy", "torch", "gsplat", "moderngl", "glcontext", "onnxruntime", "onnxruntime-gpu")
CARD_FIELDS = "name,driver_version,pstate,clocks.sm,clocks.mem,clocks.max.sm,power.draw,power.limit,temperature.gpu"
SMOKE_COVER = 0.3  # as the renderer draws
WARM_UP_FRAMES = 30


def versions() -> dict[str, str]:
    """Of what takes part; what is not installed is missing."""
    found = {"python": platform.python_version(), "processor": processor_name(), "cores": str(os.cpu_count())}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def card() -> dict[str, str]:
    """What nvidia-smi says of the first card now; empty where there is none."""
    command = ["nvidia-smi", f"--query-gpu={CARD_FIELDS}", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    return dict(zip(CARD_FIELDS.split(","), map(str.strip, told.splitlines()[0].split(",")), strict=True))


def one_by_one(draw: Callable[[], Any], finish: Callable[[], Any], frames: int) -> dict[str, float]:
    """Milliseconds of a frame that is waited for."""
    took_ms = []
    for _ in range(frames):
        started_s = time.perf_counter()
        draw()
        finish()
        took_ms.append(1000 * (time.perf_counter() - started_s))
    return {"median_ms": round(float(np.median(took_ms)), 4), "p95_ms": round(float(np.percentile(took_ms, 95)), 4)}


def in_a_row(draw: Callable[[], Any], finish: Callable[[], Any], frames: int) -> float:
    """Frames a second when only the last one is waited for."""
    finish()
    started_s = time.perf_counter()
    for _ in range(frames):
        draw()
    finish()
    return round(frames / (time.perf_counter() - started_s), 1)


def timed(draw: Callable[[], Any], finish: Callable[[], Any], frames: int) -> dict[str, float]:
    """Both, after a warm-up."""
    for _ in range(WARM_UP_FRAMES):
        draw()
    return {**one_by_one(draw, finish, frames), "fps": in_a_row(draw, finish, frames)}


class Case:
    """One backend with one avatar at one size."""

    def __init__(self, line: str, avatar: Avatar, size: tuple[int, int], smoke_cover: float = SMOKE_COVER) -> None:
        """Raises AvatarRosError where the backend cannot run here."""
        self.line, (self.backend, options) = line, LINES[line]
        self.avatar = avatar
        self.camera: Camera = portrait_camera(avatar, *size)
        started_s = time.perf_counter()
        settings = RasterSettings(backend=self.backend, smoke_cover=smoke_cover)
        own = BACKENDS.options(self.backend, **options)
        self.raster: Rasteriser = BACKENDS.make(self.backend, avatar, settings, own=own)
        self.raster.render(np.zeros(ARKIT_COUNT), np.eye(4), self.camera, GREY).numpy()
        self.first_frame_ms = 1000 * (time.perf_counter() - started_s)
        self._finish: Callable[[], Any] = getattr(self.raster, "finish", None) or device_barrier(self.backend)
        self._poses = list(poses(avatar, 60))
        self._number = 0

    def draw(self, out: np.ndarray | None = None) -> Any:
        """The next of sixty faces."""
        self._number += 1
        weights, head = self._poses[self._number % len(self._poses)]
        return self.raster.render(weights, head, self.camera, GREY, out)

    def measure(self, frames: int) -> dict[str, Any]:
        """The figures of a line of the table."""
        out = self.raster.buffer(self.camera.width, self.camera.height)
        result: dict[str, Any] = {"first_frame_ms": round(self.first_frame_ms, 1)}
        result["on_card"] = timed(self.draw, self._finish, frames)
        result["off_card"] = timed(lambda: self.draw(out), self._finish, frames)
        if self.backend == "gsplat":
            result |= self._beside_bare(frames)
        return result | self._stages(out, frames)

    def _stages(self, out: np.ndarray, frames: int) -> dict[str, Any]:
        """Medians of what the rasteriser tells of itself: stages, own time, bytes sent to the card."""
        told: list[dict[str, float]] = []
        for _ in range(min(frames, 100)):
            self.draw(out)
            told.append(getattr(self.raster, "stats", {}))
        medians = {name: round(float(np.median([one[name] for one in told])), 4) for name in told[0]}
        return {"stages": medians, "path": getattr(self.raster, "path", "")}

    def _beside_bare(self, frames: int) -> dict[str, Any]:
        """Bare gsplat and ours, turn and turn about, so that both meet the same clocks."""
        drawer: Any = self.raster
        bare = drawer.bare(*self._poses[0], self.camera)
        rounds = [
            (timed(bare, self._finish, frames // 5), timed(self.draw, self._finish, frames // 5)) for _ in range(5)
        ]
        row = {name: round(float(np.median([old[name] for old, _ in rounds])), 4) for name in rounds[0][0]}
        ratios = {
            "over_bare_one_by_one": float(np.median([new["median_ms"] / old["median_ms"] for old, new in rounds])),
            "over_bare_in_a_row": float(np.median([old["fps"] / new["fps"] for old, new in rounds])),
        }
        return {"bare": row, **{name: round(value, 3) for name, value in ratios.items()}}


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    """Of RGB bytes."""
    error = float(np.mean((a[..., :3].astype(np.float64) - b[..., :3]) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-10)))


def reference_frame(job: tuple[str, tuple[int, int], int]) -> np.ndarray:
    """Frame number i of an avatar's file by the float64 reference, in whatever process."""
    path, size, number = job
    avatar = load_avatar(path)
    weights, head = list(poses(avatar, number + 1, seed=1))[number]
    raster = BACKENDS.make("reference", avatar, RasterSettings())
    return raster.render(weights, head, portrait_camera(avatar, *size), GREY).numpy()


def references(path: str, size: tuple[int, int], count: int, folder: Path | None) -> list[np.ndarray]:
    """The first frames of the reference, from `folder` where they lie there; else drawn on all processors and kept."""
    name = f"{Path(path).stem}-{size[0]}x{size[1]}.npz"
    if folder is not None and (folder / name).is_file():
        with np.load(folder / name) as kept:
            return [kept[key] for key in sorted(kept.files)][:count]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        frames = list(pool.map(reference_frame, [(path, size, i) for i in range(count)]))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        arrays: Any = {f"{i:03}": frame[..., :3] for i, frame in enumerate(frames)}
        np.savez_compressed(folder / name, **arrays)
    return frames


def worst_db(line: str, avatar: Avatar, size: tuple[int, int], frames: Sequence[np.ndarray]) -> float:
    """Smallest PSNR of one line of the table against frames of the reference."""
    case = Case(line, avatar, size, smoke_cover=0.0)
    faces = poses(avatar, len(frames), seed=1)
    drawn = [case.raster.render(*face, case.camera, GREY).numpy().copy() for face in faces]
    case.raster.close()
    return round(min(map(psnr_db, drawn, frames)), 2)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All of it."""
    path = str(avatar_file(options.avatar))
    avatar = load_avatar(path)
    sizes = [parse_size(size) for size in options.size or SIZES]
    tree: dict[str, Any] = {"versions": versions(), "card_before": card(), "avatar": Path(path).stem,
                            "splats": avatar.splats, "frames": options.frames, "lines": []}  # fmt: skip
    folder = Path(options.references) if options.references else None
    wanted = {size: references(path, size, options.reference, folder) for size in sizes if options.reference}
    for name in options.backend or LINES:
        for size in sizes:
            line: dict[str, Any] = {"backend": name, "size": f"{size[0]}x{size[1]}"}
            try:
                case = Case(name, avatar, size)
                line |= {"device": getattr(case.raster, "device", "cuda"), **case.measure(options.frames)}
                case.raster.close()
                if size in wanted:
                    line["worst_psnr_db"] = worst_db(name, avatar, size, wanted[size])
                    line["reference_frames"] = len(wanted[size])
            except AvatarRosError as error:
                line["not_run"] = str(error)
            print(table_line(line), file=sys.stderr, flush=True)
            tree["lines"].append(line)
    tree["card_after"] = card()
    if not options.no_encoder:
        from .gpu_encoder import measure_encoder

        tree["encoder"] = measure_encoder()
    return tree


def table_line(line: dict[str, Any]) -> str:
    """A line in Markdown."""
    if "not_run" in line:
        return f"| {line['backend']} | {line['size']} | not run: {line['not_run']} |"
    on, off, bare = line["on_card"], line["off_card"], line.get("bare", {})
    cells = (line["backend"], line["size"], on["median_ms"], on["p95_ms"], on["fps"], off["median_ms"], off["fps"],
             bare.get("median_ms", ""), bare.get("fps", ""), line.get("over_bare_one_by_one", ""),
             line.get("over_bare_in_a_row", ""), line.get("worst_psnr_db", ""), line["first_frame_ms"],
             line["stages"].get("own_ms", ""), line["stages"].get("uploaded_bytes", ""))  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def table(tree: dict[str, Any]) -> str:
    """The lines in Markdown."""
    head = ("backend | size | on the card, ms | p95 | FPS | off it, ms | FPS | bare gsplat, ms | FPS | ours / bare, "
            "one by one | in a row | worst PSNR dB | first frame ms | own ms | bytes sent")  # fmt: skip
    rule = "|" + "---|" * len(head.split("|"))
    return "\n".join([f"| {head} |", rule, *map(table_line, tree["lines"])])


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        "avatar bench gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--avatar", default=BUILT_IN, metavar="FILE", help="a LAM .zip or splats (default: the built-in one)")
    add("--size", action="append", metavar="WxH", help=f"repeatable (default: {', '.join(SIZES)})")
    add("--backend", action="append", choices=tuple(LINES), help="repeatable (default: all)")
    add("--frames", type=int, default=500, help="frames a figure (default: 500)")
    add("--reference", type=int, default=4, metavar="N", help="frames compared with the float64 reference (default: 4)")
    add("--references", metavar="FOLDER", help="take the reference's frames from there, or keep them there")
    add("--no-encoder", action="store_true", help="leave the speech encoder out")
    add("--json", metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON. 0: done; 1: nothing could run; 2: bad input."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        tree = measure(options)
        if options.json:
            write_whole(options.json, json.dumps(tree, indent=1) + "\n")
    except (AvatarRosError, OSError) as error:
        print(f"avatar bench gpu: {error}", file=sys.stderr)
        return 2
    print(json.dumps({name: tree[name] for name in ("versions", "card_before", "card_after") if name in tree}))
    print(f"{tree['avatar']}, {tree['splats']} splats, {tree['frames']} frames a figure\n\n{table(tree)}")
    print("encoder: " + json.dumps(tree.get("encoder", "left out")))
    return 0 if any("not_run" not in line for line in tree["lines"]) else 1


if __name__ == "__main__":
    sys.exit(main())
