"""What tests and measurements run a kiosk with: nothing of it outlives them."""

import os
import sys
import time
from pathlib import Path

import pytest

from avatar_ros.testing import logged_process
from avatar_ros.testing.logged_process import LoggedProcess

DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, "below", flush=True)
time.sleep(600)
"""


def runs(pid):
    """A dead one may wait for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_does_not_hear_ctrl_c_is_killed_with_what_it_began(monkeypatch):
    process = LoggedProcess([sys.executable, "-c", DEAF], os.environ)
    below = int(process.until("below").split()[0])
    monkeypatch.setattr(logged_process, "STOP_S", 1.0)
    with pytest.raises(AssertionError, match="did not leave"):
        process.close()
    assert not process.alive
    end_s = time.monotonic() + 60.0
    while runs(below):
        assert time.monotonic() < end_s, "its child goes on"
        time.sleep(0.05)
