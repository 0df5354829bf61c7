"""Lines of many processes in one log."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.bringup.log import LONGEST_LINE_BYTES, LineSplitter, RunLog, log_folder


def test_lines_come_out_whole_however_they_arrive():
    splitter = LineSplitter()
    text = "first\nsécond\r\n\nthird\rfourth".encode()
    lines = [line for byte in text for line in splitter.feed(bytes([byte]))]
    assert [*lines, *splitter.close()] == ["first", "sécond", "third", "fourth"]


def test_line_without_end_is_cut():
    splitter = LineSplitter()
    lines = splitter.feed(b"x" * (LONGEST_LINE_BYTES + 5))
    assert [len(line) for line in lines] == [LONGEST_LINE_BYTES]
    assert splitter.close() == ["xxxxx"]


def test_bytes_that_are_no_text_do_not_end_the_run():
    assert LineSplitter().feed(b"\xff\xfe\n") == ["\ufffd\ufffd"]


def test_each_line_names_its_node_on_screen_and_with_the_time_in_the_file(tmp_path):
    screen = io.StringIO()
    log = RunLog(screen, tmp_path)
    log.write("mic_node", "no sound card")
    log.close()
    assert screen.getvalue() == "[mic_node] no sound card\n"
    assert log.path is not None
    line = log.path.read_text()
    assert line.endswith(" [mic_node] no sound card\n") and line[:2] == "20"


def test_screen_that_went_away_leaves_the_file(tmp_path):
    screen = io.StringIO()
    log = RunLog(screen, tmp_path)
    screen.close()
    log.write("mic_node", "still here")
    log.close()
    assert log.path is not None and "still here" in log.path.read_text()


def test_folder_that_cannot_be_written_is_reported_and_no_more(tmp_path):
    (tmp_path / "file").touch()
    screen = io.StringIO()
    log = RunLog(screen, tmp_path / "file" / "logs")
    log.write("mic_node", "still here")
    assert "no log file" in screen.getvalue() and "still here" in screen.getvalue()


def test_log_folder_follows_ros():
    assert log_folder({"ROS_LOG_DIR": "/a/b"}) == Path("/a/b")
    assert log_folder({"ROS_HOME": "/r"}) == Path("/r/log")
    assert log_folder({}) == Path.home() / ".ros/log"


def test_reader_that_has_gone_is_forgotten_with_what_it_did_not_read():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        log = RunLog(stream)
        log.write("kiosk", "first")
        os.close(reader)
        log.write("kiosk", "second")
        log.write("kiosk", "third")
        stream.flush()  # as whoever forks a process does


ROOT = Path(__file__).resolve().parents[3]
#: Writes to a log whose file may hold so many bytes; its own exit code must be the one that it chose.
LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from avatar_ros.bringup.log import RunLog
log = RunLog(sys.stdout, Path(sys.argv[2]))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
for number in range(20):
    log.write("mic_node", f"line {number} of the first part")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.write("mic_node", "there is room again")
log.close()
sys.exit(7)
"""


def run_limited(folder, stdout):
    command = [sys.executable, "-c", LIMITED, str(ROOT), str(folder)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60)


def test_a_full_log_disk_costs_log_lines_and_says_so_once(tmp_path):
    done = run_limited(tmp_path, subprocess.PIPE)
    assert done.returncode == 7 and done.stderr == ""
    assert all(f"line {number} of" in done.stdout for number in range(20)), "the screen has all of them"
    assert done.stdout.count("log lines are lost: [Errno 27] File too large") == 1
    assert "lines are missing from it" in done.stdout
    (file,) = tmp_path.iterdir()
    assert "line 1 of" in file.read_text() and "line 15 of" not in file.read_text()
    assert file.read_text().endswith("there is room again\n")


def test_a_full_disk_under_the_screen_costs_neither_the_run_nor_its_exit_code(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this machine")
    with open("/dev/full", "w") as full:
        done = run_limited(tmp_path, full)
    assert done.returncode == 7 and done.stderr == ""


def test_a_closed_screen_costs_neither(tmp_path):
    code = LIMITED.replace("for number", "import os; os.close(1)\nfor number")
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), str(tmp_path)], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 7 and done.stderr == ""
