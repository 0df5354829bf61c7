"""`./avatar chaos`: does a conversation survive the sudden death of each of its nodes?"""

from __future__ import annotations

import argparse
import contextlib
import resource
import signal
import time
from pathlib import Path

from .chaos import CASE_S, campaign
from .chaos_report import TIMES, append, broken, load, order, parse_hows, remaining, table
from .soak import check_minutes

ENDS = (signal.SIGINT, signal.SIGTERM)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    add = parser.add_argument
    add("--minutes", type=float, default=30.0, help="no case begins after so long (default: %(default)s)")
    add("--seed", type=int, default=1, help="of the order and the moments (default: %(default)s)")
    add("--how", default=",".join(TIMES), metavar="HOW,…", help="kill, segv: three times each node; stop: once, 5 s")
    add("--json", type=Path, metavar="FILE", help="add a line for each case; a run with the same file goes on there")


def run(options: argparse.Namespace) -> int:
    """0: all cases were fine; 1: one was not."""
    check_minutes(options.minutes)
    results = load(options.json) if options.json else []
    cases = remaining(order(options.seed, parse_hows(options.how)), results, options.seed)
    minutes = min(options.minutes, len(cases) * CASE_S / 60)
    print(f"{len(cases)} cases to do, {len(results)} done before; about {minutes:.0f} minutes", flush=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # no cores left behind
    for number in ENDS:
        signal.signal(number, _end)
    running = campaign(cases, options.seed, time.monotonic() + 60.0 * options.minutes)
    try:
        with contextlib.closing(running):
            for result in running if cases else ():
                if options.json:
                    append(options.json, result)
                results.append(result)
                tell = "; ".join(result.faults()) or "fine"
                print(f"{result.case.how} of {result.case.node} while {result.phase}: {tell}", flush=True)
    finally:
        print(table(results))
    return int(bool(broken(results)))


def _end(*_: object) -> None:
    """Once: a second Ctrl-C would leave a kiosk behind that is being ended."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
