"""The boundary of loaders, texts in any encoding, and YAML within bounds."""

import errno
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from avatar_ros.core import loading
from avatar_ros.core.errors import AvatarError, AvatarRosError, ConfigError, StageError
from avatar_ros.core.loading import boundary, read_bytes, read_text
from avatar_ros.core.yaml_text import MAX_DEPTH, compose_yaml, load_yaml


def run(fault, error=ConfigError):
    with boundary(Path("/a/b.bin"), error, "bad", "make it again"):
        raise fault


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("odd\n\n  number"), KeyError("x"), RecursionError("deep"), OverflowError(), struct.error("short"),
        zipfile.BadZipFile("no zip"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), AssertionError(),
        SystemError("c"),
        OSError(errno.EIO, os.strerror(errno.EIO)), ValueError("x" * 10_000), ValueError("\x1b[2J\ud800\u202e"),
    ],
)  # fmt: skip
def test_what_a_library_raises_becomes_the_loaders_error(fault):
    with pytest.raises(AvatarError) as caught:
        run(fault, AvatarError)
    text = str(caught.value)
    assert text.startswith("/a/b.bin cannot be read: ") and text.endswith("; make it again")
    assert caught.value.code == "bad" and caught.value.__cause__ is fault
    assert text.isprintable() and len(text) < 300
    text.encode()


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(), OSError(errno.ENOSPC, "full"), OSError(errno.EMFILE, "files"), OSError(errno.ENFILE, "files"),
        OSError(errno.ENOMEM, "memory"), ConfigError("mine", "in my words"), StageError("stage"), KeyboardInterrupt(),
    ],
)  # fmt: skip
def test_faults_of_the_machine_and_errors_with_words_of_their_own_go_through(fault):
    with pytest.raises(type(fault)) as caught:
        run(fault)
    assert caught.value is fault


def test_loaders_let_missing_descriptors_through(tmp_path):
    """A process without descriptors is not told that its files are bad."""
    script = """
import resource, sys
from pathlib import Path
from avatar_ros.audio.wav import read_wav
from avatar_ros.avatar.load import load_avatar
from avatar_ros.commands.expression_file import read_expression
from avatar_ros.llm.answers import load_answers
import avatar_ros.avatar.lam_format
for reader in (read_wav, load_avatar, read_expression, load_answers):
    path = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        reader(path)
        found = "nothing"
    except OSError as error:
        found = error.errno
    except Exception as error:
        found = repr(error)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    print(found)
"""
    (tmp_path / "x").write_bytes(b"hello")
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "x"], capture_output=True, text=True)
    assert done.stdout.split("\n")[:-1] == [str(errno.EMFILE)] * 4, done.stdout + done.stderr


def test_errors_hold_nothing_that_a_terminal_obeys():
    assert str(AvatarRosError("code", "a\x1b[2Jb\x07\u202ec\ud800é猫\n–")) == r"a\x1b[2Jb\x07\u202ec\ud800é猫" + "\n–"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_texts_say_their_encoding_by_a_byte_order_mark(tmp_path, encoding):
    path = tmp_path / "x.txt"
    path.write_bytes("é 猫".encode(encoding))
    assert read_text(path, 100, "bad") == "é 猫"


def test_other_encodings_and_large_files_are_refused(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("ab é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"x\.txt is no text in UTF-8 \(byte 3.*save it as UTF-8"):
        read_text(path, 100, "bad")
    with pytest.raises(ConfigError, match="larger than"):
        read_bytes(path, 3, "bad")
    assert read_bytes(path, 4, "bad") == b"ab \xe9"


LISTS = "b0: &b0 [x]\n" + "".join(f"b{i}: &b{i} [{','.join([f'*b{i - 1}'] * 9)}]\n" for i in range(1, 9))


@pytest.mark.parametrize("read", [compose_yaml, load_yaml])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 100_000, "line 1: more than 30 levels deep"),
        ("a: " + "{a: " * 500 + "1" + "}" * 500, "levels deep"),
        ("- " * 5000 + "a", "levels deep"),
        (f"a: &a [{','.join('x' * 20_000)}]\n" + "b: *a\n" * 60, "fewer aliases"),
        ("a: [b", "line 2: not valid YAML"),
        ("\0", "not valid YAML"),
    ],
)
def test_yaml_is_refused_before_it_costs_anything(tmp_path, read, text, what):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=what) as caught:
        read(yaml, path, "bad")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: 2020-99-99", "? {a: b}\n: c", "a: !!binary 'é'", "a: {<<: 3}"])
def test_what_yaml_cannot_make_is_refused(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        load_yaml(yaml, path, "bad")


def test_ordinary_yaml_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("a: &n [1, é]\nb: *n\n".encode("utf-8-sig"))
    assert load_yaml(yaml, path, "bad") == {"a": [1, "é"], "b": [1, "é"]}
    path.write_text("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    compose_yaml(yaml, path, "bad")
    path.write_text("")
    assert compose_yaml(yaml, path, "bad") is None


def test_a_pipe_is_read_where_somebody_writes_and_named_where_nobody_does(tmp_path, monkeypatch):
    """Opening it waited for a writer for ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(loading, "WRITER_S", 0.01)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(TimeoutError, match="pipe into which nobody wrote"):
        read_bytes(path, 100, "bad")
    with pytest.raises(ConfigError, match="pipe into which nobody wrote"):
        load_yaml(yaml, path, "bad")
    assert len(os.listdir("/proc/self/fd")) == before
    monkeypatch.setattr(loading, "WRITER_S", 120.0)
    with subprocess.Popen(["sh", "-c", f"printf 'a: 1' > '{path}'"]):
        assert load_yaml(yaml, path, "bad") == {"a": 1}
