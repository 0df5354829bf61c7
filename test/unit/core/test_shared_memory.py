"""Shared memory of dead processes is removed; that of the living, of others, and of the young is not."""

import fcntl
import os

from avatar_ros.ros.shared_memory import remove_dead_segments

NOW_S = 1_000_000.0


def segment(folder, number, age_s=60.0):
    lock = folder / f"fastrtps_{number}_el"
    for path in (folder / f"fastrtps_{number}", lock):
        path.write_bytes(b"x")
        os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return lock


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_the_dead_are_removed_and_the_living_stay(tmp_path):
    segment(tmp_path, "dead")
    lock = segment(tmp_path, "alive")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert remove_dead_segments(tmp_path, NOW_S) == 1
        assert names(tmp_path) == {"fastrtps_alive", "fastrtps_alive_el"}
    assert remove_dead_segments(tmp_path, NOW_S) == 1
    assert not names(tmp_path)


def test_what_has_just_been_made_and_what_is_no_segment_stay(tmp_path):
    segment(tmp_path, "young", age_s=1.0)
    segment(tmp_path, "future", age_s=-3600.0)
    segment(tmp_path, "port7412")
    (tmp_path / "other_el").write_bytes(b"")
    (tmp_path / "fastrtps_link_el").symlink_to(tmp_path / "other_el")
    before = names(tmp_path)
    assert remove_dead_segments(tmp_path, NOW_S) == 0 and names(tmp_path) == before


def test_what_belongs_to_somebody_else_stays(tmp_path, monkeypatch):
    segment(tmp_path, "theirs")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert remove_dead_segments(tmp_path, NOW_S) == 0 and len(names(tmp_path)) == 2


def test_no_folder_is_no_error(tmp_path):
    assert remove_dead_segments(tmp_path / "missing", NOW_S) == 0
