"""renderer_node: draws the face, shows it on the screen, publishes it, records it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from ..core.frame_sink import FrameSink
from ..core.process_end import leave
from ..core.run import unused_in_this_run
from ..core.settings import setting
from ..display.base import SCREEN_BACKENDS, DisplaySettings, Screen, open_screen
from ..display.pieces import Pieces
from ..display.recorder import Recorder, RecorderSettings
from ..display.recorder_sink import RecorderSink
from ..display.screen_sink import ScreenSink
from ..display.sharpness import FIRST_SCALE
from ..render.base import BACKENDS
from ..render.stage import PORT, RendererSettings, RenderStage
from ..ros import header_time
from ..ros.images import ImagePublisher
from ..ros.main import run
from ..ros.node_spec import NodeSpec


@dataclass(frozen=True)
class RecordSettings(RecorderSettings):
    """Where to record, besides how."""

    path: str = setting("", "MP4 file for picture and sound; empty: no recording")
    piece_mib: int = setting(1024, "size at which a recording goes on in NAME-date-time.mp4, MiB", low=1, high=1 << 20)
    keep_days: float = setting(30.0, "age at which those further files are deleted, days", low=0.01, high=36500.0)
    keep_mib: int = setting(10240, "the oldest of them are deleted beyond this size together, MiB", low=1, high=1 << 30)


def build(settings: Mapping[str, Any], node: Any) -> RenderStage:
    """The stage with its sinks: image topics always, recording and screen as configured."""
    renderer = cast(RendererSettings, settings[""])
    record = cast(RecordSettings, settings["record."])
    display = cast(DisplaySettings, settings["display."])

    def sinks() -> Sequence[FrameSink]:
        made: list[FrameSink] = []
        if record.path:  # first, and so the first to be closed
            pieces = Pieces(Path(record.path), record.piece_mib << 20, record.keep_days, record.keep_mib << 20)
            first = Recorder(unused_in_this_run(Path(record.path)), record)
            made.append(RecorderSink(first, lambda path: Recorder(path, record), pieces))
        made.append(ImagePublisher(node, lambda: stage.camera, partial(header_time.at_ns, node), renderer.tf_frame))
        if display.backend != "off":

            def screen() -> tuple[Screen, str]:
                return open_screen(display, settings["display.own"], card=stage.card)

            # A recording keeps the size of its first frame: nothing is found out while one is made.
            scale = display.scale or FIRST_SCALE if record.path else None
            made.append(ScreenSink(display, open_=screen, scale=scale))
        return made

    stage = RenderStage(renderer, sinks, own=settings["own"])
    return stage


SPEC = NodeSpec(
    "renderer_node",
    PORT,
    {"": RendererSettings, "display.": DisplaySettings, "record.": RecordSettings},
    build,
    {"": BACKENDS, "display.": SCREEN_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
