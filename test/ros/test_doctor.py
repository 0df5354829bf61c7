"""`./avatar doctor` tries the real parts and says what to do about the rest."""

import json

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.cli import main
from avatar_ros.commands.checks import CheckResult
from avatar_ros.commands.doctor import examine, text_of
from avatar_ros.core.errors import StageError

pytestmark = pytest.mark.ros


def test_all_that_the_kiosk_needs_works_here(tmp_path, capsys):
    assert main(["doctor", "--json", str(tmp_path / "found.json")]) == 0
    found = {line["name"]: line for line in json.loads((tmp_path / "found.json").read_text())}
    assert all(line["state"] in ("ok", "missing") for line in found.values())
    needed = ("ROS 2", "network", "rasteriser", "voice", "speech recognition")
    assert all(found[name]["state"] == "ok" for name in needed)
    assert "local, nobody beyond this computer" in found["network"]["detail"]
    assert all(line["remedy"] for line in found.values() if line["state"] == "missing" and line["name"] != "screen")
    assert "The kiosk can run here" in capsys.readouterr().out


def test_what_fails_is_named_with_its_remedy():
    def broken():
        raise StageError("no_voice", "espeak-ng is not installed; ./avatar kiosk installs it")

    line = examine("voice", True, broken)
    assert line.state == "broken" and "espeak-ng" in text_of(line)
    missing = examine("screen", False, lambda: CheckResult(False, "none", "plug one in"))
    assert missing.state == "missing" and "-> plug one in" in text_of(missing)
