"""The end of a node's process, once its work is taken down."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process with this exit code, after what was registered for its end; the interpreter is left as it is.

    Freeing a thousand modules one by one takes web_node more processor time (0.4 s, on a busy machine fifteen seconds
    of waiting) than all else at its end, and gives nothing back that the kernel does not.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # its reader has gone; it was closed; there is none
            stream.flush()
    os._exit(code)
