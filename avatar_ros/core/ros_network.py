"""Who may reach a kiosk's nodes: this computer alone, unless it was opened by name. Read before ROS 2 begins.

ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST keeps no one out: sockets stand on every interface and answer all requests.
So Fast DDS gets a profile that binds it to 127.0.0.1 and shared memory. Its discovery stands in the profile too: under
LOCALHOST rmw_fastrtps would add transports of its own on every interface. Other middlewares are not closed; it is said.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ConfigError
from .fastdds_profile import local_profile_xml, profile_xml
from .machine import machine_fault
from .network_interfaces import wait_for_addresses
from .paths import runtime_folder

#: "local", "lan" or "lan:INTERFACE_OR_IPV4,…"; unset: local, unless ROS's own variables open it.
NETWORK = "AVATAR_ROS_NETWORK"
#: "1" for nodes whose messages come from another computer and are waited for: others send them all twice. "0": never.
TWICE = "AVATAR_ROS_TWICE"
KNOWN = "local, lan, lan:INTERFACE_OR_IPV4,… (lan:eth0,192.168.1.5)"
RMW = "RMW_IMPLEMENTATION"
_RANGE, _PEERS = "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS"
_LOCALHOST_ONLY = "ROS_LOCALHOST_ONLY"
FAST_DDS = "rmw_fastrtps"
_PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
#: Of the user's: a file that decides about transports, in the words of Fast DDS 2 and 3.
_PROFILES = (_PROFILE, "FASTDDS_DEFAULT_PROFILES_FILE")
#: Of the user's: these open where nothing was named.
_OPENING = (_RANGE, _PEERS, "ROS_DISCOVERY_SERVER", "FASTDDS_BUILTIN_TRANSPORTS")
_USERS = (RMW, *_PROFILES, *_OPENING, _LOCALHOST_ONLY, "CYCLONEDDS_URI", "ZENOH_CONFIG_OVERRIDE",
          "ZENOH_SESSION_CONFIG_URI", "ROS_SECURITY_KEYSTORE", "RMW_FASTRTPS_USE_QOS_FROM_XML")  # fmt: skip
#: What was set here, as JSON, name -> [value, the user's or null]: a child process decides again by the user's.
_OURS = "AVATAR_ROS_NETWORK_SET"
#: Fast DDS reads it besides ours, and it would count: a file left in the folder must not open a kiosk.
STRAY_PROFILE = "DEFAULT_FASTRTPS_PROFILES.xml"
#: A kiosk's nodes take 8 MiB of shared memory; in a full one Fast DDS is killed by SIGBUS.
_LEAST_SHARED_MEMORY = 16 * 2**20
_SHM = Path("/dev/shm")
_LOOPBACK_WAIT_S = 5.0
#: An interface that was just plugged in or set up runs within a second or two; DHCP takes longer.
_ADDRESS_WAIT_S = 3.0


@dataclass(frozen=True)
class Reach:
    """Beyond this computer (lan), on these interfaces (none: all), announced to these IPv4 addresses besides."""

    lan: bool = False
    interfaces: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """What was decided. environment: the whole of it, for os.environ or a child; line: for people."""

    environment: Mapping[str, str]
    reach: Reach
    closed: bool
    line: str

    def check(self) -> None:
        """Raises ConfigError where the computer lacks an interface that is needed; by name, or loopback."""
        present = [name for _, name in socket.if_nameindex() if name != "lo"]
        for name in self.reach.interfaces:
            if name not in present:
                raise ConfigError("bad_option", f"network names the interface '{name}'; known: {', '.join(present)}")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", 0))
                probe.settimeout(_LOOPBACK_WAIT_S)
                probe.sendto(b"", probe.getsockname())
                probe.recv(1)
        except OSError as error:
            remedy = "the nodes talk over it: ip link set lo up"
            raise ConfigError("no_loopback", f"nothing goes over 127.0.0.1 ({error}); {remedy}") from error

    def wait(self) -> str:
        """Until it can be reached where it was opened, 3 s at most. "", or what is lacking then, for people."""
        lacking = wait_for_addresses(self.reach.interfaces, _ADDRESS_WAIT_S) if self.reach.lan else []
        which = f"{', '.join(lacking)}: no carrier or no address yet, nobody is reached there"
        return f"network: {which}; nodes begin anew once it has one" if lacking else ""


@dataclass(frozen=True)
class _Decision:
    closed: bool
    line: str
    variables: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    forced: tuple[str, ...] = ()  # of variables: also where the user set them


def parse_reach(text: str) -> Reach:
    """`local`, `lan`, `lan:eth0,192.168.1.5`. Raises ConfigError that names what is known.

    >>> parse_reach("lan:eth0,192.168.1.5")
    Reach(lan=True, interfaces=('eth0',), peers=('192.168.1.5',))
    """
    kind, colon, rest = text.strip().partition(":")
    items = [item.strip() for item in rest.split(",")] if colon else []
    if kind not in ("local", "lan") or (kind == "local" and colon):
        raise ConfigError("bad_option", f"unknown network {text!r}; known: {KNOWN}")
    peers = tuple(item for item in items if _is_ipv4(item))
    interfaces = tuple(item for item in items if item not in peers)
    for item in interfaces:
        if not re.fullmatch(r"[\w.@-]{1,15}", item, re.ASCII):
            raise ConfigError("bad_option", f"network {text!r}: {item!r} is no interface and no IPv4; known: {KNOWN}")
    return Reach(kind == "lan", interfaces, peers)


def network(env: Mapping[str, str] = os.environ, choice: str = "") -> Network:
    """The environment for a process that starts ROS 2. choice: of a command line; "": AVATAR_ROS_NETWORK, or local.

    Writes the profile of Fast DDS where it needs one. Raises ConfigError for an unknown choice.
    """
    users = users_environment(env) | ({NETWORK: choice} if choice else {})
    reach = parse_reach(users.get(NETWORK) or "local")
    decision = _decide(users, reach, _has_shared_memory(), Path(STRAY_PROFILE).exists())
    ours = {RMW: "rmw_fastrtps_cpp", **decision.variables}
    if decision.profile:
        ours[_PROFILE] = str(_write(decision.profile, users))
    ours = {name: value for name, value in ours.items() if name in decision.forced or not users.get(name)}
    marks = {_OURS: json.dumps({name: [value, users.get(name)] for name, value in ours.items()})}
    return Network(users | ours | marks, reach, decision.closed, f"network: {decision.line}")


def _decide(users: Mapping[str, str], reach: Reach, shared_memory: bool, stray: bool) -> _Decision:
    said = {name: users[name] for name in _USERS if users.get(name)}
    files = [said[name] for name in _PROFILES if name in said]
    opening = [name for name in _OPENING if name in said and said[name].upper() not in ("LOCALHOST", "OFF")]
    if not said.get(RMW, FAST_DDS).startswith(FAST_DDS):
        return _Decision(False, _of_other_middleware(said), _discovery(reach))
    if files:
        line = f"as your profile says, not closed by avatar_ros{_named(said)}"
        return _Decision(False, line, {_PROFILE: files[0], **_discovery(reach)})
    if reach.lan:
        twice_in = _domain(users) if users.get(TWICE, "0") != "0" else None
        profile = profile_xml(reach.interfaces, shared_memory, twice_in)
        return _Decision(False, _of_lan(reach) + _named(said), _discovery(reach), profile)
    if opening and not users.get(NETWORK):
        line = f"NOT closed, since variables open it; local closes it{_named(said)}"
        return _Decision(False, line, _discovery(reach))
    return _closed(said, shared_memory, stray)


def _closed(said: Mapping[str, str], shared_memory: bool, stray: bool) -> _Decision:
    means = "127.0.0.1, shared memory" if shared_memory else "127.0.0.1; too little room in /dev/shm"
    left_out = f"; {STRAY_PROFILE} in this folder is not read" if stray else ""
    line = f"local, nobody beyond this computer ({means}){left_out}{_named(said)}"
    # The profile holds what LOCALHOST asks for, and rmw_fastrtps may add nothing to it.
    forced = {"SKIP_DEFAULT_XML_FILE": "1"}
    forced |= {} if said.get(_RANGE) == "OFF" else {_RANGE: "SYSTEM_DEFAULT"}
    forced |= {_LOCALHOST_ONLY: "0"} if _LOCALHOST_ONLY in said else {}
    return _Decision(True, line, forced, local_profile_xml(shared_memory), tuple(forced))


def _domain(users: Mapping[str, str]) -> int:
    """What is no number, rcl refuses."""
    text = users.get("ROS_DOMAIN_ID", "")
    return int(text) if text.isdecimal() else 0


def _discovery(reach: Reach) -> dict[str, str]:
    """How nodes look for each other where the profile does not say it."""
    peers = {_PEERS: ";".join(reach.peers)} if reach.peers else {}
    only_named = not reach.lan or (reach.peers and not reach.interfaces)
    return {_RANGE: "LOCALHOST" if only_named else "SUBNET", **peers}


def _of_lan(reach: Reach) -> str:
    where = f"on {', '.join(reach.interfaces)}" if reach.interfaces else "on any interface"
    peers = f", looking for {', '.join(reach.peers)}" if reach.peers else ""
    return f"lan, OPEN{peers}: whoever reaches it {where} can listen, speak and set parameters"


def _of_other_middleware(said: Mapping[str, str]) -> str:
    how = {"rmw_cyclonedds_cpp": "CYCLONEDDS_URI with the interface lo", "rmw_zenoh_cpp": "a router on 127.0.0.1"}
    way = how.get(said[RMW], "its own configuration")
    return (
        f"NOT closed by avatar_ros, which closes Fast DDS alone; {way} closes this one (docs/network.md){_named(said)}"
    )


def _named(said: Mapping[str, str]) -> str:
    """The user's variables, safe to print."""
    return "; you set " + ", ".join(f"{name}={value[:60]!a}" for name, value in said.items()) if said else ""


