"""How large the face is drawn: found out from what frames cost, without going back and forth."""

import numpy as np
import pytest

from avatar_ros.display.sharpness import BUDGET, FIRST_SCALE, LONGEST_PATIENCE_S, SCALES, Sharpness

PERIOD_S = 1 / 30


class Machine:
    """Draws a face for `full_s` seconds a frame at the panel's own size, less at smaller sizes."""

    def __init__(self, full_s, per_splat_s=0.0):
        self.full_s, self.per_splat_s = full_s, per_splat_s
        self.sharpness = Sharpness()
        self.scales = []

    def run(self, seconds, missed=0):
        for _ in range(round(seconds / PERIOD_S)):
            scale = self.sharpness.scale
            self.sharpness.drawn(self.per_splat_s + (self.full_s - self.per_splat_s) * scale**2, PERIOD_S, missed)
            self.scales.append(scale)
        return self.sharpness.scale

    @property
    def changes(self):
        return int(np.count_nonzero(np.diff(self.scales)))


def test_a_fast_machine_draws_at_the_panels_size_within_the_first_seconds():
    machine = Machine(0.2 * PERIOD_S)
    assert machine.run(0.5) == FIRST_SCALE
    assert machine.run(4) == 1.0
    machine.run(3600)
    assert machine.changes == 1


def test_a_machine_that_could_not_keep_up_never_tries():
    machine = Machine(1.3 * BUDGET * PERIOD_S)
    assert machine.run(3600) == FIRST_SCALE
    assert machine.changes == 0


def test_a_slow_machine_draws_smaller():
    machine = Machine(3 * BUDGET * PERIOD_S)
    assert machine.run(5) == SCALES[0]


def test_the_smallest_size_is_kept_however_slow_it_is():
    assert Machine(50 * PERIOD_S).run(60) == SCALES[0]


def test_frames_that_are_left_out_count_as_slow():
    machine = Machine(0.1 * PERIOD_S)
    machine.run(10)
    assert machine.run(4, missed=1) < 1.0


def test_a_short_burst_of_work_changes_nothing():
    machine = Machine(0.3 * PERIOD_S)
    machine.run(10)
    machine.run(1, missed=1)
    assert machine.run(60) == 1.0
    assert machine.changes == 1


def test_at_the_edge_it_does_not_go_back_and_forth():
    """A machine that is slow whenever it draws large, for reasons that the cost at the smaller size does not show."""
    machine = Machine(0.3 * PERIOD_S)
    for _ in range(3600):
        machine.run(1, missed=machine.sharpness.scale == 1.0)
    hours_end = machine.changes
    assert 2 <= hours_end <= 2 * 8
    for _ in range(LONGEST_PATIENCE_S // 2):
        machine.run(1, missed=machine.sharpness.scale == 1.0)
    assert machine.changes <= hours_end + 2


def test_it_says_why():
    machine = Machine(0.3 * PERIOD_S)
    assert machine.sharpness.reason == "finding out"
    machine.run(10)
    assert "10.0 of 33.3 ms" in machine.sharpness.reason
    machine.run(3, missed=2)
    assert "late" in machine.sharpness.reason


@pytest.mark.parametrize("scale", [0.1, 0.667, 1.0])
def test_a_size_that_was_configured_stays(scale):
    sharpness = Sharpness(scale)
    for _ in range(1000):
        sharpness.drawn(10.0, PERIOD_S, 5)
    assert (sharpness.scale, sharpness.reason) == (scale, "as configured")
