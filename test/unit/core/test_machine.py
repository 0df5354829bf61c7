"""Faults of the machine are told from faults of the configuration, through whatever loader wrapped them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.core.errors import AvatarError, ConfigError, MachineError, StageError
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_FAILED, EXIT_MACHINE, exit_code_of
from avatar_ros.core.host_lock import hold_name
from avatar_ros.core.machine import machine_fault, says_short

ROOT = Path(__file__).resolve().parents[3]
SHORT = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENODEV, errno.EAGAIN)


def wrapped(cause: BaseException, *, hidden: bool = False) -> ConfigError:
    """As loaders raise it; hidden: with `from None`."""
    try:
        try:
            raise cause
        except type(cause) as error:
            raise AvatarError("avatar_unreadable", "head.zip: cannot be read") from (None if hidden else error)
    except ConfigError as error:
        return error


@pytest.mark.parametrize("number", SHORT)
@pytest.mark.parametrize("hidden", [False, True])
def test_an_errno_of_the_machine_is_found_in_what_a_loader_made_of_it(number, hidden):
    fault = machine_fault(wrapped(OSError(number, os.strerror(number), "head.zip"), hidden=hidden))
    assert fault is not None and fault.retryable and "head.zip" in str(fault)
    assert exit_code_of(fault) == EXIT_MACHINE


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        wrapped(MemoryError()),
        RuntimeError("can't start new thread"),
        RuntimeError("epoll: Too many open files"),
        ImportError("libx.so: failed to map segment from shared object"),
        Exception("[ONNXRuntimeError] : 1 : FAIL : Load model failed:std::bad_alloc"),
    ],
)
def test_what_libraries_say_counts_too(error):
    assert isinstance(machine_fault(error), MachineError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (wrapped(FileNotFoundError(errno.ENOENT, "no")), EXIT_CONFIG),
        (wrapped(PermissionError(errno.EACCES, "no")), EXIT_CONFIG),
        (ConfigError("x", "answers: 'out of memory' is no phrase; no space left on device"), EXIT_CONFIG),
        (StageError("tts_down", "refused"), EXIT_FAILED),
        (ImportError("No module named 'edge_tts'"), EXIT_FAILED),
    ],
)
def test_what_the_user_can_mend_stays_his(error, code):
    assert machine_fault(error) is None
    assert exit_code_of(error) == code


def test_a_name_that_is_taken_is_no_fault_of_the_machine(tmp_path):
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    lock = hold_name("/a", remedy="stop it", env=env)
    with pytest.raises(ConfigError, match="already running") as caught:
        hold_name("/a", remedy="stop it", env=env)
    assert machine_fault(caught.value) is None
    lock.release()


@pytest.mark.parametrize("line", ["calloc(24838269,1) failed from lm_trie.c(481)", "  what():  std::bad_alloc",
                                  "MemoryError", "OSError: [Errno 24] Too many open files: 'x'"])  # fmt: skip
def test_last_lines_of_c_libraries_are_understood(line):
    assert says_short(line) and not says_short("Segmentation fault")


#: A verb under a limit that is set once its modules are there.
LIMITED = """
import resource, sys
sys.path.insert(0, {root!r})
import avatar_ros.commands.validate, avatar_ros.avatar.load
from avatar_ros.cli import main
{limit}
sys.exit(main(["validate", {avatar!r}]))
"""


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))", "may open no more files"),
        ("import os; n = int(open('/proc/self/statm').read().split()[0]) * os.sysconf('SC_PAGE_SIZE');"
         "resource.setrlimit(resource.RLIMIT_AS, (n + (1 << 20), n + (1 << 20)))", "no memory"),
    ],
)  # fmt: skip
def test_a_verb_that_the_machine_is_short_for_failed_and_was_not_misused(limit, said):
    script = LIMITED.format(root=str(ROOT), limit=limit, avatar=str(ROOT / "models/avatar.zip"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == EXIT_FAILED, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_full_folder_of_locks_does_not_keep_a_name_from_its_holder(tmp_path):
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from avatar_ros.core.host_lock import hold_name;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "hold_name('/a', remedy='', env={'XDG_RUNTIME_DIR': sys.argv[2]})"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
