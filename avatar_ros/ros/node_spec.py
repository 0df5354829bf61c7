"""What one node of the graph is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rclpy.lifecycle import LifecycleNode

from ..core.settings import Settings
from ..core.stage import Port, Stage
from .backend_options import Registries

SettingsByPrefix = Mapping[str, Any]  # prefix -> its Settings; the builder knows which class it asked for


@dataclass(frozen=True)
class NodeSpec:
    """All that distinguishes one stage node from another.

    groups: Settings classes by parameter prefix; registries: the backends that they choose among, by the same prefix;
    build: makes the stage from their values, with the backends' own options under prefix + "own" (and from the node,
    where a stage needs something of ROS's own, such as image publishers).
    """

    name: str
    port: Port
    groups: Mapping[str, type[Settings]]
    build: Callable[[SettingsByPrefix, LifecycleNode], Stage]
    registries: Registries = field(default_factory=dict)
