"""`./avatar soak`: does a kiosk that talks for hours grow, get slower, or lose a question?"""

from __future__ import annotations

import argparse
from pathlib import Path

from .soak import check_minutes, soak
from .soak_report import Limits, evaluate, table, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    limits = Limits()
    add = parser.add_argument
    add("--minutes", type=float, default=30.0, help="length of the conversation (default: %(default)s)")
    add("--profile", default="embedded", metavar="NAME|FILE.yaml", help="as for kiosk (default: %(default)s)")
    add("--avatar", default="", metavar="FILE", help="avatar file (default: the built-in one)")
    add("--period-s", type=float, default=5.0, help="time between two looks at the memory, s (default: %(default)s)")
    add(
        "--growth-mib",
        type=float,
        default=limits.growth_mib,
        help="largest growth of a process after 5 minutes, MiB (default: %(default)s)",
    )
    add("--latency-percent", type=float, default=limits.latency_percent, help="of the median (default: %(default)s)")
    add(
        "--kill-each-s", type=float, default=0.0, metavar="S", help="kill a node so often, each in turn (default: none)"
    )
    add("--json", metavar="FILE", help="write the figures and all samples to this file")


def run(options: argparse.Namespace) -> int:
    """0: all limits kept; 1: one was broken."""
    seen = soak(check_minutes(options.minutes), options.profile, options.period_s, options.avatar, options.kill_each_s)
    report = evaluate(seen)
    broken = report.broken(Limits(options.growth_mib, options.latency_percent))
    print(table(report, broken))
    if options.json:
        write_json(Path(options.json), report, broken, seen.memory)
    return int(bool(broken))
