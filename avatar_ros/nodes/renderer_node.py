"""renderer_node: draws the face, shows it on the screen, publishes it, records it."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from ..display.base import DisplaySettings
from ..display.sinks import RecorderSettings, make_recorder_sink, make_screen_sink
from ..render.stage import PORT, FrameSink, RendererSettings, RenderStage
from ..ros.images import ImagePublisher
from ..ros.main import run
from ..ros.stage_node import NodeSpec


def wall_ns(steady_s: float) -> int:
    """The wall clock at an instant of the steady clock; asked anew each time, since the wall clock may be set."""
    return time.time_ns() + round((steady_s - time.monotonic()) * 1e9)


def build(settings: Any, node: Any) -> RenderStage:
    """The stage with its sinks: image topics always, window and recording as configured."""

    def sinks() -> Sequence[FrameSink]:
        images = ImagePublisher(node, lambda: stage.focal_px, wall_ns)
        return [images, *make_recorder_sink(settings["record."]), *make_screen_sink(settings["display."])]

    stage = RenderStage(settings[""], sinks)
    return stage


SPEC = NodeSpec(
    "renderer_node", PORT, {"": RendererSettings, "display.": DisplaySettings, "record.": RecorderSettings}, build
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    sys.exit(main())
