"""Network to ONNX: one graph that takes any number of frames and the state of the stream."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.speech.mel_features import BANDS
from avatar_ros.speech.mel_filterbank import SHIFT
from avatar_ros.speech.phones import PHONE_CLASSES

from .network import LipNet
from .speech import F32


class _Streaming(nn.Module):
    def __init__(self, net: LipNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        logits, after = self.net(features, state)
        return torch.softmax(logits, dim=2), after


def export(net: LipNet, colour: F32, path: Path) -> None:
    """Write `path` (opset 17, batch norms folded by the exporter); what the encoder must know is in its metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        _Streaming(net).eval(), (torch.zeros(1, 8, BANDS), net.start(1)), str(path), opset_version=17, dynamo=False,
        input_names=["features", "state"], output_names=["phones", "next_state"],
        dynamic_axes={"features": {1: "frames"}, "phones": {1: "frames"}},
    )  # fmt: skip
    model = onnx.load(str(path))
    facts = {
        "kind": "avatar_ros lips 1", "classes": list(PHONE_CLASSES), "delay_frames": net.shape.delay_frames,
        "state_size": net.state_size,
        "rate_hz": LISTENING_RATE_HZ, "shift": SHIFT, "bands": BANDS, "colour": [round(float(c), 4) for c in colour],
    }  # fmt: skip
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in facts.items()})
    model.producer_name, model.producer_version, model.doc_string = "avatar_ros", "1", ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def parity(net: LipNet, path: Path, frames: int = 200, seed: int = 0) -> float:
    """Largest difference between the network over a whole recording and its ONNX file in chunks of random size."""
    import onnxruntime

    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (1, frames, BANDS)).astype(np.float32)
    with torch.no_grad():
        whole = torch.softmax(net(torch.from_numpy(features), net.start(1))[0], dim=2).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state, out, at = net.start(1).numpy(), [], 0
    while at < frames:
        size = int(rng.integers(1, 9))
        piece, state = session.run(None, {"features": features[:, at : at + size], "state": state})
        out.append(piece)
        at += size
    return float(np.abs(np.concatenate(out, axis=1) - whole).max())
