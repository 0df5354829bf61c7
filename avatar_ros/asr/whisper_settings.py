"""Options of backend `whisper`; apart from it, since it imports a large library."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class WhisperSettings(Settings):
    """Where the model lies, and how it runs."""

    model: str = setting(
        "",
        "folder of a Whisper for CTranslate2, or the name of a fetched one; empty: the packaged one, of English",
    )
    language: str = setting(
        "auto",
        "language to expect (en, de, …); auto: found for each utterance; a model of English alone hears English",
    )
    device: str = setting("auto", "where the model runs", choices=("auto", "cpu", "cuda"))
    threads: int = setting(1, "CPU threads", low=1, high=64)
    partial_share: float = setting(
        0.3,
        "share of the time spent on partial transcripts while somebody speaks; 0: none",
        low=0.0,
        high=0.9,
    )
