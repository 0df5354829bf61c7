"""What a node that is started again may overwrite, and what not."""

import os
import time

from avatar_ros.core.run import RUN_BEGAN, begin_now, begun_in_this_run, unused_in_this_run


def test_a_file_of_an_earlier_run_is_overwritten_and_one_of_this_run_is_not(tmp_path):
    path = tmp_path / "out.mp4"
    env = {RUN_BEGAN: "1000000000000000000"}
    assert unused_in_this_run(path, env) == path
    path.touch()
    os.utime(path, ns=(999999999999999999, 999999999999999999))
    assert not begun_in_this_run(path, env) and unused_in_this_run(path, env) == path
    os.utime(path, ns=(1000000000000000005, 1000000000000000005))
    assert begun_in_this_run(path, env)
    assert unused_in_this_run(path, env) == tmp_path / "out-2.mp4"
    (tmp_path / "out-2.mp4").touch()
    assert unused_in_this_run(path, env) == tmp_path / "out-3.mp4"


def test_without_a_runner_nothing_is_held_back(tmp_path):
    path = tmp_path / "out.mp4"
    path.touch()
    assert unused_in_this_run(path, {}) == path


def test_what_this_run_wrote_is_kept_whoever_sets_the_clock_and_when(tmp_path):
    path = tmp_path / "out.mp4"
    path.touch()
    hour_ns = 3600 * 10**9
    env = {RUN_BEGAN: begin_now()}
    written_ns = time.time_ns() + 5 * 10**9  # in old time, and in that to which the clock was set
    for offset_ns in (-hour_ns, 0, hour_ns):
        for stamp_ns in (written_ns, written_ns + offset_ns):
            os.utime(path, ns=(stamp_ns, stamp_ns))
            assert begun_in_this_run(path, env, wall_ns=time.time_ns() + offset_ns), offset_ns
    os.utime(path, ns=(written_ns - 2 * hour_ns,) * 2)
    assert not begun_in_this_run(path, env)
