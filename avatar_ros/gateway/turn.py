"""TURN for browsers behind networks that let little through: credentials that end by themselves, made for each session.

The scheme of draft-uberti-behave-turn-rest-00, which coturn calls use-auth-secret: the user's name is when it ends and
who it is, the password a signature of that by the secret which server and relay share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import ConfigError

SCHEMES = ("turn:", "turns:", "stun:", "stuns:")


def turn_credentials(secret: str, name: str, until_s: float) -> tuple[str, str]:
    """(username, credential), good until that time, s since 1970."""
    username = f"{int(until_s)}:{name}"
    signed = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(signed).decode()


@dataclass(frozen=True)
class TurnServers:
    """What a page is told of relays. urls: turn:HOST:PORT?transport=udp and the like; wall_s: s since 1970."""

    urls: Sequence[str]
    secret: str
    life_s: float
    make_name: Callable[[], str]
    wall_s: Callable[[], float]

    def __post_init__(self) -> None:
        """Raises ConfigError for an address that is none, and for a relay without its secret."""
        for url in self.urls:
            if not url.startswith(SCHEMES):
                raise ConfigError("bad_turn", f"turn_urls: '{url}' begins with none of {', '.join(SCHEMES)}")
        if any(url.startswith("turn") for url in self.urls) and not self.secret:
            raise ConfigError("bad_turn", "turn_urls without turn_secret_file: give the secret that the relay has")

    def ice_servers(self) -> list[dict[str, Any]]:
        """RTCIceServer objects, with credentials of their own."""
        stun = [url for url in self.urls if url.startswith("stun")]
        turn = [url for url in self.urls if url.startswith("turn")]
        out: list[dict[str, Any]] = [{"urls": stun}] if stun else []
        if turn:
            username, credential = turn_credentials(self.secret, self.make_name(), self.wall_s() + self.life_s)
            out.append({"urls": turn, "username": username, "credential": credential})
        return out
