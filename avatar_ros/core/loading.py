"""The boundary of a loader: whatever a library raises over a user's file becomes the loader's own error, in one line.

zipfile, struct, json, yaml, numpy and onnxruntime raise what they like over a damaged file, and what that is changes
with their versions. Sizes are bounded before memory is asked for, so a MemoryError is the machine's, as are full disks
and missing descriptors: those go through.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import select
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import AvatarRosError, ConfigError
from .machine import ran_out

#: How long a pipe may stay without a writer: a program that makes the file may still be starting.
WRITER_S = 15.0
_LONGEST_SAYING = 200
#: Longer ones first: UTF-32's begins with UTF-16's.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def boundary(
    path: Path | str,
    error: type[ConfigError],
    code: str,
    remedy: str = "",
    describe: Callable[[Exception], str] | None = None,
) -> Iterator[None]:
    """Run a loader's work on `path`; what it raises becomes `error(code, …)` with the file's name and the remedy.

    Errors of this package go through, and those of a machine that ran out of something. describe: what to say of the
    exception, where it is not a file that cannot be read.
    """
    try:
        yield
    except AvatarRosError:
        raise
    except Exception as fault:
        if ran_out(fault):
            raise
        said = f": {describe(fault)}" if describe else f" cannot be read: {saying(fault)}; {remedy}"
        raise error(code, f"{path}{said}") from fault


def saying(fault: BaseException) -> str:
    """What an exception says, in one line of bounded length."""
    said = (isinstance(fault, OSError) and fault.strerror) or f"{type(fault).__name__}: {fault}"
    shown = " ".join(said.split())
    return shown if len(shown) <= _LONGEST_SAYING else shown[:_LONGEST_SAYING] + " …"


def open_file(path: Path) -> BinaryIO:
    """A user's file to read, in bytes. Raises OSError, for a pipe into which nobody writes within WRITER_S, too."""
    return open(path, "rb", opener=_never_waiting_long)


def _never_waiting_long(path: str, flags: int) -> int:
    """Opening a pipe waits for a writer, which may never come."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    with ExitStack() as undo:
        undo.callback(os.close, descriptor)
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            _wait_for_writer(descriptor, path)
        os.set_blocking(descriptor, True)
        undo.pop_all()
    return descriptor


def _wait_for_writer(descriptor: int, path: str) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(WRITER_S * 1000):
        raise TimeoutError(errno.ETIMEDOUT, f"it is a pipe into which nobody wrote for {WRITER_S:g} s", path)


def read_bytes(path: Path, most: int, code: str) -> bytes:
    """A whole file of at most `most` bytes. Raises ConfigError for a larger one, OSError where it cannot be read."""
    with open_file(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ConfigError(code, f"{path} is larger than {most / 2**20:g} MiB: is it the right file?")
    return data


def check_sha256(path: Path, wanted: str, code: str, remedy: str) -> None:
    """Raise ConfigError with `remedy` where the file is another one, OSError where it cannot be read."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        text = f"{path} is not the file that is known (sha256 {found[:16]}…, not {wanted[:16]}…)"
        raise ConfigError(code, f"{text}: {remedy}")


def read_text(path: Path, most: int, code: str) -> str:
    """A text file as UTF-8, or as its byte order mark says. Raises ConfigError, and OSError where it cannot be read."""
    data = read_bytes(path, most, code)
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8-sig")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        raise ConfigError(code, f"{path} is no text in UTF-8 ({where}: {error.reason}); save it as UTF-8") from error
