"""Modules run in forks of a real runner, which a process of one thread must be: so each test starts one."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys
sys.path[:0] = [{root!r}, {folder!r}]
from avatar_ros.bringup import child, forked, runner
from avatar_ros.bringup.log import RunLog
class Impatient(runner.RestartPolicy):
    def died(self, started_s, now_s):
        return None if super().died(started_s, now_s) is None else 0.0
runner.RestartPolicy = Impatient
forked.preload(["common", "there_is_no_such_module"])
{before}
spec = child.ChildSpec("node", (sys.executable, "-m", "work", "a", "b"), True, "work", ("a", "b"))
print("runner", os.getpid(), flush=True)
sys.exit(runner.Runner([spec], RunLog(sys.stdout), dict(os.environ, COLOUR="blue")).run())
"""
#: Tells in what state it finds itself, then ends the run.
LOOK = """
import json, os, signal, sys
def main():
    fds = [int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")]
    title = open("/proc/self/cmdline").read().replace(chr(0), " ").strip()
    print(json.dumps({
        "preloaded": "common" in sys.modules, "argv": sys.argv, "parent": os.getppid(),
        "session": os.getsid(0) == os.getpid(), "fds": max(fds), "title": title, "colour": os.environ["COLOUR"],
        "term": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
        "blocked": len(signal.pthread_sigmask(0, []) & {15, 2, 1, 17}), "stdin": sys.stdin.read(),
    }))
    print("to stderr", file=sys.stderr)
    return 10
if __name__ == "__main__":
    sys.exit(main())
"""


def run_forked(folder, work: str, before: str = "") -> tuple[int, list[str]]:
    (folder / "common.py").write_text("")
    (folder / "work.py").write_text(textwrap.dedent(work))
    script = SCRIPT.format(root=str(ROOT), folder=str(folder), before=before)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=folder, input="for the runner"
    )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_fork_is_the_process_that_the_command_would_be(tmp_path):
    code, lines = run_forked(tmp_path, LOOK)
    runner = int(lines[0].split()[1])
    found = json.loads(next(line for line in lines if "{" in line).split("] ", 1)[1])
    assert code == 0 and "[node] to stderr" in lines and lines[-1] == "[kiosk] node is done"
    assert found.pop("fds") <= 3  # the folder that lists them is one
    assert found == {
        "preloaded": True,
        "argv": ["work", "a", "b"],
        "parent": runner,
        "session": True,
        "title": f"{sys.executable} -m work a b",
        "colour": "blue",
        "term": True,
        "blocked": 0,
        "stdin": "",
    }


def test_runner_with_threads_does_not_fork(tmp_path):
    thread = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    code, lines = run_forked(tmp_path, LOOK, thread)
    assert code == 0 and any('"preloaded": false' in line for line in lines)


def test_what_a_fork_raises_is_told_like_a_program_s(tmp_path):
    code, lines = run_forked(tmp_path, "import atexit\ndef main():\n    atexit.register(print, 'bye')\n    1 / 0")
    assert code == 1
    assert "[node] ZeroDivisionError: division by zero" in lines and "[node] bye" in lines
    assert any("node died (exit code 1)" in line for line in lines)


def test_killed_fork_is_reported_by_its_signal(tmp_path):
    work = "import os, signal\ndef main():\n    os.kill(os.getpid(), signal.SIGKILL)"
    code, lines = run_forked(tmp_path, work)
    assert code == 1 and any("node keeps dying (killed by SIGKILL)" in line for line in lines)


def test_runner_that_is_killed_takes_its_forks_along(tmp_path):
    work = "import os, signal, time\ndef main():\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(600)"
    code, _ = run_forked(tmp_path, work)  # comes back once nobody holds the pipe
    assert code == -9


def test_what_all_nodes_need_is_imported_once_and_starts_no_thread():
    pytest.importorskip("rclpy")
    script = (
        "import sys; from avatar_ros.bringup import forked, kiosk; forked.preload(kiosk.PRELOADED); "
        "print(forked.can_fork(), 'numpy' in sys.modules, 'avatar_ros.msg' in sys.modules, 'rclpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.split() == ["True", "True", "True", "False"], done.stderr
