"""What stands against a file that will be written is said before the work, and nothing that is read is overwritten."""

import os
from pathlib import Path

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.outputs import check_folder, check_output, same_file


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
