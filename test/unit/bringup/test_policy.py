"""Back-off, giving up and stopping: decisions told the time."""

from __future__ import annotations

import signal

import pytest

from avatar_ros.bringup.restart_policy import (
    MACHINE_PATIENCE_S,
    STOP_FINISHED,
    STOP_NOW,
    STOP_RECORDING,
    Blame,
    RestartPolicy,
    describe_exit,
)
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_MACHINE, EXIT_NETWORK


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


def test_a_machine_that_is_short_is_borne_with_the_same_back_off_for_a_quarter_of_an_hour():
    policy = RestartPolicy()
    at_s, delays = 0.0, []
    while (delay_s := policy.ended(at_s, at_s + 1.0, EXIT_MACHINE)) is not None:
        delays.append(delay_s)
        at_s += 1.0 + delay_s
    assert delays[:7] == [0.1, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert MACHINE_PATIENCE_S <= at_s <= MACHINE_PATIENCE_S + 20.0


def test_a_minute_of_life_ends_the_shortage_and_other_deaths_count_as_ever():
    policy = RestartPolicy()
    policy.ended(0.0, 1.0, EXIT_MACHINE)
    assert policy.ended(MACHINE_PATIENCE_S, MACHINE_PATIENCE_S + 61.0, EXIT_MACHINE) == 0.1
    policy = RestartPolicy()
    assert [policy.ended(i, i + 0.1, EXIT_MACHINE) for i in range(3)] == [0.1, 1.0, 2.0]
    assert [policy.ended(i, i + 0.1, 1) is None for i in range(3, 8)] == [False, False, False, False, True]


def test_a_kill_for_want_of_memory_is_told_from_somebody_elses(tmp_path):
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 5\noom_kill 3\n")
    blame = Blame(vmstat)
    assert blame.judge(-signal.SIGKILL, []) == -signal.SIGKILL
    vmstat.write_text("nr_free_pages 5\noom_kill 4\n")
    assert blame.judge(-signal.SIGKILL, []) == EXIT_MACHINE
    assert blame.judge(-signal.SIGKILL, []) == -signal.SIGKILL, "the next one is somebody else's again"
    assert Blame(tmp_path / "none").judge(-signal.SIGKILL, []) == -signal.SIGKILL


@pytest.mark.parametrize("code", [1, 255, -signal.SIGABRT])
def test_last_words_about_memory_are_believed_of_sudden_ends_alone(code):
    blame = Blame()
    assert blame.judge(code, ["loading", "terminate called after throwing 'std::bad_alloc'"]) == EXIT_MACHINE
    assert blame.judge(code, ["loading"]) == code
    assert blame.judge(EXIT_CONFIG, ["std::bad_alloc"]) == EXIT_CONFIG


def test_a_recording_has_longer_than_the_rest_to_be_closed():
    assert STOP_RECORDING.due(0.0, 7.0) is signal.SIGTERM
    assert describe_exit(EXIT_MACHINE) == "the machine is short of something"


def test_a_network_that_came_late_is_nobodys_death():
    policy = RestartPolicy()
    assert [policy.ended(i, i + 0.5, EXIT_NETWORK) for i in range(20)] == [0.1] * 20
    assert [policy.died(20 + i, 20 + i + 0.5) for i in range(5)] == [0.1, 1.0, 2.0, 4.0, None]
    assert describe_exit(EXIT_NETWORK) == "its network came late, or changed"
