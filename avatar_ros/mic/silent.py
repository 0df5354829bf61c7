"""Backend `none`: no microphone. Silence in real time, so that everything that listens lives."""

from __future__ import annotations

from collections.abc import Mapping

from .paced import PacedMic


class SilentMic(PacedMic):
    """Hears nothing, and says so."""

    def status(self) -> Mapping[str, str]:
        """A warning: nobody can be heard."""
        return {"device": "none", "warning": "no microphone: the avatar hears nothing (backend none)"}
