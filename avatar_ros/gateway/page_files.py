"""The page's files: read once, sent with their type, revalidated by what they hold."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response
from fastapi.responses import JSONResponse

from .page_text import sent_text

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
_NOT_PACKED = frozenset({".png", ".ico"})
_TEXTS = frozenset({".js", ".css"})


@dataclass(frozen=True)
class PageFile:
    """data: as it is sent; packed: by gzip, empty where that gains nothing."""

    kind: str
    etag: str
    data: bytes
    packed: bytes


class PageFiles:
    """version: changes with any of them. Only what lies in the folder when it is made is ever served.

    files: as they are sent, by name; sources: scripts and styles as they were written.
    """

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, PageFile] = {}
        self.sources: dict[str, PageFile] = {}
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.is_file():
                data = path.read_bytes()
                name = path.relative_to(folder).as_posix()
                self.files[name] = _read(path.suffix, _sent(path.suffix, data))
                self.sources[name] = _read(path.suffix, data)
                digest.update(name.encode() + b"\0" + data)
        self.version = digest.hexdigest()[:12]

    def answer(self, name: str, headers: Mapping[str, str], *, source: bool = False) -> Response:
        """A file, or that the browser's own is still right. source: as it was written."""
        found = (self.sources if source else self.files).get(name)
        if found is None:
            return JSONResponse({"error": "no such file"}, 404)
        own = {"etag": found.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if found.etag in headers.get("if-none-match", ""):
            return Response(None, 304, own)
        packs = bool(found.packed) and "gzip" in headers.get("accept-encoding", "")
        if packs:
            own["content-encoding"] = "gzip"
        return Response(found.packed if packs else found.data, 200, own, found.kind)


def _sent(suffix: str, data: bytes) -> bytes:
    return sent_text(suffix, data.decode()).encode() if suffix in _TEXTS else data


def _read(suffix: str, data: bytes) -> PageFile:
    packed = b"" if suffix in _NOT_PACKED else gzip.compress(data, 9, mtime=0)
    return PageFile(_TYPES[suffix], f'"{hashlib.sha256(data).hexdigest()[:24]}"', data, packed)
