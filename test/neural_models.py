"""Tiny speech networks with random weights, exported by tools/ once a test run: for whoever runs a neural backend."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
NEURAL_ENCODERS = ("wav2vec2", "hubert", "lam")
NEURAL_LIPS = ("lam", "policy")


def need_torch() -> None:
    """Skip where what exports models is not installed."""
    for library in ("torch", "transformers", "onnx"):
        pytest.importorskip(library, reason=f"{library} is not installed: no model can be exported")


@cache
def work_folder() -> Path:
    """A folder for this run's models."""
    folder = Path(tempfile.mkdtemp(prefix="avatar_ros_models_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def encoder_folder(kind: str, **changes: object) -> Path:
    """An exported encoder: wav2vec2, hubert or lam."""
    need_torch()
    from neural_export.folder import write_encoder
    from neural_export.random_models import random_model

    if kind == "lam":
        return lam_folder()
    folder = work_folder() / "-".join([kind, *map(str, changes)])
    write_encoder(random_model(kind, "tiny", **changes), folder, kind, source="test")
    return folder


def tiny_lam():
    """LAM Audio2Expression of the published form, small, with the same random weights at each call."""
    need_torch()
    import torch
    from neural_export.lam_network import LamAudio2Expression, LamShape
    from neural_export.random_models import TINY

    torch.manual_seed(3)
    return LamAudio2Expression(LamShape(hidden=32, wav2vec2=TINY, lm_inputs=32, lm_outputs=4)).eval()


@cache
def lam_folder() -> Path:
    """tiny_lam(), exported."""
    need_torch()
    from neural_export.lam_folder import write_lam

    folder = work_folder() / "lam"
    write_lam(tiny_lam(), folder, source="test")
    return folder


@cache
def policy_file(dim: int = 32, outputs: int = 52, **metadata: str) -> Path:
    """A policy: one convolution over five frames of features [1, T, dim], a sigmoid."""
    need_torch()
    import torch
    from neural_export.onnx_files import export_module, set_metadata

    class Policy(torch.nn.Module):
        inputs, outputs = ("features",), ("weights",)

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(5)
            self.conv = torch.nn.Conv1d(dim, outputs, 5, padding=2)

        def forward(self, features):
            return torch.sigmoid(self.conv(features.transpose(1, 2))).transpose(1, 2)

        def example(self):
            return (torch.zeros(1, 9, dim),)

    path = work_folder() / f"policy-{dim}-{outputs}-{'-'.join(metadata.values())}.onnx"
    export_module(Policy().eval(), path, {"features": {1: "frames"}, "weights": {1: "frames"}})
    if metadata:
        set_metadata(path, metadata)
    return path


def lips_model(backend: str) -> str:
    """The parameter `model` of an expression backend; "" where it needs none."""
    if backend == "lam":
        return str(lam_folder())
    if backend == "policy":
        return str(policy_file(kind="hubert", rate_hz="50", before="2", after="2"))
    return ""


def encoder_options(backend: str) -> dict[str, object]:
    """Options with which an encoder backend can be loaded."""
    return {"model": str(encoder_folder(backend)), "threads": 1} if backend in NEURAL_ENCODERS else {}
