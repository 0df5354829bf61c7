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
from .bond import Bond
from .overrides import Overrides


@dataclass(frozen=True)
class NodeSettings(Settings):
    """Parameters that every node has."""

    autostart: bool = setting(True, "configure and activate without being asked", fixed=True)
    duty: str = setting(
        "alone",
        "yields: of an offboard half, waits while a node of the robot's stands in; standby: that one",
        choices=("alone", "yields", "standby"),
        fixed=True,
    )
    standby_after_s: float = setting(
        2.0, "duty standby: silence of the offboard half's node after which this one works, s", low=1.0, high=600.0
    )
    connect_wait_s: float = setting(
        8.0, "longest wait for the kiosk's subscribers before work begins, s", low=0.0, high=600.0
    )
    absent_nodes: tuple[str, ...] = setting(
        (), "nodes of a kiosk that this graph does without: nothing waits for them", fixed=True
    )
    nice: int = setting(
        0,
        "added to the niceness of the stage's threads: lower priority where the processor is short",
        low=0,
        high=19,
        fixed=True,
    )
    stuck_limit_s: float = setting(
        60.0,
        "a node whose work stands still for this long ends, to be started again, s; 0: never",
        low=0.0,
        high=3600.0,
        fixed=True,
    )
    queue_limit: int = setting(
        4000, "messages that may wait for the worker; the oldest are dropped", low=1, high=100000
    )
    session_limit: int = setting(
        16, "further sessions that are served at a time; messages of more are refused", low=1, high=100000
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
        self._in_use: dict[str, Settings] = {}  # by prefix: what was given out last
        for declared in self._groups:
            params.declare(self, declared)
        self._options = BackendOptions(self, groups, registries, overrides)
        if ignored := params.refuse_unknown(self, overrides, self._options.others(), self._options.known_names):
            self.get_logger().warning(ignored)
        self.own = self._read_own()
        self._bond = Bond(self, wanted=not self.own.autostart)
        self.add_managed_entity(self._bond)

    def destroy_node(self) -> None:
        """As of every node; who has a bond with it is told."""
        self._bond.end()
        super().destroy_node()

    def read_settings(self) -> Mapping[str, Any]:
        """The Settings of each prefix, and under a room's prefix + "own" those of its backends, by name.

        Raises ConfigError naming node, parameter, and where its value came from.
        """
        self.own = self._read_own()
        found = params.read(self, self._groups[1], self._overrides)
        options = self._options.read()
        self._in_use = {
            **found,
            **{
                one.prefix: options[f"{one.room}own"][one.name]
                for one in self._options.chosen
                if one.name in options[f"{one.room}own"]
            },
        }
        return {**found, **options}

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
            result.reason = self._apply(parameter_list)
        return result

    def _apply(self, changed: list[Parameter]) -> str:
        """When they take effect: what is live does now."""
        now = [
            name
            for groups in (self._groups[1], self._options.groups)
            for name in params.change(groups, self._in_use, changed)
        ]
        self._options.follow()
        later = [parameter.name for parameter in changed if parameter.name not in now]
        told = [
            f"{', '.join(names)}: {when}"
            for names, when in ((now, params.AT_ONCE), (later, params.NEXT_CONFIGURE))
            if names
        ]
        self.get_logger().info("; ".join(told))
        return "; ".join(told) if now and later else params.AT_ONCE if now else params.NEXT_CONFIGURE

    def _present_names(self, name: str) -> list[str]:
        return [name] if self.has_parameter(name) else self._options.present_names(name)

    def _read_own(self) -> NodeSettings:
        own = params.read(self, self._groups[0], self._overrides)[""]
        assert isinstance(own, NodeSettings)
        return own
