"""Saying what is being done, and running commands whose output is only of interest when they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ...core.terminal import printable, printable_line

EXIT_FAILED, EXIT_BAD_MACHINE = 1, 2
#: Lines of a failed command that are shown; the rest is in its log.
SHOWN_LINES = 15
#: Without a terminal a line is written this often, so that a long step is not taken for a hang, s.
HEARTBEAT_S = 15.0


class SetupError(Exception):
    """Setting up cannot go on. exit_code 2: this machine cannot do it; 1: a step failed and may be tried again."""

    def __init__(self, text: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def say(text: str) -> None:
    """One line about what is being done, on stderr: stdout belongs to the verb's own result."""
    print(f"avatar: {printable(text)}", file=sys.stderr, flush=True)


class Progress:
    """One line that changes on a terminal; elsewhere a line now and then."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._terminal = sys.stderr.isatty()
        self._begun_s = self._shown_s = time.monotonic()
        say(f"{title} …")

    def show(self, text: str) -> None:
        """What the step is at now."""
        now_s = time.monotonic()
        if self._terminal and now_s - self._shown_s > 0.1:
            width = shutil.get_terminal_size().columns - 1
            line = f"avatar:   {now_s - self._begun_s:3.0f} s  {printable_line(text)}"
            print(f"\r\x1b[K{line[:width]}", end="", file=sys.stderr, flush=True)
            self._shown_s = now_s
        elif not self._terminal and now_s - self._shown_s > HEARTBEAT_S:
            say(f"  {now_s - self._begun_s:.0f} s: {text}")
            self._shown_s = now_s

    def close(self, outcome: str) -> None:
        """End the line."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr)
        say(f"{self._title}: {outcome} ({time.monotonic() - self._begun_s:.0f} s)")


def run_step(
    title: str,
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    interesting: Callable[[str], str] = str.strip,
    remedy: str | Callable[[Iterable[str]], str],
) -> None:
    """Run `command` with its output in the file `log`, showing its progress as `interesting(line)` ("" to skip).

    Raises SetupError with the command's last lines and `remedy` (of those lines) where it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(title)
    tail: deque[str] = deque(maxlen=SHOWN_LINES)
    with log.open("a", encoding="utf-8") as file, _start(command, env) as process:
        print(f"\n$ {' '.join(command)}", file=file, flush=True)
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            if line.strip():
                tail.append(line.rstrip())
            if text := interesting(line):
                progress.show(text)
    if process.returncode:
        progress.close("failed")
        shown = "\n".join(f"  | {line}" for line in tail)
        remedy = remedy if isinstance(remedy, str) else remedy(tail)
        raise SetupError(f"{title} failed; its last lines:\n{shown}\n{remedy} (all of its output: {log})")
    progress.close("done")


def _start(command: Sequence[str], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=dict(os.environ if env is None else env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def ask(question: str) -> bool:
    """A yes/no question at the terminal; yes is the default."""
    print(f"avatar: {printable(question)} [Y/n] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")
