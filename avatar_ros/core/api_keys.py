"""Where a key is found: in the environment, or in a file of NAME=value lines that is not in the repository."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import Path

from .errors import ConfigError

_EXPORT = re.compile(r"^export\s+")
_COMMENT = re.compile(r"(?:^|\s)#")


def find_key(variable: str, env_file: str, environment: Mapping[str, str]) -> str:
    """The key called `variable`; "" where none is wanted. Raises ConfigError saying where it was looked for."""
    if not variable:
        return ""
    if not variable.isidentifier():
        # Not repeated in the message: it may be the key itself.
        raise ConfigError("key_variable", "key_variable must be the NAME of an environment variable, not a key")
    path = Path(env_file).expanduser() if env_file else None
    key = environment.get(variable) or (read_env_file(path).get(variable) if path else "")
    if not key:
        places = "the environment" + (f" and in {path}" if path else "")
        raise ConfigError(
            "key_missing",
            f"no key: {variable} was looked for in {places}{_almost(variable, path)}; set it there, or set "
            "key_variable to '' for a service that needs none",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        place = "the environment" if environment.get(variable) else str(path)
        text = f"the value of {variable} in {place} holds characters that no key has; copy it anew"
        raise ConfigError("key_unusable", text)
    return key


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; `export`, quotes around the value, blank lines and # comments are allowed. {} if missing.

    Raises ConfigError naming the line; values are secrets and stand in no message.
    """
    found = {}
    for number, line in enumerate(_lines(path), start=1):
        name, sign, value = _EXPORT.sub("", line.strip()).partition("=")
        if sign and name.strip().isidentifier():
            try:
                found[name.strip()] = _unquoted(value.strip())
            except ValueError as error:
                raise ConfigError("env_file", f"{path} line {number}: {error} of {name.strip()}") from None
    return found


def _almost(variable: str, path: Path | None) -> str:
    """What to add where a line of the file names the key, but not so that it counts; "" where none does."""
    named = re.compile(rf"(?<!\w){variable}(?!\w)", re.IGNORECASE)
    for number, line in enumerate(_lines(path) if path else (), start=1):
        if named.search(line):
            empty = _EXPORT.sub("", line.strip()).partition("=")[0].strip() == variable
            fault = "gives it no value" if empty and "=" in line else "names it, but does not set it"
            return f" (line {number} {fault}; a line that does: {variable}=…)"
    return ""


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError("env_file", f"{path} cannot be read: {error.strerror}") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigError("env_file", f"{path} is no text in UTF-8; save it as UTF-8")
    return text.splitlines()


def _unquoted(value: str) -> str:
    """The value without quotes and comment. Raises ValueError where a quote is not closed, or something follows it."""
    if value[:1] not in ("'", '"'):
        return _COMMENT.split(value, maxsplit=1)[0].strip()
    inner, sign, rest = value[1:].partition(value[0])
    if not sign:
        raise ValueError("there is no closing quote behind the value")
    if rest.strip() and not rest.lstrip().startswith("#"):
        raise ValueError("something stands behind the closing quote of the value")
    return inner
