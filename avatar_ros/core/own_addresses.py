"""What this machine is called, and the addresses of its network interfaces."""

from __future__ import annotations

import ipaddress
import re
import socket

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def host_word(name: str) -> str:
    """An address or a host's name as browsers and certificates have it: small letters, Punycode. "" where it is none.

    >>> host_word("Müller.example"), host_word("10.0.0.1"), host_word("a b")
    ('xn--mller-kva.example', '10.0.0.1', '')
    """
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        word = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = word.removeprefix("*.").removesuffix(".").split(".")
    return word if len(word) <= 253 and all(_LABEL.fullmatch(label) for label in labels) else ""


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
