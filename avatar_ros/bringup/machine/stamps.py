"""Remembering what was done from which inputs, so that what has not changed is not done again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path


def digest(paths: Iterable[Path], *facts: str) -> str:
    """SHA-256 over the names and contents of files (folders: all within that no build made) and over `facts`."""
    total = hashlib.sha256(json.dumps(facts).encode())
    for name, path in _files(paths):
        total.update(f"\0{name}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _files(paths: Iterable[Path]) -> Iterable[tuple[str, Path]]:
    """Files with their names, in a folder relative to it."""
    for path in paths:
        if path.is_dir():
            yield from ((str(item.relative_to(path)), item) for item in sorted(path.rglob("*")) if _is_source(item))
        elif path.exists():
            yield path.name, path


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".so")


class Stamp:
    """A small JSON file of name -> digest, lying in the folder that it speaks of: deleted with it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def matches(self, name: str, value: str) -> bool:
        return self._read().get(name) == value

    def put(self, name: str, value: str) -> None:
        """Remember; written beside and renamed, so that an interruption leaves the old file or the new one."""
        values = self._read() | {name: value}
        beside = self.path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(values, indent=1))
        beside.replace(self.path)

    def _read(self) -> dict[str, str]:
        try:
            values = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}
