"""Who may come in: the address that a browser names, where its page is from, the token, how often it may be tried.

Pure of any web framework: told headers, addresses and the time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from .base import WebSettings
from .rate_limit import AddressLimit

COOKIE = "avatar"
#: Wrong tokens of one address: five at once, then one in twelve seconds.
_TRIES, _TRIES_PER_S = 5.0, 1 / 12
#: What needs no token: the page itself, which asks for it, whether the server is well, and what has another one.
OPEN_PATHS = frozenset({"/", "/embed", "/login", "/health", "/favicon.ico"})
OPEN_FOLDERS = ("/static/", "/admin")


class Access:
    """token: "" where none is needed."""

    def __init__(self, settings: WebSettings, token: str, names: Iterable[str]) -> None:
        self._settings = settings
        self._token = token
        self._names = {name.lower() for name in (*names, *settings.names)}
        self._names |= {host for origin in settings.origins if (host := urlsplit(origin).hostname)}
        self._limit = AddressLimit(_TRIES_PER_S, _TRIES)
        self._cookie = hmac.new(token.encode() or secrets.token_bytes(32), b"avatar cookie", hashlib.sha256).hexdigest()

    @property
    def needs_token(self) -> bool:
        return bool(self._token)

    @property
    def cookie(self) -> str:
        """What a browser that has shown the token is given."""
        return self._cookie

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this machine: a stranger's name for it may be a trick of a page of theirs."""
        name = urlsplit(f"//{host}").hostname or ""
        return name.lower() in self._names

    def is_own_origin(self, origin: str | None, host: str) -> bool:
        """Whether an Origin header is this server's own, or one that was allowed. Programs send none."""
        if origin is None or origin in self._settings.origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()

    def has_token(self, headers: Mapping[str, str], address: str, now_s: float) -> tuple[bool, float]:
        """(whether a request carries the cookie or, as programs do, the token itself; how long it must wait, s).

        Wrong tokens count as tries; where those are used up, not even the right one is looked at.
        """
        if not self._token or hmac.compare_digest(_cookie_of(headers.get("cookie", "")), self._cookie):
            return True, 0.0
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False, 0.0
        if wait_s := self._limit.wait_s(address, now_s):
            return False, wait_s
        right = self._is_token(value.strip())
        return right, 0.0 if right else self._limit.take(address, now_s)

    def try_token(self, token: str, address: str, now_s: float) -> tuple[bool, float]:
        """(whether it is the token, how long this address must wait before its next try, s: 0.0 where it need not)."""
        wait_s = self._limit.take(address, now_s)
        return (False, wait_s) if wait_s else (self._is_token(token), 0.0)

    def _is_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())

    def needs_it(self, path: str) -> bool:
        """Whether a path is for those with the token alone."""
        return self.needs_token and path not in OPEN_PATHS and not path.startswith(OPEN_FOLDERS)


def _cookie_of(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and morsel.value.isascii() else ""
