"""What the renderer's soak makes of memory samples; the run itself is in test/ros/test_render_soak.py."""

import os

import pytest

from avatar_ros.core.errors import ConfigError
from benchmarks.rendering.soak import Sample, growth_mb, peak_mb, read_memory


def samples(minutes, resident):
    return [Sample(float(s), resident(s), 0.0) for s in range(60 * minutes)]


def test_growth_is_what_came_after_the_first_minute():
    assert growth_mb(samples(5, lambda s: 100 + min(s, 60) / 2)) == pytest.approx(0.0)
    assert growth_mb(samples(5, lambda s: 100 + s / 60)) == pytest.approx(3.0, abs=0.05)
    assert growth_mb(samples(5, lambda s: 500 if s == 299 else 100)) == 0, "one odd sample is no growth"


def test_a_short_run_says_nothing_about_growth():
    assert growth_mb(samples(2, lambda s: 100 + s)) is None
    assert growth_mb([]) is None


def test_memory_is_read_from_a_live_process_and_a_dead_one_is_named():
    own = read_memory(os.getpid(), 1.5)
    assert own.at_s == 1.5 and 5 < own.proportional_mb <= own.resident_mb <= peak_mb(os.getpid()) + 1
    with pytest.raises(ConfigError, match="ended"):
        read_memory(2**22 + 1, 0.0)
