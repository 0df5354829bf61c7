"""`./avatar soak`: a kiosk that talks without a pause, watched for what grows, gets slower, or is lost.

Recorded questions in a loop, the whole graph, a paced null loudspeaker, a window that nobody sees. Memory of each
process every few seconds; limits: growth of each process after its first minutes, growth of the median delay from the
first to the last third (question by question), turns without an answer, restarts, messages dropped from a queue.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from ..core.errors import ConfigError
from ..core.types import TurnReport
from .kiosk_run import PATIENT_MIC, UNSEEN_WINDOW, KioskRun, Parameters, write_profile
from .memory import Growth, Memory, descendants, growths, sample
from .question_files import QUESTIONS, question_files
from .soak_turns import TOPICS, Lost, account, lost_questions, not_understood

NAMESPACE = "soak"
#: Memory is compared from here on: by then everything that is made once was made.
SETTLED_S = 300.0
WINDOW_S = 60.0
#: A turn is answered some seconds after its question; longer than this it is waited for no more.
LAST_ANSWER_S = 25.0
UP_S = 90.0


@dataclass(frozen=True)
class Limits:
    """What a run may not exceed."""

    growth_mib: float = 2.0
    latency_percent: float = 5.0
    lost_turns: int = 0


@dataclass
class Watched:
    """What was seen of a run. asked: when each question began; answered: (when, report) of turns that were heard, s;
    questions: what is asked, in a loop.
    """

    memory: list[Memory] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    answered: list[tuple[float, TurnReport]] = field(default_factory=list)
    account: list[tuple[float, str]] = field(default_factory=list)  # what the topics said, and when, s
    faults: dict[str, dict[str, int]] = field(default_factory=dict)  # node -> dropped, errors, …: their last values
    restarts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    questions: tuple[str, ...] = QUESTIONS


@dataclass(frozen=True)
class SoakReport:
    """The figures of a run. before_s, after_s: the windows of time that memory was compared in; not_understood: turns
    in which the avatar could only ask to say it again.
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
    dropped: dict[str, dict[str, int]]

    def broken(self, limits: Limits) -> list[str]:
        """The limits that were exceeded, in words."""
        out = [f"{g.name} grew by {g.growth_mib:.1f} MiB" for g in self.growth if g.growth_mib > limits.growth_mib]
        if not self.latency_percent <= limits.latency_percent:  # NaN: too few turns to tell
            out.append(f"the median delay grew by {self.latency_percent:.1f} %")
        if len(self.lost) > limits.lost_turns:
            out.append(f"{len(self.lost)} questions got no answer")
        if self.restarts:
            out.append(f"{len(self.restarts)} restarts")
        if any(counts.get("dropped") for counts in self.dropped.values()):
            out.append("messages were dropped from queues")
        return out


def soak(minutes: float, profile: str, period_s: float, avatar: str = "") -> Watched:
    """Run a kiosk for `minutes`. Raises StageError where it leaves before."""
    from ..ros.listener import Listener

    with tempfile.TemporaryDirectory() as folder:
        files = question_files(Path(folder), len(QUESTIONS))
        parameters: Parameters = {
            "mic_node": {
                "backend": "file",
                "files": [str(file) for file in files],
                "repeat": 0,
                "gap_s": 2.0,
                **PATIENT_MIC,
            },
            "speaker_node": {"backend": "null"},
            "renderer_node": {"display.fullscreen": False},
        }
        path = write_profile(Path(folder) / "soak.yaml", profile, parameters)
        # The order matters: `--mic` would make a profile's own microphone of it.
        arguments = ["--display", "window", *(["--avatar", avatar] if avatar else [])]
        with (
            Listener(NAMESPACE, topics=TOPICS) as listener,
            KioskRun(NAMESPACE, path, arguments, UNSEEN_WINDOW) as run,
        ):
            return _Watcher(listener, run).watch(60.0 * minutes, period_s)


