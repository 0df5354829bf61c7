"""Files of ours go when they are old or too much; nobody else's do. Logs and pieces of recordings are such."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.bringup import log_file
from avatar_ros.bringup.log import RunLog
from avatar_ros.bringup.log_file import LOG_DAYS, LogFile
from avatar_ros.core.file_retention import DAY_S, delete_old_files
from avatar_ros.display.pieces import Pieces
from avatar_ros.display.recorder_sink import RecorderSink

NOW_S = 1.8e9
OURS = re.compile(r"ours-\d+")


def put(folder: Path, name: str, size: int = 10, age_days: float = 0.0) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW_S - age_days * DAY_S,) * 2)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_too_old_goes_and_what_is_not_ours_stays(tmp_path):
    for name, age in (("ours-1", 1), ("ours-2", 3), ("ours-2.txt", 9), ("my-ours-3", 9)):
        put(tmp_path, name, age_days=age)
    (tmp_path / "ours-4").mkdir()
    (tmp_path / "ours-5").symlink_to(tmp_path / "my-ours-3")
    gone = delete_old_files(tmp_path, OURS, days=2, total_bytes=1e9, unix_s=NOW_S)
    assert gone == [tmp_path / "ours-2"]
    assert names(tmp_path) == {"ours-1", "ours-2.txt", "my-ours-3", "ours-4", "ours-5"}


def test_the_oldest_go_where_they_are_too_much_and_what_is_in_use_stays(tmp_path):
    paths = [put(tmp_path, f"ours-{age}", age_days=age) for age in range(5)]
    delete_old_files(tmp_path, OURS, days=99, total_bytes=30, unix_s=NOW_S, keep=[paths[4]])
    assert names(tmp_path) == {"ours-0", "ours-1", "ours-2", "ours-4"}
    delete_old_files(tmp_path / "there is none", OURS, days=1, total_bytes=1, unix_s=NOW_S)


# --- logs ------------------------------------------------------------------------------------------------------------


def test_logs_of_earlier_runs_go_when_a_run_begins(tmp_path):
    old = put(tmp_path, "avatar_ros-20260101-000000-4000001.log", age_days=LOG_DAYS + 1)
    rolled = put(tmp_path, "avatar_ros-20260101-000000-4000001.log.3", age_days=LOG_DAYS + 1)
    young = put(tmp_path, "avatar_ros-20260102-000000-4000002.log", age_days=LOG_DAYS - 1)
    users = put(tmp_path, "my-notes.log", age_days=999)
    log = LogFile(tmp_path, print, lambda: NOW_S)
    log.close()
    assert not old.exists() and not rolled.exists() and young.exists() and users.exists() and log.path.exists()


def test_the_log_of_a_run_that_goes_on_beside_stays(tmp_path):
    other = put(tmp_path, f"avatar_ros-20260101-000000-{os.getppid()}.log", age_days=LOG_DAYS + 1)
    LogFile(tmp_path, print, lambda: NOW_S).close()
    assert other.exists()


def test_a_run_of_weeks_keeps_no_line_for_longer(tmp_path):
    """A quiet kiosk would never fill a file: its lines go by the day."""
    clock = [NOW_S]
    log = LogFile(tmp_path, print, lambda: clock[0])
    for day in range(40):
        clock[0] = NOW_S + day * DAY_S
        log.emit(_record(f"day {day}."))
        os.utime(log.path, (clock[0],) * 2)
    log.close()
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "day 39." in text and "day 24." not in text
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_logs_have_a_size_together(tmp_path, monkeypatch):
    monkeypatch.setattr(log_file, "LOG_FILE_BYTES", 1000)
    monkeypatch.setattr(log_file, "LOG_TOTAL_BYTES", 5000)
    for run in range(3):
        put(tmp_path, f"avatar_ros-20260101-00000{run}-4000001.log", 1000, age_days=1)
    screen = io.StringIO()
    log = RunLog(screen, tmp_path)
    for i in range(400):
        log.write("node", f"line {i:04d} of some length, so that files fill")
    log.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 6000
    assert log.path is not None and "line 0399" in log.path.read_text()


def _record(text: str):
    import logging

    return logging.LogRecord("x", logging.INFO, "", 0, text, (), None)


# --- recordings ------------------------------------------------------------------------------------------------------


def test_pieces_of_a_recording_go_and_the_users_file_stays(tmp_path):
    users = put(tmp_path, "talk.mp4", 100, age_days=99)
    for name in ("talk-2.mp4", "talk-20250101.mp4", "talker-20250101-120000.mp4", "talk-20250101-120000.mov"):
        put(tmp_path, name, 100, age_days=99)
    old = put(tmp_path, "talk-20250101-120000.mp4", 100, age_days=31)
    much = [put(tmp_path, f"talk-20260601-12000{i}.mp4", 100, age_days=i) for i in range(4)]
    gone = Pieces(users, 50, 30.0, 250).delete_old(NOW_S, (users,))
    assert {*gone} == {old, *much[2:]} and len(names(tmp_path)) == 7


def test_a_piece_is_full_by_its_size_and_the_next_has_a_name_of_its_own(tmp_path):
    users = put(tmp_path, "talk.mp4", 100)
    pieces = Pieces(users, 101, 30.0, 250)
    assert not pieces.is_full(users, 10.0)
    put(tmp_path, "talk.mp4", 101)
    assert not pieces.is_full(users, 10.5) and pieces.is_full(users, 11.5)
    first = pieces.next(NOW_S)
    first.touch()
    assert pieces.next(NOW_S) != first and re.fullmatch(r"talk-\d{8}-\d{6}\.mp4", first.name)
    assert not pieces.is_full(tmp_path / "gone.mp4", 20.0)


def test_a_long_recording_goes_on_in_pieces_that_all_play(tmp_path):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    from avatar_ros.core.types import AudioFrame
    from avatar_ros.display.recorder import Recorder, RecorderSettings

    path, rng, clock = tmp_path / "talk.mp4", np.random.default_rng(0), iter(range(1000))
    pieces = Pieces(path, 200_000, 36500.0, 1 << 40)
    first = Recorder(path, RecorderSettings(queue_frames=600))
    sink = RecorderSink(first, lambda name: Recorder(name, RecorderSettings(queue_frames=600)), pieces,
                        lambda: NOW_S + next(clock))  # fmt: skip
    until = 6 * 30
    for i in range(until):
        sink.show(rng.integers(0, 255, (128, 128, 4), dtype=np.uint8), 1.0 + i / 30)
        pcm = np.zeros(800, np.int16)
        sink.hear("speech/played", AudioFrame(sample_rate_hz=24000, pcm=pcm, steady_ns=10**9 + i * 10**9 // 30))
        _settle(sink)
    sink.close()
    made = sorted(tmp_path.iterdir())
    assert len(made) >= 3 and path in made and "warning" not in sink.status()
    frames = 0
    for file in made:
        assert file.stat().st_mode & 0o777 == 0o600
        with av.open(str(file)) as container:
            frames += sum(1 for _ in container.decode(video=0))
    assert frames >= until - len(made)


def _settle(sink):
    """The encoder of a test may not fall behind: what is not written yet has no size."""
    import time

    limit_s = time.monotonic() + 20.0
    while sink._recorder._pictures and time.monotonic() < limit_s:
        time.sleep(0.002)
