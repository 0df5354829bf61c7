"""Names and texts of others reach a terminal without the commands that they may hold."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from avatar_ros import cli
from avatar_ros.bringup.log import RunLog
from avatar_ros.bringup.machine.main import main as machine
from avatar_ros.core.errors import ConfigError, TtsError
from avatar_ros.core.terminal import printable, printable_line

ROOT = Path(__file__).resolve().parents[3]
EVIL = [
    *("\x1b]0;PWNED\x07", "\x1b[31mred", "\x9b2J", "\x1bP1$r\x1b\\", "a\rb", "\x08\x08", "\x7f"),
    *("\u202egpj.exe", "\u2066x\u2069", "\ufeff", "\ud83d", "\u2028next", "\x00"),
]
#: What a terminal obeys, or what does not show itself.
COMMAND = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@pytest.mark.parametrize("evil", EVIL)
def test_commands_become_their_escapes(evil):
    shown = printable(f"head {evil}.zip")
    assert not COMMAND.search(shown) and "\\" in shown and shown.startswith("head ") and shown.endswith(".zip")
    shown.encode()


@pytest.mark.parametrize("text", ["plain", "Grüße, 中文, हिन्दी, می‌خواهم, 👩‍👩‍👧 — …", "two\nlines\tand a tab", ""])
def test_words_stay_as_they_are(text):
    assert printable(text) == text


def test_a_line_stays_one():
    assert printable_line("a\n[kiosk] all is well") == "a\\n[kiosk] all is well"


def named(folder: Path, evil: str, member: str) -> Path:
    path = folder / f"x{evil.replace('/', '')}.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, b"x")
    return path


FILES = [evil for evil in EVIL if "\x00" not in evil and "\ud83d" not in evil]


@pytest.mark.parametrize("evil", FILES)
@pytest.mark.parametrize("member", ["a/../^{}", "a/{}/skin.glb", "{}"])
def test_validate_shows_names_of_files_and_members(tmp_path, capsys, evil, member):
    path = named(tmp_path, f"\n{evil}", member.format(evil))
    assert cli.main(["validate", str(path)]) == 2
    said = "".join(capsys.readouterr())
    assert said and not COMMAND.search(said)
    assert all(line.startswith(("  fault", str(tmp_path))) for line in said.splitlines())


VERBS = [
    ["validate", "{}.zip"],
    ["kiosk", "--profile", "{}"],
    ["kiosk", "--profile", "{}.yaml"],
    ["kiosk", "--avatar", "{}"],
    ["kiosk", "--mic", "{}.wav"],
    ["kiosk", "--record", "{}/x.mp4"],
    ["kiosk", "--namespace", "{}"],
    ["kiosk", "--display", "{}"],
    ["kiosk", "--{}"],
    ["express", "{}.wav", "{}.json"],
    ["render", "--expression", "{}.json", "--out", "x.mp4"],
    ["fetch", "{}"],
    ["fetch", "--manifest", "{}.yaml"],
    ["{}"],
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_errors_of_the_command_line(verb, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [word.format("\x1b]0;PWNED\x07\u202e\x9b") for word in verb]
    with pytest.raises(SystemExit) if verb[0] == "{}" or verb[1] in ("--{}", "--display") else _nothing():
        assert cli.main(words) == 2
    said = "".join(capsys.readouterr())
    assert "PWNED" in said and not COMMAND.search(said)


class _nothing:  # noqa: N801 — read as a function
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def test_words_that_set_up_reads_before_anything_is_installed(tmp_path, capsys):
    for words in (["\x1b[2J"], ["setup", "\x1b[2J"], ["--with", "\x1b[2J", "setup"]):
        assert machine(tmp_path, words) == 2
    assert not COMMAND.search("".join(capsys.readouterr()))


def test_errors_say_so_wherever_they_end():
    assert str(ConfigError("x", "file a\x1b[2J\nb")) == "file a\\x1b[2J\\nb"
    assert str(TtsError("x", "first\nsecond\x07")) == "first\nsecond\\x07"
    assert str(ConfigError("bare")) == "bare"


def test_lines_of_nodes(tmp_path):
    screen = io.StringIO()
    log = RunLog(screen, tmp_path)
    log.write("renderer_node", "avatar \x1b]0;PWNED\x07\u202e.zip")
    log.close()
    assert log.path is not None
    assert not COMMAND.search(screen.getvalue()) and not COMMAND.search(log.path.read_text().rstrip("\n"))


def test_a_node_of_its_own(tmp_path):
    """`ros2 run`: what a node says of a file goes to the terminal by no log of ours."""
    pytest.importorskip("rclpy", reason="needs ROS 2")
    name = tmp_path / "\x1b]0;PWNED\x07.wav"
    command = [sys.executable, "-m", "avatar_ros.nodes.mic_node", "--ros-args", "-p", "backend:=file"]
    shown = str(name).encode("unicode_escape").decode()
    done = subprocess.run(
        [*command, "-p", f'file.files:=["{shown}"]'], cwd=ROOT, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 2 and "PWNED" in said and not COMMAND.search(said)
