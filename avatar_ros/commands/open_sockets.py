"""Which sockets of a process are reachable from other computers; read from Linux's /proc."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

#: Table of /proc/net -> state of a socket that takes what comes: UDP that is not connected, TCP that listens.
_TABLES = {"udp": "07", "udp6": "07", "tcp": "0A", "tcp6": "0A"}


def reachable_from_outside(process: int | str = "self") -> list[str]:
    """`udp 0.0.0.0:7400` for each socket of `process` that waits on another address than loopback's."""
    own = set(_inodes(Path(f"/proc/{process}/fd")))
    return sorted(
        f"{table.rstrip('6')} {address}:{port}"
        for table, state in _TABLES.items()
        for address, port, inode in _sockets(Path(f"/proc/{process}/net/{table}"), state)
        if inode in own and not address.is_loopback
    )


def _inodes(folder: Path) -> Iterator[str]:
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):  # closed meanwhile
            kind, _, rest = os.readlink(folder / name).partition(":")
            if kind == "socket":
                yield rest.strip("[]")


def _sockets(table: Path, state: str) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int, str]]:
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for words in (line.split() for line in lines):
        if words[3] == state:
            address, port = words[1].split(":")
            yield _address(address), int(port, 16), words[9]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The kernel's words of four bytes, each in the order of this machine (little-endian on all that we run on)."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    return ipaddress.IPv4Address(raw) if len(raw) == 4 else ipaddress.IPv6Address(raw)
