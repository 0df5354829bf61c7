"""By which ways a page's microphone may come: the settings, and what is installed."""

from __future__ import annotations

import importlib.util
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ConfigError
from ..core.registry import how_to_install
from ..core.secret_files import read_turn_secret
from .base import WebSettings
from .page_echo import make_page_echo
from .turn import TurnServers

if TYPE_CHECKING:
    from .page_connection import PageConnection
    from .rtc_ear import RtcEar

#: A page that WebRTC has not brought to be heard by then goes on by the socket, s.
CONNECT_S = 2.0
MakeRtcEar = Callable[["PageConnection", float], "RtcEar"]


class MicWays:
    """What a page is told, and what takes its offers: None where WebRTC is not to be had."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._turn = TurnServers((), "", settings.turn_life_s, _name, time.time)
        self.make_rtc_ear: MakeRtcEar | None = None

    def load(self) -> None:
        """Read the relay's secret, look for the libraries. Raises ConfigError for what cannot be."""
        own = self._settings
        make_page_echo(own.echo, cancelled_there=False)  # its library takes half a second, once
        secret = read_turn_secret(Path(own.turn_secret_file)) if own.turn_secret_file else ""
        self._turn = TurnServers(own.turn_urls, secret, own.turn_life_s, _name, time.time)
        installed = importlib.util.find_spec("aiortc") is not None
        if own.webrtc == "on" and not installed:
            raise ConfigError(
                "backend_not_installed", f"webrtc is 'on', but aiortc is not installed; {how_to_install('webrtc')}"
            )
        if installed and own.webrtc != "off":
            from .rtc_ear import RtcEar

            self.make_rtc_ear = RtcEar

    def told(self) -> dict[str, Any]:
        """Fields of a `session` frame; credentials of relays are made anew."""
        out: dict[str, Any] = {"opus": self._settings.opus}
        if self.make_rtc_ear is not None:
            policy = "relay" if self._settings.turn_only else "all"
            out["rtc"] = {"ice_servers": self._turn.ice_servers(), "policy": policy, "wait_s": CONNECT_S}
        return out


def _name() -> str:
    return secrets.token_hex(4)
