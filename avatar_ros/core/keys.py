"""Where a key is found: in the environment, or in a file of NAME=value lines that is not in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .errors import ConfigError


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
            f"no key: {variable} was looked for in {places}; set it there, or set key_variable to '' "
            "for a service that needs none",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError("key_unusable", f"the value of {variable} holds characters that no key has; copy it anew")
    return key


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; `export`, quotes around the value, blank lines and # comments are allowed. {} if missing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("env_file", f"{path} cannot be read: {type(error).__name__}") from error
    found = {}
    for line in lines:
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and name.strip().isidentifier():
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].strip()
