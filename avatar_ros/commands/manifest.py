"""models/manifest.yaml: which optional models there are, where they come from, and under which licence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..core.errors import ConfigError
from ..core.loading import boundary
from ..core.paths import share_file
from ..core.yaml_text import load_yaml

#: A terabyte: what is larger is no size.
MAX_FILE_BYTES = 1 << 40
_SHA256, _MD5 = re.compile(r"[0-9a-fA-F]{64}|"), re.compile(r"[0-9a-fA-F]{32}|")
#: What every file system takes, and no terminal obeys.
_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")
_HERE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class RemoteFile:
    """size in bytes, 0: not known; sha256, md5 in hexadecimal, "": not known; unpack: an archive."""

    url: str
    size: int = 0
    sha256: str = ""
    unpack: bool = False
    md5: str = ""

    @property
    def checksum(self) -> str:
        """The best one that was published, as pooch writes it: "sha256:…", "md5:…"; "": none."""
        return f"sha256:{self.sha256}" if self.sha256 else f"md5:{self.md5}" if self.md5 else ""

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
    """Whether what comes from there cannot be changed on the way: https, or a server of this very computer."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE))


def read_manifest(path: Path | None = None) -> dict[str, Model]:
    """Models by name. Raises ConfigError naming the entry that is wrong."""
    import yaml

    path = path or share_file("models/manifest.yaml")
    with boundary(path, ConfigError, "bad_manifest", "compare it with models/manifest.yaml"):
        tree = load_yaml(yaml, path, "bad_manifest")
        if not isinstance(tree, dict) or not all(isinstance(name, str) for name in tree):
            raise ConfigError("bad_manifest", f"{path} holds no models by name")
        return {name: _model(path, name, entry) for name, entry in tree.items()}


def _model(path: Path, name: str, entry: Any) -> Model:
    where = f"{path}: entry '{name[:80]}'"
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise ConfigError("bad_manifest", f"{where} is no name of a folder: use letters, digits, '_', '-' and '.'")
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), list):
        raise ConfigError("bad_manifest", f"{where} needs: for, licence, files (a list of url, size, sha256)")
    purpose, licence = (_text(where, entry, key) for key in ("for", "licence"))
    files = tuple(_file(where, item) for item in entry["files"])
    return Model(name, purpose, licence, files, bool(entry.get("non_commercial")))


def _file(where: str, item: Any) -> RemoteFile:
    if not isinstance(item, dict):
        raise ConfigError("bad_manifest", f"{where}: each of 'files' needs url, size and sha256")
    size = 0 if item.get("size") is None else item["size"]
    if "size" not in item or type(size) is not int or not 0 <= size < MAX_FILE_BYTES:
        raise ConfigError("bad_manifest", f"{where}: 'size' is missing or wrong: give bytes, 0 where it is not known")
    if "sha256" not in item or not _SHA256.fullmatch(str(item["sha256"] or "")[:100]):
        raise ConfigError("bad_manifest", f"{where}: 'sha256' is missing or wrong: give 64 hexadecimal digits, or ''")
    if not _MD5.fullmatch(md5 := str(item.get("md5") or "")[:100]):
        raise ConfigError("bad_manifest", f"{where}: 'md5' is wrong: give 32 hexadecimal digits, or leave it out")
    file = RemoteFile(_text(where, item, "url"), size, str(item["sha256"] or ""), bool(item.get("unpack")), md5)
    try:
        good = is_safe(file.url) and _FILE_NAME.fullmatch(file.name)
    except ValueError:  # urlsplit's word for a damaged host or port
        good = None
    if not good or file.name in (".", ".."):
        raise ConfigError("bad_manifest", f"{where}: {file.url} is no file's address that begins with https://")
    return file


def _text(where: str, entry: Mapping[str, Any], key: str) -> str:
    """A line of text; a YAML alias could stand for gigabytes of anything else."""
    value = entry.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= 2000 or not value.isprintable():
        raise ConfigError("bad_manifest", f"{where}: '{key}' is missing or wrong: it must be a line of text")
    return value
