"""One holder per name, domain and user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.host_lock import hold_name, lock_path

HOLDER = """
import sys
from avatar_ros.core.host_lock import hold_name
lock = hold_name("/avatar", remedy="-")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def env(tmp_path):
    return {"XDG_RUNTIME_DIR": str(tmp_path), "ROS_DOMAIN_ID": "7"}


def test_second_holder_learns_who_holds_it_and_what_to_do(env):
    first = hold_name("/avatar", remedy="use --namespace", env=env)
    with pytest.raises(ConfigError) as caught:
        hold_name("/avatar", remedy="use --namespace", env=env)
    assert caught.value.code == "already_running"
    text = str(caught.value)
    assert text == f"/avatar is already running in ROS domain 7 (process {os.getpid()}); use --namespace"
    first.release()
    first.release()
    hold_name("/avatar", remedy="-", env=env).release()


def test_other_name_and_other_domain_do_not_collide(env):
    locks = [
        hold_name("/avatar", remedy="-", env=env),
        hold_name("/avatar2", remedy="-", env=env),
        hold_name("/avatar/mic_node", remedy="-", env=env),
        hold_name("/avatar", remedy="-", env=env | {"ROS_DOMAIN_ID": "8"}),
        hold_name("/avatar", remedy="-", env=env | {"ROS_DOMAIN_ID": ""}),
    ]
    assert len({lock.path for lock in locks}) == 5
    for lock in locks:
        lock.release()


def test_holder_that_is_killed_leaves_nothing_locked(env):
    root = Path(__file__).resolve().parents[3]
    child_env = os.environ | env | {"PYTHONPATH": str(root), "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}
    command = [sys.executable, "-S", "-c", HOLDER]
    with subprocess.Popen(
        command, env=child_env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=f"process {holder.pid}"):
            hold_name("/avatar", remedy="-", env=env)
        holder.kill()
    hold_name("/avatar", remedy="-", env=env).release()


def test_runtime_folder_that_cannot_be_used_gives_way_to_the_temp_folder(tmp_path):
    assert lock_path("/avatar", {"XDG_RUNTIME_DIR": str(tmp_path)}).parent == tmp_path
    assert lock_path("/avatar", {"XDG_RUNTIME_DIR": str(tmp_path / "none")}).parent != tmp_path / "none"
    assert lock_path("/avatar", {}).is_absolute()
