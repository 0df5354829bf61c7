"""`./avatar bench WHAT`: the measurements behind the README's figures."""

from __future__ import annotations

import argparse
import importlib

#: what -> module of avatar_ros/bench with `main(arguments) -> exit code`
BENCHES = {
    "render": "render",
    "render-soak": "render_soak",
    "express": "express",
    "neural": "neural",
    "hearing": "hearing",
    "av-sync": "av_sync",
    "turn": "turn",
    "barge-in": "barge_in",
    "interruptions": "interruptions",
    "dead-air": "dead_air",
    "lips-sync": "lips_sync",
    "slow-ears": "slow_ears",
    "floods": "floods",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb; what follows WHAT goes to that measurement (try `--help` there)."""
    parser.add_argument("what", choices=tuple(BENCHES), help="what to measure")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="its own arguments, e.g. --json out.json")


def run(options: argparse.Namespace) -> int:
    """The measurement's own exit code."""
    module = importlib.import_module(f"..bench.{BENCHES[options.what]}", __package__)
    return int(module.main(options.rest))
