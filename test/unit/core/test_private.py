"""What holds visitors' words is its user's alone, whatever the umask, and whatever lay there before."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.bringup.log import RunLog
from avatar_ros.commands.expression_file import write_expression
from avatar_ros.core.events import TurnReport
from avatar_ros.core.private import open_private, private_file, private_folder, write_private
from avatar_ros.dialogue.epoch import write_epoch
from avatar_ros.monitor.report import ReportFile

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o777])
def _umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def make_log(folder: Path) -> Path:
    log = RunLog(io.StringIO(), folder / "deep/log")
    log.write("asr_node", "x")
    log.close()
    assert log.path is not None
    return log.path


def make_report(folder: Path) -> Path:
    report = ReportFile(folder / "turns.json")
    report.begin()
    report.add(TurnReport(turn=1, transcript="where is the toilet"))
    return folder / "turns.json"


def make_epoch(folder: Path) -> Path:
    assert write_epoch(folder / "state/avatar_ros/epoch", 7) == ""
    return folder / "state/avatar_ros/epoch"


def make_weights(folder: Path) -> Path:
    write_expression(folder / "weights.json", np.zeros((2, 52)), 30.0)
    return folder / "weights.json"


def make_recording(folder: Path) -> Path:
    pytest.importorskip("av", reason="PyAV is not installed")
    from avatar_ros.display.recorder import Recorder, RecorderSettings

    recorder = Recorder(folder / "out.mp4", RecorderSettings())
    recorder.add_frame(np.zeros((64, 64, 4), np.uint8), 10**9)
    recorder.close()
    assert not recorder.error
    return folder / "out.mp4"


MAKERS = [make_log, make_report, make_epoch, make_weights, make_recording]


@pytest.mark.parametrize("make", MAKERS, ids=[make.__name__ for make in MAKERS])
def test_files_are_0600_and_folders_that_we_make_0700(make, tmp_path):
    path = make(tmp_path)
    assert path.stat().st_size and mode(path) == 0o600
    made = [parent for parent in path.parents if tmp_path in parent.parents]
    assert {mode(folder) for folder in made} <= {0o700}
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize("make", MAKERS[1:], ids=[make.__name__ for make in MAKERS[1:]])
def test_a_file_that_everybody_could_read_is_closed(make, tmp_path):
    path = make(tmp_path)
    path.chmod(0o644)
    assert make(tmp_path) == path and mode(path) == 0o600


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    private_folder(tmp_path / "shared" / "ours")
    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared/ours")) == (0o755, 0o700)


def test_devices_are_written_to_and_left_as_they_are():
    before = mode(Path("/dev/null"))
    private_file(Path("/dev/null"))
    with open_private(Path("/dev/null")) as file:
        file.write("x")
    assert mode(Path("/dev/null")) == before


def test_a_write_that_fails_leaves_the_old_text_and_no_part(tmp_path):
    write_private(tmp_path / "a", "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_verb_and_what_libraries_make_for_it(tmp_path):
    """`bench`, `doctor --json` and the like write by themselves: the whole process makes private files."""
    code = f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from avatar_ros import cli; cli.main(['fetch']); "
    subprocess.run([sys.executable, "-c", code + "open('made', 'w'); os.mkdir('folder')"], cwd=tmp_path, check=True,
                   capture_output=True)  # fmt: skip
    assert (mode(tmp_path / "made"), mode(tmp_path / "folder")) == (0o600, 0o700)
