"""What a long measurement has found so far: kept in its file after each step, so that one that fails costs no other's
figures.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avatar_ros.core.errors import StageError
from avatar_ros.core.outputs import write_whole
from avatar_ros.testing.kiosk_process import KioskProcess

_TAIL = 15


class Findings:
    """found: by name. What failed stands under `failed`, with the server's last lines; nodes that died under `died`."""

    def __init__(self, path: Path | None, server: KioskProcess) -> None:
        self.found: dict[str, Any] = {}
        self._path = path
        self._server = server

    def keep(self, **figures: Any) -> None:
        """Lay these over what was found."""
        self.found |= figures
        if died := [line for line in self._server.lines if " died (" in line]:
            self.found["died"] = died
        if self._path:
            write_whole(self._path, json.dumps(self.found, indent=1) + "\n")

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What is measured inside may fail; the next step is done all the same."""
        try:
            yield
        except _failures() as error:
            told = {"why": str(error)[:1000], "server_lives": self._server.alive, "log": self._server.lines[-_TAIL:]}
            print(f"{name} failed: {told}", file=sys.stderr, flush=True)
            self.keep(failed={**self.found.get("failed", {}), name: told})

    @property
    def whole(self) -> bool:
        return "failed" not in self.found


def _failures() -> tuple[type[BaseException], ...]:
    """Of browser, driver and server; SystemExit: a server that is not well."""
    from selenium.common.exceptions import WebDriverException
    from urllib3.exceptions import HTTPError

    return (AssertionError, StageError, OSError, SystemExit, WebDriverException, HTTPError)
