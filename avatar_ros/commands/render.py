"""`./avatar render`: avatar and expression file in, MP4 or PNGs out."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..avatar.load import BUILT_IN, avatar_file, load_avatar
from ..core.backdrop_picture import check_file
from ..core.backdrop_words import parse_backdrop
from ..core.enums import AgentState
from ..core.errors import ConfigError
from ..core.outputs import check_folder, check_output
from ..core.terminal import printable
from ..render.auto import make_rasteriser
from ..render.base import RasterSettings
from ..render.clip_mixer import ClipMixer
from ..render.pose import portrait_camera
from ..render.scenery import ScenerySettings, scenery
from ..render.stage import RendererSettings
from .expression_file import ExpressionTrack, read_expression
from .validate import add_axes

MAX_SIDE_PX = 4096
#: Endings of videos that are not written, and must not become folders.
OTHER_VIDEOS = (".avi", ".gif", ".m4v", ".mkv", ".mov", ".mpg", ".webm", ".webp")
SCENE = ScenerySettings()
SMOKE_COVER, CLIPS = RendererSettings().smoke_cover, RendererSettings().clips
STATES = {state.name.lower(): state for state in AgentState}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    shown = "LAM .zip, or splats, or a name that ./avatar avatars lists (default: the built-in one)"
    parser.add_argument("--avatar", default=BUILT_IN, metavar="FILE|NAME", help=shown)
    add_axes(parser)
    parser.add_argument("--expression", required=True, metavar="FILE.json", help="weights, as `express` writes them")
    parser.add_argument("--out", required=True, metavar="FILE.mp4|FOLDER", help="a video, or a folder for PNGs")
    parser.add_argument("--size", default="512x512", metavar="WxH", help="pixels (default: %(default)s)")
    parser.add_argument("--audio", metavar="FILE.wav", help="sound for the video")
    parser.add_argument("--fps", type=float, help="frames a second (default: those of the expression file)")
    parser.add_argument(
        "--background",
        metavar="WORD|FILE",
        help="#rrggbb, studio (usual for videos), gradient:#rrggbb,#rrggbb, a picture, blur:PICTURE, chroma, or "
        "transparent (usual for PNGs)",
    )
    shadow = "on the background, 0-1 (default: %(default)s)"
    parser.add_argument("--shadow", type=float, default=SCENE.shadow, metavar="SHARE", help=shadow)
    parser.add_argument("--backend", default="auto", help="auto, cpu, gsplat, gl or reference (default: %(default)s)")
    parser.add_argument(
        "--clips",
        default="speaking",
        choices=("none", *STATES),
        help="the avatar's own head movements of a state, as the kiosk plays them (default: %(default)s)",
    )
    parser.add_argument("--lam-weight-scaling", action="store_true", help="scale weights as LAM's viewer does")


def run(options: argparse.Namespace) -> int:
    """Render all frames; 0 when done."""
    width, height = parse_size(options.size)
    track = read_expression(options.expression)
    if not len(track.weights):
        raise ConfigError("expression_empty", f"{options.expression}: holds no frames")
    _tell_of_repairs(options.expression, track)
    fps = checked_fps(track.fps if options.fps is None else options.fps)
    video = Path(options.out).suffix.lower() == ".mp4"
    _check_out(options, video)
    around = ScenerySettings(options.background or (SCENE.background if video else "transparent"), options.shadow)
    if path := parse_backdrop(around.background).path:
        check_file(path)
    avatar = load_avatar(avatar_file(options.avatar), axes=options.axes)
    settings = RasterSettings(
        backend=options.backend,
        lam_weight_scaling=options.lam_weight_scaling,
        transparent_alpha="straight",
        smoke_cover=SMOKE_COVER,
    )
    rasteriser, warning = make_rasteriser(avatar, settings)
    if warning and importlib.util.find_spec("torch"):  # without torch no GPU is expected
        print(warning, file=sys.stderr)
    camera = portrait_camera(avatar, width, height)
    background = scenery(rasteriser, avatar, camera, around)
    mixer = ClipMixer(avatar.clips, CLIPS if options.clips in STATES else 0.0)
    mixer.set_state(STATES.get(options.clips, AgentState.IDLE), 0.0)
    frames = draw(rasteriser, track, fps, camera, background, mixer)
    save(options, frames, fps, video)
    rasteriser.close()
    print(f"{printable(options.out)}: {frame_count(track, fps)} frames of {width}x{height}")
    return 0


def _check_out(options: argparse.Namespace, video: bool) -> None:
    if video:
        check_output("--out", options.out, filter(None, (options.expression, options.audio, options.avatar)))
        return
    if Path(options.out).suffix.lower() in OTHER_VIDEOS:
        raise ConfigError("bad_option", f"--out is {options.out}; videos are written as .mp4")
    check_folder("--out", options.out)


def _tell_of_repairs(path: str, track: ExpressionTrack) -> None:
    if track.ignored:
        print(printable(f"{path}: not ARKit's names, left out: {', '.join(track.ignored[:8])}"), file=sys.stderr)
    if track.repaired:
        print(f"{printable(path)}: {track.repaired} numbers were not finite and count as 0", file=sys.stderr)


def parse_size(text: str) -> tuple[int, int]:
    """'512x512' as (width, height). Raises ConfigError."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        raise ConfigError("bad_size", f"--size is '{text}'; give WIDTHxHEIGHT, such as 512x512")
    width, height = int(parts[0]), int(parts[1])
    if not (16 <= width <= MAX_SIDE_PX and 16 <= height <= MAX_SIDE_PX):
        raise ConfigError("bad_size", f"--size is '{text}'; each side must be 16 to {MAX_SIDE_PX} px")
    return width, height


def checked_fps(fps: float) -> float:
    """A frame rate that a video can have. Raises ConfigError."""
    if not 1 <= fps <= 240:
        raise ConfigError("bad_fps", f"{fps:g} frames a second; give --fps 1 to 240")
    return fps


def frame_count(track: ExpressionTrack, fps: float) -> int:
    """Frames that cover the whole track, at least one."""
    return max(1, round(track.duration_s * fps))


def draw(
    rasteriser: Any, track: ExpressionTrack, fps: float, camera: Any, background: Any, mixer: ClipMixer
) -> Iterator[NDArray[np.uint8]]:
    """Frame after frame [H, W, 4], with a progress bar; one buffer is used again and again."""
    out = np.zeros((camera.height, camera.width, 4), np.uint8)
    for i in tqdm(range(frame_count(track, fps)), "rendering", disable=None):
        rasteriser.render(track.at(i / fps), mixer.at(i / fps), camera, background, out)
        yield out


def save(options: argparse.Namespace, frames: Iterator[NDArray[np.uint8]], fps: float, video: bool) -> None:
    """Write the video or the pictures."""
    from ..display.export import write_pngs, write_video

    if video:
        write_video(Path(options.out), frames, fps, Path(options.audio) if options.audio else None)
    else:
        write_pngs(Path(options.out), frames)
