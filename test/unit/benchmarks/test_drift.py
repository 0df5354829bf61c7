"""The slope of an error and the growth of a memory over a long run, on made series."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.conversation.drift import growth_mib, slope_per_hour


def errors(minutes, per_hour, noise, seed=1):
    rng = np.random.default_rng(seed)
    at_s = np.arange(0.0, minutes * 60.0, 0.5)
    return list(zip(at_s, 3.0 + per_hour * at_s / 3600.0 + rng.normal(0, noise, len(at_s)), strict=True))


def test_a_drift_is_told_exactly():
    found = slope_per_hour(errors(30, 2.5, 0.0))
    assert found == {"slope": 2.5, "low": 2.5, "high": 2.5, "points": 60}


def test_the_interval_holds_the_true_slope_as_often_as_it_says():
    found = [slope_per_hour(errors(10, 1.0, 15.0, seed)) for seed in range(200)]
    inside = sum(one["low"] <= 1.0 <= one["high"] for one in found)
    assert 180 <= inside <= 199


def test_a_short_run_has_a_wide_interval_and_three_points_have_none():
    few, many = (slope_per_hour(errors(minutes, 0.0, 10.0)) for minutes in (2, 30))
    assert few["high"] - few["low"] > 10 * (many["high"] - many["low"])
    assert slope_per_hour(errors(1.5, 0.0, 10.0)) is None


def test_what_is_loaded_at_first_is_no_growth():
    rows = [(at_s, 100.0 if at_s < 300 else 140.0) for at_s in range(60, 1801, 60)]
    assert growth_mib(rows, 1800)["growth"] == 0.0
    assert growth_mib([(at_s, 100 + at_s / 60) for at_s, _ in rows], 1800)["growth"] == pytest.approx(18.0)


def test_a_short_run_still_has_a_growth():
    found = growth_mib([(20.0 * k, 100.0 + k) for k in range(1, 10)], 180.0)
    assert found["warm_up_s"] == 45 and found["rows"] == 7 and found["growth"] > 0
    assert growth_mib([(60.0, 1.0), (120.0, 1.0)], 120.0) is None
