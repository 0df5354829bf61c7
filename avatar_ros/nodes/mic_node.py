"""mic_node: captures sound."""

from ..core.process_end import leave
from ..mic.base import MIC_BACKENDS, MIC_PORT, MicSettings
from ..mic.stage import build_mic
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec(
    "mic_node",
    MIC_PORT,
    {"": MicSettings},
    lambda settings, node: build_mic(settings[""], settings["own"]),
    {"": MIC_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
