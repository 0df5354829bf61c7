"""What stands against a file that will be written is said before the work, and nothing that is read is overwritten."""

import errno
import os
import re
import resource
import stat
from pathlib import Path

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.outputs import check_folder, check_output, same_file, whole_file, write_whole
from avatar_ros.core.private import write_private


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.wav").write_bytes(b"a sound")
    (tmp_path / "folder").mkdir()
    (tmp_path / "other name").symlink_to("in.wav")
    os.link("in.wav", "hard.wav")
    return tmp_path


@pytest.mark.parametrize("path", ["out.json", "folder/out.json", "in2.wav", "/dev/null", "ü n.json"])
def test_good_ones(here, path):
    check_output("--out", path, ["in.wav", "missing.wav", ""])


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("no/such/out.json", "folder .*no/such does not exist"),
        ("in.wav/out.json", "does not exist"),
        ("folder", "is a folder"),
        ("in.wav", "in use"),
        ("./folder/../in.wav", "in use"),
        ("other name", "in use"),
        ("hard.wav", "in use"),
        ("later.json", "in use"),
    ],
)
def test_bad_ones_are_named(here, path, what):
    with pytest.raises(ConfigError, match=what) as caught:
        check_output("--out", path, ["missing.wav", "in.wav", "folder/../later.json"])
    assert "--out is" in str(caught.value)


def test_endings_and_folders(here):
    check_output("--sheet", "SHEET.PNG", endings=(".png",))
    with pytest.raises(ConfigError, match=r"must end in \.png"):
        check_output("--sheet", "head.zip", endings=(".png",))
    check_folder("--out", "folder")
    check_folder("--out", "not yet there")
    for path in ("in.wav", "/dev/full"):
        with pytest.raises(ConfigError, match="no folder"):
            check_folder("--out", path)


def test_what_is_no_ordinary_file_may_be_given_twice():
    assert not same_file("/dev/null", "/dev/null")


@pytest.mark.parametrize("check", [check_output, check_folder])
def test_what_this_user_may_not_write_is_named_at_once(here, monkeypatch, check):
    """On a read-only disk a kiosk came up whole before its recording was refused."""
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != here)
    with pytest.raises(ConfigError, match=f"--out is later, but {here} cannot be written by this user"):
        check("--out", "later")
    check("--out", "in.wav") if check is check_output else check("--out", "folder")


@pytest.fixture
def full_disk():
    """No file grows beyond 1000 bytes: what a full disk does, for this process alone."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("write", [write_whole, write_private])
def test_a_full_disk_leaves_what_was_there_and_nothing_beside_it(here, full_disk, write):
    for path in (Path("in.wav"), Path("new.json")):
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            write(path, "x" * 5000)
    assert Path("in.wav").read_bytes() == b"a sound"
    assert sorted(os.listdir()) == ["folder", "hard.wav", "in.wav", "other name"]


def test_what_is_broken_off_leaves_what_was_there(here):
    with pytest.raises(KeyboardInterrupt), whole_file("in.wav") as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert Path("in.wav").read_bytes() == b"a sound" and not list(Path().glob("*.part*"))


def test_a_link_stays_one_and_the_mode_is_kept(here):
    Path("in.wav").chmod(0o640)
    write_whole("other name", b"new")
    assert Path("other name").is_symlink() and Path("in.wav").read_bytes() == b"new"
    assert stat.S_IMODE(Path("in.wav").stat().st_mode) == 0o640
    Path("dangling").symlink_to("folder/there.json")
    write_whole("dangling", b"new")
    assert Path("dangling").is_symlink() and Path("folder/there.json").read_bytes() == b"new"


@pytest.mark.parametrize("write", [write_whole, write_private])
def test_a_pipe_is_written_to_and_not_replaced(here, write):
    """So is /dev/null: root would put an ordinary file in its place, for every program of the machine."""
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDWR)
    write(Path("pipe"), "said")
    assert os.read(reader, 9) == b"said" and stat.S_ISFIFO(os.stat("pipe").st_mode)
    os.close(reader)


def test_a_file_that_is_mounted_on_its_own_is_written_in_its_place(here, monkeypatch):
    def busy(*_):
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(os, "replace", busy)
    write_whole("in.wav", b"new")
    assert Path("in.wav").read_bytes() == b"new" and not list(Path().glob(".*.part*"))


#: What they write is nobody's file yet: in a folder of its own for a moment, or renamed after it.
WRITES_ITSELF = {
    "answers/vector_cache.py", "bringup/machine/stamps.py", "commands/offline_face.py", "core/outputs.py",
}  # fmt: skip


def test_files_for_users_are_written_whole():
    """`Path.write_text` and `write_bytes` leave half a file where the disk is full; see outputs.write_whole."""
    package = Path(__file__).resolve().parents[3] / "avatar_ros"
    files = {str(path.relative_to(package)): path.read_text("utf-8") for path in package.rglob("*.py")}
    found = {name for name, text in files.items() if re.search(r"\.write_(text|bytes)\(", text)}
    assert {name for name in found if not name.startswith("testing/")} == WRITES_ITSELF
