"""models/manifest.yaml: which optional models there are, where they come from, and under which licence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..core.errors import ConfigError
from ..core.paths import share_file

_HERE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class RemoteFile:
    """size in bytes, 0: not known; sha256 in hexadecimal, "": not known; unpack: an archive."""

    url: str
    size: int = 0
    sha256: str = ""
    unpack: bool = False

    @property
    def name(self) -> str:
        """The last part of the address's path."""
        return Path(unquote(urlsplit(self.url).path)).name


@dataclass(frozen=True)
class Model:
    """purpose: what it is for; non_commercial: its licence forbids commercial use."""

    name: str
    purpose: str
    licence: str
    files: tuple[RemoteFile, ...]
    non_commercial: bool = False

    @property
    def size(self) -> int:
        """Bytes to fetch, as far as they are known."""
        return sum(file.size for file in self.files)


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what comes from there: https, or a server of this very computer."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE))


def read_manifest(path: Path | None = None) -> dict[str, Model]:
    """Models by name. Raises ConfigError naming the entry that is wrong."""
    import yaml

    path = path or share_file("models/manifest.yaml")
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError("bad_manifest", f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict):
        raise ConfigError("bad_manifest", f"{path} holds no models")
    return {name: _model(path, name, entry) for name, entry in tree.items()}


def _model(path: Path, name: str, entry: Mapping[str, Any]) -> Model:
    where = f"{path}: entry '{name}'"
    if not re.fullmatch(r"\w[\w.-]*", str(name)):
        raise ConfigError("bad_manifest", f"{where} is no name of a folder: use letters, digits, '_', '-' and '.'")
    try:
        files = tuple(
            RemoteFile(str(f["url"]), int(f["size"] or 0), str(f["sha256"] or ""), bool(f.get("unpack")))
            for f in entry["files"]
        )
        purpose, licence = str(entry["for"]), str(entry["licence"])
        non_commercial = bool(entry.get("non_commercial"))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError("bad_manifest", f"{where}: {error!r} is missing or wrong") from error
    for file in files:
        if not is_safe(file.url) or file.name in ("", ".", ".."):
            raise ConfigError("bad_manifest", f"{where}: {file.url} is no file's address that begins with https://")
    return Model(name, purpose, licence, files, non_commercial)
