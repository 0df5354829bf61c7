"""`./avatar bench two-hosts`: both halves of a robot on two simulated hosts, whose clocks are 100 000 s apart.

Each host has a network, a /dev/shm and a clock of its own (benchmarks/lib/simulated_hosts.py, as root); the cable
between them may take its time and lose frames. The robot's half asks itself recorded questions. Counted are answers;
measured are the waits from the end of a question to the first sound, and how far the face of each speaking frame is
from what is heard when it is shown (negative: ahead). --face-offboard has the renderer on the other host: then faces
and sound meet over the mapped clocks.

--delay-ms, --loss: a second run with such a cable, and what it adds to each wait beyond one way there and one back.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.ros_network import TWICE

from ..lib.question_files import question_files
from ..lib.relay import DEVICE
from ..lib.report import tell
from ..lib.simulated_hosts import Cable, Host, simulated_hosts
from .kiosk_run import PATIENT_MIC, KioskRun, write_profile

NAMESPACE = "bench_two_hosts"
#: Largest p95 to accept, ms.
LIPS_MS, ADDED_MS = 15.0, 250.0
#: Lines of either half's log that are shown where questions were not answered.
_TAIL = 30


def main(arguments: Sequence[str]) -> int:
    """Run, print one JSON object. 0: all answered, and within the limits."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the hosts are taken apart all the same
    result: dict[str, Any] = {"options": vars(options)}
    if options.once:
        os.environ[TWICE] = "0"
    if not options.only_cable:
        result["plain"] = [measure(options, Cable()) for _ in range(options.plain_runs)]
    if options.delay_ms or options.loss:
        result["cable"] = measure(options, Cable(options.delay_ms, options.loss, options.seed))
    if "plain" in result and "cable" in result:
        result["added_ms"] = added_ms(result["plain"], result["cable"], options.delay_ms)
    result["load_average"] = os.getloadavg()[0]
    tell(result, options.json)
    return 0 if _passed(result, options.turns) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement. Raises ConfigError."""
    parser = argparse.ArgumentParser(prog="avatar bench two-hosts", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--turns", type=int, default=20, help="questions of each run (default: %(default)s)")
    add("--fps", type=float, default=60.0, help="frames a second (default: %(default)s)")
    add("--side", type=int, default=256, help="side of the picture, px (default: %(default)s)")
    add("--ahead-s", type=int, default=100_000, help="the offboard half's clock, s (default: %(default)s)")
    add("--standby", default="none", help="profile of the robot's own nodes that stand by (default: %(default)s)")
    add("--face-offboard", action="store_true", help="the renderer runs on the other host")
    add("--delay-ms", type=float, default=0.0, help="second run: of the cable, each way")
    add("--loss", type=float, default=0.0, help="second run: share of frames that the cable loses, 0-1")
    add(
        "--once", action="store_true", help="nothing is sent twice to the nodes that a turn waits for (docs/network.md)"
    )
    add("--plain-runs", type=int, default=1, help="first runs; two tell what is chance (default: %(default)s)")
    add("--only-cable", action="store_true", help="leave out the first run")
    add("--network", default=f"lan:{DEVICE}", help="what opens both halves (default: %(default)s); PEER: the other one")
    add("--seed", type=int, default=1, help="of the losses (default: %(default)s)")
    add("--patience-s", type=float, default=0.0, help="longest time for all turns, s (default: 60 + 25 a turn)")
    add("--json", metavar="FILE", help="write the result there too")
    options = parser.parse_args(list(arguments))
    if min(options.turns, options.plain_runs) < 1 or not 0 <= options.loss < 1 or options.delay_ms < 0:
        raise ConfigError(
            "bad_option", "--turns and --plain-runs must be 1 or more, --loss within 0 and 1, --delay-ms 0 or more"
        )
    return options


def measure(options: argparse.Namespace, cable: Cable) -> dict[str, Any]:
    """One conversation of both hosts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = question_files(folder, options.turns)
        # nice: what another kiosk would have a processor of its own for
        renderer = {"nice": 0, "backend": "cpu", "fps": options.fps, "width": options.side, "height": options.side}
        parameters = {"mic_node": PATIENT_MIC, "renderer_node": renderer}
        profile = write_profile(folder / "two_hosts.yaml", "embedded", parameters)
        with simulated_hosts(folder, cable, options.ahead_s) as (robot, offboard, news):
            nets = [options.network.replace("PEER", other.address) for other in (offboard, robot)]
            arguments = ["--host", "offboard", "--network", nets[1]]
            with KioskRun(NAMESPACE, profile, arguments, offboard.environment, offboard.prefix) as other:
                plan = {
                    "files": [str(path) for path in files],
                    "profile": str(profile),
                    "network": nets[0],
                    "standby": options.standby,
                    "ahead_s": options.ahead_s,
                    "face_offboard": options.face_offboard,
                    "patience_s": options.patience_s or 60 + 25 * options.turns,
                }
                if options.face_offboard:
                    with _renderer(offboard, profile, nets[1]):
                        result = _robot(robot, plan, other)
                else:
                    result = _robot(robot, plan, other)
                result["offboard_restarts"] = other.restarts()
                if result["answered"] < options.turns:
                    result["offboard_log_tail"] = other.lines[-_TAIL:]
    return result | news


