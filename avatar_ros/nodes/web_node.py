"""web_node: serves browsers, each a session of its own, and programs over HTTP."""

from collections.abc import Callable
from functools import partial

from rclpy.lifecycle import LifecycleNode

from ..core.process_end import leave
from ..gateway.base import GATEWAY_PORT, WebSettings
from ..gateway.stage import GatewayStage
from ..ros.main import run
from ..ros.node_desk import RosNodeDesk
from ..ros.node_spec import NodeSpec


def _build(settings: WebSettings, node: LifecycleNode) -> GatewayStage:
    """With the processes that draw for /generate, which stand above the rooms."""
    from ..gateway.service import serve

    def start(stage: GatewayStage) -> Callable[[], None]:
        return serve(stage, "avatar_ros.commands.generate_process")

    return GatewayStage(settings, start, node.get_namespace(), partial(RosNodeDesk, node))


SPEC = NodeSpec(
    "web_node",
    GATEWAY_PORT,
    {"": WebSettings},
    lambda settings, node: _build(settings[""], node),
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
