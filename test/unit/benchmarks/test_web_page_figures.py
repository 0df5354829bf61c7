"""What follows from what a page kept, and what is kept when a step fails."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("selenium", reason="benches of the page need a browser's driver")

from avatar_ros.core.errors import StageError
from benchmarks.conversation import web_kiosk
from benchmarks.conversation.drift import slope_mib_per_half_hour
from benchmarks.conversation.web_findings import Findings
from benchmarks.conversation.web_page_watch import Watched


class Server:
    alive = True
    lines = ("[web_node] died (exit code 1)", "[web_node] starts again", "all is well") * 10


def pieces(begin_s, end_s):
    """A voice in the microphone, 20 ms each."""
    return [[at_s, at_s + 0.02] for at_s in np.arange(begin_s, end_s - 0.01, 0.02)]


def test_a_first_sound_is_one_that_can_be_heard():
    """A turn that begins with 80 ms of silence, as a voice may."""
    watched = Watched()
    plays = [[10.3, 4, 0, "playing"], [13.0, 4, 60000, "ended"]]
    watched.take({"lips": [], "loud": pieces(9.0, 10.0), "plays": plays, "audible": [[4, 0.08]]})
    answered, first_ms = watched.first_sounds_ms()
    assert answered == 1 and first_ms == [pytest.approx(380.0, abs=0.1)]


def test_a_voice_over_the_avatars_is_told_by_itself():
    watched = Watched()
    plays = [[10.3, 4, 0, "playing"], [12.22, 4, 40000, "paused"], [13.0, 5, 0, "playing"], [14.0, 5, 9000, "ended"]]
    watched.take({"lips": [], "loud": pieces(9.0, 10.0) + pieces(12.0, 12.6), "plays": plays, "audible": []})
    assert watched.utterances() == [pytest.approx((9.0, 10.0)), pytest.approx((12.0, 12.6))]
    assert watched.silences_ms() == [pytest.approx(220.0, abs=0.1)]


def test_a_step_that_fails_costs_no_others_figures(tmp_path):
    findings = Findings(tmp_path / "found.json", Server())
    findings.keep(seen_ms=[800])
    with findings.step("talk"):
        findings.keep(rows=[1, 2])
        raise StageError("bench_ended", "the conversation is over")
    with findings.step("race"):
        findings.keep(fps=36.5)
    found = json.loads((tmp_path / "found.json").read_text())
    assert not findings.whole and (found["seen_ms"], found["rows"], found["fps"]) == ([800], [1, 2], 36.5)
    assert "is over" in found["failed"]["talk"]["why"] and found["failed"]["talk"]["log"][-1] == "all is well"
    assert len(found["died"]) == 10
    with pytest.raises(KeyError), findings.step("a mistake of ours"):
        raise KeyError("x")


def test_a_leak_is_told_with_its_interval():
    rng = np.random.default_rng(1)
    rows = [(float(at_s), 600 + 0.2 * at_s / 60 + rng.normal(0, 0.05)) for at_s in range(20, 1801, 20)]
    found = slope_mib_per_half_hour(rows, 1800)
    assert found["low"] < 6.0 < found["high"] and found["high"] - found["low"] < 0.5


def test_what_the_page_has_more_than_the_kiosk():
    rng = np.random.default_rng(1)
    kiosk, page = (list(map(float, mean + rng.normal(0, 20, 40))) for mean in (300, 400))
    found = web_kiosk.difference(kiosk, page)
    for estimate, low, high in found.values():
        assert low < estimate < high and low < 100 < high
    assert web_kiosk.difference(kiosk, []) is None


def test_questions_stand_at_their_times():
    sound = web_kiosk.one_after_another([np.ones(10, np.int16)] * 3, 1.0)
    assert len(sound) == 72000 and list(np.flatnonzero(np.diff(sound) == 1) + 1) == [24000, 48000]
