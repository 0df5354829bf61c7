"""The runner with real, tiny processes. Time limits here are far above what is needed: they only catch a hang."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from avatar_ros.bringup import runner as runner_module
from avatar_ros.bringup.child import ChildSpec
from avatar_ros.bringup.log import RunLog
from avatar_ros.bringup.restart_policy import RestartPolicy
from avatar_ros.bringup.runner import Runner

ROOT = Path(__file__).resolve().parents[3]
FOREVER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(10)"
#: Ends on SIGTERM as a node does: after finishing its work.
POLITE = """
import signal, sys, time
def leave(*_):
    print("finished my recording", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
while True: time.sleep(10)
"""
STUBBORN = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)
print("up", flush=True)
while True: time.sleep(10)
"""


def child(name: str, code: str, *, ends_run: bool = False) -> ChildSpec:
    return ChildSpec(name, (sys.executable, "-S", "-c", textwrap.dedent(code)), ends_run)


@pytest.fixture
def environment():
    return os.environ | {"_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}


def run(specs, environment) -> tuple[int, str]:
    screen = io.StringIO()
    code = Runner(specs, RunLog(screen), environment).run()
    return code, screen.getvalue()


@pytest.fixture
def impatient(monkeypatch):
    """Restart at once: the delays themselves are tested in test_policy.py."""

    class Impatient(RestartPolicy):
        def died(self, started_s, now_s):
            return None if super().died(started_s, now_s) is None else 0.0

    monkeypatch.setattr(runner_module, "RestartPolicy", Impatient)


def test_node_that_ends_the_run_stops_the_others_politely(environment):
    done = "import time; time.sleep(0.5); raise SystemExit(10)"
    specs = [child("renderer_node", POLITE), child("monitor_node", done, ends_run=True)]
    code, log = run(specs, environment)
    assert code == 0
    assert "[renderer_node] finished my recording" in log
    assert "[kiosk] monitor_node is done" in log


def test_node_that_cannot_do_what_was_asked_ends_the_run_without_success(environment):
    undone = "import sys, time; time.sleep(0.5); print('0 of the 1 answers', flush=True); sys.exit(11)"
    specs = [child("renderer_node", POLITE), child("monitor_node", undone, ends_run=True)]
    code, log = run(specs, environment)
    assert code == 1
    assert "[renderer_node] finished my recording" in log
    assert log.rstrip().endswith("[monitor_node] 0 of the 1 answers")


def test_node_with_a_bad_configuration_ends_the_run_with_its_line(environment):
    specs = [child("mic_node", "import sys; print('unknown backend'); sys.exit(2)"), child("vad_node", FOREVER)]
    code, log = run(specs, environment)
    assert code == 2
    assert "mic_node refused its configuration" in log
    assert log.rstrip().endswith("[mic_node] unknown backend")


def test_node_that_dies_is_started_again(environment, impatient, tmp_path):
    flag = tmp_path / "second time"
    code = f"""
        import os, pathlib, signal
        flag = pathlib.Path({str(flag)!r})
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        print("back", flush=True)
        raise SystemExit(10)
    """
    exit_code, log = run([child("asr_node", code, ends_run=True)], environment)
    assert exit_code == 0
    assert "[kiosk] asr_node died (killed by SIGKILL); starting it again" in log
    assert "[asr_node] back" in log


def test_node_that_keeps_dying_ends_the_run_with_its_last_lines(environment, impatient):
    specs = [child("tts_node", "raise SystemExit('no voice')"), child("vad_node", FOREVER)]
    code, log = run(specs, environment)
    assert code == 1
    assert log.count("tts_node died") == 4
    assert "giving up: tts_node keeps dying (exit code 1); its last lines:" in log
    assert log.rstrip().endswith("[tts_node] no voice")


def test_only_so_many_start_at_once_and_in_order(environment, tmp_path):
    """The next one starts when the one before has written its first line."""
    code = f"""
        import pathlib, time
        folder = pathlib.Path({str(tmp_path)!r})
        here = len(list(folder.iterdir()))
        time.sleep(0.3)
        (folder / str(here)).touch()
        print("saw", here, flush=True)
        time.sleep(0.1 if here == 2 else 60)
        raise SystemExit(10)
    """
    screen = io.StringIO()
    specs = [child(name, code, ends_run=True) for name in ("first", "second", "third")]
    assert Runner(specs, RunLog(screen), environment, starting_at_once=1).run() == 0
    lines = [line for line in screen.getvalue().splitlines() if "saw" in line]
    assert lines == ["[first] saw 0", "[second] saw 1", "[third] saw 2"]


def test_clean_exit_of_an_ordinary_node_is_a_death_too(environment, impatient):
    code, log = run([child("llm_node", "pass")], environment)
    assert code == 1 and "llm_node died (exit code 0)" in log


def test_a_node_that_was_told_to_stop_by_somebody_else_is_started_again(environment, impatient):
    """`kill` of one node is no reason to end the run, also of a node whose work could end it."""
    code, log = run([child("renderer_node", "pass", ends_run=True)], environment)
    assert code == 1 and "renderer_node died (exit code 0)" in log


SCRIPT = """
import os, sys
sys.path.insert(0, {root!r})
from avatar_ros.bringup.child import ChildSpec
from avatar_ros.bringup.log import RunLog
from avatar_ros.bringup.runner import Runner
specs = [ChildSpec("node_%d" % i, (sys.executable, "-S", "-c", code)) for i, code in enumerate({codes!r})]
sys.exit(Runner(specs, RunLog(sys.stdout), os.environ).run())
"""


@contextlib.contextmanager
def runner_process(codes, environment):
    """A runner in a process of its own, once all its children have said that they are up."""
    script = SCRIPT.format(root=str(ROOT), codes=list(codes))
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            for _ in codes:
                assert process.stdout.readline().rstrip().endswith("up")
            yield process
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def wait_until_gone(pids, timeout_s: float) -> bool:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if not any(is_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_all_within_three_seconds_even_the_stubborn(number, environment):
    with runner_process([POLITE, STUBBORN], environment) as process:
        pids = children_of(process.pid)
        assert len(pids) == 2
        begun_s = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert time.monotonic() - begun_s < 3.0
    assert process.returncode == 0
    assert "finished my recording" in output
    assert not any(is_alive(pid) for pid in pids)


def test_children_die_with_a_runner_that_was_killed(environment):
    with runner_process([FOREVER, STUBBORN], environment) as process:
        pids = children_of(process.pid)
        assert len(pids) == 2
        process.kill()
        assert wait_until_gone(pids, timeout_s=10.0)


def test_helper_process_of_a_node_goes_with_it(environment, tmp_path):
    note = tmp_path / "pid"
    code = f"""
        import pathlib, subprocess, sys
        helper = subprocess.Popen([sys.executable, "-S", "-c", {FOREVER!r}])
        pathlib.Path({str(note)!r}).write_text(str(helper.pid))
        raise SystemExit(10)
    """
    exit_code, _ = run([child("tts_node", code, ends_run=True)], environment)
    assert exit_code == 0
    assert wait_until_gone([int(note.read_text())], timeout_s=10.0)


def test_a_node_that_the_machine_is_short_for_is_started_more_often_than_one_that_dies(
    environment, tmp_path, monkeypatch
):
    class Quick(RestartPolicy):
        def ended(self, started_s, now_s, code):
            return None if super().ended(started_s, now_s, code) is None else 0.0

    monkeypatch.setattr(runner_module, "RestartPolicy", Quick)
    code = f"""
        import pathlib, sys
        here = pathlib.Path({str(tmp_path)!r})
        (here / str(len(list(here.iterdir())))).touch()
        if len(list(here.iterdir())) < 8:
            print("disk_full: the disk is full")
            sys.exit(75)
        sys.exit(10)
    """
    exit_code, log = run([child("renderer_node", code, ends_run=True)], environment)
    assert exit_code == 0
    assert log.count("renderer_node died (the machine is short of something); starting it again") == 7


def test_a_process_that_cannot_be_started_is_tried_again(environment, monkeypatch):
    tries = []

    class Scarce(runner_module.Child):
        def __init__(self, *arguments):
            tries.append(len(tries))
            if len(tries) < 4:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            super().__init__(*arguments)

    class Quick(RestartPolicy):
        def ended(self, started_s, now_s, code):
            return None if super().ended(started_s, now_s, code) is None else 0.0

    monkeypatch.setattr(runner_module, "Child", Scarce)
    monkeypatch.setattr(runner_module, "RestartPolicy", Quick)
    code, log = run([child("renderer_node", "raise SystemExit(10)", ends_run=True)], environment)
    assert code == 0 and len(tries) == 4
    assert log.count("renderer_node cannot be started: no process or thread can be started") == 3


@pytest.mark.parametrize("ends_run", [True, False])
def test_an_end_that_is_not_whole_is_a_failure_with_its_line_last(environment, ends_run):
    polite = POLITE.replace("sys.exit(0)", "sys.exit(11)").replace("finished my recording", "the recording ended early")
    done = "import time; time.sleep(0.5); raise SystemExit(10)"
    specs = [child("renderer_node", polite), child("monitor_node", done, ends_run=True)]
    if ends_run:
        cut = "print('the recording ended early'); raise SystemExit(11)"
        specs = [child("renderer_node", cut, ends_run=True), child("vad_node", FOREVER)]
    code, log = run(specs, environment)
    assert code == 1
    assert log.rstrip().endswith("[renderer_node] the recording ended early")


def test_ctrl_c_leaves_time_for_a_recording_and_for_nothing_else(environment):
    """The first of the two would be killed after 2.5 s."""
    slow = """
        import signal, sys, time
        def leave(*_):
            time.sleep(4)
            print("closed", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("up", flush=True)
        while True: time.sleep(10)
    """
    recording = ChildSpec("renderer_node", child("", slow).command, finishes=True)
    starter = "import os, signal, time; time.sleep(1); os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"
    code, log = run([recording, child("tts_node", slow), child("mic_node", starter)], environment)
    assert code == 0
    assert "[renderer_node] closed" in log and "[tts_node] closed" not in log
