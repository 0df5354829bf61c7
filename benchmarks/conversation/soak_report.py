"""What a soak run is judged by: memory that grows, answers that get slower, questions lost or not understood."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from avatar_ros.core.events import TurnReport
from avatar_ros.core.outputs import write_whole

from ..lib.question_files import QUESTIONS
from .kills import Kill, in_flight
from .lost_questions import ConversationEvent, Lost, lost_questions, not_understood
from .memory import Growth, Memory, growths

#: Memory is compared from here on: by then everything that is made once was made.
SETTLED_S = 300.0
WINDOW_S = 60.0


@dataclass(frozen=True)
class Limits:
    """What a run may not exceed."""

    growth_mib: float = 2.0
    latency_percent: float = 5.0
    lost_turns: int = 0
    not_understood: int = 0


@dataclass
class Watched:
    """What was seen of a run. asked: when each question began; answered: (when, report) of turns that were heard, s;
    questions: their words (where they are not those of the loop); kills: nodes that were killed on purpose.
    """

    memory: list[Memory] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    answered: list[tuple[float, TurnReport]] = field(default_factory=list)
    account: list[ConversationEvent] = field(default_factory=list)  # what the topics said
    faults: dict[str, dict[str, int]] = field(default_factory=dict)  # node -> dropped, errors, …: their last values
    restarts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    questions: list[str] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)


@dataclass(frozen=True)
class SoakReport:
    """The figures of a run. before_s, after_s: the windows of time that memory was compared in, of a process that
    lived throughout; not_understood: how often speech was; in_flight: lost while a node was dead, which was killed.
    """

    minutes: float
    before_s: tuple[float, float]
    after_s: tuple[float, float]
    growth: tuple[Growth, ...]
    latency_first_ms: float
    latency_last_ms: float
    latency_percent: float
    turns: int
    lost: tuple[Lost, ...]
    not_understood: int
    restarts: tuple[str, ...]
    kills: tuple[Kill, ...]
    in_flight: tuple[Lost, ...]
    dropped: dict[str, dict[str, int]]

    def broken(self, limits: Limits) -> list[str]:
        """The limits that were exceeded, in words."""
        out = [f"{g.name} grew by {g.growth_mib:.1f} MiB" for g in self.growth if g.growth_mib > limits.growth_mib]
        if not self.latency_percent <= limits.latency_percent:  # NaN: too few turns to tell
            out.append(f"the median delay grew by {self.latency_percent:.1f} %")
        if len(self.lost) > limits.lost_turns:
            out.append(f"{len(self.lost)} questions got no answer")
        if self.not_understood > limits.not_understood:
            out.append(f"{self.not_understood} questions were not understood")
        if len(self.restarts) > len(self.kills):
            out.append(f"{len(self.restarts) - len(self.kills)} restarts")
        out += [f"{kill.node} did not come back" for kill in self.kills if kill.back_s == float("inf")]
        if any(counts.get("dropped") for counts in self.dropped.values()):
            out.append("messages were dropped from queues")
        return out


def evaluate(seen: Watched) -> SoakReport:
    """The figures. A run too short for SETTLED_S compares its last minute with the one after the first third."""
    settled_s = SETTLED_S if seen.seconds >= SETTLED_S + 2 * WINDOW_S else seen.seconds / 3
    window_s = min(WINDOW_S, seen.seconds / 3)
    before, after = (settled_s, settled_s + window_s), (seen.seconds - window_s, seen.seconds)
    first, last, percent = latency_growth(seen)
    heard_s = [at_s for at_s, _ in seen.answered]
    lost = lost_questions(seen.asked, heard_s, seen.questions or QUESTIONS, seen.account)
    asked = (*seen.asked, seen.seconds)
    flying = {each.number for each in lost if in_flight(seen.kills, *asked[each.number : each.number + 2])}
    return SoakReport(
        minutes=seen.seconds / 60,
        before_s=before,
        after_s=after,
        growth=tuple(growths(seen.memory, settled_s, window_s)),
        latency_first_ms=first,
        latency_last_ms=last,
        latency_percent=percent,
        turns=len(seen.asked),
        lost=tuple(each for each in lost if each.number not in flying),
        not_understood=not_understood(seen.account, seen.seconds, seen.kills),
        restarts=tuple(seen.restarts),
        kills=tuple(seen.kills),
        in_flight=tuple(each for each in lost if each.number in flying),
        dropped={node: counts for node, counts in seen.faults.items() if counts},
    )


def latency_growth(seen: Watched) -> tuple[float, float, float]:
    """Medians of the first and the last third (ms), and the growth in per cent: the median over the questions of the
    change of each one's own median, since questions differ more than hours do. NaN where too few were answered.
    """
    third_s = seen.seconds / 3
    firsts = [report for at_s, report in seen.answered if at_s < third_s]
    lasts = [report for at_s, report in seen.answered if at_s > seen.seconds - third_s]
    before, after = _by_question(firsts), _by_question(lasts)
    both = before.keys() & after.keys()
    if not both:
        return (float("nan"), float("nan"), float("nan"))
    growth = median(100 * (median(after[name]) / median(before[name]) - 1) for name in both)
    return (median(r.first_sound_ms for r in firsts), median(r.first_sound_ms for r in lasts), growth)


def _by_question(reports: Sequence[TurnReport]) -> Mapping[str, list[float]]:
    out: dict[str, list[float]] = {}
    for report in reports:
        out.setdefault(report.transcript, []).append(report.first_sound_ms)
    return out


def table(report: SoakReport, broken: Sequence[str]) -> str:
    """The figures for people."""
    rows = ["| process | resident, MiB | growth, MiB | share of shared memory counted, MiB |", "|---|---|---|---|"]
    rows += [f"| {g.name} | {g.after_mib:.1f} | {g.growth_mib:+.2f} | {g.pss_mib:.1f} |" for g in report.growth]
    before, after = ("–".join(f"{s / 60:.1f}" for s in span) for span in (report.before_s, report.after_s))
    rows += ["", f"growth: median of minutes {after} against minutes {before} of {report.minutes:.1f}"]
    rows.append(
        f"end of speech to first sound, median: first third {report.latency_first_ms:.0f} ms, last third "
        f"{report.latency_last_ms:.0f} ms; question by question {report.latency_percent:+.1f} %"
    )
    rows.append(
        f"{report.turns} questions, {len(report.lost)} without an answer, {report.not_understood} not understood; "
        f"{len(report.restarts)} restarts"
    )
    if report.kills:
        back_s = [kill.back_s - kill.at_s for kill in report.kills]
        rows.append(
            f"{len(report.kills)} nodes killed, ready again after {median(back_s):.1f} s (median), {max(back_s):.1f} s "
            f"at most; {len(report.in_flight)} questions lost that were in flight then"
        )
    for lost in report.lost:
        rows.append(f"no answer to question {lost.number + 1}, {lost.question!r}, asked at {lost.asked_s:.1f} s:")
        rows += [f"    {line}" for line in lost.seen]
    rows += [f"{node}: {counts}" for node, counts in report.dropped.items()]
    rows.append("limits: " + ("; ".join(broken) if broken else "all kept"))
    return "\n".join(rows)


def write_json(path: Path, report: SoakReport, broken: Sequence[str], memory: Sequence[Memory]) -> None:
    """The report with every sample of memory, for a plot."""
    tree = {**asdict(report), "broken": list(broken), "memory": [asdict(each) for each in memory]}
    for name in ("latency_first_ms", "latency_last_ms", "latency_percent"):
        tree[name] = tree[name] if tree[name] == tree[name] else None  # JSON knows no NaN
    write_whole(path, json.dumps(tree, indent=1))
