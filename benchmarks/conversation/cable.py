"""`./avatar bench cable`: how late messages come over a cable that takes its time and loses frames, and what helps.

A writer and two readers on two simulated hosts (benchmarks/lib/simulated_hosts.py, as root), with the profile that the
halves of a robot have: one is sent each message once, the other twice (docs/network.md), at the same time over the same
cable, since a busy machine makes both late. Given are, for both, how much later than the cable's own way messages came,
the share that was later than a heartbeat, and what the cable carried for both together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
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
#: Reader -> its TWICE.
READERS = {"once": "0", "twice": "1"}
_WAIT_S = 180.0


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    options = parse(arguments)
    result = {"options": vars(options), **measure(options, tuple(READERS)), "load_average": os.getloadavg()[0]}
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


def measure(options: argparse.Namespace, readers: Sequence[str]) -> dict[str, Any]:
    """One run with these of READERS. Raises StageError where a message never came."""
    cable = Cable(options.delay_ms, options.loss, options.seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        here, there, news = stack.enter_context(simulated_hosts(folder, cable, 0))
        with ExitStack() as ends:
            reading = {name: ends.enter_context(_end("read", there, options, 1, READERS[name])) for name in readers}
            ends.enter_context(_end("write", here, options, len(readers), "1"))
            patience_s = _WAIT_S + options.messages / options.rate_hz
            texts = {name: reader.communicate(timeout=patience_s)[0] for name, reader in reading.items()}
        stack.close()  # the relay tells at its end what it carried
    if any(reader.returncode for reader in reading.values()):
        raise StageError("bench_cable", "not all messages came; see above")
    came = {name: figures(json.loads(text.splitlines()[-1]), options.delay_ms) for name, text in texts.items()}
    return came | news


def _end(which: str, host: Host, options: argparse.Namespace, others: int, twice: str) -> subprocess.Popen[str]:
    """Closing its standard input, as a `with` does, ends the writer."""
    command = [*host.prefix, sys.executable, "-m", "benchmarks.conversation.cable_end", which, "--others", str(others)]
    command += ["--messages", str(options.messages), "--rate-hz", str(options.rate_hz), "--bytes", str(options.bytes)]
    own, pipe = {NETWORK: options.network, TWICE: twice}, subprocess.PIPE
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
