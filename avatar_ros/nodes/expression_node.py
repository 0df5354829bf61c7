"""expression_node: turns features into 52 ARKit weights, and keeps the face alive."""

from collections.abc import Mapping
from typing import Any

from ..core.process_end import leave
from ..core.stage import Stage
from ..motion.base import MOTION_BACKENDS, PORT, MotionSettings
from ..motion.stage import build as build_stage
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..ros.transforms import FixedFrames, fixed, frame_beside, frames_of


def build(settings: Mapping[str, Any], node: Any) -> Stage:
    """The stage; where tf2 is, it knows frames, and the head's is told."""
    own: MotionSettings = settings[""]
    head = fixed(own.tf_frame, frame_beside(own.tf_frame, "head"), (0.0, 0.0, own.eye_height_m))
    FixedFrames(node).publish([head])
    return build_stage(own, settings["own"], frames_of(node, own.tf_frame))


SPEC = NodeSpec("expression_node", PORT, {"": MotionSettings}, build, {"": MOTION_BACKENDS})


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
