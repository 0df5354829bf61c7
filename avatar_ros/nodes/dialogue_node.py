"""dialogue_node: turns, history, interruptions: who speaks when."""

from ..core.process_end import leave
from ..dialogue.base import PORT, DialogueSettings
from ..dialogue.stage import build
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec("dialogue_node", PORT, {"": DialogueSettings}, lambda settings, node: build(settings[""]))


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
