"""Options of backend `yunet`."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class YuNetSettings(Settings):
    """Which file."""

    model: str = setting("", "face_detection_yunet_2023mar.onnx; empty: as ./avatar fetch yunet has put it")
    least_score: float = setting(0.7, "a face that is less sure is none", low=0.1, high=0.99)
