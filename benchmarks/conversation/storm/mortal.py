"""A robot's program that is told what to ask for, one JSON line, and goes on with it until somebody kills it."""

from __future__ import annotations

import json
import sys
import time

from avatar_ros.client import Avatar


def main() -> None:
    """Ready, one goal, and no end of its own."""
    avatar = Avatar(sys.argv[1])
    avatar.wait_until_ready(120.0)
    print("ready", flush=True)
    line = sys.stdin.readline()
    if line:
        order = json.loads(line)
        getattr(avatar, order["kind"])(**order["values"], wait=False)
        while True:
            time.sleep(1.0)


if __name__ == "__main__":
    main()
