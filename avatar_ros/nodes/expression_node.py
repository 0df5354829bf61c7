"""expression_node: turns features into 52 ARKit weights, and keeps the face alive."""

import sys

from ..motion.base import MOTION_BACKENDS, PORT, MotionSettings
from ..motion.stage import build
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec(
    "expression_node",
    PORT,
    {"": MotionSettings},
    lambda settings, node: build(settings[""], settings["own"]),
    {"": MOTION_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    sys.exit(main())
