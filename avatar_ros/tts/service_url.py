"""Addresses of voice services."""

from __future__ import annotations

from ..core import url_check
from ..core.errors import ConfigError, TtsError
from ..core.proxies import check_certificates, proxy_for


def check_url(url: str, schemes: tuple[str, ...] = ("http", "https")) -> None:
    """Raises ConfigError for what is no address of these schemes, or holds a password."""
    example = f"{schemes[0]}://host:port/path"
    url_check.check_url(url, "the voice's option 'url'", code="tts_url", example=example, schemes=schemes)


def shown_url(url: str) -> str:
    """`url` without what follows the path, where services may want a key."""
    return url.partition("?")[0].partition("#")[0]


def usable_proxy(url: str) -> str | None:
    """The address of the proxy that the environment names for `url`.

    Raises TtsError with the variable that cannot work: certificates count where the system's are asked (not for Edge).
    """
    try:
        proxy = proxy_for(url)
        if url.startswith("https:"):
            check_certificates()
    except ConfigError as error:
        raise TtsError("tts_proxy", f"the voice service cannot be reached: {error.text}") from error
    return proxy.address if proxy else None
