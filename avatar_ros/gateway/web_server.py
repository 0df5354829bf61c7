"""uvicorn on a thread of its own: a loop that only moves bytes. Sockets are opened before, so that what is wrong with a
port, an address or a certificate is an error of the configuration.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from ..core.errors import ConfigError
from ..core.secret_files import check_certificate
from .base import WebSettings
from .http_guard import guarded_http

#: Longest wait for open requests at the end, s.
_STOP_S = 2.0
_STARTED_S = 10.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def listen(settings: WebSettings) -> socket.socket:
    """The listening socket. Raises ConfigError for an address or port that cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(256)
    except OSError as error:
        sock.close()
        raise ConfigError(
            "port_taken", f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; give another port"
        ) from error
    return sock


def tls_files(settings: WebSettings) -> dict[str, Any]:
    """Uvicorn's arguments for TLS. Raises ConfigError for a certificate that cannot be used."""
    if not settings.certificate:
        return {}
    check_certificate(Path(settings.certificate), Path(settings.private_key or settings.certificate))
    return {"ssl_certfile": settings.certificate, "ssl_keyfile": settings.private_key or settings.certificate}


class WebServer:
    """Serves from `start` to `stop`."""

    def __init__(self, app: Any, settings: WebSettings, sock: socket.socket) -> None:
        tls = tls_files(settings)
        config = uvicorn.Config(
            app,
            http=guarded_http(),
            ws="websockets-sansio",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws_max_size=64 << 10,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            ws_per_message_deflate=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=int(_STOP_S),
            backlog=256,
            **tls,
        )
        self._server = uvicorn.Server(config)
        self._sock = sock
        self.port = int(sock.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Close every socket, bounded in time."""
        self._server.should_exit = True
        self._thread.join(_STOP_S + 1.0)
        self._sock.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._sock]))


def address_reader(settings: WebSettings) -> Callable[[Any], str]:
    """Whose request it is: the other end, or, of a proxy that is trusted, whom that names last. Raises ConfigError."""
    trusted = _networks(settings.trusted_proxies)

    def address_of(scope: Any) -> str:
        peer = (scope.get("client") or ("",))[0]
        if not _within(peer, trusted):
            return str(peer)
        forwarded = [value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for"]
        return _last_stranger(",".join(forwarded).split(","), trusted) or str(peer)

    return address_of


def _last_stranger(hops: Sequence[str], trusted: Sequence[Network]) -> str:
    return next((hop.strip() for hop in reversed(hops) if hop.strip() and not _within(hop.strip(), trusted)), "")


def _networks(proxies: Sequence[str]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)
    except ValueError as error:
        text = f"trusted_proxies: {error}; give addresses or networks, [192.0.2.7, 10.0.0.0/8]"
        raise ConfigError("bad_proxy", text) from error


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
