"""A relay for browsers' WebRTC, made here: `./avatar web --turn` runs coturn beside the nodes.

It relays to this machine alone, whatever a visitor asks for, and only for who has a credential of web_node's.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ConfigError
from ..core.private import private_folder, write_private
from .child import ChildSpec

TURN_PORT = 3478
#: UDP ports that it relays by: a firewall has to let them through, too.
FIRST_PORT, LAST_PORT = 49160, 49359
#: What one visitor may have relayed: a microphone needs 8 kB a second and one allocation, a second while it changes.
_BYTES_PER_S, _ALLOCATIONS = 32_000, 2
_EVERYBODY = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


@dataclass(frozen=True)
class Relay:
    """process: how to run it; urls: what a page is told; secret_file: what it shares with web_node."""

    process: ChildSpec
    urls: tuple[str, ...]
    secret_file: Path


def make_relay(folder: Path, host: str, own_addresses: Sequence[str], *, everywhere: bool, name: str) -> Relay:
    """Write its configuration and secret into `folder`, for this user's eyes only.

    host: by which browsers reach it; everywhere: it listens for others than this machine's browsers, too; name: of
    this run. Raises ConfigError where coturn is not installed, or the machine has no address but loopback.
    """
    program = shutil.which("turnserver")
    if program is None:
        raise ConfigError("turn_missing", "--turn needs coturn: sudo apt install coturn; or name a relay: --turn-url")
    if not own_addresses:
        raise ConfigError("turn_no_address", "--turn: this machine has no address but loopback to relay to")
    private_folder(folder)
    secret = secrets.token_urlsafe(24)
    secret_file, config = folder / f"web_turn_{name}", folder / f"web_turn_{name}.conf"
    write_private(secret_file, secret + "\n")
    write_private(config, relay_config(secret, own_addresses, folder / f"web_turn_{name}", everywhere=everywhere))
    shown = f"[{host}]" if ":" in host else host
    urls = tuple(f"turn:{shown}:{TURN_PORT}?transport={way}" for way in ("udp", "tcp"))
    return Relay(ChildSpec("turnserver", (program, "-c", str(config))), urls, secret_file)


def relay_config(secret: str, own_addresses: Sequence[str], files: Path, *, everywhere: bool) -> str:
    """Coturn's turnserver.conf. files: beginning of the names of what it keeps."""
    lines = [
        *(() if everywhere else ("listening-ip=127.0.0.1",)),
        f"listening-port={TURN_PORT}",
        *(f"relay-ip={address}" for address in own_addresses),
        f"min-port={FIRST_PORT}",
        f"max-port={LAST_PORT}",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        "realm=avatar",
        "fingerprint",
        "stale-nonce=600",
        # To this machine and nowhere else: not to its network, and not to its loopback, where ROS speaks.
        *(f"denied-peer-ip={addresses}" for addresses in _EVERYBODY),
        *(f"allowed-peer-ip={address}" for address in own_addresses),
        "no-multicast-peers",
        f"max-bps={_BYTES_PER_S}",
        f"user-quota={_ALLOCATIONS}",
        f"total-quota={LAST_PORT - FIRST_PORT + 1}",
        "no-tls",
        "no-dtls",
        "no-cli",
        "no-rfc5780",
        "no-stun-backward-compatibility",
        "response-origin-only-with-rfc5780",
        f"userdb={files}.db",
        f"pidfile={files}.pid",
        "log-file=stdout",
        "simple-log",
    ]
    return "\n".join(lines) + "\n"
