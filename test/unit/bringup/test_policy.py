"""Back-off, giving up and stopping: decisions told the time."""

from __future__ import annotations

import signal

import pytest

from avatar_ros.bringup.policy import STOP_FINISHED, STOP_NOW, RestartPolicy, describe_exit


def test_delay_doubles_up_to_ten_seconds_while_deaths_are_far_enough_apart():
    policy = RestartPolicy()
    # 30 s between deaths: never five within a minute, never a healthy minute of life.
    delays = [policy.died(started_s=30.0 * i, now_s=30.0 * i + 29.0) for i in range(8)]
    assert delays == [0.1, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


def test_fifth_death_within_a_minute_gives_up():
    policy = RestartPolicy()
    assert [policy.died(i, i + 0.5) for i in range(5)] == [0.1, 1.0, 2.0, 4.0, None]


def test_a_minute_of_life_forgets_earlier_deaths():
    policy = RestartPolicy()
    for i in range(4):
        policy.died(i, i + 0.5)
    assert policy.died(started_s=10.0, now_s=70.0) == 0.1
    assert [policy.died(70.0 + i, 71.0 + i) for i in range(4)] == [1.0, 2.0, 4.0, None]


def test_old_deaths_leave_the_window():
    policy = RestartPolicy()
    times_s = [0.0, 20.0, 40.0, 59.0, 75.0, 95.0]
    assert None not in [policy.died(at_s - 1.0, at_s) for at_s in times_s]


@pytest.mark.parametrize(
    ("after_s", "number"),
    [(0.0, signal.SIGTERM), (1.7, signal.SIGTERM), (1.8, signal.SIGINT), (2.5, signal.SIGKILL), (9, signal.SIGKILL)],
)
def test_stop_gets_stronger(after_s, number):
    assert STOP_NOW.due(0.0, after_s) is number


def test_stopping_on_request_ends_within_three_seconds_and_a_recording_has_longer():
    assert STOP_NOW.steps[-1][0] < 3.0 and STOP_NOW.steps[-1][1] is signal.SIGKILL
    assert STOP_FINISHED.due(0.0, 9.0) is signal.SIGTERM


def test_next_step_is_known_for_the_loop_to_sleep_until():
    assert STOP_NOW.next_s(100.0, 100.5) == pytest.approx(101.8)
    assert STOP_NOW.next_s(100.0, 103.0) is None


@pytest.mark.parametrize(
    ("code", "text"), [(1, "exit code 1"), (-11, "killed by SIGSEGV"), (-99, "killed by signal 99")]
)
def test_exit_in_words(code, text):
    assert describe_exit(code) == text
