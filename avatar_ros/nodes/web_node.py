"""web_node: serves browsers, each a session of its own, and programs over HTTP."""

import sys

from ..gateway.base import GATEWAY_PORT, WebSettings
from ..gateway.stage import GatewayStage
from ..ros.main import run
from ..ros.node_spec import NodeSpec


def _build(settings: WebSettings, namespace: str) -> GatewayStage:
    """With the processes that draw for /generate, which stand above the rooms."""
    from ..gateway.service import serve

    return GatewayStage(settings, lambda stage: serve(stage, "avatar_ros.commands.generate_process"), namespace)


SPEC = NodeSpec(
    "web_node",
    GATEWAY_PORT,
    {"": WebSettings},
    lambda settings, node: _build(settings[""], node.get_namespace()),
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    sys.exit(main())
