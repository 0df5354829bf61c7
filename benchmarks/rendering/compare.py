"""Two builds of the CPU rasteriser side by side, frame by frame in turn: which is faster, and do they draw the same?

    python -m benchmarks.rendering.compare --before OLD/_raster.so --avatar head.zip --size 1080x1080

A frame of the one follows the same frame of the other, and who is first changes, so that both meet the same machine.
Faces: `random` expressions and heads, as `bench render` draws them; `speaking` and `idle` as a kiosk moves them at 30
frames a second; `rest`, in which nothing moves. Without --before the build at hand is compared with itself: what the
figures differ by then is the machine's noise.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_ros import _raster
from avatar_ros.avatar.load import BUILT_IN, avatar_file, load_avatar
from avatar_ros.avatar.model import Avatar
from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import AvatarRosError
from avatar_ros.core.outputs import write_whole
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.clip_mixer import ClipMixer
from avatar_ros.render.cpu import CpuRasteriser
from avatar_ros.render.inputs import WeightMap, model_view
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.scenery import ScenerySettings, scenery

from ..lib.machine import parse_size, processor_name
from .speed import GREY, SIZES, STAGES, WARM_UP_FRAMES, poses

FPS = 30
CLIPS = 0.5  # amplitude of the avatar's own head movements, as the kiosk's
SMOKE_COVER = 0.3  # as the kiosk's
BLINK_EVERY_S, BLINK_S = 4.0, 0.2
#: Mouth shapes of speech, and how many times a second each comes and goes.
MOUTH_HZ = {"jawOpen": 4.1, "mouthClose": 2.3, "mouthFunnel": 1.7, "mouthPucker": 1.3, "mouthStretchLeft": 2.9,
            "mouthStretchRight": 2.9, "mouthLowerDownLeft": 3.7, "mouthLowerDownRight": 3.7, "mouthUpperUpLeft": 3.1,
            "mouthUpperUpRight": 3.1, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "browInnerUp": 0.4}  # fmt: skip
Face = tuple[np.ndarray, np.ndarray]  # weights [52], head [4, 4]


@dataclass(frozen=True)
class Comparison:
    """One line; times in ms. ratio: median of before over after, frame by frame."""

    avatar: str
    size: str
    face: str
    threads: int
    before_ms: float
    after_ms: float
    before_p95_ms: float
    after_p95_ms: float
    ratio: float
    tiles_drawn: float  # share, median
    least_psnr_db: float  # of the one's pictures against the other's
    most_levels: int
    before_stages_ms: dict[str, float]
    after_stages_ms: dict[str, float]


class Build:
    """One of the two: a module, its rasteriser and its picture."""

    def __init__(
        self, module: ModuleType, avatar: Avatar, camera: Camera, settings: RasterSettings, now_s: Callable[[], float]
    ) -> None:
        self._now_s = now_s
        morphs = avatar.morphs
        self._raster = module.Rasteriser(
            avatar.positions, avatar.scales, avatar.rotations, avatar.colors, avatar.opacities, avatar.head_share,
            morphs.offsets, morphs.indices, morphs.deltas, settings.threads, settings.isa,
        )
        shape = (camera.height, camera.width, 4)
        own = getattr(self._raster, "picture", None)
        self.pixels = own(camera.width, camera.height) if own else np.zeros(shape, np.uint8)
        self._camera, self._settings = camera, settings
        self._weights = WeightMap(avatar.morph_names, settings)
        self.behind: Any = None  # a picture that stays, instead of the grey
        self.took_ms: list[float] = []
        self.stages: list[dict[str, float]] = []

    def draw(self, face: Face) -> None:
        """One frame, timed."""
        camera, settings = self._camera, self._settings
        weights, head = self._weights(face[0]), model_view(camera, face[1])
        lens = (camera.fx, camera.fy, camera.cx, camera.cy)
        blur = settings.blur_at(camera.width, camera.height)
        started_s = self._now_s()
        self._raster.render(
            weights, camera.view, head, lens, blur, GREY, self.behind, "opaque", settings.smoke_cover, self.pixels,
            *([] if self.behind is None else [bool(self.took_ms)]),
        )  # fmt: skip
        self.took_ms.append(1000 * (self._now_s() - started_s))
        self.stages.append(self._raster.stats())

    def median_stages(self) -> dict[str, float]:
        """Milliseconds by stage."""
        return {name: float(np.median([stage[name] for stage in self.stages])) for name in STAGES}


def kiosk_faces(avatar: Avatar, frames: int, state: AgentState) -> Iterator[Face]:
    """A face as the kiosk moves it in a state, `FPS` times a second."""
    clips = ClipMixer(avatar.clips, CLIPS)
    clips.set_state(state, 0.0)
    for i in range(frames):
        at_s = i / FPS
        weights = np.zeros(ARKIT_COUNT, np.float32)
        blink = max(0.0, 1 - abs(at_s % BLINK_EVERY_S - 1) / (BLINK_S / 2))
        weights[[ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = blink
        if state is AgentState.SPEAKING:
            for name, hz in MOUTH_HZ.items():
                weights[ARKIT_INDEX[name]] = 0.3 * (1 - math.cos(2 * math.pi * hz * at_s))
        yield weights, clips.at(at_s)


def rest(frames: int) -> Iterator[Face]:
    """The same face again and again."""
    return itertools.repeat((np.zeros(ARKIT_COUNT, np.float32), np.eye(4)), frames)


def faces(avatar: Avatar, name: str, frames: int) -> Iterator[Face]:
    """The faces that go by this name."""
    states = {"speaking": AgentState.SPEAKING, "idle": AgentState.IDLE}
    if name in states:
        return kiosk_faces(avatar, frames, states[name])
    return rest(frames) if name == "rest" else poses(avatar, frames)


def load_module(path: str) -> ModuleType:
    """A build of the rasteriser from its file."""
    if not path:
        return _raster
    spec = importlib.util.spec_from_file_location("_raster", path)
    if spec is None or spec.loader is None:
        raise OSError(f"{path} is no built module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(
    before: ModuleType, path: str, size: tuple[int, int], face: str, options: argparse.Namespace
) -> Comparison:
    """One line: an avatar, a size, a face."""
    avatar = load_avatar(path)
    camera = portrait_camera(avatar, *size)
    settings = RasterSettings(threads=options.threads, smoke_cover=SMOKE_COVER, isa=options.isa)
    now_s = time.process_time if options.processor_time else time.perf_counter
    old, new = (Build(module, avatar, camera, settings, now_s) for module in (before, _raster))
    if options.background:
        new.behind = behind(avatar, camera, settings, options.background)
    drawn, errors, levels = [], [], 0
    for i, one in enumerate(faces(avatar, face, WARM_UP_FRAMES + options.frames)):
        for build in (old, new) if i % 2 else (new, old):
            build.draw(one)
        drawn.append(new.stages[-1]["tiles_drawn"] / new.stages[-1]["tiles"])
        apart = np.abs(old.pixels.astype(np.int16) - new.pixels)
        levels = max(levels, int(apart.max()))
        errors.append(float(np.mean(np.square(apart[..., :3], dtype=np.float64))))
    took = [np.array(build.took_ms[WARM_UP_FRAMES:]) for build in (old, new)]
    return Comparison(
        avatar=Path(path).stem,
        size="{}x{}".format(*size),
        face=face,
        threads=options.threads,
        before_ms=float(np.median(took[0])),
        after_ms=float(np.median(took[1])),
        before_p95_ms=float(np.percentile(took[0], 95)),
        after_p95_ms=float(np.percentile(took[1], 95)),
        ratio=float(np.median(took[0] / took[1])),
        tiles_drawn=float(np.median(drawn[WARM_UP_FRAMES:])),
        least_psnr_db=10 * math.log10(255**2 / max(*errors, 1e-10)),
        most_levels=levels,
        before_stages_ms=old.median_stages(),
        after_stages_ms=new.median_stages(),
    )


def behind(avatar: Avatar, camera: Camera, settings: RasterSettings, word: str) -> Any:
    """The picture that a word for a background means, with the head's shadow; None for one colour."""
    raster = CpuRasteriser(avatar, settings)
    made = scenery(raster, avatar, camera, ScenerySettings(word))
    raster.close()
    return made if isinstance(made, np.ndarray) else None


