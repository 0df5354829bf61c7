"""`./avatar bench cable`: how late messages come over a cable that takes its time and loses frames, and what helps.

A writer and a reader on two simulated hosts (benchmarks/lib/simulated_hosts.py, as root), with the profile that the
halves of a robot have: first with each message sent once, then twice (docs/network.md). Given are, for both, how much
later than the cable's own way the messages came, the share that was later than a heartbeat, and what the cable carried.
It hardly depends on how busy the machine is: a lost frame costs more than a hundred milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.ros_network import NETWORK, TWICE

from ..lib.relay import DEVICE
from ..lib.report import tell
from ..lib.simulated_hosts import Cable, Host, simulated_hosts

#: Later than this, ms, a message was lost and asked for again: Fast DDS's heartbeat in our profile.
LATE_MS = 50.0
_WAIT_S = 180.0


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    options = parse(arguments)
    result: dict[str, Any] = {"options": vars(options)}
    for name, twice in (("once", False), ("twice", True)):
        result[name] = measure(options, twice)
    result["load_average"] = os.getloadavg()[0]
    tell(result, options.json)
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement. Raises ConfigError."""
    parser = argparse.ArgumentParser(prog="avatar bench cable", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--messages", type=int, default=1000, help="of each run (default: %(default)s)")
    add("--rate-hz", type=float, default=50.0, help="messages a second (default: %(default)s)")
    add("--bytes", type=int, default=640, help="of a message (default: %(default)s: 20 ms of a voice)")
    add("--delay-ms", type=float, default=50.0, help="of the cable, each way (default: %(default)s)")
    add("--loss", type=float, default=0.01, help="share of frames that it loses (default: %(default)s)")
    add("--network", default=f"lan:{DEVICE}", help="what opens both ends (default: %(default)s)")
    add("--seed", type=int, default=1, help="of the losses (default: %(default)s)")
    add("--json", metavar="FILE", help="write the result there too")
    options = parser.parse_args(list(arguments))
    if options.messages < 1 or options.bytes < 64 or not 0 <= options.loss < 1 or options.delay_ms <= 0:
        limits = "--messages must be 1 or more, --bytes 64, --loss within 0 and 1, --delay-ms above 0"
        raise ConfigError("bad_option", limits)
    return options


def measure(options: argparse.Namespace, twice: bool) -> dict[str, Any]:
    """One run. Raises StageError where a message never came."""
    cable = Cable(options.delay_ms, options.loss, options.seed)
    with tempfile.TemporaryDirectory() as name, simulated_hosts(Path(name), cable, 0) as (here, there, news):
        own = {NETWORK: options.network, TWICE: str(int(twice))}
        with _end("read", there, options, own) as reader, _end("write", here, options, own):
            text = reader.communicate(timeout=_WAIT_S + options.messages / options.rate_hz)[0]
    if reader.returncode:
        raise StageError("bench_cable", "not all messages came; see above")
    return figures(json.loads(text.splitlines()[-1]), options.delay_ms) | news


def _end(which: str, host: Host, options: argparse.Namespace, own: dict[str, str]) -> subprocess.Popen[str]:
    """Closing its standard input, as a `with` does, ends the writer."""
    command = [*host.prefix, sys.executable, "-m", "benchmarks.conversation.cable_end", which]
    command += ["--messages", str(options.messages), "--rate-hz", str(options.rate_hz), "--bytes", str(options.bytes)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**host.environment, **own}, stdin=pipe, stdout=pipe, text=True)


def figures(came: Sequence[tuple[int, float]], delay_ms: float) -> dict[str, Any]:
    """Of [number, late by s] of each message.

    >>> figures([(0, 0.051), (1, 0.171), (1, 0.171)], 50.0)["late_share"]
    0.5
    """
    first = dict(reversed(came))
    beyond = np.array([1000 * first[number] - delay_ms for number in sorted(first)])
    spread = {f"p{share:g}": round(float(np.percentile(beyond, share)), 1) for share in (50, 95, 99, 99.9)}
    return {
        "messages": len(first),
        "seen_again": len(came) - len(first),
        "beyond_the_way_ms": {**spread, "max": round(float(beyond.max()), 1)},
        "late_share": round(float((beyond > LATE_MS).mean()), 4),
    }
