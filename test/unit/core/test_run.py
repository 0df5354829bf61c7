"""What a node that is started again may overwrite, and what not."""

import os

from avatar_ros.core.run import RUN_BEGAN, begun_in_this_run, unused_in_this_run


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
