"""replay_node: a recorded conversation in the place of the nodes that made it. `./avatar replay` starts it."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

import rclpy

from ..commands.replay_player import FOLLOWERS, ReplayOptions, play
from ..core.errors import AvatarRosError
from ..core.exit_codes import exit_code_of
from ..core.private import keep_private
from ..core.process_end import leave
from ..ros.main import StopSignals


def main() -> int:
    """Play it once; EXIT_DONE at its end."""
    keep_private()
    options = _options(sys.argv[1:])
    signals = StopSignals()
    try:
        return play(options, lambda: signals.asked)
    except AvatarRosError as error:
        print(f"[FATAL] [replay_node]: {error.code}: {error}", file=sys.stderr, flush=True)
        return exit_code_of(error)
    finally:
        signals.end()
        gc.collect()
        rclpy.try_shutdown()


def _options(arguments: list[str]) -> ReplayOptions:
    """What stands behind --ros-args is not read: the node is called as the dialogue is."""
    parser = argparse.ArgumentParser(prog="replay_node", allow_abbrev=False)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--namespace", default="/replay")
    parser.add_argument("--of", default="")
    parser.add_argument("--to", choices=tuple(FOLLOWERS), default="all")
    parser.add_argument("--report", type=Path)
    known, _ = parser.parse_known_args(arguments)
    return ReplayOptions(known.file, known.namespace, known.of, known.to, known.report)


if __name__ == "__main__":
    leave(main())
