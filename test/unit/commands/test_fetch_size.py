"""Servers that send more than was said, or say what is not true: `fetch` takes in what the manifest names, no more."""

from __future__ import annotations

import errno
import io
import shutil
import tarfile
from collections import namedtuple

import pytest

pytest.importorskip("pooch", reason="pooch is not installed")

from avatar_ros.commands import download
from avatar_ros.commands.download import FetchError, fetch_file, unpack
from avatar_ros.commands.manifest import RemoteFile
from tls_servers import server

SIZE = 1000
ENDLESS = 64 << 20


def body(length=None, count=SIZE, chunked=False, status=200, content_range=""):
    """An answer of `count` bytes that claims `length` of them (None: says nothing)."""

    def answer(handler):
        handler.protocol_version = "HTTP/1.1" if chunked else "HTTP/1.0"
        handler.send_response(status)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        if content_range:
            handler.send_header("Content-Range", content_range)
        if chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.sent = 0
        try:
            while handler.sent < count:
                piece = b"x" * min(1 << 16, count - handler.sent)
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                handler.sent += len(piece)
            if chunked:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass
        SENT.append(handler.sent)

    return answer


SENT = []


def get(url, folder, size=SIZE, **options):
    options = {"wait_s": 0.0, "tries": 2, **options}
    return fetch_file(RemoteFile(f"{url}/model.bin", size), folder, "", lambda *_: None, **options)


@pytest.mark.parametrize(
    "lie",
    [body(None, ENDLESS), body(None, ENDLESS, chunked=True), body(ENDLESS, ENDLESS), body(10, ENDLESS),
     body(SIZE - 1, SIZE - 1), body(SIZE + 1, SIZE + 1), body(2**62, ENDLESS)],
    ids=["endless", "endless chunked", "larger", "says less", "smaller", "one more", "absurd"],
)  # fmt: skip
def test_a_server_that_sends_something_else_is_stopped_at_once(lie, tmp_path):
    SENT.clear()
    with server(lie) as (url, _), pytest.raises(FetchError, match="the list of models says 1000") as caught:
        get(url, tmp_path)
    assert caught.value.code == "fetch_size" and list(tmp_path.iterdir()) == []
    assert sum(SENT) < ENDLESS // 2  # what is in the pipes, not all of it


def test_without_a_known_size_there_is_a_limit_too(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST_BYTES", 1 << 20)
    for lie in (body(None, ENDLESS), body(None, ENDLESS, chunked=True), body(2 << 20, 2 << 20)):
        with server(lie) as (url, _), pytest.raises(FetchError, match="no model is larger than 1048576"):
            get(url, tmp_path, size=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_of_the_right_size_comes_however_it_is_sent(chunked, tmp_path):
    with server(body(None, chunked=chunked)) as (url, _):
        assert get(url, tmp_path).read_bytes() == b"x" * SIZE


def test_what_is_there_of_another_version_is_not_gone_on_with(tmp_path):
    (tmp_path / "model.bin.part").write_bytes(b"y" * (SIZE + 1))
    with server(body(SIZE)) as (url, _):
        assert get(url, tmp_path).read_bytes() == b"x" * SIZE


@pytest.mark.parametrize("content_range", ["bytes 0-999/1000", "bytes 400-999/1000", ""])
def test_an_answer_that_goes_on_elsewhere_is_taken_from_the_beginning(content_range, tmp_path):
    (tmp_path / "model.bin.part").write_bytes(b"y" * 500)
    with server(body(SIZE, status=206, content_range=content_range)) as (url, _):
        assert get(url, tmp_path).read_bytes() == b"x" * SIZE


def test_a_disk_without_room_is_named_before_anything_comes(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, download.SPARED_BYTES + SIZE - 1))
    with server(body(SIZE)) as (url, _), pytest.raises(FetchError, match="make room") as caught:
        get(url, tmp_path)
    assert caught.value.retryable and not any(path.stat().st_size for path in tmp_path.iterdir())


def test_a_disk_that_fills_meanwhile_is_named_and_what_came_is_kept(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_full(path, mode):
        return Full(path, mode)

    monkeypatch.setattr(type(tmp_path), "open", open_full)
    with server(body(SIZE)) as (url, _), pytest.raises(FetchError, match=r"No space left on.*make room") as caught:
        get(url, tmp_path)
    assert caught.value.code == "fetch_no_room"


def test_an_archive_that_holds_more_than_the_disk_does_is_not_unpacked(tmp_path):
    info = tarfile.TarInfo("zeros")
    info.size = 1 << 50
    (tmp_path / "bomb.tar").write_bytes(info.tobuf() + b"\0" * 1024)
    with pytest.raises(FetchError) as caught:
        unpack(tmp_path / "bomb.tar")
    assert caught.value.code in ("fetch_no_room", "fetch_archive")
    assert [path.name for path in tmp_path.iterdir()] == ["bomb.tar"]


def test_what_was_fetched_is_its_users_alone(tmp_path):
    with server(body(SIZE)) as (url, _):
        path = get(url, tmp_path / "new" / "folder")
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (tmp_path / "new", tmp_path / "new/folder")} == {0o700}
