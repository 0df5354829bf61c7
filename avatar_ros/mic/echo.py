"""The echo canceller that a microphone's settings ask for."""

from __future__ import annotations

import importlib.util

from ..aec.base import EchoCanceller, HalfDuplex, NoEcho
from ..core.errors import ConfigError
from ..core.registry import how_to_install
from .base import MicSettings


def make_echo(settings: MicSettings) -> EchoCanceller:
    """What `echo` asks for; auto: none for files, WebRTC's canceller where installed, else half duplex.

    Raises ConfigError where the canceller was asked for by name and is not installed.
    """
    if settings.echo == "off" or (settings.echo == "auto" and settings.backend in ("file", "none", "fake")):
        return NoEcho()
    installed = importlib.util.find_spec("livekit") is not None
    if settings.echo == "webrtc" and not installed:
        raise ConfigError(
            "backend_not_installed", f"echo is 'webrtc', but livekit is not installed; {how_to_install('aec')}"
        )
    if settings.echo == "mute" or not installed:
        why = "" if settings.echo == "mute" else f"; for echo cancellation: {how_to_install('aec')}"
        return HalfDuplex(settings.mute_tail_s, why)
    from ..aec.webrtc import WebRtcEcho

    return WebRtcEcho()