def table(lines: Sequence[Comparison]) -> str:
    """Markdown."""
    rows = [
        "| avatar | size | face | before ms | after ms | p95 before, after | ratio | tiles drawn | PSNR dB, levels | "
        "stages before | stages after |",
        "|" + "---|" * 11,
    ]
    for c in lines:
        stages = [" ".join(f"{ms:.2f}" for ms in of.values()) for of in (c.before_stages_ms, c.after_stages_ms)]
        rows.append(
            f"| {c.avatar} | {c.size} | {c.face} | {c.before_ms:.2f} | {c.after_ms:.2f} | {c.before_p95_ms:.1f}, "
            f"{c.after_p95_ms:.1f} | {c.ratio:.2f} | {c.tiles_drawn:.2f} | {c.least_psnr_db:.1f}, {c.most_levels} | "
            f"{stages[0]} | {stages[1]} |"
        )
    return "\n".join(rows)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        "avatar bench render-compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--before", default="", metavar="FILE", help="the other build's _raster….so (default: the one at hand)")
    add("--avatar", action="append", metavar="FILE", help="repeatable (default: the built-in one)")
    add("--size", action="append", metavar="WxH", help=f"repeatable (default: {', '.join(SIZES)})")
    add("--face", action="append", choices=("random", "speaking", "idle", "rest"), help="repeatable (default: all)")
    add("--threads", type=int, default=2, help="of each (default: 2)")
    add("--processor-time", action="store_true", help="of all threads, not the clock's: for a machine that is busy")
    add("--isa", default="auto", help="instruction set of both (default: auto)")
    add("--background", default="", metavar="WORD", help="of the build at hand alone, such as studio: what it costs")
    add("--frames", type=int, default=120, help="frames a line (default: 120)")
    add("--json", metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON. 0: done; 2: bad input."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    lines: list[Comparison] = []
    try:
        before = load_module(options.before)
        paths = [str(avatar_file(avatar)) for avatar in options.avatar or [BUILT_IN]]
        sizes = [parse_size(size) for size in options.size or SIZES]
        for path, size, face in itertools.product(paths, sizes, options.face or ("random", "speaking", "idle", "rest")):
            lines.append(compare(before, path, size, face, options))
        if options.json:
            tree: dict[str, Any] = {"processor": processor_name(), "results": [asdict(line) for line in lines]}
            write_whole(options.json, json.dumps(tree, indent=1) + "\n")
    except (AvatarRosError, ImportError, OSError) as error:
        print(f"avatar bench render-compare: {error}", file=sys.stderr)
        return 2
    clock = "processor time" if options.processor_time else "time"
    print(f"{processor_name()}; {clock}, {options.threads} threads, {options.frames} frames a line\n\n{table(lines)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
