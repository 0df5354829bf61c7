"""`bench gpu` here: without a card, by Mesa's OpenGL; what cannot run is named, and the figures are of real frames."""

import json

import numpy as np
import pytest

from avatar_ros.core.errors import RenderError
from benchmarks.rendering import gpu


def measured(tmp_path, *arguments):
    file = tmp_path / "gpu.json"
    code = gpu.main([*arguments, "--frames", "5", "--size", "32x24", "--no-encoder", "--json", str(file)])
    return code, json.loads(file.read_text())


def test_opengl_is_measured_and_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "WARM_UP_FRAMES", 2)  # a processor that plays a card needs a tenth of a second for each
    pytest.importorskip("moderngl", reason="moderngl is not installed (extra: gl)")
    from avatar_ros.render.gl_context import GlContext

    try:
        GlContext().release()
    except RenderError as error:
        pytest.skip(str(error))
    folder = tmp_path / "references"
    arguments = ["--backend", "gl", "--backend", "gl, floats", "--reference", "2", "--references", str(folder)]
    code, tree = measured(tmp_path, *arguments)
    assert code == 0 and len(list(folder.glob("*.npz"))) == 1
    half, single = tree["lines"]
    assert 40 < half["worst_psnr_db"] < single["worst_psnr_db"] and half["reference_frames"] == 2
    assert half["on_card"]["median_ms"] > 0 and half["off_card"]["fps"] > 0
    assert half["stages"]["own_ms"] > 0 and 1000 < half["stages"]["uploaded_bytes"] < 1e6
    again = measured(tmp_path, *arguments[:2], *arguments[4:])[1]["lines"][0]
    assert again["worst_psnr_db"] == half["worst_psnr_db"], "from the kept frames"
    assert "| gl | 32x24 |" in capsys.readouterr().out


def test_what_cannot_run_is_named(tmp_path, monkeypatch, capsys):
    def refuse(*_, **__):
        raise RenderError("render_no_cuda", "no CUDA device; install the NVIDIA driver")

    monkeypatch.setattr(gpu, "Case", refuse)
    code, tree = measured(tmp_path, "--backend", "gsplat", "--reference", "0")
    assert code == 1 and "no CUDA device" in tree["lines"][0]["not_run"]
    assert "not run: " in capsys.readouterr().out


def test_figures_are_of_the_calls(monkeypatch):
    clock = iter(np.arange(0.0, 100.0, 0.5))
    monkeypatch.setattr(gpu.time, "perf_counter", lambda: next(clock))
    calls = []
    assert gpu.one_by_one(lambda: calls.append("draw"), lambda: calls.append("wait"), 3) == {
        "median_ms": 500.0, "p95_ms": 500.0
    }  # fmt: skip
    assert calls == ["draw", "wait"] * 3
    calls.clear()
    assert gpu.in_a_row(lambda: calls.append("draw"), lambda: calls.append("wait"), 4) == 8.0
    assert calls == ["wait", *["draw"] * 4, "wait"]


def test_the_encoder_is_measured_on_what_is_there(monkeypatch):
    for library in ("torch", "transformers", "onnx"):
        pytest.importorskip(library, reason=f"{library} is not installed (extra: neural)")
    from benchmarks.rendering import gpu_encoder

    gpu_encoder.find_tools()
    from neural_export.random_models import random_model

    monkeypatch.setattr(gpu_encoder, "random_base_model", lambda: random_model("wav2vec2", "tiny"))
    result = gpu_encoder.measure_encoder()
    line = result["onnxruntime"]["cpu"]
    assert (line["provider"], line["precision"], line["finite"]) == ("CPUExecutionProvider", "int8", True)
    assert line["median_ms"] > 0
    import torch

    if not torch.cuda.is_available():
        assert "no CUDA device" in result["torch_fp16_cuda"]
        cuda = result["onnxruntime"]["cuda"]
        assert cuda["provider"] == "CPUExecutionProvider" and "CUDA" in cuda["warning"], "it does not pass for CUDA"
