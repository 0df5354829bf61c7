"""A lifecycle node whose parameters are Settings: declared once, checked whenever they are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter

from ..core.settings import Settings, setting
from . import params
from .backend_options import BackendOptions, Registries
from .overrides import Overrides


@dataclass(frozen=True)
class NodeSettings(Settings):
    """Parameters that every node has."""

    autostart: bool = setting(True, "configure and activate without being asked", fixed=True)
    connect_wait_s: float = setting(
        8.0, "longest wait for the kiosk's subscribers before work begins, s", low=0.0, high=600.0
    )
    nice: int = setting(
        0,
        "added to the niceness of the stage's threads: it stands back where the processor is short",
        low=0,
        high=19,
        fixed=True,
    )
    stuck_limit_s: float = setting(
        60.0,
        "a node whose work stands still for so long ends, to be started again, s; 0: never",
        low=0.0,
        high=3600.0,
        fixed=True,
    )
    queue_limit: int = setting(
        4000, "messages that may wait for the worker; the oldest are dropped", low=1, high=100000
    )
    session_limit: int = setting(
        16, "sessions of others that are served at a time; what comes of more is refused", low=1, high=100000
    )


class SettingsNode(LifecycleNode):
    """own: its NodeSettings, as of the start and of the last `read_settings`."""

    def __init__(self, name: str, groups: params.Groups, registries: Registries, overrides: Overrides) -> None:
        """groups: Settings classes by parameter prefix; registries: of those prefixes that choose a backend.

        Raises ConfigError for a parameter that is not the node's.
        """
        super().__init__(name)
        self._groups: tuple[params.Groups, ...] = ({"": NodeSettings}, groups)  # both may have a prefix ""
        self._overrides = overrides
        for declared in self._groups:
            params.declare(self, declared)
        self._options = BackendOptions(self, groups, registries, overrides)
        if ignored := params.refuse_unknown(self, overrides, self._options.others(), self._options.known_names):
            self.get_logger().warning(ignored)
        self.own = self._read_own()

    def read_settings(self) -> Mapping[str, Any]:
        """The Settings of each prefix, and under a room's prefix + "own" those of its backends, by name.

        Raises ConfigError naming node, parameter, and where its value came from.
        """
        self.own = self._read_own()
        return {**params.read(self, self._groups[1], self._overrides), **self._options.read()}

    def set_parameters(self, parameter_list: list[Parameter]) -> list[SetParametersResult]:
        """Each by itself, as `set_parameters_atomically` takes them."""
        return [self.set_parameters_atomically([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """All or none; `reason` says what is wrong, or when they take effect. ROS's services come here too."""
        parameter_list = [
            Parameter(name, parameter.type_, parameter.value)
            for parameter in parameter_list
            for name in self._present_names(parameter.name)
        ]
        for groups in (*self._groups, self._options.groups):
            refused = params.check_change(self, groups, parameter_list)
            if not refused.successful:
                return refused
        result = super().set_parameters_atomically(parameter_list)
        if result.successful and any(parameter.name != "use_sim_time" for parameter in parameter_list):
            self._options.follow()
            result.reason = params.NEXT_CONFIGURE
            names = ", ".join(parameter.name for parameter in parameter_list)
            self.get_logger().info(f"{names}: {result.reason}")
        return result

    def _present_names(self, name: str) -> list[str]:
        return [name] if self.has_parameter(name) else self._options.present_names(name)

    def _read_own(self) -> NodeSettings:
        own = params.read(self, self._groups[0], self._overrides)[""]
        assert isinstance(own, NodeSettings)
        return own
