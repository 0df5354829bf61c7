"""What a soak run is judged by, on made-up samples; and memory of real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.core.enums import AgentState
from avatar_ros.core.events import AvatarState, TurnReport
from avatar_ros.core.types import Transcript, VoiceActivity
from benchmarks.conversation import kills
from benchmarks.conversation.kills import Kill
from benchmarks.conversation.lost_questions import ConversationEvent, account, lost_questions
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
    seen.account, seen.questions = said, ["who", "what"]
    del seen.answered[1]
    report = evaluate(seen)
    assert report.not_understood == 1 and report.lost[0].question == "what"
    assert report.broken(Limits()) == ["1 questions got no answer", "1 questions were not understood"]
    assert "no answer to question 2, 'what'" in table(report, [])


def test_only_what_answers_a_person_and_is_heard_counts() -> None:
    answer = TurnReport(utterance=3, first_sound_ms=700.0)
    assert is_answer(answer)
    assert not is_answer(replace(answer, utterance=0)) and not is_answer(replace(answer, first_sound_ms=float("nan")))


def test_what_a_kill_on_purpose_cost_is_told_apart() -> None:
    seen = watched()
    seen.kills = [Kill("tts_node", 602.0, 605.0), Kill("asr_node", 1200.5, 1203.0)]
    seen.restarts = ["tts_node died (killed)", "asr_node died (killed)"]
    del seen.answered[100]  # asked at 600 s
    seen.account = [ConversationEvent(1205.0, "cut", rejected=True)]
    report = evaluate(seen)
    assert report.broken(Limits()) == [] and [lost.number for lost in report.in_flight] == [100]
    assert "2 nodes killed, ready again after 2.8 s (median), 3.0 s at most; 1 questions lost" in table(report, [])
    del seen.answered[120]  # asked at 726 s: nobody was dead
    seen.restarts.append("mic_node died (killed)")
    seen.account.append(ConversationEvent(1300.0, "not cut", rejected=True))
    seen.kills.append(Kill("vad_node", 1500.0))
    seen.restarts.append("vad_node died (killed)")
    assert evaluate(seen).broken(Limits()) == [
        "1 questions got no answer",
        "1 questions were not understood",
        "1 restarts",
        "vad_node did not come back",
    ]


def test_each_node_is_killed_in_its_turn_and_only_when_the_last_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimpleNamespace(pid=1, lines=["[mic_node] [INFO] ready after 1.0 s"])
    dead: list[int] = []
    monkeypatch.setattr(kills, "pid_of", lambda root, node: 1000 + START_ORDER.index(node))
    monkeypatch.setattr(kills.os, "kill", lambda pid, number: dead.append(pid))
    killer = kills.Killer(run, 60.0)
    for now_s in (30.0, 60.0, 120.0, 180.0):  # the first does not come back
        killer.step(now_s)
    assert dead == [1000]
    run.lines.append(f"[{START_ORDER[0]}] [INFO] ready after 1.0 s")
    for now_s in (181.0, 182.0):
        killer.step(now_s)
    assert dead == [1000, 1001] and killer.kills[0].back_s == 181.0


def test_only_processes_that_lived_for_longer_than_both_windows_are_compared() -> None:
    samples = [Memory("a", 1, t, 1024 * (100 + t), 0, 0) for t in range(100)]
    samples += [Memory("b", 2, t, 99999 * t, 0, 0) for t in range(25)]
    samples += [Memory("c", 3, t, 1024 * (300 + t), 0, 0) for t in range(50, 90)]  # of another start
    growth = growths(samples, 20, 10)
    assert [(each.name, each.growth_mib) for each in growth] == [("a", pytest.approx(69.0)), ("c", pytest.approx(9.0))]


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
