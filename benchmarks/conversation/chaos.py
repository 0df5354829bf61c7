"""`./avatar chaos`: a kiosk in conversation, whose nodes are killed or held at random moments of it.

Recorded questions in a loop, the whole graph without a window, a null loudspeaker. Each case waits for a phase of the
conversation and some moments more, sends its signal, and looks whether the node comes back and the next question that
begins after that is answered aloud.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.core.enums import AgentState, InterruptAction, VoiceKind
from avatar_ros.core.errors import StageError
from avatar_ros.core.events import TurnReport

from ..lib.question_files import QUESTIONS, question_files
from .chaos_report import Case, Result, longest_silence_s
from .interruptions import audible_s
from .kiosk_run import PATIENT_MIC, KioskRun, Parameters, write_profile
from .lost_questions import BEFORE_S, TOPICS, account
from .memory import descendants, sample
from .soak import is_answer

if TYPE_CHECKING:
    from avatar_ros.ros.listener import Listener

NAMESPACE = "chaos"
SIGNALS = {"kill": signal.SIGKILL, "segv": signal.SIGSEGV, "stop": signal.SIGSTOP}
#: Phase of the conversation -> the signal comes up to so long after its beginning, s.
PHASES = {"listening": 0.8, "thinking": 0.1, "speaking": 1.8}
#: What a case takes where all goes well, s; for telling how long a run will last.
CASE_S = 15.0
UP_S, PHASE_S, BACK_S, ANSWER_S = 120.0, 60.0, 60.0, 60.0
HOLD_S = 5.0
READY = "ready after"
LOG_LINES = 12
#: Who is missed in the middle of an answer.
HEARD_NODES = ("tts_node", "speaker_node")


def campaign(cases: Sequence[Case], seed: int, until_s: float) -> Generator[Result]:
    """Results one by one, until a case would begin after `until_s` of time.monotonic. Close it to end the kiosk.

    Raises StageError where the conversation does not begin, or the kiosk has left.
    """
    from avatar_ros.ros.listener import Listener

    with (
        tempfile.TemporaryDirectory() as folder,
        Listener(NAMESPACE, (*TOPICS, "speech/played")) as listener,
        KioskRun(NAMESPACE, _profile(Path(folder)), ["--display", "off"], {"ROS_LOG_DIR": folder}) as run,
    ):
        if not _within(listener, run, lambda: sum(READY in line for line in run.lines) >= len(START_ORDER), UP_S):
            tail = "\n".join(run.lines[-LOG_LINES:])
            raise StageError("bench_timeout", f"not all nodes were ready within {UP_S:.0f} s; the log ends:\n{tail}")
        for case in cases:
            if time.monotonic() > until_s:
                return
            yield _Hurt(listener, run, case, seed).result()
            run.check()


def _profile(folder: Path) -> Path:
    files = [str(file) for file in question_files(folder, len(QUESTIONS))]
    parameters: Parameters = {
        "mic_node": {"backend": "file", "file.files": files, "file.repeat": 0, "file.gap_s": 1.0, **PATIENT_MIC},
        "speaker_node": {"backend": "null"},
    }
    return write_profile(folder / "chaos.yaml", "embedded", parameters)


def _within(listener: Listener, run: KioskRun, condition: Any, seconds: float) -> bool:
    """Whether `condition()` became true before the time was over or the kiosk left."""
    try:
        listener.wait(lambda _: condition() or not run.alive, timeout_s=seconds)
    except TimeoutError:
        return False
    return run.alive


class _Hurt:
    """One case. Its randomness is its own, so that a run that is continued is the same run."""

    def __init__(self, listener: Listener, run: KioskRun, case: Case, seed: int) -> None:
        self._listener, self._run, self._case, self._seed = listener, run, case, seed
        rng = random.Random(f"{seed} {case.how} {case.node} {case.nth}")
        self._phase = rng.choice(list(PHASES))
        self._delay_s = rng.uniform(0.0, PHASES[self._phase])
        self._began_s = time.monotonic()
        self._first_line = self._line = len(run.lines)

    def result(self) -> Result:
        if not _within(self._listener, self._run, self._in_phase, PHASE_S):
            return self._made(fault=f"{self._phase} did not come within {PHASE_S:.0f} s, before anything was done")
        time.sleep(self._delay_s)
        pids = (pid for pid in descendants(self._run.pid) if (m := sample(pid, 0.0)) and m.name == self._case.node)
        if (pid := next(pids, None)) is None:
            return self._made(fault="there was no such process, before anything was done")
        return self._hurt(pid)

    def _hurt(self, pid: int) -> Result:
        self._line, sent_s = len(self._run.lines), time.monotonic()
        _send(pid, SIGNALS[self._case.how])
        if self._case.how == "stop":
            _let_go_after(pid, HOLD_S)
        elif not _within(self._listener, self._run, self._ready, BACK_S):
            return self._made()
        back_s = time.monotonic()
        _within(self._listener, self._run, lambda: self._answered_s(back_s), ANSWER_S)
        answered_s = self._answered_s(back_s)
        return self._made(
            back_s=round(back_s - sent_s, 2),
            answered_s=round(answered_s - sent_s, 2) if answered_s else None,
            silence_s=self._silence_s(sent_s),
            cut=self._case.node in HEARD_NODES and any(map(_is_cut, self._since("turn_report", sent_s))),
        )

    def _made(self, **found: Any) -> Result:
        result = Result(self._seed, self._case, self._phase, round(self._delay_s, 2), died=self._died(), **found)
        if not result.faults():
            return result
        own = [line for line in self._run.lines[self._line :] if self._case.node in line]
        heard, times = self._listener.heard, self._listener.times
        events = account(heard, times, self._began_s)
        seen = [f"{event.at_s:.2f} s: {event.what}" for event in events if event.at_s > -BEFORE_S]
        return replace(result, log=tuple(own[-LOG_LINES:]), seen=tuple(seen))

    def _in_phase(self) -> bool:
        if self._phase == "listening":
            return any(m.kind is VoiceKind.STARTED for _, m in self._since("mic/voice_activity", self._began_s))
        return any(m.state is AgentState[self._phase.upper()] for _, m in self._since("state", self._began_s))

    def _ready(self) -> bool:
        ours = f"[{self._case.node}]"
        return any(line.startswith(ours) and READY in line for line in self._run.lines[self._line :])

    def _answered_s(self, back_s: float) -> float | None:
        """When the answer to a question that began after `back_s` was reported. The numbers of its voice begin anew."""
        voices = self._since("mic/voice_activity", back_s)
        began = {m.utterance: at_s for at_s, m in reversed(voices) if m.kind is VoiceKind.STARTED}
        for at_s, report in self._since("turn_report", back_s):
            if is_answer(report) and at_s > began.get(report.utterance, at_s):
                return at_s
        return None

    def _silence_s(self, sent_s: float) -> float | None:
        """Longest silence around the signal in an answer that the dialogue let begin again; None where it did not."""
        orders = self._since("interrupt", sent_s)
        again = next((at_s for at_s, order in orders if order.action is InterruptAction.REPEAT), None)
        if self._case.node not in HEARD_NODES or self._case.how == "stop" or again is None:
            return None
        reports = [at_s for at_s, _ in self._since("turn_report", again)]
        end_s = reports[0] if reports else time.monotonic()
        heard = audible_s([frame for _, frame in self._since("speech/played", sent_s - 3.0)])
        return longest_silence_s(heard, sent_s, again, end_s)

    def _died(self) -> tuple[str, ...]:
        lines = self._run.lines[self._first_line :]
        dead = {line.partition(" died (")[0].split()[-1] for line in lines if " died (" in line}
        return tuple(sorted(dead if self._case.how == "stop" else dead - {self._case.node}))

    def _since(self, topic: str, since_s: float) -> list[tuple[float, Any]]:
        """(when it came, message), in order."""
        pairs = zip(self._listener.times[topic], self._listener.heard[topic], strict=False)
        return [(at_s, message) for at_s, message in pairs if at_s > since_s]


def _is_cut(report: tuple[float, TurnReport]) -> bool:
    return not report[1].interrupted and report[1].spoken != report[1].reply


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _let_go_after(pid: int, seconds: float) -> None:
    try:
        time.sleep(seconds)
    finally:
        _send(pid, signal.SIGCONT)
