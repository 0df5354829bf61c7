"""Options of backends `wav2vec2`, `hubert` and `lam`; apart from them, since they import ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.inference import DEVICES, PRECISIONS
from ..core.settings import Settings, setting


@dataclass(frozen=True)
class NeuralSettings(Settings):
    """The model, where it runs, and in which steps it goes over the sound."""

    model: str = setting("", "folder of the exported model (tools/export_encoder.py)")
    device: str = setting("auto", "where it runs; auto: CUDA if it loads", choices=DEVICES)
    precision: str = setting("auto", "auto takes INT8 on the CPU and FP16 on CUDA", choices=PRECISIONS)
    threads: int = setting(2, "threads of the model on the CPU", low=1, high=64)
    window_s: float = setting(1.0, "sound that the transformer sees for each step, s", low=0.3, high=30.0)
    again_s: float = setting(0.16, "sound of it whose features are made again at each step, s", low=0.0, high=30.0)
    hop_s: float = setting(0.16, "sound between two steps, s", low=0.04, high=1.0)
    lookahead_s: float = setting(0.04, "sound after a frame that is heard before it is given, s", low=0.0, high=1.0)
