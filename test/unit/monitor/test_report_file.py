"""The report file over a restart of the monitor."""

import json

import pytest

from avatar_ros.core.events import TurnReport
from avatar_ros.core.run import RUN_BEGAN
from avatar_ros.monitor.report import ReportFile


def test_a_restarted_monitor_goes_on_with_the_report_of_its_run(tmp_path, monkeypatch):
    path = tmp_path / "turns.json"
    monkeypatch.setenv(RUN_BEGAN, "1")
    first = ReportFile(path)
    first.begin()
    first.add(TurnReport(turn=1, transcript="hello", first_sound_ms=500.0))
    first.add(TurnReport(turn=2, transcript="nothing was heard of its answer"))
    second = ReportFile(path)
    second.begin()
    assert second.answers == 1
    second.add(TurnReport(turn=3))
    assert [turn["turn"] for turn in json.loads(path.read_text())["turns"]] == [1, 2, 3]


def test_a_report_of_an_earlier_run_is_begun_anew(tmp_path, monkeypatch):
    path = tmp_path / "turns.json"
    path.write_text('{"turns": [{"turn": 9}]}')
    monkeypatch.setenv(RUN_BEGAN, str(10**20))
    ReportFile(path).begin()
    assert json.loads(path.read_text()) == {"turns": []}


DAMAGED = ["", "{", "[]", "null", '{"turns": 3}', '{"turns": {"a": 1}}', '{"turns": [1]}', '{"turns": [{"ms": []}]}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_report_that_somebody_else_wrote_in_this_run_is_begun_anew(tmp_path, monkeypatch, content):
    """Else the monitor would die of it at each of its restarts."""
    path = tmp_path / "turns.json"
    monkeypatch.setenv(RUN_BEGAN, "1")
    path.write_text(content)
    again = ReportFile(path)
    again.begin()
    assert again.answers == 0
    again.add(TurnReport(turn=1))
    assert [turn["turn"] for turn in json.loads(path.read_text())["turns"]] == [1]
