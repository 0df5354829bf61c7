"""Options of backends `sensevoice` and `sensevoice_sherpa`; apart from them, since they import large libraries."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class SenseVoiceSettings(Settings):
    """Where the model lies, and how it runs."""

    model: str = setting(
        "",
        "folder of the model, or the name of a fetched one; empty: what ./avatar fetch brings",
    )
    language: str = setting("auto", "language to expect", choices=("auto", "zh", "en", "yue", "ja", "ko"))
    device: str = setting("auto", "where the model runs", choices=("auto", "cpu", "cuda"))
    threads: int = setting(2, "CPU threads", low=1, high=64)
    use_itn: bool = setting(True, "write numbers in digits, and punctuation")
    partial_share: float = setting(
        0.3,
        "share of the time spent on partial transcripts while somebody speaks; 0: none",
        low=0.0,
        high=0.9,
    )
