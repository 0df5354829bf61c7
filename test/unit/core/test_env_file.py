"""Files of keys, as people and editors write them."""

from __future__ import annotations

import pytest

from avatar_ros.core.api_keys import find_key, read_env_file
from avatar_ros.core.errors import ConfigError


@pytest.mark.parametrize(
    "content",
    [
        b"KEY=sk-1",
        b"\xef\xbb\xbfKEY=sk-1\n",
        "KEY=sk-1\n".encode("utf-16"),
        b"# keys\r\n\r\nKEY=sk-1\r\n",
        b'KEY="sk-1" # mine\n',
        b"KEY='sk-1'#mine\n",
        b"KEY=sk-1 # mine\n",
        b"KEY=sk-1\t# mine\n",
        b"export KEY=sk-1\n",
        b"export\t KEY = sk-1 \n",
        b"KEY=old\nKEY=sk-1\n",
        b"OTHER='\nthis is no line of ours\nKEY=sk-1\n".replace(b"OTHER='\n", b"OTHER=\n"),
    ],
)
def test_the_key_is_found(tmp_path, content):
    path = tmp_path / ".env"
    path.write_bytes(content)
    assert find_key("KEY", str(path), {}) == "sk-1"


def test_a_hash_within_a_value_belongs_to_it(tmp_path):
    path = tmp_path / ".env"
    path.write_text("A=sk#1\nB='a # b'\nC=#\n")
    assert read_env_file(path) == {"A": "sk#1", "B": "a # b", "C": ""}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'A=1\nKEY="sk-secret\n', r"\.env line 2: there is no closing quote behind the value of KEY"),
        (b'KEY="sk-secret" oops\n', r"\.env line 1: something stands behind the closing quote of the value of KEY"),
        (b"KEY=sk-secret\xe9\n", r"\.env is no text in UTF-8; save it as UTF-8"),
        ("KEY=sk-secret\n".encode("utf-16-le"), r"\.env is no text in UTF-8"),
    ],
)
def test_what_is_wrong_is_named_without_the_secret(tmp_path, content, said):
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        find_key("KEY", str(path), {})
    assert "secret" not in str(caught.value) and caught.value.__cause__ is None


def test_a_folder_is_no_file_of_keys(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory"):
        find_key("KEY", str(tmp_path), {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("KEY: sk-secret", "names it, but does not set it"),
        ("KEY sk-secret", "names it, but does not set it"),
        ('  "KEY": "sk-secret",', "names it, but does not set it"),
        ("set KEY=sk-secret", "names it, but does not set it"),
        ("$env:KEY='sk-secret'", "names it, but does not set it"),
        ("# KEY=sk-secret", "names it, but does not set it"),
        ("key=sk-secret", "names it, but does not set it"),
        ("export KEY", "names it, but does not set it"),
        ("KEY=", "gives it no value"),
        ("export KEY= # later", "gives it no value"),
    ],
)
def test_a_line_that_means_the_key_and_does_not_set_it_is_named(tmp_path, line, said):
    path = tmp_path / ".env"
    path.write_text(f"OTHER_KEY=1\n{line}\n")
    with pytest.raises(ConfigError, match=rf"\(line 2 {said}; a line that does: KEY=…\)") as caught:
        find_key("KEY", str(path), {})
    assert "secret" not in str(caught.value)


def test_nothing_is_added_where_no_line_means_the_key(tmp_path):
    path = tmp_path / ".env"
    path.write_text("OTHER_KEY: 1\nKEYS=2\n")
    with pytest.raises(ConfigError, match=r"\.env; set it there"):
        find_key("KEY", str(path), {})


def test_a_value_that_no_key_can_be_is_named_with_its_place(tmp_path):
    path = tmp_path / ".env"
    path.write_text("KEY=sk secret\n")
    with pytest.raises(ConfigError, match=r"KEY in .*\.env holds"):
        find_key("KEY", str(path), {})
    with pytest.raises(ConfigError, match="KEY in the environment holds"):
        find_key("KEY", str(path), {"KEY": "sk-ü"})
