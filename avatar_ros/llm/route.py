"""How the chat service is reached: httpx reads the environment too, but what it cannot use there ends the node."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from ..core.errors import ConfigError
from ..core.proxies import check_certificates, proxy_for


def route(url: str, environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Arguments of httpx's client, and the variable that names the proxy, or "".

    Raises ConfigError with the variable that cannot work.
    """
    proxy = proxy_for(url, environment, socks=True)
    options: dict[str, Any] = {"trust_env": False, "proxy": proxy.address if proxy else None}
    if url.startswith("https:"):
        check_certificates(environment)
        options["verify"] = _trusting(environment) or True
    return options, proxy.variable if proxy else ""


def _trusting(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """With the certificates that the environment names; None: the system's. Raises ConfigError."""
    file, folder = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    try:
        return ssl.create_default_context(cafile=file, capath=folder) if file or folder else None
    except (ssl.SSLError, OSError) as error:
        text = f"the environment variable SSL_CERT_FILE names {file}, which holds no certificates; mend or unset it"
        raise ConfigError("certificates", text) from error
