"""monitor_node: times every turn and reports it."""

from ..core.process_end import leave
from ..monitor.base import PORT, MonitorSettings
from ..monitor.stage import build
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec("monitor_node", PORT, {"": MonitorSettings}, lambda settings, node: build(settings[""]))


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
