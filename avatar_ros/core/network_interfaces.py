"""IPv4 addresses of this computer's interfaces, and whether what a process began with still reaches anybody.

A DDS participant takes the addresses that it finds when it is made: of interfaces that run, of no others, once. One
that was made a moment too early (a cable just plugged in, Wi-Fi or DHCP at boot) stays on 127.0.0.1 for ever, and so
does one whose address was replaced: the others never hear of it. Its process has to begin anew.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

#: linux/sockios.h, linux/if.h
_SIOCGIFCONF, _SIOCGIFFLAGS = 0x8912, 0x8913
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING = 0x1, 0x8, 0x40
_ENTRY = struct.Struct(f"16s4x4s{16 if struct.calcsize('P') == 8 else 8}x")  # struct ifreq: a name, a sockaddr_in
_MOST = 512
_POLL_S = 0.02
#: A network that comes up takes a moment until it stays as it is.
_SETTLED_S = 2.0


@dataclass(frozen=True)
class Address:
    """One of this computer's. running: its interface has a carrier, so that DDS takes it."""

    interface: str
    ipv4: str
    running: bool = True


Addresses = frozenset[Address]


def own_ipv4() -> Addresses:
    """Of all interfaces that are up, but for loopback. Empty where the kernel does not say."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            found = [(name, ipv4, _flags(probe, name)) for name, ipv4 in _listed(probe)]
    except OSError:
        return frozenset()
    return frozenset(
        Address(name.partition(":")[0], ipv4, bool(flags & _IFF_RUNNING))
        for name, ipv4, flags in found
        if flags & _IFF_UP and not flags & _IFF_LOOPBACK
    )


def _listed(probe: socket.socket) -> list[tuple[str, str]]:
    room = array.array("B", bytes(_ENTRY.size * _MOST))
    answer = fcntl.ioctl(probe, _SIOCGIFCONF, struct.pack("iL", len(room), room.buffer_info()[0]))
    (size,) = struct.unpack_from("i", answer)
    entries = _ENTRY.iter_unpack(room.tobytes()[: size - size % _ENTRY.size])
    return [(name.split(b"\0")[0].decode(errors="replace"), socket.inet_ntoa(ipv4)) for name, ipv4 in entries]


def _flags(probe: socket.socket, name: str) -> int:
    """0 where it has gone meanwhile."""
    try:
        answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode()[:15], 0))
    except OSError:
        return 0
    return int(struct.unpack_from("H", answer, 16)[0])


def without_address(interfaces: Collection[str], found: Addresses) -> list[str]:
    """Which of `interfaces` nobody can be reached on; none named: "any interface" where there is none at all.

    >>> without_address(("eth0", "wlan0"), frozenset({Address("eth0", "10.0.0.1")}))
    ['wlan0']
    """
    running = {address.interface for address in found if address.running}
    if not interfaces:
        return [] if running else ["any interface"]
    return [name for name in interfaces if name not in running]


def wait_for_addresses(
    interfaces: Collection[str],
    longest_s: float,
    look: Callable[[], Addresses] = own_ipv4,
    clock_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Until each of `interfaces` (none: any) has an address and runs; `without_address` after `longest_s`."""
    end_s = clock_s() + longest_s
    while (lacking := without_address(interfaces, look())) and clock_s() < end_s:
        sleep(_POLL_S)
    return lacking


class AddressWatch:
    """Of a process that began with `began` on `interfaces` (none: all of them)."""

    def __init__(self, interfaces: Collection[str], began: Addresses) -> None:
        self._held = {
            group: {a.ipv4 for a in began if a.running and group in ("", a.interface)} for group in interfaces or ("",)
        }
        self._since_s: float | None = None

    def look(self, found: Addresses, now_s: float) -> str:
        """To be called about once a second. "" or why the process must begin anew to be reached, for people.

        A carrier that comes and goes is no reason: the sockets stay good. An address that was taken away, or whose
        interface was set down, is lost, also where it comes back: Fast DDS sends nothing from it any more.
        """
        present = {address.ipv4 for address in found}
        self._held = {group: held & present for group, held in self._held.items()}
        new = sorted((a.interface, a.ipv4) for a in found if a.running and self._lacks(a.interface))
        if not new:
            self._since_s = None
            return ""
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < _SETTLED_S:
            return ""
        return ", ".join(f"{interface} has the address {ipv4} now" for interface, ipv4 in new)

    def _lacks(self, interface: str) -> bool:
        return any(group in ("", interface) and not held for group, held in self._held.items())
