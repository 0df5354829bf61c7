"""What the launch files' arguments say about browsers: those of `./avatar web`, as texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..core.errors import ConfigError
from .graph import KioskOptions
from .web import HTTP_PORT, HTTPS_PORT, PARTS, WEB_CHOICES, WebOptions

_SWITCH = ["false", "true"]
#: Argument -> (default, choices or None, description).
WEB_ARGUMENTS: dict[str, tuple[str, list[str] | None, str]] = {
    "web": ("false", list(WEB_CHOICES), "true: browsers talk with it, too; only: without the kiosk's own devices"),
    "lan": ("false", _SWITCH, "web: others than this computer too, by HTTPS with a token that is made anew"),
    "http": ("0", None, f"web: port of HTTP; 0: {HTTP_PORT}, or with lan HTTPS"),
    "port": (str(HTTPS_PORT), None, "web: port of HTTPS"),
    "names": ("", None, "web: names that it is reached by besides, commas between"),
    "certificate": ("", None, "web: FILE.pem of your own certificate; empty: one is made"),
    "key": ("", None, "web: FILE.pem of its key, where it is not in the same file"),
    "token_file": ("", None, "web: FILE with the visitors' token; empty: with lan, a new one"),
    "turn": ("false", _SWITCH, "web: run a relay (coturn) for WebRTC of browsers whose network lets no UDP in"),
    "turn_urls": ("", None, "web: relays elsewhere, turn:HOST:PORT, commas between"),
    "turn_secret_file": ("", None, "web: FILE with the secret that the relays elsewhere have"),
    "part": ("all", list(PARTS), "web: what runs here; gateway: browsers' server alone; pipeline: the graph alone"),
    "also": ("", None, "web: NAMESPACE[=N] of further graphs that answer, commas between"),
}


def launched(kiosk: KioskOptions, given: Mapping[str, str]) -> WebOptions:
    """Of the arguments of a launch file. Raises ConfigError for a port that is no number."""
    if given["web"] == "only":
        kiosk = replace(kiosk, mic="none", display="off")
    ports, files = (_port("http", given), _port("port", given)), (given["certificate"], given["key"])
    own = WebOptions(kiosk, *ports, given["lan"] == "true", _several(given["names"]), *files)
    return replace(
        own,
        devices=given["web"] == "true",
        token_file=given["token_file"],
        turn=given["turn"] == "true",
        part=given["part"],
        also=_several(given["also"]),
        turn_urls=_several(given["turn_urls"]),
        turn_secret_file=given["turn_secret_file"],
    )


def _port(name: str, given: Mapping[str, str]) -> int:
    if not given[name].isdecimal():
        raise ConfigError("bad_option", f"{name} is '{given[name]}'; it must be a port, 1 to 65535")
    return int(given[name])


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