def users_environment(env: Mapping[str, str]) -> dict[str, str]:
    """`env` as it was before `network`; what was changed since then is the user's."""
    result = {name: value for name, value in env.items() if name != _OURS}
    for name, (value, users) in _marks(env.get(_OURS, "")).items():
        if env.get(name) == value:
            result.pop(name)
            result |= {name: users} if users else {}
    return result


def _marks(text: str) -> dict[str, list[str]]:
    """Nothing where it was damaged."""
    try:
        marks = json.loads(text or "{}")
    except ValueError:
        return {}
    pairs = marks.items() if isinstance(marks, dict) else ()
    return {name: pair for name, pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _has_shared_memory() -> bool:
    try:
        return os.access(_SHM, os.W_OK) and shutil.disk_usage(_SHM).free >= _LEAST_SHARED_MEMORY
    except OSError:
        return False


def _write(profile: str, env: Mapping[str, str]) -> Path:
    """The profile as a file of this user's. Written anew each time: whatever lies there, this is what will be read."""
    folder = runtime_folder(env)
    path = folder / f"avatar_ros-{os.getuid()}-{hashlib.sha256(profile.encode()).hexdigest()[:12]}.xml"
    try:
        handle, new = tempfile.mkstemp(dir=folder, prefix=path.stem)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(profile)
            os.replace(new, path)
        except OSError:
            os.unlink(new)
            raise
    except OSError as error:
        error.filename = str(path)
        text = f"cannot write {path}: {error.strerror}; set TMPDIR to a folder that this user may write to"
        raise machine_fault(error) or ConfigError("network_profile", text) from error
    return path
