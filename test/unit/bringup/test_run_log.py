"""Lines of many processes in one log."""

from __future__ import annotations

import io
import os
from pathlib import Path

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
