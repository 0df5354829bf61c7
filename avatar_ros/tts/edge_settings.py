"""Options of backend `edge`; apart from it, since it imports a large library."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import setting
from .base import NamedVoices


@dataclass(frozen=True)
class EdgeSettings(NamedVoices):
    """Another server than Microsoft's, where one is set."""

    url: str = setting("", "address of the service, ws:// or wss://; '' for its public one")
