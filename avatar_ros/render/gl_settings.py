"""Options of backend `gl`; apart from it, since it imports moderngl."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting

TARGETS = {"half": "f2", "float": "f4"}


@dataclass(frozen=True)
class GlSettings(Settings):
    """What splats are blended into."""

    target: str = setting(
        "half", "what splats are blended into: half floats, or floats that cost twice the memory traffic",
        choices=tuple(TARGETS),
    )  # fmt: skip
