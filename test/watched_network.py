"""A command in a network of its own, in which everything that would leave the computer is written down.

    python test/watched_network.py OUT.json COMMAND…        (as root in `unshare --net --mount`; see `run_watched`)

Its only name server answers every name with an address beyond a dummy interface, through which the default route leads:
a look-up is seen by the server, a connection or a datagram by a raw socket on that interface.
"""

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BEYOND = "198.51.100.9"
SETUP = """
ip link set lo up
ip link add beyond type veth peer name nowhere
ip link set beyond arp off
ip link set nowhere up
ip addr add 198.51.100.2/24 dev beyond
ip -6 addr add 2001:db8::2/64 dev beyond nodad
ip link set beyond up
ip route add default dev beyond
ip -6 route add default dev beyond
"""
_OUTSIDE = ["unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--net", "--mount"]
ETH_IP, ETH_IPV6, ICMPV6 = 0x0800, 0x86DD, 58


def why_not():
    """Why such a network cannot be made here; "" where it can."""
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return "needs ip and unshare: apt-get install iproute2 util-linux"
    trial = "ip link set lo up && ip link add x type veth peer name y && mount --bind /etc/hostname /etc/hostname"
    done = subprocess.run([*_OUTSIDE, "sh", "-c", trial], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"no network namespace can be made here: {done.stderr.strip()[-200:]}"


def run_watched(command, *, env=None, cwd=None, timeout_s=300.0):
    """Run it. {"rc", "output", "asked": names looked up, "sent": "protocol address port" of what went beyond loopback,
    "environ": process -> names of the variables that /proc shows of it}.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        inside = [sys.executable, str(Path(__file__).resolve()), str(out), *map(str, command)]
        done = subprocess.run(
            [*_OUTSIDE, *inside], env=env, cwd=cwd, timeout=timeout_s, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert out.exists(), done.stdout + done.stderr
        return {**json.loads(out.read_text()), "output": done.stdout + done.stderr}


def _set_up():
    for line in SETUP.strip().splitlines():
        subprocess.run(line.split(), check=True)
    resolver = Path(tempfile.mkdtemp()) / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf")], check=True)


def _serve_names(asked):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def serve():
        while True:
            question, sender = server.recvfrom(2048)
            name, end = _name(question)
            kind = struct.unpack(">H", question[end : end + 2])[0]
            asked.append(name)
            head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if kind == 1 else b"\0\0") + b"\0\0\0\0"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + socket.inet_aton(BEYOND) if kind == 1 else b""
            server.sendto(head + question[12 : end + 4] + answer, sender)

    threading.Thread(target=serve, daemon=True).start()


def _name(question):
    at, parts = 12, []
    while question[at]:
        parts.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    return ".".join(parts), at + 1


def _listen_beyond(sent):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind(("beyond", 0))

    def listen():
        while True:
            what = _packet(raw.recv(65535))
            if what:
                sent.append(what)

    threading.Thread(target=listen, daemon=True).start()


def _packet(frame):
    """What it is, "" for what the kernel says by itself (neighbour discovery, multicast reports)."""
    kind = struct.unpack(">H", frame[12:14])[0]
    if kind == ETH_IP:
        protocol, address = frame[23], socket.inet_ntoa(frame[30:34])
        port = struct.unpack(">H", frame[14 + 4 * (frame[14] & 15) + 2 :][:2])[0] if protocol in (6, 17) else 0
        return "" if protocol == 2 else f"{protocol} {address} {port}"
    if kind == ETH_IPV6:
        protocol, address = frame[20], socket.inet_ntop(socket.AF_INET6, frame[38:54])
        port = struct.unpack(">H", frame[56:58])[0] if protocol in (6, 17) else 0
        return "" if protocol in (0, ICMPV6) else f"{protocol} {address} {port}"
    return f"ethertype {kind:#x}" if kind != 0x0806 else ""


def _look_at_environments(environ, own):
    """Names of the variables that /proc shows of each process of ours, over and over."""
    while True:
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and int(process.name) != own:
                with contextlib.suppress(OSError):
                    _note(environ, process)
        time.sleep(0.3)


def _note(environ, process):
    words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").split()
    module = next((word for word in words if word.startswith("avatar_ros.") and word.count(".") == 2), "")
    if module and os.readlink(process / "ns/net") == os.readlink("/proc/self/ns/net"):
        shown = (process / "environ").read_bytes().split(b"\0")
        names = [part.partition(b"=")[0].decode("utf-8", "replace") for part in shown if part]
        environ[module] = sorted({*environ.get(module, ()), *names})


def main():
    """Run the command and write what was seen."""
    out, command = Path(sys.argv[1]), sys.argv[2:]
    asked, sent, environ = [], [], {}
    _set_up()
    _serve_names(asked)
    _listen_beyond(sent)
    threading.Thread(target=_look_at_environments, args=(environ, os.getpid()), daemon=True).start()
    rc = subprocess.run(command).returncode
    time.sleep(0.5)
    out.write_text(json.dumps({"rc": rc, "asked": asked, "sent": sent, "environ": environ}))


if __name__ == "__main__":
    main()
