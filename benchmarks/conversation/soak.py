"""`./avatar soak`: a kiosk that talks without a pause, watched for what grows, gets slower, or is lost.

Recorded questions in a loop, the whole graph, a paced null loudspeaker, a window that nobody sees. Memory of each
process every few seconds; limits: growth of each process after its first minutes, growth of the median delay from the
first to the last third (question by question), turns without an answer, restarts, messages dropped from a queue.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import TurnReport

from ..lib.question_files import QUESTIONS, question_files
from .kiosk_run import PATIENT_MIC, UNSEEN_WINDOW, KioskRun, Parameters, write_profile
from .lost_questions import TOPICS, account
from .memory import descendants, sample
from .soak_report import Watched

NAMESPACE = "soak"
#: A turn is answered some seconds after its question; longer than this it is waited for no more.
LAST_ANSWER_S = 25.0
UP_S = 90.0


def soak(minutes: float, profile: str, period_s: float, avatar: str = "") -> Watched:
    """Run a kiosk for `minutes`. Raises StageError where it leaves before."""
    from avatar_ros.ros.listener import Listener

    with tempfile.TemporaryDirectory() as folder:
        files = question_files(Path(folder), len(QUESTIONS))
        parameters: Parameters = {
            "mic_node": {
                "backend": "file",
                "file.files": [str(file) for file in files],
                "file.repeat": 0,
                "file.gap_s": 2.0,
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


def check_minutes(minutes: float) -> float:
    """Raises ConfigError for a run too short to tell anything."""
    if not minutes >= 0.5:
        raise ConfigError("bad_option", f"--minutes is {minutes:g}; it must be 0.5 or more")
    return minutes
