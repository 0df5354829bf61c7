"""models/manifest.yaml: which optional models there are, where they come from, and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..core.errors import ConfigError
from ..core.paths import share_file


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
    try:
        files = tuple(
            RemoteFile(str(f["url"]), int(f["size"] or 0), str(f["sha256"] or ""), bool(f.get("unpack")))
            for f in entry["files"]
        )
        purpose, licence = str(entry["for"]), str(entry["licence"])
        non_commercial = bool(entry.get("non_commercial"))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError("bad_manifest", f"{path}: entry '{name}': {error!r} is missing or wrong") from error
    return Model(name, purpose, licence, files, non_commercial)
