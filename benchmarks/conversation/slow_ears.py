"""`./avatar bench slow-ears`: asr_node and its helper get a share of one core; is each question answered, or apologised
for aloud, in time?

They are stopped and let go on many times a second, which needs no root and no cgroup.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avatar_ros.core.errors import ConfigError
from avatar_ros.dialogue.base import DialogueSettings

from ..lib.question_files import question_files
from ..lib.report import tell
from .kiosk_run import PATIENT_MIC, KioskRun, write_profile
from .memory import descendants, sample
from .turn import audible_starts, first_between, speech_ends

NAMESPACE = "slow_ears"
HEARD = ("mic/audio", "speech/played", "speech/sentence", "speech/transcript", "state")
EARS = ("asr_node", "asr.phone_process")
#: What must begin to be heard within so long of the question's end, s.
IN_TIME_S = 8.0
PERIOD_S = 0.1
#: Who waits for nothing asks again after so long, s.
GAP_S = 8.0
UP_S = 300.0


class Throttle(threading.Thread):
    """Lets the ears below `pid` run for `share` of the time, and no more once `over` is set."""

    def __init__(self, pid: int, share: float) -> None:
        super().__init__(daemon=True)
        self._pid, self._share = pid, share
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            ears = _ears(self._pid)
            until_s = time.monotonic() + 1.0  # then looks whether they are still the same
            while time.monotonic() < until_s and not self.over.is_set():
                _send(ears, signal.SIGSTOP)
                self.over.wait(PERIOD_S * (1 - self._share))
                _send(ears, signal.SIGCONT)
                self.over.wait(PERIOD_S * self._share)


def _ears(pid: int) -> list[int]:
    memories = (sample(each, 0.0) for each in descendants(pid))
    return [memory.pid for memory in memories if memory is not None and memory.name in EARS]


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def measure(questions: int, share: float) -> dict[str, Any]:
    """A kiosk with slow ears, all questions; what each got, and when. Raises StageError where it leaves."""
    from avatar_ros.ros.listener import Listener

    with tempfile.TemporaryDirectory() as folder:
        files = question_files(Path(folder), questions)
        profile = write_profile(
            Path(folder) / "bench.yaml", "embedded", {"mic_node": {**PATIENT_MIC, "file.gap_s": GAP_S}}
        )  # fmt: skip
        arguments = ["--display", "off", "--mic", ",".join(map(str, files))]
        with Listener(NAMESPACE, HEARD) as listener, KioskRun(NAMESPACE, profile, arguments) as run:
            listener.wait(lambda each: each.heard["state"], "the dialogue", UP_S)
            throttle = Throttle(run.pid, share)
            throttle.start()
            try:
                _wait_for_all(listener, run, questions)
            finally:
                throttle.over.set()
                throttle.join()
        warned = [line for line in run.lines if "too slow" in line]
        return {"share": share, "warned": bool(warned), "restarts": len(run.restarts()), **figures(listener)}


def _wait_for_all(listener: Any, run: KioskRun, questions: int) -> None:
    ends: list[float] = []
    while len(ends) < questions:
        run.check()
        time.sleep(5.0)
        frames = list(listener.heard["mic/audio"])
        ends = speech_ends(frames) if frames else []
    time.sleep(max(0.0, ends[-1] + IN_TIME_S + 2.0 - time.monotonic()))


def figures(listener: Any) -> dict[str, Any]:
    """What each question got: the delay of the first sound after it, s, and whether that was the apology."""
    ends = speech_ends(listener.heard["mic/audio"])
    sounds = audible_starts(listener.heard["speech/played"])
    said = list(zip(listener.times["speech/sentence"], listener.heard["speech/sentence"], strict=False))
    sorry = DialogueSettings().too_slow
    rows: list[dict[str, Any]] = []
    for end_s, until_s in zip(ends, [*ends[1:], float("inf")], strict=True):
        delay_s = first_between(sounds, end_s, until_s) - end_s
        texts = [sentence.text for at_s, sentence in said if end_s < at_s < until_s and sentence.text]
        rows.append({"delay_s": round(delay_s, 2), "apology": bool(texts) and texts[0] in sorry, "said": texts[:2]})
    in_time = [row for row in rows if row["delay_s"] <= IN_TIME_S]
    return {
        "asked": len(rows),
        "in_time": len(in_time),
        "answered": sum(not row["apology"] for row in in_time),
        "apologised": sum(row["apology"] for row in in_time),
        "questions": rows,
    }


def main(arguments: Sequence[str]) -> int:
    """0 where each question was answered or apologised for within 8 s; 1 where one was not."""
    parser = argparse.ArgumentParser(prog="./avatar bench slow-ears", description=sys.modules[__name__].__doc__)
    parser.add_argument("--questions", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--share", type=float, default=0.1, help="of a core, for the ears (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    if options.questions < 1 or not 0.0 < options.share < 1.0:
        raise ConfigError("bad_option", "--questions must be 1 or more, --share between 0 and 1")
    result = measure(options.questions, options.share)
    tell(result, options.json)
    return 0 if result["in_time"] == result["asked"] else 1
