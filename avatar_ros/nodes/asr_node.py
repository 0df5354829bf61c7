"""asr_node: writes down what was said."""

from ..asr.base import ASR_BACKENDS, PORT, AsrSettings
from ..asr.stage import build
from ..core.process_end import leave
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec(
    "asr_node", PORT, {"": AsrSettings}, lambda settings, node: build(settings[""], settings["own"]), {"": ASR_BACKENDS}
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
