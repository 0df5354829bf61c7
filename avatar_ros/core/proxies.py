"""Which proxy a connection goes through, by the usual variables. What cannot work is named; loopback needs none."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping, MutableMapping
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from .errors import ConfigError

_SOCKS = ("socks5", "socks5h")


class Proxy(NamedTuple):
    """address: may hold a password; variable: the name of where it stands."""

    address: str
    variable: str


def proxy_for(url: str, environment: Mapping[str, str] = os.environ, *, socks: bool = False) -> Proxy | None:
    """The proxy for `url`. socks: who asks can use such a one, where its library is installed.

    Raises ConfigError with the name of the variable that cannot work.
    """
    address = urlsplit(url)
    host = (address.hostname or "").lower()
    if is_local(host) or _spared(host, address, _value("no_proxy", environment)[1]):
        return None
    scheme = {"ws": "http", "wss": "https"}.get(address.scheme, address.scheme)
    for wanted in (f"{scheme}_proxy", "all_proxy"):
        name, value = _value(wanted, environment)
        if value:
            return Proxy(_checked(name, value, socks), name)
    return None


def is_local(host: str) -> bool:
    """Whether the name or number is of this computer itself, as written: no name is looked up."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    number = getattr(number, "ipv4_mapped", None) or number
    return number.is_loopback or number.is_unspecified


def spare_local(url: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """For libraries that read the variables themselves: add the host of `url` to no_proxy if it is of this computer."""
    host = urlsplit(url).hostname or ""
    if is_local(host):
        others = _value("no_proxy", environment)[1]
        environment["no_proxy"] = f"{others},{host}".strip(",")


def check_certificates(environment: Mapping[str, str] = os.environ) -> None:
    """Raises ConfigError where SSL_CERT_FILE or SSL_CERT_DIR names nothing: no certificate could be checked."""
    for name, exists in (("SSL_CERT_FILE", os.path.isfile), ("SSL_CERT_DIR", os.path.isdir)):
        if (path := environment.get(name)) and not exists(path):
            text = f"the environment variable {name} names {path}, which is not there; unset it"
            raise ConfigError("certificates", text)


def _value(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for spelt in (name, name.upper()):
        if value := environment.get(spelt, "").strip():
            return spelt, value
    return name, ""


def _spared(host: str, address: SplitResult, no_proxy: str) -> bool:
    """no_proxy as curl and Go read it: names with all that is below them, numbers, networks, "*"."""
    return any(_fits(entry.lower(), host, address) for entry in re.split(r"[\s,]+", no_proxy) if entry)


def _fits(entry: str, host: str, address: SplitResult) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except (ValueError, TypeError):
        pass
    name, colon, port = entry.rpartition(":") if re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", entry) else (entry, "", "")
    name = name.strip("[]").removeprefix("*").removeprefix(".")
    mine = address.port or {"https": 443, "wss": 443}.get(address.scheme, 80)
    return (host == name or host.endswith(f".{name}")) and (not colon or int(port) == mine)


def _checked(name: str, value: str, socks: bool) -> str:
    proxy = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(proxy)
        usable = bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", proxy)
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("http", "https", *_SOCKS):
        text = f"the environment variable {name} names no proxy like http://host:port; mend or unset it"
        raise ConfigError("proxy", text)
    if parts.scheme in _SOCKS and not (socks and find_spec("socksio")):
        remedy = "install socksio (pip), or unset it" if socks else "unset it"
        text = f"the environment variable {name} names a SOCKS proxy, which is not usable; {remedy}"
        raise ConfigError("proxy", text)
    return proxy
