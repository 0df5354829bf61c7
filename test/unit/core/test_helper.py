"""A helper that is slow is waited for; one that hangs, or works for ever, is not."""

import os
import signal
import threading
import time

import pytest

from avatar_ros.core import helper_process as module
from avatar_ros.core.helper_process import Helper, HelperDeadError, HelperSilentError

SERVE = """
import sys, time
from avatar_ros.core.helper_process import pack, receive, run_helper

def serve(requests, replies):
    while (message := receive(requests)) is not None:
        work_s = float(message[1])
        while time.process_time() < work_s:
            pass
        replies.write(pack(b"R", b"done"))
        replies.flush()

if __name__ == "__main__":
    sys.exit(run_helper(serve))
"""


@pytest.fixture
def helper(tmp_path, monkeypatch):
    (tmp_path / "slow_helper.py").write_text(SERVE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Helper("slow_helper")
    made.send(b"S", b"0")
    assert made.receive(60.0) == (b"R", b"done")
    yield made
    os.kill(made.process.pid, signal.SIGCONT)
    made.close()


class Throttle(threading.Thread):
    """Lets a process run for a tenth of the time."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, threading.Event()

    def run(self):
        while not self.over.wait(0.01):
            os.kill(self.pid, signal.SIGSTOP)
            self.over.wait(0.09)
            os.kill(self.pid, signal.SIGCONT)


def test_a_helper_on_a_slow_host_is_waited_for(helper, monkeypatch, caplog):
    monkeypatch.setattr(module, "STILL_S", 1.0)
    monkeypatch.setattr(module, "_LOOKS_TO_TELL", 2)
    throttle = Throttle(helper.process.pid)
    throttle.start()
    helper.send(b"S", b"0.3")
    began_s = time.monotonic()
    try:
        assert helper.receive(1.0) == (b"R", b"done")
    finally:
        throttle.over.set()
        throttle.join()
    assert time.monotonic() - began_s > 1.0, "longer than the limit by the clock"
    assert "slow_helper" in caplog.text


def test_a_helper_that_stands_still_hangs(helper, monkeypatch):
    monkeypatch.setattr(module, "STILL_S", 0.5)
    helper.process.send_signal(signal.SIGSTOP)
    helper.send(b"S", b"0")
    with pytest.raises(HelperSilentError, match="stands still"):
        helper.receive(15.0)


def test_a_helper_that_works_for_ever_hangs(helper):
    helper.send(b"S", b"1000")
    with pytest.raises(HelperSilentError, match="of work"):
        helper.receive(0.5)


def test_a_helper_that_died_is_known_at_once(helper):
    helper.process.kill()
    with pytest.raises(HelperDeadError) as caught:
        helper.receive(60.0)
    assert not isinstance(caught.value, HelperSilentError)