def _renderer(host: Host, profile: Path, net: str) -> subprocess.Popen[str]:
    names = ["-r", f"__ns:=/{NAMESPACE}", "-r", "__node:=renderer_node"]
    command = [sys.executable, "-m", "avatar_ros.nodes.renderer_node", "--ros-args", *names]
    command += ["--params-file", str(profile), "-p", "display.backend:=off"]
    return _Ended([*host.prefix, *command], env={**host.environment, "AVATAR_ROS_NETWORK": net}, text=True)


class _Ended(subprocess.Popen[str]):
    """Told to end at the end of a `with`."""

    def __exit__(self, *about: Any) -> None:
        self.terminate()
        super().__exit__(*about)


def _robot(host: Host, plan: dict[str, Any], other: KioskRun) -> dict[str, Any]:
    """What the program in the robot's host (two_hosts_robot.py) found."""
    program = [*host.prefix, sys.executable, "-m", "benchmarks.conversation.two_hosts_robot"]
    done = subprocess.run(
        program, env={**host.environment, "AVATAR_ROS_NETWORK": plan["network"]}, input=json.dumps(plan),
        stdout=subprocess.PIPE, text=True, check=False, timeout=plan["patience_s"] + 120,
    )  # fmt: skip
    other.check()
    if done.returncode:
        raise StageError("bench_robot", "the robot's half could not be measured; see above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def added_ms(plain: Sequence[Mapping[str, Any]], cable: Mapping[str, Any], delay_ms: float) -> dict[str, Any]:
    """What the cable adds to each wait beyond its way there and back, question by question: of those that all runs
    answered, against the median of the plain runs.

    between_spreads: the same between median and median, p95 and p95, where the plain runs' chance is not in each pair;
    by_chance: what a second plain run "adds" to the first, question by question, though nothing is added.
    """
    runs = [run["end_to_first_sound_ms"] for run in plain]
    slow = np.array(cable["end_to_first_sound_ms"])
    if len({len(run) for run in (*runs, slow)}) != 1:
        return {"n": 0, "unpaired": [len(run) for run in (*runs, slow)]}  # a microphone that stood still cut a question
    quick = np.array(runs)
    known = np.isfinite(slow) & np.isfinite(quick).all(axis=0)
    if not known.any():
        return {"n": 0}
    slow, quick = slow[known] - 2 * delay_ms, quick[:, known]
    shares = {"median": 50, "p95": 95}
    between = {name: np.percentile(slow, at) - np.percentile(quick, at) for name, at in shares.items()}
    found = _spread(slow - np.median(quick, axis=0)) | {"between_spreads": _rounded(between)}
    return found | ({"by_chance": _spread(quick[1] - quick[0])} if len(quick) > 1 else {})


def _spread(values: NDArray[np.float64]) -> dict[str, Any]:
    figures = {"median": np.median(values), "p95": np.percentile(values, 95), "max": values.max()}
    return {"n": len(values), **_rounded(figures)}


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(float(value), 1) for name, value in figures.items()}


def _passed(result: dict[str, Any], turns: int) -> bool:
    runs = [*result.get("plain", []), *([result["cable"]] if "cable" in result else [])]
    lips = all(run["answered"] == turns and run["lips_ms"].get("p95", np.inf) <= LIPS_MS for run in runs)
    return bool(lips and ("added_ms" not in result or result["added_ms"].get("p95", np.inf) <= ADDED_MS))
