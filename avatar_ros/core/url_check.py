"""Addresses of services that settings name."""

from __future__ import annotations

from urllib.parse import urlsplit

from .errors import ConfigError


def check_url(url: str, option: str, *, code: str, example: str, schemes: tuple[str, ...] = ("http", "https")) -> None:
    """Raises ConfigError for what is no address of these schemes, or holds a password: it is shown in the status.

    option: how a user knows it.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = "not" if "@" in url else f"'{url}'; it must be"
        raise ConfigError(code, f"{option} is {shown} like {example}")
    if parts.username or parts.password:
        raise ConfigError(code, f"{option} holds a password; keep it in the environment, see key_variable")
