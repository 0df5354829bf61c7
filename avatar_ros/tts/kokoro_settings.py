"""Options of backend `kokoro`; apart from it, since it imports onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import setting
from .base import NamedVoices


@dataclass(frozen=True)
class KokoroSettings(NamedVoices):
    """Where the model lies, and how it speaks. `voices`: the name of a voice for each language, as `voice`."""

    model: str = setting("", "folder with one .onnx of Kokoro-82M and voices/NAME.bin, or the name of one in models/")
    voice: str = setting("af_heart", "name of the voice; its first letter is its language: a, b English, e Spanish, …")
    speed: float = setting(1.0, "factor of the voice's own speed", low=0.5, high=2.0)
    gain_db: float = setting(0.0, "louder or softer, dB", low=-40.0, high=20.0)
    threads: int = setting(2, "CPU threads", low=1, high=64)
