"""Torch modules to ONNX files, and INT8 and FP16 copies of them."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

OPSET = 17


def export_module(module: Any, path: Path, dynamic: Mapping[str, Mapping[int, str]]) -> None:
    """Trace `module` (with `inputs`, `outputs`, `example()`) into `path`. dynamic: input -> axis -> name.

    The tracing exporter, opset 17, attention written out ("eager"): parity 5e-6 and a graph that quantises well.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter itself is deprecated, and tracing warns of every comparison
        torch.onnx.export(
            module, module.example(), os.fspath(path), dynamo=False, opset_version=OPSET,
            input_names=list(module.inputs), output_names=list(module.outputs),
            dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
        )  # fmt: skip


def quantise_int8(source: Path, target: Path) -> None:
    """INT8 copy: weights of MatMul and Gemm by channel, activations as they come; convolutions stay as they are.

    Seven-bit weights (reduce_range): the AVX2 kernels add two 8-bit products in 16 bits and would saturate.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        shaped = Path(folder) / "shaped.onnx"
        quant_pre_process(os.fspath(source), os.fspath(shaped), skip_optimization=True, skip_symbolic_shape=True)
        quantize_dynamic(
            os.fspath(shaped), os.fspath(target), op_types_to_quantize=["MatMul", "Gemm"], per_channel=True,
            reduce_range=True, weight_type=QuantType.QInt8,
        )  # fmt: skip


def convert_fp16(source: Path, target: Path) -> None:
    """FP16 copy for CUDA; inputs and outputs stay float32."""
    model = convert_float_to_float16(onnx.load(os.fspath(source)), keep_io_types=True)
    onnx.save(model, os.fspath(target))


def set_metadata(path: Path, values: Mapping[str, str]) -> None:
    """Write key-value pairs into the file; readers find them without another file."""
    model = onnx.load(os.fspath(path))
    onnx.helper.set_model_props(model, dict(values))
    onnx.save(model, os.fspath(path))


def quantised_operators(path: Path) -> Sequence[str]:
    """Names of the integer operators in a file, to show what was quantised."""
    names = {node.op_type for node in onnx.load(os.fspath(path), load_external_data=False).graph.node}
    return sorted(name for name in names if "Integer" in name or "Quantize" in name)
