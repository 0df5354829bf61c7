"""Damaged files for every loader: refused in one line or loaded, within bounds. See run.py for more of them.

AVATAR_ROS_FUZZ_SECONDS: how long, all loaders together; AVATAR_ROS_FUZZ_SEED: to repeat a run.
"""

import gc
import os
import time
from pathlib import Path

import pytest

from avatar_ros.core.errors import ConfigError
from fuzz import harness
from fuzz.loaders import LOADERS, Loader, case

SECONDS = float(os.environ.get("AVATAR_ROS_FUZZ_SECONDS", "33"))


@pytest.mark.parametrize("name", LOADERS)
def test_damaged_files_are_loaded_or_refused_in_one_line(name, tmp_path):
    seed = int(os.environ["AVATAR_ROS_FUZZ_SEED"])
    result = harness.fuzz(name, seed, tmp_path, seconds=SECONDS / len(LOADERS))
    if not result.tried:  # the machine was busy with other things for all that time
        result = harness.fuzz(name, seed, tmp_path, count=1)
    assert not result.findings, f"seed {seed}: {result.findings}"
    assert result.tried > 0


def test_a_case_is_a_function_of_seed_and_number():
    for name in LOADERS:
        assert [case(name, 3, n) for n in range(20)] == [case(name, 3, n) for n in range(20)]
    assert case("wav", 3, 1) != case("wav", 4, 1)


def segfault(path):
    import ctypes

    ctypes.string_at(0)


def eat(path):
    bytearray(600 * 10**6)


def spin(path):
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass


def refuse_namelessly(path):
    raise ConfigError("bad", "it is bad")


@pytest.mark.parametrize(
    ("use", "finding"),
    [
        (segfault, "crash by signal 11"),
        (eat, "fat"),
        (spin, "slow"),
        (lambda path: {}["x"], "traceback: KeyError"),
        (refuse_namelessly, "message"),
        (lambda path: os._exit(3), "exit 3"),
        (lambda path: time.sleep(60), "hang"),
    ],
)
def test_the_harness_finds_what_it_looks_for(use, finding, tmp_path, monkeypatch):
    monkeypatch.setitem(LOADERS, "bad", Loader(lambda rng: rng.randbytes(3), use, ".bin"))
    monkeypatch.setattr(harness, "MOST_CPU_S", 0.2)
    monkeypatch.setattr(harness, "HANG_S", 2 if finding == "hang" else 60)
    result = harness.fuzz("bad", 1, tmp_path, count=2)
    assert result.tried == 2 and result.count(finding) == 2, result.findings


def test_a_good_file_is_no_finding(tmp_path, monkeypatch):
    monkeypatch.setitem(LOADERS, "good", Loader(lambda rng: b"x", Path.read_bytes, ".bin"))
    result = harness.fuzz("good", 1, tmp_path, count=3)
    assert (result.tried, result.loaded, result.findings) == (3, 3, {})


def test_what_others_left_is_taken_down_before_the_fork(tmp_path, monkeypatch):
    """A recogniser in a circle of references waited in the child for threads that only the parent has."""

    class Left:
        def __init__(self, home):
            self.home, self.circle = home, self

        def __del__(self):
            if os.getpid() != self.home:
                os._exit(4)

    monkeypatch.setitem(LOADERS, "good", Loader(lambda rng: rng.randbytes(3), lambda path: gc.collect(), ".bin"))
    gc.disable()
    try:
        Left(os.getpid())
        result = harness.fuzz("good", 1, tmp_path, count=2)
    finally:
        gc.enable()
    assert (result.tried, result.findings) == (2, {})
