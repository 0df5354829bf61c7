"""What this machine is called, and the addresses of its network interfaces."""

from __future__ import annotations

import ipaddress
import socket

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def own_name() -> str:
    """The host's name."""
    return socket.gethostname().lower()


def own_names() -> set[str]:
    """Names and addresses that a browser on its network may know it by, those of loopback too."""
    return {*LOOPBACK_NAMES, own_name(), f"{own_name()}.local", *own_addresses()}


def own_addresses() -> list[str]:
    """IPv4 and IPv6 addresses, those of loopback left out."""
    found: dict[str, None] = {}
    for family, probe in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:  # asks for the way there; nothing is sent
                sock.connect((probe, 9))
                found[str(sock.getsockname()[0])] = None
        except OSError:
            continue
    try:
        for info in socket.getaddrinfo(socket.gethostname(), None):
            found[str(info[4][0]).partition("%")[0]] = None
    except OSError:
        pass
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]
