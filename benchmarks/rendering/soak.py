"""Does the renderer's memory grow? The real renderer node, fed as a conversation feeds it, for half an hour.

    python -m benchmarks.rendering.soak --minutes 30 --fps 60 --size 512x512 --json soak.json

Starts `renderer_node` in a process of its own (rclpy and DDS included), subscribes to its pictures so that it draws,
sends idle expressions at 30 Hz, speech with a playback clock, and changes of state, and reads the process's memory from
/proc once a second. Growth: the median of the last minute less that of the second minute. With `--minutes 0` it reports
the memory of a renderer that has drawn for a few seconds.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from avatar_ros.core.errors import AvatarRosError, ConfigError
from avatar_ros.core.outputs import write_whole

NAMESPACE = "/render_soak"
PROC = Path("/proc")
SETTLED_S = 60.0
WINDOW_S = 60.0
SHORT_RUN_S = 10.0
START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0


@dataclass(frozen=True)
class Sample:
    """Memory of the renderer's process, MiB (2^20 bytes)."""

    at_s: float
    resident_mb: float
    proportional_mb: float  # pages shared with other processes counted by share


@dataclass(frozen=True)
class Figures:
    """What a run gave. growth_mb is None where it was too short to tell."""

    minutes: float
    frames: int
    fps: float
    peak_mb: float
    resident_mb: float
    proportional_mb: float
    growth_mb: float | None


def read_memory(pid: int, at_s: float) -> Sample:
    """Resident and proportional memory of a process. Raises ConfigError where it is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError as error:
        raise ConfigError("soak_renderer_gone", f"the renderer ended while it was measured ({error})") from error
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    if "Rss" not in kib:
        raise ConfigError("soak_renderer_gone", "the renderer ended while it was measured")
    return Sample(at_s, kib["Rss"] / 1024, kib["Pss"] / 1024)


def peak_mb(pid: int) -> float:
    """Largest resident memory that a process ever had (VmHWM), MiB."""
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def growth_mb(samples: Sequence[Sample], settled_s: float = SETTLED_S, window_s: float = WINDOW_S) -> float | None:
    """Median of the last `window_s` less that of the `window_s` after `settled_s`; None where they overlap."""
    end_s = samples[-1].at_s if samples else 0.0
    first = [s.resident_mb for s in samples if settled_s <= s.at_s < settled_s + window_s]
    last = [s.resident_mb for s in samples if s.at_s >= end_s - window_s]
    if not first or end_s - window_s < settled_s + window_s:
        return None
    return median(last) - median(first)


def command(options: argparse.Namespace) -> list[str]:
    """The renderer node as the kiosk starts it."""
    from ..lib.machine import parse_size

    width, height = parse_size(options.size)
    parameters = {"fps": float(options.fps), "width": width, "height": height, "backend": options.backend,
                  "threads": options.threads, "display.backend": options.display}  # fmt: skip
    if options.avatar:
        parameters["avatar"] = options.avatar
    given = [part for name, value in parameters.items() for part in ("-p", f"{name}:={value}")]
    return [sys.executable, "-m", "avatar_ros.nodes.renderer_node", "--ros-args", "-r", f"__ns:={NAMESPACE}", *given]


def soak(options: argparse.Namespace) -> Figures:
    """Run the renderer and feed it; what it took."""
    from .feeder import Feeder

    process = subprocess.Popen(command(options))
    try:
        with Feeder(NAMESPACE) as feeder:
            feeder.wait_for_frames(START_LIMIT_S, process)
            return watch(feeder, process.pid, options)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()


def watch(feeder: object, pid: int, options: argparse.Namespace) -> Figures:
    """Feed for the wanted time, reading the memory once a second."""
    wanted_s = 60 * options.minutes or SHORT_RUN_S
    started_s, first = time.monotonic(), feeder.frames  # type: ignore[attr-defined]
    samples: list[Sample] = []
    while (passed_s := time.monotonic() - started_s) < wanted_s:
        feeder.feed(passed_s)  # type: ignore[attr-defined]
        if passed_s >= len(samples):
            samples.append(read_memory(pid, passed_s))
            if len(samples) % 60 == 0:
                print(f"{passed_s / 60:.0f} min: {samples[-1].resident_mb:.1f} MB", file=sys.stderr, flush=True)
    frames = feeder.frames - first  # type: ignore[attr-defined]
    return Figures(wanted_s / 60, frames, frames / wanted_s, peak_mb(pid), samples[-1].resident_mb,
                   samples[-1].proportional_mb, growth_mb(samples))  # fmt: skip


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("avatar bench render-soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = parser.add_argument
    add("--minutes", type=float, default=30.0, help="how long (default: 30; 0: ten seconds, for the memory alone)")
    add("--fps", type=float, default=60.0, help="frames a second (default: 60)")
    add("--size", default="512x512", metavar="WxH", help="picture size (default: 512x512)")
    add("--avatar", metavar="FILE", help="a LAM .zip or .ply (default: the built-in one)")
    add("--backend", default="cpu", help="rasteriser (default: cpu)")
    add("--threads", type=int, default=2, help="threads of the CPU rasteriser (default: 2)")
    add("--display", default="off", choices=("off", "window", "fake"), help="screen, as the kiosk's (default: off)")
    add("--json", metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one line, write JSON. 0: done; 2: bad input."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        figures = soak(options)
        if options.json:
            from ..lib.machine import processor_name

            tree = {"processor": processor_name(), "size": options.size, "backend": options.backend, **asdict(figures)}
            write_whole(options.json, json.dumps(tree, indent=1) + "\n")
    except (AvatarRosError, OSError) as error:
        print(f"avatar bench render-soak: {error}", file=sys.stderr)
        return 2
    grown = "" if figures.growth_mb is None else f", growth {figures.growth_mb:+.2f} MB after the first minute"
    print(f"{figures.minutes:.1f} min at {figures.fps:.1f} FPS ({figures.frames} frames of {options.size}): "
          f"peak {figures.peak_mb:.0f} MB, now {figures.resident_mb:.0f} MB resident, "
          f"{figures.proportional_mb:.0f} MB proportional{grown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
