"""What a soak run is judged by, on made-up samples; and memory of real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from avatar_ros.core.enums import AgentState
from avatar_ros.core.events import AvatarState, TurnReport
from avatar_ros.core.types import Transcript, VoiceActivity
from benchmarks.conversation.lost_questions import account, lost_questions
from benchmarks.conversation.memory import Memory, descendants, growths, process_name, sample
from benchmarks.conversation.soak import is_answer
from benchmarks.conversation.soak_report import Limits, Watched, evaluate, table

MINUTES = 30


def watched(growth_kib_per_min: float = 0.0, slower_ms: float = 0.0) -> Watched:
    seen = Watched(seconds=60.0 * MINUTES)
    for at_s in range(0, 60 * MINUTES, 5):
        warm = min(at_s, 200) * 100  # grows while it warms up, which does not count
        rss = round(100000 + warm + growth_kib_per_min * at_s / 60)
        seen.memory.append(Memory("asr_node", 1, at_s, rss, rss // 2, rss // 3))
    for i in range(300):
        at_s = 6.0 * i
        seen.asked.append(at_s)
        # Questions differ by far more than a limit allows, and the last third happens to hold the slow ones.
        name, ms = ("short", 500.0) if i % 3 or i < 200 else ("long", 900.0)
        name, ms = ("long", 900.0) if i % 10 == 0 else (name, ms)
        report = TurnReport(utterance=i + 1, transcript=name, first_sound_ms=ms + slower_ms * i / 300)
        seen.answered.append((at_s + 4.0, report))
    return seen


def test_a_steady_run_keeps_all_limits() -> None:
    report = evaluate(watched())
    assert report.broken(Limits()) == []
    assert (report.turns, report.lost) == (300, ())
    assert report.before_s == (300.0, 360.0) and report.after_s == (1740.0, 1800.0)
    assert "all kept" in table(report, [])


def test_a_leak_is_named_with_its_process() -> None:
    (broken,) = evaluate(watched(growth_kib_per_min=100.0)).broken(Limits())
    assert broken == "asr_node grew by 2.3 MiB"


def test_answers_that_get_slower() -> None:
    (broken,) = evaluate(watched(slower_ms=120.0)).broken(Limits())
    assert "median delay grew" in broken


def test_restarts_drops_and_lost_turns() -> None:
    seen = watched()
    del seen.answered[100]
    seen.restarts, seen.faults = ["vad_node died (killed)"], {"tts_node": {"dropped": 3}, "vad_node": {}}
    broken = evaluate(seen).broken(Limits())
    assert broken == ["1 questions got no answer", "1 restarts", "messages were dropped from queues"]


def test_too_few_answers_to_tell_are_no_success() -> None:
    seen = watched()
    seen.answered = seen.answered[:3]
    assert any("nan" in text for text in evaluate(seen).broken(Limits()))


def test_questions_and_answers_are_paired_in_time() -> None:
    def lost(asked: list[float], answered: list[float]) -> list[int]:
        return [one.number for one in lost_questions(asked, answered, ("who", "what"))]

    assert lost([0.0, 5.0, 10.0], [4.0, 9.0, 14.0]) == []
    assert lost([0.0, 5.0, 10.0], [4.0, 4.5, 14.0]) == [1]
    assert lost([0.0], []) == [0]


def test_a_lost_question_tells_what_was_heard_meanwhile() -> None:
    heard = {
        "mic/voice_activity": [VoiceActivity(utterance=7)],
        "speech/transcript": [
            Transcript(utterance=7, text="no", final=False),
            Transcript(utterance=7, rejected=True, confidence=0.2),
        ],
        "state": [AvatarState(turn=3, state=AgentState.LISTENING)],
        "interrupt": [],
        "turn_report": [TurnReport(turn=2, utterance=6)],
    }
    times = {
        "mic/voice_activity": [105.0],
        "speech/transcript": [105.4, 106.0],
        "state": [105.1],
        "interrupt": [],
        "turn_report": [90.0],
    }
    said = account(heard, times, origin_s=100.0)
    (lost,) = lost_questions([5.5], [], ("who", "what"), said)
    assert (lost.number, lost.question) == (0, "who")
    assert lost.seen == (
        "5.00 s: utterance 7 started",
        "5.10 s: turn 3 is listening",
        "6.00 s: not understood '' with confidence 0.20 (utterance 7)",
    )
    seen = watched()
    seen.account, seen.questions = said, ("who", "what")
    del seen.answered[1]
    report = evaluate(seen)
    assert report.not_understood == 1 and report.lost[0].question == "what"
    assert report.broken(Limits()) == ["1 questions got no answer", "1 questions were not understood"]
    assert "no answer to question 2, 'what'" in table(report, [])


def test_only_what_answers_a_person_and_is_heard_counts() -> None:
    answer = TurnReport(utterance=3, first_sound_ms=700.0)
    assert is_answer(answer)
    assert not is_answer(replace(answer, utterance=0)) and not is_answer(replace(answer, first_sound_ms=float("nan")))


def test_only_processes_that_lived_in_both_windows_are_compared() -> None:
    samples = [Memory("a", 1, t, 1024 * (100 + t), 0, 0) for t in range(100)]
    samples += [Memory("b", 2, t, 99999, 0, 0) for t in range(50)]
    (growth,) = growths(samples, (0, 10), (90, 100))
    assert (growth.name, growth.growth_mib) == ("a", pytest.approx(89.5))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python3 -m avatar_ros kiosk --namespace soak", "kiosk"),
        ("/x/python -m avatar_ros.nodes.tts_node --ros-args", "tts_node"),
        ("/x/python -m avatar_ros.tts.espeak_process", "tts.espeak_process"),
        ("/usr/bin/cat file", "cat"),
    ],
)
def test_process_names(command: str, name: str) -> None:
    assert process_name(command) == name


def test_a_real_process_and_its_child() -> None:
    code = "import subprocess, sys; subprocess.run(['cat'], stdin=sys.stdin)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        try:
            while len(descendants(process.pid)) < 2:
                assert process.poll() is None
            memory = sample(process.pid, 1.0)
            assert memory is not None and memory.rss_kib > memory.private_kib > 100
            assert process.pid in descendants(os.getpid())
        finally:
            process.communicate()
    assert sample(process.pid, 2.0) is None
