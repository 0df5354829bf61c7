"""Options of backend `sherpa`; apart from it, since it imports a large library."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class SherpaSettings(Settings):
    """Where the model lies, and how it runs."""

    model: str = setting("", "folder of a model as sherpa-onnx publishes them, or the name of a fetched one")
    locale: str = setting(
        "", "language of the model's words (BCP 47), which a Whisper is told to hear; empty: the kiosk's, `locale`"
    )
    threads: int = setting(1, "CPU threads", low=1, high=64)
    partial_share: float = setting(
        0.3,
        "of a model that takes whole utterances: share of the time spent on partial transcripts; 0: none",
        low=0.0,
        high=0.9,
    )
