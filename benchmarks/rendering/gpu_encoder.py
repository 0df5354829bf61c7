"""The speech encoder's transformer: FP16 on CUDA beside INT8 on the processor.

Weights are random, of the base size (94 M parameters): they cost what trained ones do. A step is what the encoder does
six times a second by default: a window of 1 s, 50 tokens, through the transformer.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.errors import AvatarRosError

TOKENS = 50
STEPS = 60


def measure_encoder() -> dict[str, Any]:
    """Milliseconds a step, each with what ran it; what cannot run is named with its reason."""
    result: dict[str, Any] = {"tokens": TOKENS}
    for name, measured in (("torch_fp16_cuda", torch_on_cuda), ("onnxruntime", by_onnxruntime)):
        try:
            result[name] = measured()
        except (ImportError, RuntimeError, AvatarRosError, OSError, AttributeError) as error:
            result[name] = f"not measured: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return result


def find_tools() -> None:
    """Let tools/ of the checkout be imported."""
    tools = str(Path(__file__).resolve().parents[2] / "tools")
    if tools not in sys.path:
        sys.path.insert(0, tools)


def random_base_model() -> Any:
    """A Wav2Vec2Model of the base size, by tools/."""
    find_tools()
    from neural_export.random_models import random_model

    return random_model("wav2vec2", "base")


def inputs(dim: int, layers: int) -> dict[str, np.ndarray]:
    """A window without a past."""
    rng = np.random.default_rng(0)
    past = np.zeros((layers, 0, dim), np.float32)
    window = {name: rng.standard_normal((1, TOKENS, dim)).astype(np.float32) for name in ("tokens", "position")}
    return {**window, "keys": past, "values": past}


def step_ms(step: Callable[[], Any]) -> dict[str, float]:
    """Of a step that is waited for."""
    took_ms = []
    for _ in range(STEPS + 10):
        started_s = time.perf_counter()
        step()
        took_ms.append(1000 * (time.perf_counter() - started_s))
    return {"median_ms": round(float(np.median(took_ms[10:])), 3),
            "p95_ms": round(float(np.percentile(took_ms[10:], 95)), 3)}  # fmt: skip


def torch_on_cuda() -> dict[str, Any]:
    """The exporter's own module in half floats; sound's way to the card and the hidden states' way back included."""
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("no CUDA device")
    model = random_base_model()
    from neural_export.parts import Back

    back = Back(model).eval()
    feed = [torch.from_numpy(array) for array in inputs(back.dim, len(back.layers)).values()]
    with torch.inference_mode():
        exact = back(*feed)[0]
        card = back.half().cuda()

        def step() -> torch.Tensor:
            hidden: torch.Tensor = card(*(part.cuda().half() for part in feed))[0].float().cpu()
            return hidden

        cosine = torch.nn.functional.cosine_similarity(step(), exact, dim=-1).min()
        name = torch.cuda.get_device_name()
        return {**step_ms(step), "lowest_cosine_to_fp32": round(float(cosine), 6), "device": name}


def by_onnxruntime() -> dict[str, Any]:
    """Our encoder's own path: the exported folder, FP16 where its CUDA provider loads, INT8 on the processor."""
    model = random_base_model()
    from neural_export.folder import write_encoder

    from avatar_ros.encoder.neural_model import NeuralModel

    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="avatar_ros_bench_") as folder:
        write_encoder(model, Path(folder), "wav2vec2", source="random")
        for device, threads in (("cuda", 2), ("cpu", 2)):
            opened = NeuralModel(Path(folder), device=device, threads=threads)
            network = opened.networks["back"]
            feed = inputs(opened.manifest.dim, opened.manifest.layers)
            hidden = network.session.run(None, feed)[0]
            line = {"provider": network.provider, "precision": network.precision, "warning": network.warning}
            result[device] = line | step_ms(partial(network.session.run, None, feed))
            result[device]["finite"] = bool(np.isfinite(hidden).all())
    return result
