"""Writes the folder that avatar_ros/encoder/neural_model.py reads: three parts, their copies, encoder.json, parity."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avatar_ros.core.arrays import F32
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.encoder.neural_features import FEATURE_RATE_HZ
from avatar_ros.encoder.neural_model import FORMAT, MANIFEST, NeuralModel
from avatar_ros.encoder.neural_stream import whole_utterance

from .onnx_files import OPSET, convert_fp16, export_module, quantise_int8, quantised_operators
from .parts import cut

COPIES = ("int8", "fp16")
#: Features that the parity report is measured on: 2.1 s, which are 64 frames at 30 a second, LAM's own window.
PARITY_FEATURES = 106
_FRAMES, _PAST = {1: "frames"}, {1: "past"}


def write_encoder(
    model: Any,
    folder: Path,
    kind: str,
    *,
    rate_hz: float = FEATURE_RATE_HZ,
    normalise: bool = False,
    source: str = "",
    copies: Sequence[str] = COPIES,
) -> dict[str, Any]:
    """Export a Wav2Vec2Model or HubertModel to `folder`; the manifest with its parity report, as written.

    rate_hz: tokens a second; below 50 the features are interpolated before the transformer. normalise: whether the
    checkpoint wants sound at mean 0 and variance 1. source: where the weights come from, for the record. copies: of
    the transformer beside FP32.
    """
    model.eval()
    parts = cut(model)
    dynamic = {"features": _FRAMES, "tokens": _FRAMES, "position": _FRAMES, "keys": _PAST, "values": _PAST}
    files: dict[str, dict[str, str]] = {}
    for name, module in (("front", parts.front), ("project", parts.project), ("back", parts.back)):
        axes = {"sound": {1: "samples"}} if name == "front" else {i: dynamic[i] for i in module.inputs}
        export_module(module, folder / f"{name}.onnx", axes)
        files[name] = {"fp32": f"{name}.onnx"}
    files["back"] |= {copy: _copy(folder, copy) for copy in copies}
    manifest = {**_description(model), "kind": kind, "rate_hz": rate_hz, "normalise_sound": normalise, "source": source,
                "files": files}  # fmt: skip
    _write(folder, manifest)
    manifest["parity"] = parity(model, folder, tuple(files["back"]), rate_hz, normalise)
    _write(folder, manifest)
    return manifest


def _copy(folder: Path, copy: str) -> str:
    name = f"back.{copy}.onnx"
    (quantise_int8 if copy == "int8" else convert_fp16)(folder / "back.onnx", folder / name)
    if copy == "int8" and not quantised_operators(folder / name):
        raise RuntimeError(f"{folder / name}: nothing was quantised")
    return name


def _description(model: Any) -> dict[str, Any]:
    config = model.config
    hop, field = model_hop(model)
    if round(LISTENING_RATE_HZ / hop) != FEATURE_RATE_HZ:
        raise ValueError(f"convolutions of this model step by {hop} samples; 320 are needed")
    return {
        "format": FORMAT,
        "opset": OPSET,
        "dim": config.hidden_size,
        "features": config.conv_dim[-1],
        "channels": config.conv_dim[0] if config.feat_extract_norm == "group" else 0,
        "taps": config.num_conv_pos_embeddings,
        "hop_samples": hop,
        "field_samples": field,
        "first_kernel": config.conv_kernel[0],
        "first_stride": config.conv_stride[0],
        "layers": len(model.encoder.layers),
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def model_hop(model: Any) -> tuple[int, int]:
    """Distance of features and width of the sound under one, samples."""
    hop, field = 1, 1
    for kernel, stride in zip(model.config.conv_kernel, model.config.conv_stride, strict=True):
        field += (kernel - 1) * hop
        hop *= stride
    return hop, field


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def parity(model: Any, folder: Path, precisions: Sequence[str], rate_hz: float, normalise: bool) -> dict[str, Any]:
    """Each copy against torch on the same 2.1 s of voice-like sound: largest difference and cosines of frames."""
    # As much sound as the last feature covers: one sample more or less changes what the group norm sees.
    sound = voice_like((PARITY_FEATURES - 1) * model_hop(model)[0] + model_hop(model)[1])
    frames = round((PARITY_FEATURES - 1) * rate_hz / FEATURE_RATE_HZ) + 1
    wanted = torch_hidden(model, torch.from_numpy(sound[None]), frames, rate_hz, normalise)[0].numpy()
    out = {}
    for precision in precisions:
        network = NeuralModel(folder, device="cpu", precision=precision, threads=torch.get_num_threads())
        found = whole_utterance(network, sound, frames)
        out[precision] = {**compare(found, wanted), "megabytes": _megabytes(network)}
    return out


@torch.no_grad()
def torch_hidden(model: Any, sound: Tensor, frames: int, rate_hz: float, normalise: bool) -> Any:
    """What the original network makes of sound [1, N]: hidden states [1, T, dim], at most `frames` of them."""
    if normalise:
        sound = (sound - sound.mean()) / torch.sqrt(sound.var(unbiased=False) + 1e-7)
    if rate_hz == FEATURE_RATE_HZ:
        return model(sound).last_hidden_state
    features = model.feature_extractor(sound)
    features = torch.nn.functional.interpolate(features, size=frames, align_corners=True, mode="linear")
    projected = model.feature_projection(features.transpose(1, 2))
    projected = projected[0] if isinstance(projected, tuple) else projected
    return model.encoder(projected).last_hidden_state


def compare(found: F32, wanted: F32) -> dict[str, float]:
    """Largest absolute difference, relative error, and cosine of frames [T, dim] (mean and smallest)."""
    cosine = (found * wanted).sum(axis=1) / np.maximum(
        np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1), 1e-12
    )
    return {
        "max_abs": float(f"{np.abs(found - wanted).max():.3g}"),
        "relative": float(f"{np.linalg.norm(found - wanted) / max(float(np.linalg.norm(wanted)), 1e-12):.3g}"),
        "cosine_mean": round(float(cosine.mean()), 6),
        "cosine_min": round(float(cosine.min()), 6),
    }


def voice_like(samples: int, seed: int = 0) -> F32:
    """Harmonics of 120 Hz in syllables with some noise, [N] within ±1: not speech, but as wide and as uneven."""
    t = np.arange(samples) / LISTENING_RATE_HZ
    tone = sum(np.sin(2 * np.pi * 120 * k * t + k) / k for k in range(1, 30))
    noise = np.random.default_rng(seed).standard_normal(samples)
    return (0.1 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)) + 0.01 * noise).astype(np.float32)


def report(manifest: dict[str, Any], folder: Path, out: Any = None) -> None:
    """Print the parity report."""
    out = out or sys.stdout
    print(f"{folder}: {manifest['kind']}, {manifest['parameters'] / 1e6:.1f} M parameters, {manifest['dim']} values at "
          f"{manifest['rate_hz']:g} Hz, {manifest['layers']} layers", file=out)  # fmt: skip
    for precision, row in manifest["parity"].items():
        print(f"  {precision}: max abs {row['max_abs']:.2e}, relative {row['relative']:.2e}, cosine mean "
              f"{row['cosine_mean']:.6f} min {row['cosine_min']:.6f}, {row['megabytes']} MB", file=out)  # fmt: skip


def _megabytes(network: NeuralModel) -> float:
    return round(sum(n.file.stat().st_size for n in network.networks.values()) / 1e6, 1)
