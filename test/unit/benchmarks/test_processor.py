"""Processor time by node: worked out from a /proc made by hand."""

from pathlib import Path

import pytest

from benchmarks.conversation import processor
from benchmarks.lib.processor import RUNNER, Reading, shares, used_by_nodes


def process(proc: Path, pid: int, parent: int, ticks: int, words: str = "") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    fields = ["S", str(parent), *["0"] * 9, str(ticks), str(2 * ticks), *["0"] * 20]
    (folder / "stat").write_text(f"{pid} (py) thon) {' '.join(fields)}")
    (folder / "cmdline").write_text(words.replace(" ", "\0"))


def test_helpers_count_as_the_node_that_started_them(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.lib.processor._TICKS_A_SECOND", 100)
    process(tmp_path, 10, 1, 100, "python -m avatar_ros kiosk")
    process(tmp_path, 11, 10, 200, "python --ros-args -r __node:=asr_node")
    process(tmp_path, 12, 11, 300, "python -m avatar_ros.asr.filler_process")
    process(tmp_path, 13, 10, 10, "python --ros-args -r __node:=vad_node")
    process(tmp_path, 20, 1, 5000, "python --ros-args -r __node:=vad_node")  # of another kiosk
    (tmp_path / "version").write_text("")
    (tmp_path / "14").mkdir()  # it ended while it was read
    assert used_by_nodes(10, tmp_path) == {RUNNER: 3.0, "asr_node": 15.0, "vad_node": pytest.approx(0.3)}


def test_shares_are_of_the_time_in_which_one_thing_went_on():
    readings = [
        Reading(0.0, "idle", {"a": 1.0}),
        Reading(1.0, "idle", {"a": 1.1}),
        Reading(2.0, "speaking", {"a": 9.0}),  # a bit of both
        Reading(4.0, "speaking", {"a": 10.0, "b": 5.0}),  # b began meanwhile: what it used before counts nowhere
        Reading(6.0, "speaking", {"a": 11.0, "b": 6.0}),
    ]
    assert shares(readings) == {"idle": {"a": pytest.approx(10.0)}, "speaking": {"a": pytest.approx(50.0), "b": 25.0}}


def test_the_table_says_what_all_but_the_drawing_takes():
    run = {"percent": {"speaking": {"renderer_node": 50.0, "vad_node": 4.0}, "idle": {"renderer_node": 20.0}}}
    half = {"percent": {"speaking": {"renderer_node": 50.0, "vad_node": 2.0}, "idle": {}}}
    text = processor.table({"before": processor.mean([run]), "now": processor.mean([run, half])})
    assert "| all but renderer_node | 4.0 | 3.0 | 0.0 | 0.0 |" in text
    assert "| all | 54.0 | 53.0 | 20.0 | 10.0 |" in text


def test_a_folder_without_a_checkout_is_refused(tmp_path):
    with pytest.raises(processor.ConfigError, match=r"there is no \./avatar"):
        processor.parse(["--against", str(tmp_path)])
