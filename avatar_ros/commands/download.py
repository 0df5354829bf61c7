"""Fetching a file so that a lost connection, a wrong checksum or Ctrl-C costs nothing that is not broken.

What has come lies in NAME.part and is gone on with by a Range request (RFC 9110, 14); pooch compares checksums and puts
the whole file in its place.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import platform
import re
import shutil
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch

from ..core.errors import AvatarRosError, ConfigError
from ..core.private import private_file, private_folder
from ..core.proxies import check_certificates, proxy_for
from .manifest import RemoteFile, is_safe

_PIECE = 1 << 18
TIMEOUT_S = 30.0
#: What a connection that breaks makes urllib raise, besides its own errors.
_CUT = (http.client.HTTPException, TimeoutError, ConnectionError, urllib.error.URLError)
_FOR_GOOD = range(400, 500)
#: A file of unknown size ends here; the largest model today is not a quarter of it.
LARGEST_BYTES = 8 * 2**30
#: Of the disk, what a download leaves to others.
SPARED_BYTES = 256 * 2**20

#: Called with (bytes that are there, bytes of the whole file or 0).
Progress = Callable[[int, int], None]


class FetchError(AvatarRosError):
    """A model cannot be fetched."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """A server of https must not send us where it could be listened to or changed."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        left_https = req.full_url.startswith("https:") and not newurl.startswith("https:")
        if left_https or not is_safe(newurl):
            raise FetchError("fetch_refused", f"{req.full_url} leads to {newurl}; only https is followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class ResumingDownloader:
    """A downloader for pooch. tries: how often in a row nothing may come before it gives up; wait_s: between tries.

    size: of the whole file, bytes, 0 where it is not known. More than that is never taken in, whatever the server says.
    """

    def __init__(self, part: Path, progress: Progress, tries: int = 5, wait_s: float = 1.0, size: int = 0) -> None:
        self._part = part
        self._size = size
        self._progress = progress
        self._tries = tries
        self._wait_s = wait_s

    def __call__(self, url: str, output_file: Any, _pooch: Any, check_only: bool = False) -> None:
        """Fetch all of `url` and put it where pooch wants it. Raises FetchError."""
        failures = 0
        if self._size and self._have() > self._size:
            self._part.unlink()  # of another version
        while True:
            had = self._have()
            try:
                if self._fetch_rest(url):
                    break
                why = "the connection ended early"
            except urllib.error.HTTPError as error:
                if error.code in _FOR_GOOD and error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise FetchError("fetch_refused", f"{url}: HTTP {error.code} {error.reason}") from error
                self._part.unlink(missing_ok=True)  # what is there belongs to another version
                why = f"HTTP {error.code}"
            except _CUT as error:
                why = str(error) or type(error).__name__
            failures = 0 if self._have() > had else failures + 1
            if failures >= self._tries:
                text = f"{url}: {why}; {self._have()} bytes are kept, run this again to go on"
                raise FetchError("fetch_failed", text, retryable=True)
            time.sleep(self._wait_s)
        os.replace(self._part, output_file)

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _fetch_rest(self, url: str) -> bool:
        """Append what is missing; whether the file is whole now."""
        have = self._have()
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        with urllib.request.build_opener(_way(url), _SafeRedirects).open(request, timeout=TIMEOUT_S) as answer:
            if not _goes_on(answer, have):
                have = 0  # the server does not know ranges: from the beginning
            announced = _whole_size(answer, have)
            self._check_size(url, announced)
            whole = self._size or announced
            _check_fits(self._part, whole - have)
            private_file(self._part)
            with self._part.open("ab" if have else "wb") as file:
                while piece := answer.read(_PIECE):
                    have += len(piece)
                    self._check_size(url, have, so_far=True)
                    file.write(piece)
                    self._progress(have, whole)
        return not whole or have >= whole

    def _check_size(self, url: str, count: int, *, so_far: bool = False) -> None:
        """Raise FetchError where a file of `count` bytes (so far) is not the one that was asked for."""
        most = self._size or LARGEST_BYTES
        if count <= most and (so_far or not count or not self._size or count == self._size):
            return
        self._part.unlink(missing_ok=True)
        expected = f"the list of models says {most}" if self._size else f"no model is larger than {most}"
        text = f"{url} gives {'more than ' if so_far else ''}{most if so_far else count} bytes; {expected}"
        raise FetchError("fetch_size", f"{text}; what came was deleted")


def _check_fits(path: Path, count: int) -> None:
    """Raise FetchError where the disk of `path` has no room for `count` more bytes."""
    free = shutil.disk_usage(path.parent).free - SPARED_BYTES
    if count > free:
        text = f"{path} needs {count} bytes, and its disk has room for {max(0, free)}"
        raise FetchError("fetch_no_room", f"{text}; make room and run this again: what came is kept", retryable=True)


def _goes_on(answer: Any, have: int) -> bool:
    """Whether the answer is what follows the bytes that are there."""
    begins = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return bool(answer.status == http.client.PARTIAL_CONTENT and begins)


def _way(url: str) -> urllib.request.ProxyHandler:
    """Through the environment's proxy, or none. Raises FetchError with the variable that cannot work."""
    try:
        proxy = proxy_for(url)
        if url.startswith("https:"):
            check_certificates()
    except ConfigError as error:
        raise FetchError("fetch_refused", f"{url} cannot be fetched: {error.text}") from error
    return urllib.request.ProxyHandler({urlsplit(url).scheme: proxy.address} if proxy else {})


def _whole_size(answer: Any, have: int) -> int:
    if found := re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", "")):
        return int(found[1])
    length = answer.headers.get("Content-Length")
    return have + int(length) if length else 0


def fetch_file(file: RemoteFile, folder: Path, checksum: str, progress: Progress, **downloader: Any) -> Path:
    """`file` in `folder`, whole and with that checksum; a file that is there already is only checked.

    checksum: "sha256:…", "md5:…", or "" for any.

    Raises FetchError; a file with another checksum is deleted.
    """
    private_folder(folder)
    target = folder / file.name
    if checksum and target.exists() and not pooch.hashes.hash_matches(str(target), checksum):
        target.unlink()  # cut off or damaged
    resuming = ResumingDownloader(folder / f"{file.name}.part", progress, size=file.size, **downloader)
    log = pooch.get_logger()
    level, _ = log.level, log.setLevel("ERROR")
    try:
        pooch.retrieve(
            file.url,
            known_hash=checksum or None,
            fname=file.name,
            path=folder,
            downloader=resuming,
        )
    except ValueError as error:  # pooch's word for a wrong checksum; its temporary file is gone by now
        wanted = checksum.replace(":", " ")
        text = f"{file.url} has another checksum than the {wanted} that is expected; what came was deleted"
        raise FetchError("fetch_checksum", text) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        text = f"{folder}: {error.strerror}; make room and run this again: what came is kept"
        raise FetchError("fetch_no_room", text, retryable=True) from error
    finally:
        log.setLevel(level)
    return target


def check_can_unpack() -> None:
    """Raise FetchError where this Python cannot keep an archive's paths within its folder."""
    if not hasattr(tarfile, "data_filter"):
        have = platform.python_version()
        raise FetchError("fetch_python", f"unpacking the archive safely needs Python 3.11.4 or newer; this is {have}")


def unpack(archive: Path) -> None:
    """Unpack beside the archive, whole or not at all, and remove it. Raises FetchError."""
    check_can_unpack()
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        try:
            with tarfile.open(archive) as tar:
                _check_fits(archive, sum(member.size for member in tar))
                tar.extractall(folder, filter="data")  # refuses paths that lead out of the folder
        except (tarfile.TarError, EOFError, OSError) as error:
            raise FetchError("fetch_archive", f"{archive} cannot be unpacked: {error}") from error
        for entry in Path(folder).iterdir():
            target = archive.parent / entry.name
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(target) if target.is_dir() else target.unlink()
            shutil.move(entry, target)
    archive.unlink()
