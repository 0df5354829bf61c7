"""./avatar fetch against a real HTTP server that cuts the connection, sends the wrong thing, or refuses."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

pytest.importorskip("pooch", reason="pooch is not installed (extra fetch)")
pytest.importorskip("tqdm", reason="tqdm is not installed (extra fetch)")

from avatar_ros.cli import main
from avatar_ros.commands.download import FetchError, fetch_file, unpack
from avatar_ros.commands.fetch import _may, fetch, listing
from avatar_ros.commands.manifest import Model, RemoteFile, read_manifest
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file

DATA = bytes(range(256)) * 4000
SUM = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server():
    """`cut`: how often the connection breaks half way; `ranges`: whether it knows them; `asked`: Range headers;

    `location`: where a `status` of 302 sends the caller; `moved`: where it is sent unless it asks there.
    """
    state = SimpleNamespace(cut=0, ranges=True, status=200, data=DATA, asked=[], location="", moved="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range", "")
            state.asked.append(wanted)
            elsewhere = state.location if state.status == 302 else ""
            if state.moved and not state.moved.endswith(self.path):
                elsewhere = state.moved
            if elsewhere:
                self.send_response(302)
                self.send_header("Location", elsewhere)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if state.status != 200:
                self.send_error(state.status)
                return
            start = int(wanted[6:-1]) if wanted and state.ranges else 0
            self.send_response(206 if wanted and state.ranges else 200)
            body = state.data[start:]
            self.send_header("Content-Length", str(len(body)))
            if wanted and state.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(state.data) - 1}/{len(state.data)}")
            self.end_headers()
            if state.cut:
                state.cut -= 1
                body = body[: len(body) // 2]
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    state.url = f"http://127.0.0.1:{http.server_address[1]}/model.bin?download=true"
    yield state
    http.shutdown()
    http.server_close()


def get(server, folder, sha256=SUM, **downloader):
    seen = []
    file = RemoteFile(server.url, len(DATA), sha256)
    path = fetch_file(file, folder, file.checksum, lambda *p: seen.append(p), **{"wait_s": 0.0, **downloader})
    return path, seen


def test_a_whole_file_with_its_progress(server, tmp_path):
    path, seen = get(server, tmp_path)
    assert path == tmp_path / "model.bin" and path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA)) and list(tmp_path.iterdir()) == [path]


def test_a_server_on_this_computer_is_reached_in_any_environment(server, tmp_path, monkeypatch):
    broken = (("http_proxy", "http://127.0.0.1:1"), ("ALL_PROXY", "socks5://h:1"), ("SSL_CERT_FILE", "/nowhere"))
    for name, value in broken:
        monkeypatch.setenv(name, value)
    assert get(server, tmp_path)[0].read_bytes() == DATA


@pytest.mark.parametrize(
    ("variable", "value"), [("https_proxy", "socks5://h:1"), ("ALL_PROXY", "http://"), ("SSL_CERT_FILE", "/nowhere")]
)
def test_a_variable_that_cannot_work_is_named_at_once(variable, value, tmp_path, monkeypatch):
    monkeypatch.setenv(variable, value)
    server = SimpleNamespace(url="https://models.invalid/model.bin")
    with pytest.raises(FetchError, match=variable):
        get(server, tmp_path, tries=1)


def test_what_is_there_is_not_fetched_again_unless_it_is_damaged(server, tmp_path):
    path, _ = get(server, tmp_path)
    get(server, tmp_path)
    assert len(server.asked) == 1
    path.write_bytes(DATA[:-1])
    assert get(server, tmp_path)[0].read_bytes() == DATA


def test_a_cut_connection_is_gone_on_with(server, tmp_path):
    server.cut = 3
    path, _ = get(server, tmp_path)
    assert path.read_bytes() == DATA
    half = len(DATA) // 2
    assert server.asked[:2] == ["", f"bytes={half}-"] and len(server.asked) == 4


def test_the_next_run_goes_on_where_this_one_gave_up(server, tmp_path):
    server.cut = 1
    with pytest.raises(FetchError, match=f"{len(DATA) // 2} bytes are kept"):
        get(server, tmp_path, tries=0)
    assert get(server, tmp_path)[0].read_bytes() == DATA
    assert server.asked[1] == f"bytes={len(DATA) // 2}-"


def test_a_server_without_ranges_begins_anew(server, tmp_path):
    server.cut, server.ranges = 1, False
    assert get(server, tmp_path)[0].read_bytes() == DATA


def test_a_wrong_checksum_is_named_and_nothing_of_it_stays(server, tmp_path):
    with pytest.raises(FetchError, match=r"model.bin.*another checksum than the sha256 0000.*deleted"):
        get(server, tmp_path, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_exist_is_not_tried_again(server, tmp_path):
    server.status = 404
    with pytest.raises(FetchError, match="HTTP 404"):
        get(server, tmp_path)
    assert len(server.asked) == 1


def test_a_service_that_fails_is_tried_again_and_then_given_up(server, tmp_path):
    server.status = 503
    with pytest.raises(FetchError, match="HTTP 503"):
        get(server, tmp_path, tries=3)
    assert len(server.asked) == 3


def test_without_a_published_checksum_the_first_one_is_kept_and_held_to(server, tmp_path, capsys):
    model = Model("m", "test", "MIT", (RemoteFile(server.url),))
    fetch(model, tmp_path, wait_s=0.0)
    assert f"sha256 {SUM}" in capsys.readouterr().out
    (tmp_path / "model.bin").unlink()
    server.data = DATA[::-1]
    with pytest.raises(FetchError, match="another checksum"):
        fetch(model, tmp_path, wait_s=0.0)


def tar(*names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 4
            file.addfile(info, io.BytesIO(b"data"))
    return out.getvalue()


def test_archives_are_unpacked_once(server, tmp_path):
    server.data = tar("pretrained/weights.bin")
    model = Model("m", "test", "MIT", (RemoteFile(server.url, unpack=True),))
    fetch(model, tmp_path)
    fetch(model, tmp_path)
    assert (tmp_path / "pretrained/weights.bin").read_bytes() == b"data"
    assert not (tmp_path / "model.bin").exists() and len(server.asked) == 1


def test_sizes_that_are_not_known_are_said_to_be_so(tmp_path):
    sizes = {"none": (0,), "some": (0, 5_000_000), "all": (5_000_000,)}
    models = {
        name: Model(name, "test", "MIT", tuple(RemoteFile(f"http://x/{i}", size=size) for i, size in enumerate(each)))
        for name, each in sizes.items()
    }
    lines = listing(models, tmp_path)[::2]
    assert ["size unknown" in lines[0], ">= 5 MB" in lines[1], " 5 MB" in lines[2]] == [True] * 3
    assert ">=" not in lines[0] + lines[2]


BAD_ARCHIVES = {"outside": tar("../outside"), "cut": tar("a")[:40], "none": b"no archive"}


# Named, because a tar.gz holds the second it was made in: xdist's workers, which each collect,
# would otherwise collect tests of different names and stop.
@pytest.mark.parametrize("data", BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_bad_archives_are_refused_and_leave_nothing(tmp_path, data):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "x.tar").write_bytes(data)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(folder / "x.tar")
    assert not (tmp_path / "outside").exists() and [p.name for p in folder.iterdir()] == ["x.tar"]


def test_a_licence_that_forbids_commercial_use_is_asked_about(monkeypatch, capsys):
    model = Model("m", "test", "CC BY-NC 4.0", (), non_commercial=True)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    asked = []
    answers = iter(["y", "", "no"])
    assert [_may(model, [], lambda q: asked.append(q) or next(answers)) for _ in range(3)] == [True, False, False]
    assert "CC BY-NC 4.0" in asked[0]
    assert _may(model, ["m"]) and len(asked) == 3
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    assert not _may(model, []) and "--accept-licence m" in capsys.readouterr().err


def test_the_verb(server, tmp_path, capsys):
    manifest = tmp_path / "m.yaml"
    files = [{"url": server.url, "size": len(DATA), "sha256": SUM}]
    manifest.write_text(json.dumps({"tiny": {"for": "a test", "licence": "MIT", "files": files}}))
    common = ["fetch", "--manifest", str(manifest), "--to", str(tmp_path / "to")]
    assert main(common) == 0 and "1 MB" in capsys.readouterr().out
    assert main([*common, "huge"]) == 2 and "known: tiny" in capsys.readouterr().err
    assert main([*common, "tiny"]) == 0 and (tmp_path / "to/tiny/model.bin").read_bytes() == DATA
    capsys.readouterr()
    assert main(common) == 0 and " here " in capsys.readouterr().out


def test_what_was_not_agreed_to_is_not_fetched(server, tmp_path, monkeypatch, capsys):
    manifest = tmp_path / "m.yaml"
    entry = {"for": "a test", "licence": "CC BY-NC 4.0", "non_commercial": True}
    entry["files"] = [{"url": server.url, "size": len(DATA), "sha256": SUM}]
    manifest.write_text(json.dumps({"for_art_only": entry}))
    common = ["fetch", "--manifest", str(manifest), "--to", str(tmp_path / "to")]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    assert main([*common, "for_art_only"]) == 1 and "CC BY-NC 4.0" in capsys.readouterr().err
    assert not server.asked and not (tmp_path / "to").exists()
    assert main([*common, "for-art-only", "--accept-licence", "for-art-only"]) == 0
    assert (tmp_path / "to/for_art_only/model.bin").read_bytes() == DATA


def test_where_only_an_md5_is_published_that_is_held_to_and_then_the_sha256_that_was_found(server, tmp_path):
    file = RemoteFile(server.url, len(DATA), md5=hashlib.md5(DATA).hexdigest())
    fetch(Model("voice", "a test", "MIT", (file,)), tmp_path)
    assert json.loads((tmp_path / "fetched.json").read_text())["model.bin"]["sha256"] == SUM
    other = RemoteFile(server.url, len(DATA), md5="0" * 32)
    with pytest.raises(FetchError, match="another checksum than the md5 0000"):
        fetch(Model("voice", "a test", "MIT", (other,)), tmp_path / "other", wait_s=0.0)
    assert not (tmp_path / "other/model.bin").exists()


def test_the_shipped_manifest():
    models = read_manifest()
    assert {"sensevoice", "sensevoice_sherpa", "lam_audio2exp", "wav2vec2_base", "hubert_base"} <= models.keys()
    assert models["lam_audio2exp"].non_commercial
    for model in models.values():
        assert all(file.url.startswith("https://") and "/main/" not in file.url for file in model.files), "pinned"
        weights = [file for file in model.files if file.name.endswith((".bin", ".pt", ".onnx", ".tar"))]
        assert weights and all(len(file.sha256) == 64 or (file.size and len(file.md5) == 32) for file in weights)


def test_a_damaged_manifest_names_its_entry(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("a: {for: x, licence: y, files: [{url: z}]}")
    with pytest.raises(ConfigError, match="entry 'a'"):
        read_manifest(path)


BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"url": "https://[::1/f"}, "no file's address"), ({"url": "https://h/a%00b"}, "no file's address"),
        ({"url": "https://h/a%0ab"}, "no file's address"), ({"url": "https://h/a%5c..%5cb"}, "no file's address"),
        ({"url": "https://h/" + "a" * 1000}, "no file's address"), ({"url": "https://h/\x1b[2J"}, "'url' is"),
        ({"url": ["https://h/f"]}, "'url' is"), ({"url": "https://h/" + "a" * 5000}, "'url' is"),
        ({"size": float("inf")}, "'size' is"), ({"size": float("nan")}, "'size' is"), ({"size": -1}, "'size' is"),
        ({"size": True}, "'size' is"), ({"size": "1"}, "'size' is"), ({"size": 1 << 70}, "'size' is"),
        ({"sha256": "abc"}, "'sha256' is"), ({"sha256": [1]}, "'sha256' is"),
        ({"md5": "abc"}, "'md5' is wrong"), ({"md5": "0" * 33}, "'md5' is wrong"),
    ],
)  # fmt: skip
def test_types_and_numbers_of_a_file_are_judged(tmp_path, change, what):
    path = tmp_path / "m.yaml"
    file = {"url": "https://example.org/f", "size": 3, "sha256": ""} | change
    path.write_text(json.dumps({"m": {"for": "x", "licence": "y", "files": [file]}}))
    with pytest.raises(ConfigError, match=f"entry 'm': .*{what}") as caught:
        read_manifest(path)
    assert str(caught.value).isprintable() and caught.value.code == "bad_manifest"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 100_000, "levels deep"), (BOMB + "m: {for: *a11, licence: y, files: []}", "entry 'a0'"),
        ("a: 2020-99-99", "month"), ("? [a, b]\n: c", "m.yaml"), ("5: {}", "by name"), ("m: [1]", "entry 'm'"),
        ("m: {for: x, licence: y, files: {a: b}}", "entry 'm'"), ("m: {for: x, licence: y, files: [5]}", "entry 'm'"),
        ("m: {for: &a [*a], licence: y, files: []}", "'for' is"), ("a" * 300 + ": {}", "no name of a folder"),
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_refused(tmp_path, text, what):
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=what) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 500


def test_nodes_find_what_was_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "avatar_ros/models/only_fetched").mkdir(parents=True)
    assert share_file("models/only_fetched") == tmp_path / "avatar_ros/models/only_fetched"


def test_a_python_that_cannot_unpack_safely_is_told_before_anything_is_fetched(server, tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")
    model = Model("m", "test", "MIT", (RemoteFile(server.url, unpack=True),))
    with pytest.raises(FetchError, match=r"needs Python 3\.11\.4 or newer; this is 3\.") as caught:
        fetch(model, tmp_path)
    assert caught.value.code == "fetch_python" and not server.asked
    (tmp_path / "x.tar").write_bytes(tar("a"))
    with pytest.raises(FetchError, match=r"3\.11\.4"):
        unpack(tmp_path / "x.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/model.bin",
        "file:///etc/hostname",
        "ftp://example.org/model.bin",
        "http://127.0.0.1.example.org/model.bin",
        "https:///model.bin",
        "https://example.org/",
        "https://example.org/a/..",
        "model.bin",
    ],
)
def test_models_come_over_https_alone(tmp_path, url):
    path = tmp_path / "m.yaml"
    path.write_text(json.dumps({"m": {"for": "x", "licence": "y", "files": [{"url": url, "size": 0, "sha256": ""}]}}))
    with pytest.raises(ConfigError, match=rf"m\.yaml: entry 'm': .*{url.partition('?')[0]}.*https") as caught:
        read_manifest(path)
    assert caught.value.code == "bad_manifest"


@pytest.mark.parametrize("url", ["https://example.org/m.bin", "http://127.0.0.1:8/m.bin", "http://localhost/m.bin"])
def test_this_computers_own_server_may_be_plain(tmp_path, url):
    path = tmp_path / "m.yaml"
    path.write_text(json.dumps({"m": {"for": "x", "licence": "y", "files": [{"url": url, "size": 0, "sha256": ""}]}}))
    assert read_manifest(path)["m"].files[0].url == url


@pytest.mark.parametrize("name", ["..", "../x", ".hidden", ""])
def test_a_model_is_named_as_a_folder(tmp_path, name):
    path = tmp_path / "m.yaml"
    entry = {"for": "x", "licence": "y", "files": [{"url": "https://example.org/m", "size": 0, "sha256": ""}]}
    path.write_text(json.dumps({name: entry}))
    with pytest.raises(ConfigError, match="is no name of a folder"):
        read_manifest(path)


def test_a_server_may_not_send_us_elsewhere_without_https(server, tmp_path):
    server.status, server.location = 302, "http://example.invalid/model.bin"
    with pytest.raises(FetchError, match=r"http://example\.invalid/model\.bin.*https"):
        get(server, tmp_path, tries=3)
    assert len(server.asked) == 1, "refused for good"


def test_a_server_may_send_us_elsewhere(server, tmp_path):
    server.moved = server.url.replace("model.bin", "moved.bin")
    path, _ = get(server, tmp_path)
    assert path.read_bytes() == DATA and len(server.asked) == 2
