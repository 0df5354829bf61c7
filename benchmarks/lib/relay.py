"""A cable between two network namespaces that takes its time and loses frames, where the kernel has no netem.

    python -m benchmarks.lib.relay NAMESPACE_A NAMESPACE_B --delay-ms 50 --loss 0.01

In each namespace a TAP device `link0` is one end of it. Frames keep their order. Prints "ready", then at its end one
line of JSON: frames and bytes carried and lost, by direction. Ends with its standard input. Needs root.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import random
import select
import struct
import sys
import time
from collections import deque
from pathlib import Path

DEVICE = "link0"
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000  # linux/if_tun.h
_LARGEST_FRAME = 65600
#: Frames under way in one direction; a burst beyond is lost, as in a switch.
_QUEUE = 20000


def open_tap(namespace: str) -> int:
    """A TAP device DEVICE in a network namespace of `ip netns`; the process then stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    space = os.open(Path("/run/netns") / namespace, os.O_RDONLY)
    if libc.setns(space, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter the network namespace {namespace}")
    os.close(space)
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), _IFF_TAP | _IFF_NO_PI))
    return tap


class Direction:
    """From one TAP to the other."""

    def __init__(self, source: int, target: int, delay_s: float, loss: float, seed: int) -> None:
        self.source, self._target, self._delay_s, self._loss = source, target, delay_s, loss
        self._random = random.Random(seed)
        self._under_way: deque[tuple[float, bytes]] = deque()
        self.counts = {"frames": 0, "bytes": 0, "lost": 0}

    def take(self, now_s: float) -> None:
        """All that waits at the source."""
        while True:
            try:
                frame = os.read(self.source, _LARGEST_FRAME)
            except BlockingIOError:
                return
            self.counts["frames"] += 1
            self.counts["bytes"] += len(frame)
            if self._random.random() < self._loss or len(self._under_way) >= _QUEUE:
                self.counts["lost"] += 1
            else:
                self._under_way.append((now_s + self._delay_s, frame))

    def give(self, now_s: float) -> float:
        """All that is due; seconds until more is."""
        while self._under_way and self._under_way[0][0] <= now_s:
            try:
                os.write(self._target, self._under_way.popleft()[1])
            except OSError:  # the other end is not up yet, or its queue is full
                self.counts["lost"] += 1
        return self._under_way[0][0] - now_s if self._under_way else 60.0


def main() -> int:
    """Carry frames until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("namespaces", nargs=2)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    taps = [open_tap(name) for name in options.namespaces]
    ways = [
        Direction(source, target, options.delay_ms / 1000, options.loss, options.seed + i)
        for i, (source, target) in enumerate((taps, taps[::-1]))
    ]
    print("ready", flush=True)
    wait_s = 60.0
    while True:
        ready = select.select([0, *taps], [], [], max(0.0, wait_s))[0]
        now_s = time.monotonic()
        for way in ways:
            if way.source in ready:
                way.take(now_s)
        wait_s = min(way.give(now_s) for way in ways)
        if 0 in ready and not os.read(0, 100):
            print(json.dumps([way.counts for way in ways]), flush=True)
            return 0


if __name__ == "__main__":
    sys.exit(main())
