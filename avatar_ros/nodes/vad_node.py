"""vad_node: finds speech in the microphone's sound."""

from ..core.process_end import leave
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..vad.base import PORT, VAD_BACKENDS, VadSettings
from ..vad.stage import build

SPEC = NodeSpec(
    "vad_node", PORT, {"": VadSettings}, lambda settings, node: build(settings[""], settings["own"]), {"": VAD_BACKENDS}
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