class _Watcher:
    def __init__(self, listener: Any, run: KioskRun) -> None:
        from diagnostic_msgs.msg import DiagnosticArray

        self._run = run
        self._listener = listener
        self._seen = Watched()
        self._origin_s = time.monotonic()
        self._faults: dict[str, dict[str, int]] = {}
        listener.subscribe(DiagnosticArray, "/diagnostics", self._diagnose, 50)

    def watch(self, seconds: float, period_s: float) -> Watched:
        self._wait_until_up()
        self._origin_s, seen = time.monotonic(), self._seen
        seen.asked.clear()
        while (now_s := self._now_s()) < seconds:
            self._run.check()
            for pid in descendants(self._run.pid):
                if (memory := sample(pid, now_s)) is not None:
                    seen.memory.append(memory)
            time.sleep(max(0.0, min(period_s - (self._now_s() - now_s), seconds - now_s)))
        asked = list(seen.asked)  # those that come while the last answer is waited for do not count
        self._wait_for_last(asked)
        seen.asked, seen.seconds, seen.faults = asked, seconds, self._faults
        seen.restarts = self._run.restarts()
        seen.account = account(self._listener.heard, self._listener.times, self._origin_s)
        reports = zip(self._listener.times["turn_report"], self._listener.heard["turn_report"], strict=True)
        seen.answered = [(at_s - self._origin_s, report) for at_s, report in reports if is_answer(report)]
        return seen

    def _now_s(self) -> float:
        return time.monotonic() - self._origin_s

    def _wait_until_up(self) -> None:
        def up(_: object) -> bool:
            self._run.check()
            return len(self._seen.asked) > 0

        self._listener.wait(up, "the first question", timeout_s=UP_S)

    def _wait_for_last(self, asked: Sequence[float]) -> None:
        until_s = self._now_s() + LAST_ANSWER_S
        while self._now_s() < until_s and not self._is_answered(asked[-1] if asked else 0.0):
            time.sleep(0.2)

    def _is_answered(self, asked_s: float) -> bool:
        times = self._listener.times["turn_report"]
        return bool(times) and times[-1] - self._origin_s > asked_s

    def _diagnose(self, array: Any) -> None:
        """On the listener's thread."""
        for status in array.status:
            space, _, node = status.name.partition("/")
            if space != NAMESPACE:
                continue
            values = {pair.key: pair.value for pair in status.values}
            self._count_questions(values.get("device", ""))
            self._faults[node] = {
                name: int(values[name])
                for name in ("dropped", "errors", "bad_messages", "starved", "lost_samples", "ignored_chunks")
                if values.get(name, "0").isdigit() and values.get(name, "0") != "0"
            }

    def _count_questions(self, device: str) -> None:
        words = device.split()
        if words[:1] == ["file"] and int(words[1]) > len(self._seen.asked):
            self._seen.asked.append(self._now_s())


def is_answer(report: TurnReport) -> bool:
    """Whether a turn answered a person and could be heard."""
    return report.utterance > 0 and report.first_sound_ms == report.first_sound_ms  # NaN is not itself


def evaluate(seen: Watched) -> SoakReport:
    """The figures. A run too short for SETTLED_S compares its last minute with the one after the first third."""
    settled_s = SETTLED_S if seen.seconds >= SETTLED_S + 2 * WINDOW_S else seen.seconds / 3
    window_s = min(WINDOW_S, seen.seconds / 3)
    before, after = (settled_s, settled_s + window_s), (seen.seconds - window_s, seen.seconds)
    first, last, percent = latency_growth(seen)
    return SoakReport(
        minutes=seen.seconds / 60,
        before_s=before,
        after_s=after,
        growth=tuple(growths(seen.memory, before, after)),
        latency_first_ms=first,
        latency_last_ms=last,
        latency_percent=percent,
        turns=len(seen.asked),
        lost=lost_questions(seen.asked, [at_s for at_s, _ in seen.answered], seen.questions, seen.account),
        not_understood=not_understood(seen.account),
        restarts=tuple(seen.restarts),
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
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")


def check_minutes(minutes: float) -> float:
    """Raises ConfigError for a run too short to tell anything."""
    if not minutes >= 0.5:
        raise ConfigError("bad_option", f"--minutes is {minutes:g}; it must be 0.5 or more")
    return minutes
