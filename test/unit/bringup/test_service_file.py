"""docker/avatar-kiosk.service is one that systemd takes, word for word."""

import shutil
import subprocess
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parents[3] / "docker/avatar-kiosk.service"
CAGE = "/usr/bin/cage"


def verify(folder, text):
    """What systemd-analyze has to say about a unit of this text, but for a cage that is not installed here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    assert CAGE in text
    unit = folder / SERVICE.name
    unit.write_text(text if Path(CAGE).exists() else text.replace(CAGE, "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if SERVICE.name in line]


def test_systemd_finds_nothing_to_say(tmp_path):
    assert verify(tmp_path, SERVICE.read_text()) == []


@pytest.mark.parametrize(("right", "wrong"), [("RestartSec=", "RestartSecs="), ("ExecStart=/", "ExecStart=./")])
def test_it_would_say_so(tmp_path, right, wrong):
    assert verify(tmp_path, SERVICE.read_text().replace(right, wrong)) != []
