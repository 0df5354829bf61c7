"""`./avatar bench processor`: processor time of each node while the avatar speaks, and while nobody does.

Spoken questions are answered before a panel that nobody sees; then nothing happens for --idle-s. Every 0.2 s it is read
how much processor time each node has used so far, and what the conversation's state is. --against: another checkout
does the same, in turn, --rounds times; run the command in its own environment first, so that it is set up.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.outputs import write_whole
from avatar_ros.ros.listener import Listener

from ..lib.data_folder import ROOT
from ..lib.machine import parse_size
from ..lib.processor import RUNNER, Reading, shares, used_by_nodes
from ..lib.question_files import question_files
from . import turn
from .kiosk_run import PATIENT_MIC, UNSEEN_WINDOW, KioskRun, write_profile

NAMESPACE = "bench_processor"
HEARD = ("state", "turn_report", "frame_info")
PERIOD_S = 0.2
#: After the last answer, before what is used counts as that of an idle avatar.
SETTLE_S = 3.0
DRAWS = "renderer_node"


class Sampler(threading.Thread):
    """Reads every PERIOD_S until `stop`. settled: set once no question will come any more."""

    def __init__(self, run: KioskRun, listener: Listener) -> None:
        super().__init__(daemon=True)
        self._run, self._listener = run, listener
        self._stopping = threading.Event()
        self.settled = False
        self.readings: list[Reading] = []

    def run(self) -> None:
        """See the class."""
        while not self._stopping.wait(PERIOD_S):
            phase = self._phase()
            self.readings.append(Reading(time.monotonic(), phase, used_by_nodes(self._run.pid)))

    def _phase(self) -> str:
        heard = self._listener.heard["state"]
        if heard and heard[-1].state is AgentState.SPEAKING:
            return "speaking"
        return "idle" if self.settled else "between"

    def stop(self) -> None:
        """And wait for its end."""
        self._stopping.set()
        self.join()


def measure(checkout: Path, files: Sequence[Path], options: argparse.Namespace) -> dict[str, Any]:
    """One kiosk of `checkout`: percent of a core by phase and node, and how its frames came."""
    parameters = {"mic_node": PATIENT_MIC, DRAWS: turn.panel(options)}
    profile = write_profile(files[0].with_name("bench.yaml"), options.profile, parameters)
    arguments = ["--display", "window", "--mic", ",".join(map(str, files))]
    arguments += ["--avatar", options.avatar] if options.avatar else []
    # -m looks for the package in the working folder first.
    prefix = ("env", "-C", str(checkout), str(checkout / "avatar"), "exec")
    with (
        Listener(NAMESPACE, HEARD) as listener,
        KioskRun(NAMESPACE, profile, arguments, UNSEEN_WINDOW, prefix) as run,
    ):
        sampler = Sampler(run, listener)
        sampler.start()
        _wait(listener, run, len(files))
        time.sleep(SETTLE_S)
        sampler.settled = True
        time.sleep(options.idle_s)
        sampler.stop()
        used = shares(sampler.readings)
        frames = turn.in_conversation(listener.heard["frame_info"], listener.times["turn_report"][0] - 10.0)
        spoken = [frame.render_ms for frame in listener.heard["frame_info"] if frame.speaking]
    return {"percent": used, "frames": frames, "render_ms": round(float(np.median(spoken)), 2)}


def _wait(listener: Listener, run: KioskRun, turns: int) -> None:
    until_s = time.monotonic() + 60 + 40 * turns
    while len(listener.heard["turn_report"]) < turns:
        run.check()
        if time.monotonic() > until_s:
            answered = len(listener.heard["turn_report"])
            raise StageError("bench_timeout", f"only {answered} of {turns} questions were answered")
        time.sleep(PERIOD_S)


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table; 0 when all were answered."""
    options = parse(arguments)
    checkouts = {"before": Path(options.against).resolve()} if options.against else {}
    checkouts["now"] = ROOT
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        files = question_files(Path(folder), options.turns)
        for _ in range(options.rounds):
            for name, checkout in checkouts.items():
                runs[name].append(measure(checkout, files, options))
                print(name, runs[name][-1]["frames"], flush=True)
    print("", table({name: mean(ones) for name, ones in runs.items()}), sep="\n", flush=True)
    if options.json:
        write_whole(options.json, json.dumps(runs, indent=1))
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement. Raises ConfigError."""
    parser = argparse.ArgumentParser(prog="avatar bench processor", description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=8, help="questions a run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each checkout (default: %(default)s)")
    parser.add_argument("--idle-s", type=float, default=20.0, help="afterwards, s (default: %(default)s)")
    parser.add_argument("--profile", default="embedded", help="profile (default: %(default)s)")
    parser.add_argument("--avatar", default="", help="avatar file (default: the profile's)")
    parser.add_argument("--panel", default="1080x1920", metavar="WxH", help="drawn for (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="display.scale (default: %(default)s)")
    parser.add_argument("--against", default="", help="another checkout, measured in turn with this one: its folder")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args(arguments)
    parse_size(options.panel)
    if options.turns < 1 or options.rounds < 1:
        raise ConfigError("bad_option", "--turns and --rounds must be 1 or more")
    if options.against and not (Path(options.against) / "avatar").is_file():
        raise ConfigError("bad_option", f"--against {options.against}: there is no ./avatar in that folder")
    return options


def mean(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Percent of a core by phase and node, the mean of all runs."""
    phases: dict[str, dict[str, float]] = {}
    for phase in ("idle", "speaking"):
        nodes = sorted({node for run in runs for node in run["percent"].get(phase, {})})
        phases[phase] = {
            node: float(np.mean([run["percent"].get(phase, {}).get(node, 0.0) for run in runs])) for node in nodes
        }
    return phases


def table(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The figures for people: percent of a core."""
    columns = [(phase, name) for phase in ("speaking", "idle") for name in results]
    rows = ["| percent of a core | " + " | ".join(f"{phase}, {name}" for phase, name in columns) + " |"]
    rows.append("|---" * (len(columns) + 1) + "|")
    newest = list(results.values())[-1]["speaking"]
    nodes = sorted({n for one in results.values() for n in one["speaking"]}, key=lambda n: -newest.get(n, 0.0))
    rows += [_row(node, [results[name][phase].get(node, 0.0) for phase, name in columns]) for node in nodes]
    everything = [sum(results[name][phase].values()) for phase, name in columns]
    drawing = [results[name][phase].get(DRAWS, 0.0) for phase, name in columns]
    rows.append(_row(f"all but {DRAWS}", [whole - one for whole, one in zip(everything, drawing, strict=True)]))
    rows.append(_row("all", everything))
    return "\n".join(rows)


def _row(name: str, values: Sequence[float]) -> str:
    return f"| {'the runner' if name == RUNNER else name} | " + " | ".join(f"{value:.1f}" for value in values) + " |"
