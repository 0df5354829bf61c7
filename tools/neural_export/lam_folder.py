"""Writes what the backends `lam` of encoder and expression node run: an encoder folder with decoder.onnx in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from avatar_ros.encoder.neural_model import MANIFEST, NeuralModel
from avatar_ros.encoder.neural_stream import whole_utterance

from .folder import COPIES, PARITY_FEATURES, compare, model_hop, voice_like, write_encoder
from .lam_network import FRAME_RATE_HZ, LamAudio2Expression, LamDecoder
from .onnx_files import export_module, set_metadata

KIND = "lam_wav2vec2"
DECODER = "decoder.onnx"


def write_lam(model: LamAudio2Expression, folder: Path, *, source: str = "",
              copies: Sequence[str] = COPIES) -> dict[str, Any]:
    """Export both halves to `folder`; the manifest, its parity with torch for weights and hidden states."""
    encoder = model.eval().backbone.audio_encoder
    manifest = write_encoder(encoder, folder, KIND, rate_hz=FRAME_RATE_HZ, source=source, copies=copies)
    decoder = LamDecoder(model).eval()
    export_module(decoder, folder / DECODER, {"features": {1: "frames"}, "weights": {1: "frames"}})
    set_metadata(folder / DECODER, {
        "kind": KIND, "rate_hz": str(FRAME_RATE_HZ), "before": str(decoder.reach), "after": str(decoder.reach),
    })  # fmt: skip
    manifest["files"]["decoder"] = {"fp32": DECODER}
    manifest["weights_parity"] = weights_parity(model, folder, tuple(manifest["files"]["back"]))
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


@torch.no_grad()
def weights_parity(model: LamAudio2Expression, folder: Path, precisions: Sequence[str]) -> dict[str, Any]:
    """The 52 weights of one window (2.1 s, 64 frames), torch against the exported halves."""
    hop, field = model_hop(model.backbone.audio_encoder)
    sound = voice_like((PARITY_FEATURES - 1) * hop + field)
    identity = np.eye(model.shape.identities, dtype=np.float32)[:1]
    wanted = model(torch.from_numpy(sound[None]), torch.from_numpy(identity))[0].numpy()
    session = onnxruntime.InferenceSession(str(folder / DECODER), providers=["CPUExecutionProvider"])
    out = {}
    for precision in precisions:
        network = NeuralModel(folder, device="cpu", precision=precision, threads=torch.get_num_threads())
        hidden = whole_utterance(network, sound, len(wanted))
        found = session.run(None, {"features": hidden[None], "identity": identity})[0][0]
        out[precision] = compare(found, wanted)
    return out
