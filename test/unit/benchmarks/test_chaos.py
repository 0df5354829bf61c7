"""Order, file, verdicts and table of a chaos run, on made-up results."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.core.errors import ConfigError
from benchmarks.conversation.chaos_report import (
    Case,
    Result,
    append,
    broken,
    load,
    longest_silence_s,
    order,
    parse_hows,
    remaining,
    table,
)

LLM = Case("llm_node", "kill", 1)
FINE = Result(1, LLM, "speaking", 0.5, back_s=1.0, answered_s=8.0)


@pytest.mark.parametrize("seed", range(20))
def test_each_node_gets_its_share_and_never_twice_in_a_row(seed: int) -> None:
    cases = order(seed, ["kill", "segv", "stop"])
    counts = Counter((case.node, case.how) for case in cases)
    assert len(set(cases)) == len(cases) == 84
    assert all(counts[node, "kill"] == counts[node, "segv"] == 3 for node in START_ORDER)
    assert all(counts[node, "stop"] == 1 for node in START_ORDER)
    assert all(a.node != b.node for a, b in pairwise(cases))


def test_the_seed_decides_the_order() -> None:
    assert order(3, ["kill", "stop"]) == order(3, ["kill", "stop"])
    assert order(3, ["kill", "stop"]) != order(4, ["kill", "stop"])
    assert {case.how for case in order(3, ["stop"])} == {"stop"}


@pytest.mark.parametrize("text", ["", "kill,term", "KILL"])
def test_an_unknown_way_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="kill,segv,stop"):
        parse_hows(text)
    assert parse_hows("stop, kill,stop") == ["stop", "kill"]


def test_a_file_is_gone_on_with(tmp_path: Path) -> None:
    file, cases = tmp_path / "chaos.jsonl", order(5, ["kill"])
    assert load(file) == []
    done = [
        Result(5, cases[0], "thinking", 0.1, 1.2, 7.0, float("inf"), True, ("tts_node",), "", ("a line",), ("seen",)),
        Result(6, cases[1], back_s=1.0, answered_s=5.0),  # of another seed: still to be done with this one
    ]
    for result in done:
        append(file, result)
    assert load(file) == done
    assert remaining(cases, load(file), 5) == cases[1:]


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"seed": 1}', '{"seed": 1, "case": {"node": "x"}}'])
def test_a_file_of_something_else_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "other.json"
    append(file, FINE)
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(ConfigError, match=r"other\.json, line 2 "):
        load(file)


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (Result(1, LLM), "it did not come back"),
        (Result(1, LLM, back_s=1.0), "the next question was not answered"),
        (Result(1, LLM, back_s=1.0, answered_s=9.0, died=("tts_node",)), "tts_node died too"),
        (Result(1, LLM, back_s=1.0, answered_s=9.0, silence_s=float("inf")), "its sentence was not heard again"),
        (Result(1, LLM, back_s=1.0, answered_s=9.0, cut=True), "its answer was not said to its end"),
        (Result(1, LLM, fault="nobody spoke"), "nobody spoke"),
    ],
)
def test_what_failed_is_told_and_ends_with_a_fault(result: Result, fault: str) -> None:
    assert result.faults() == [fault]
    assert broken([FINE, result])[0] == "1 cases failed"
    assert fault in table([FINE, result])


def test_a_run_without_faults_breaks_nothing() -> None:
    assert FINE.faults() == []
    assert broken([FINE]) == []


def test_long_silences_break_a_run() -> None:
    def silent(seconds: float) -> Result:
        return Result(1, Case("tts_node", "kill", 1), back_s=1.0, answered_s=9.0, silence_s=seconds)

    assert broken([silent(3.9)] * 20) == []
    assert broken([silent(3.9)] * 9 + [silent(4.5)]) == ["silences of more than 4 s"]
    assert "p95 inf" in table([silent(1.0), silent(float("inf"))])


def test_the_table_counts_each_signal_and_shows_the_log() -> None:
    failed = Result(1, Case("asr_node", "segv", 2), "listening", 0.25, 2.0, log=("[asr_node] died", "[kiosk] so"))
    stop = Result(1, Case("mic_node", "stop", 1), back_s=5.0, answered_s=12.0)
    lines = table([FINE, failed, stop]).splitlines()
    assert "| kill + segv | 2/2 | 1/2 | 1.50 / 2.00 |" in lines
    assert "| kill | 1/1 | 1/1 | 1.00 / 1.00 |" in lines
    assert "| segv | 1/1 | 0/1 | 2.00 / 2.00 |" in lines
    assert "| stop | 1/1 | 1/1 |  |" in lines
    assert "3 cases: 1 cases failed" in lines
    assert lines[-3:] == [
        "segv of asr_node, number 2 of seed 1, 0.25 s into listening: the next question was not answered",
        "    [asr_node] died",
        "    [kiosk] so",
    ]


def test_silence_is_taken_around_the_signal_until_the_answer_is_over() -> None:
    heard = np.concatenate([np.arange(0.0, 10.0, 0.1), np.arange(12.5, 15.0, 0.1), np.arange(30.0, 31.0, 0.1)])
    assert longest_silence_s(heard, 9.95, 11.0, 20.0) == pytest.approx(2.6)
    assert longest_silence_s(heard[100:], 10.0, 11.0, 20.0) == pytest.approx(2.5)  # it died before the first word
    assert longest_silence_s(heard[:100], 9.0, 11.0, 20.0) == float("inf")
    assert longest_silence_s(heard, 14.0, 16.0, 20.0) == float("inf")  # what is heard later is the next answer
