"""What a chaos run consists of and is judged by: order of its cases, its file, verdicts, the table."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.core.errors import ConfigError

#: How a node is hurt -> how often each is. `stop` holds it for some seconds.
TIMES = {"kill": 3, "segv": 3, "stop": 1}
#: Longest silence in an answer whose voice or loudspeaker died, p95, s.
SILENCE_LIMIT_S = 4.0
#: Who was silent for longer had not begun to speak.
PAUSE_S = 0.5


@dataclass(frozen=True)
class Case:
    """The `nth` time, from 1, that `node` is hurt in this way."""

    node: str
    how: str
    nth: int


@dataclass(frozen=True)
class Result:
    """What came of a case; times are in seconds after the signal, None where it did not happen.

    silence_s: of an answer that had to be said again, inf where it was not; cut: an answer ended too early, by itself;
    died: other nodes; fault: what kept the case from being judged; log: of the node; seen: what the topics said, where
    the case failed.
    """

    seed: int
    case: Case
    phase: str = ""
    delay_s: float = 0.0
    back_s: float | None = None
    answered_s: float | None = None
    silence_s: float | None = None
    cut: bool = False
    died: tuple[str, ...] = ()
    fault: str = ""
    log: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        """What went wrong, in words; none where all was fine."""
        out = [self.fault] if self.fault else []
        if not self.fault and self.back_s is None:
            out.append("it did not come back")
        elif not self.fault and self.answered_s is None:
            out.append("the next question was not answered")
        if self.silence_s == float("inf"):
            out.append("its sentence was not heard again")
        if self.cut:
            out.append("its answer was not said to its end")
        return out + [f"{name} died too" for name in self.died]


def order(seed: int, hows: Sequence[str], nodes: Sequence[str] = START_ORDER) -> list[Case]:
    """All cases in rounds, each a shuffle of all nodes; no node comes twice in a row where there are two or more."""
    rng = random.Random(seed)
    all_ways = [(how, nth) for how in hows for nth in range(1, TIMES[how] + 1)]
    ways = {node: rng.sample(all_ways, len(all_ways)) for node in nodes}
    cases: list[Case] = []
    for i in range(len(all_ways)):
        names = rng.sample(nodes, len(nodes))
        if cases and names[0] == cases[-1].node:
            names.append(names.pop(0))
        cases += [Case(name, *ways[name][i]) for name in names]
    return cases


def parse_hows(text: str) -> list[str]:
    """`kill,stop` -> its parts. Raises ConfigError for what is none of TIMES."""
    hows = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not hows or set(hows) - set(TIMES):
        raise ConfigError("bad_option", f"--how is {text!r}; it must be one or more of {','.join(TIMES)}")
    return hows


def append(path: Path, result: Result) -> None:
    """One more line of JSON. inf is kept as Python's `Infinity`."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def load(path: Path) -> list[Result]:
    """What `append` has written; nothing without a file. Raises ConfigError with the line that is not of it."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return [_result(path, number, line) for number, line in enumerate(lines, 1)]


def _result(path: Path, number: int, line: str) -> Result:
    try:
        tree = json.loads(line)
        lists = {name: tuple(tree[name]) for name in ("died", "log", "seen")}
        return Result(**{**tree, **lists, "case": Case(**tree["case"])})
    except (ValueError, TypeError, KeyError) as error:
        text = f"{path}, line {number} is no result of a chaos run; remove that line or name another file"
        raise ConfigError("bad_file", text) from error


def remaining(cases: Sequence[Case], done: Sequence[Result], seed: int) -> list[Case]:
    """Cases of this seed that no result stands for yet, in order."""
    known = {result.case for result in done if result.seed == seed}
    return [case for case in cases if case not in known]


def longest_silence_s(heard: NDArray[np.float64], sent_s: float, again_s: float, end_s: float) -> float:
    """Of an answer that was hurt at `sent_s`, let begin again at `again_s` and over at `end_s`; inf where it was not
    heard again. heard: instants of audible samples, in order.
    """
    before, after = heard[heard <= sent_s], heard[(heard > sent_s) & (heard < end_s)]
    if not np.any(after > again_s):
        return float("inf")
    first_s = before[-1] if len(before) and sent_s - before[-1] < PAUSE_S else sent_s
    return round(float(np.max(np.diff(after, prepend=first_s))), 2)


def broken(results: Sequence[Result]) -> list[str]:
    """What is not as it must be, in words."""
    failed = sum(bool(result.faults()) for result in results)
    out = [f"{failed} cases failed"] if failed else []
    silences = _silences(results)
    if silences and not _p95(silences) <= SILENCE_LIMIT_S:
        out.append(f"silences of more than {SILENCE_LIMIT_S:g} s")
    return out


def table(results: Sequence[Result]) -> str:
    """The figures for people, and what is known of each case that failed."""
    rows = ["| signal | back | next question answered | back after, s: median / p95 |", "|---|---|---|---|"]
    groups = {how: [result for result in results if result.case.how == how] for how in TIMES}
    groups = {"kill + segv": groups["kill"] + groups["segv"], **groups}
    rows += [_row(name, group) for name, group in groups.items() if group]
    silences = _silences(results)
    if silences:
        rows += ["", f"silence until a sentence was heard again, {len(silences)} answers: median "
                 f"{np.median(silences):.2f} s, p95 {_p95(silences):.2f} s"]  # fmt: skip
    rows += ["", f"{len(results)} cases: " + ("; ".join(broken(results)) or "all fine")]
    return "\n".join([*rows, *(line for result in results for line in _failure(result))])


def _row(name: str, group: Sequence[Result]) -> str:
    back = [result.back_s for result in group if result.back_s is not None]
    answered = sum(result.answered_s is not None for result in group)
    times = f"{np.median(back):.2f} / {_p95(back):.2f}" if back and name != "stop" else ""
    return f"| {name} | {len(back)}/{len(group)} | {answered}/{len(group)} | {times} |"


def _failure(result: Result) -> Iterator[str]:
    if not (faults := result.faults()):
        return
    case = result.case
    where = f"{result.delay_s:.2f} s into {result.phase}"
    yield f"{case.how} of {case.node}, number {case.nth} of seed {result.seed}, {where}: {'; '.join(faults)}"
    yield from (f"    {line}" for line in result.log)


def _silences(results: Sequence[Result]) -> list[float]:
    return [result.silence_s for result in results if result.silence_s is not None]


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95, method="higher"))  # interpolation makes NaN of inf
