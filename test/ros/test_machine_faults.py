"""Real nodes on a machine that is short of something: named, with the exit code that has them started again."""

import os
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.bringup.restart_policy import Blame
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_MACHINE, EXIT_OK, EXIT_UNFINISHED
from benchmarks.lips.av_sync_recording import read_pictures

pytestmark = pytest.mark.ros
WAIT_S = 60.0
#: Files in shared memory are files too: a limit of their size would meet DDS first.
NO_SHM = {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}
#: Sets a limit once the node's modules are there, and runs it.
LIMITED = """
import importlib, os, resource, sys
main = importlib.import_module("avatar_ros.nodes." + sys.argv[1]).main
kind, amount = sys.argv[2], int(sys.argv[3])
if kind == "RLIMIT_AS":
    amount += int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(getattr(resource, kind), (amount, amount))
sys.argv = [sys.argv[1], *sys.argv[4:]]
sys.exit(main())
"""


def limited(node, kind, amount, *arguments, env=None):
    command = [sys.executable, "-c", LIMITED, node, kind, str(amount), "--ros-args", *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})


def end(process, after_s=WAIT_S):
    try:
        said = process.communicate(timeout=after_s)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=WAIT_S)[1]
    return process.returncode, said


@pytest.mark.parametrize("descriptors", [4, 8, 12, 18])
def test_no_descriptors_are_no_bad_configuration(descriptors):
    code, said = end(limited("monitor_node", "RLIMIT_NOFILE", descriptors))
    assert code == EXIT_MACHINE, said
    assert "no_descriptors: the process may open no more files" in said


@pytest.mark.parametrize("mib", [10, 120, 250])
def test_no_memory_is_no_bad_configuration(mib):
    """Where a C++ library ends the process itself, its last line says why, to whoever starts nodes."""
    code, said = end(limited("asr_node", "RLIMIT_AS", mib << 20))
    assert Blame().judge(code, said.splitlines()) == EXIT_MACHINE, (code, said)


def test_a_report_on_a_full_disk_is_no_bad_configuration(tmp_path):
    report = ("-p", f"report:={tmp_path / 'r.json'}", "--disable-external-lib-logs")
    code, said = end(limited("monitor_node", "RLIMIT_FSIZE", 5, *report, env=NO_SHM))
    assert code == EXIT_MACHINE and "disk_full" in said, said


def test_a_bad_value_beside_it_still_is(tmp_path):
    code, said = end(limited("monitor_node", "RLIMIT_NOFILE", 1024, "-p", "turns:=-1"))
    assert code == EXIT_CONFIG and "'turns' is -1" in said


def lines_until(process, text):
    """What it says, up to the line with `text`; it is killed where that does not come."""
    timer = threading.Timer(WAIT_S, process.kill)
    timer.start()
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            break
    timer.cancel()
    assert lines and text in lines[-1], lines
    return lines


@pytest.mark.parametrize("full", [False, True])
def test_a_log_folder_that_cannot_be_written_costs_the_log_not_the_node(tmp_path, full):
    (tmp_path / "file").touch()
    folder = tmp_path if full else tmp_path / "file" / "logs"
    limit = ("RLIMIT_FSIZE", 0) if full else ("RLIMIT_NOFILE", 1024)
    process = limited("monitor_node", *limit, env={"ROS_LOG_DIR": str(folder), **NO_SHM})
    lines = lines_until(process, "ready after")
    process.send_signal(signal.SIGTERM)
    assert end(process)[0] == EXIT_OK
    assert full or any("no log file" in line for line in lines), lines


@pytest.mark.parametrize("context", ["rclpy.Context()", "None"])
def test_a_log_folder_that_cannot_be_written_costs_a_program_nothing_either(tmp_path, context):
    """`say`, `listen`, `record`, `doctor` and a robot's own client, with a context of their own or the usual one."""
    (tmp_path / "file").touch()
    program = (
        f"import rclpy; from avatar_ros.ros.start import start_ros; context = {context}; start_ros(context=context)\n"
        "node = rclpy.create_node('one', context=context); node.get_logger().info('speaks')\n"
        "node.destroy_node(); rclpy.shutdown(context=context)"
    )
    env = {**os.environ, "ROS_LOG_DIR": str(tmp_path / "file" / "logs")}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 0 and "no log file" in done.stderr and "speaks" in done.stderr, done.stderr


def test_a_recording_that_the_disk_cut_off_is_an_end_that_is_not_whole(tmp_path):
    path, size = tmp_path / "talk.mp4", 240_000
    arguments = ["-p", f"record.path:={path}", "-p", "connect_wait_s:=0.0", "-p", "display.backend:=off",
                 "-p", "backend:=cpu", "-p", "width:=512", "--disable-external-lib-logs"]  # fmt: skip
    speaker = limited("speaker_node", "RLIMIT_NOFILE", 1024, "-p", "backend:=null", "-p", "connect_wait_s:=0.0")
    process = limited("renderer_node", "RLIMIT_FSIZE", size, *arguments, env=NO_SHM)
    lines = lines_until(process, "ended early")
    assert "WARN" in lines[-1], "told when it happens"
    process.send_signal(signal.SIGINT)
    last = process.stderr.readlines()[-1]
    assert end(speaker, 0.0)[0] == EXIT_OK
    assert process.wait(WAIT_S) == EXIT_UNFINISHED
    assert "FATAL" in last and f"the recording '{path}' ended early" in last
    assert len(read_pictures(path).times_s) >= 10
    assert path.stat().st_size <= size
