"""Cut-ins: is a person's turn ended in a pause inside a sentence? And how long does one wait who is done?

A turn that ends in a pause is answered in it: that is counted, be the answer audible before the person goes on or not.
Real voice detection, turn detection and recognition hear each sound on a virtual clock, so a busy machine finds the
same; the turn detector's verdict comes 0.12 s late, as on two busy cores. --against: another checkout hears the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from avatar_ros.core.errors import StageError

from ..lib.data_folder import ROOT, default_data
from ..lib.labelled_pauses import LEAD_S, TABLE, PauseTrial, questions, trials
from ..lib.question_files import QUESTIONS

_WORKER = Path(__file__).with_name("cut_ins_worker.py")
#: From the end of its sound to the verdict of a turn detector.
VERDICT_S = 0.12
_PAUSES = ("recorded", "joined")


def measure(
    checkout: Path, vad: dict[str, Any], asr: dict[str, Any], data: Path | None = None, only: str = ""
) -> dict[str, Any]:
    """All trials heard by `checkout`, with parameters of vad_node and asr_node that differ from its defaults."""
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    heard = [trial for trial in trials(data or default_data(), table) if only in trial.name]
    heard += [trial for trial in questions(QUESTIONS) if only in trial.name]
    ends = _hear(checkout, heard, vad, asr)
    return summary(heard, ends)


def _hear(
    checkout: Path, heard: Sequence[PauseTrial], vad: dict[str, Any], asr: dict[str, Any]
) -> list[list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        sounds = Path(folder) / "sounds.npz"
        names = [f"{number:03d}" for number in range(len(heard))]
        np.savez(sounds, **{name: trial.pcm for name, trial in zip(names, heard, strict=True)})  # type: ignore[arg-type]
        order = {"sounds": str(sounds), "names": names, "vad": vad, "asr": asr, "latency_s": VERDICT_S}
        done = subprocess.run([sys.executable, str(_WORKER)], cwd=checkout, input=json.dumps(order) + "\n", text=True,
                              capture_output=True, check=False)  # fmt: skip
    if done.returncode:
        raise StageError("bench_cut_ins", f"the ears of {checkout} failed:\n{done.stderr[-2000:]}")
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def summary(heard: Sequence[PauseTrial], ends: Sequence[Sequence[float]]) -> dict[str, Any]:
    """cut_ins and pauses of each kind; waits in ms of those who are done; trials: what became of each."""
    rows: list[dict[str, Any]] = []
    for trial, ended in zip(heard, ends, strict=True):
        here = [at_s - LEAD_S for at_s in ended]
        first = next((at_s for at_s in here if at_s >= trial.from_s), float("nan"))
        early = kind_of_end(trial) and any(at_s < trial.from_s for at_s in here)
        cut = trial.from_s <= first < trial.to_s if not kind_of_end(trial) else early
        rows.append({"name": trial.name, "kind": trial.kind, "pause_s": round(trial.to_s - trial.from_s, 2),
                     "cut_in": bool(cut), "wait_ms": round(1000 * (first - trial.from_s), 1)})  # fmt: skip
    out: dict[str, Any] = {"trials": rows}
    for kind in _PAUSES:
        mine = [row for row in rows if row["kind"] == kind]
        out[kind] = {"pauses": len(mine), "cut_ins": sum(row["cut_in"] for row in mine)}
    for kind in ("end", "question"):
        all_waits = [float(row["wait_ms"]) for row in rows if row["kind"] == kind]
        waits = [wait for wait in all_waits if np.isfinite(wait)]
        out[f"{kind}_wait_ms"] = waits
        out[f"{kind}_early"] = sum(row["cut_in"] for row in rows if row["kind"] == kind)
    return out


def kind_of_end(trial: PauseTrial) -> bool:
    """Whether the sound is over where its silence begins."""
    return trial.kind not in _PAUSES


def table(results: dict[str, dict[str, Any]]) -> str:
    """The figures for people, a column for each of `results`."""
    rows = ["| cut-ins at pauses inside sentences | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for kind, name in (("recorded", "people as they are"), ("joined", "pauses put in at commas and conjunctions")):
        rows.append(f"| {name} | " + " | ".join(_share(result[kind]) for result in results.values()) + " |")
    whole = [{key: sum(result[kind][key] for kind in _PAUSES) for key in ("pauses", "cut_ins")}
             for result in results.values()]  # fmt: skip
    rows.append("| all | " + " | ".join(_share(one) for one in whole) + " |")
    for kind, name in (("question", "a known question"), ("end", "any other sentence")):
        waits = " | ".join(_waits(result[f"{kind}_wait_ms"], result[f"{kind}_early"]) for result in results.values())
        rows.append(f"| {name}: end of speech to end of turn, ms, median / p95 | {waits} |")
    return "\n".join(rows)


def _share(counts: dict[str, int]) -> str:
    if not counts["pauses"]:
        return "no recordings"
    return f"{counts['cut_ins']} of {counts['pauses']} ({100 * counts['cut_ins'] / counts['pauses']:.0f} %)"


def _waits(waits: Sequence[float], early: int) -> str:
    if not waits:
        return "–"
    said = f"{np.median(waits):.0f} / {np.percentile(waits, 95):.0f}"
    return said + (f" ({early} ended too early)" if early else "")


def run(against: str, vad: dict[str, Any], asr: dict[str, Any]) -> dict[str, Any]:
    """Measure this checkout, and another one with its own defaults beside it; print the table."""
    results = {"now": measure(ROOT, vad, asr)}
    if against:
        results = {"before": measure(Path(against).resolve(), {}, {}), **results}
    print("", table(results), sep="\n", flush=True)
    return results
