"""Options of backend `piper`; apart from it, since it imports onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import setting
from .base import NamedVoices


@dataclass(frozen=True)
class PiperSettings(NamedVoices):
    """Which voice, and how it speaks. `voices` names one for each further language, as `model` does."""

    model: str = setting(
        "",
        "voice: a file NAME.onnx with NAME.onnx.json beside it, a folder with them, or what ./avatar fetch brought; "
        "empty: the packaged one (en-US)",
    )
    speed: float = setting(1.0, "factor of the voice's own speed", low=0.3, high=3.0)
    speaker: str = setting("", "of a voice with several speakers: a name or number; empty: the first")
    gain_db: float = setting(0.0, "louder or softer, dB", low=-40.0, high=20.0)
    noise_scale: float = setting(-1.0, "variety of the sound, 0: none; -1: as the voice says", low=-1.0, high=2.0)
    noise_w: float = setting(-1.0, "variety of the rhythm, 0: none; -1: as the voice says", low=-1.0, high=2.0)
    seed: int = setting(0, "of the noise; 0: another one at each start", low=0, high=2**31 - 1)
    threads: int = setting(1, "CPU threads", low=1, high=64)
