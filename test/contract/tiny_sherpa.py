"""Small models as sherpa-onnx loads them, made here with onnx: each hears a loud sound as "hello world".

The encoder gives the loudness of each frame; the transducers' joiner says the next of their two words while it is loud
and no word behind the last one. The CTC model writes by the clock: blank, hello, blank, world.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

TOKENS = ("<blk>", "\u2581hello", "\u2581world", "<unk>")
_BINS = 80
#: Log energy of a band above which a frame is loud: sherpa-onnx scales sound to ±1.
_LOUD = -6.0
#: Outputs of the CTC model, more than the sounds of the tests are long.
_FRAMES = 64


def streaming_transducer(folder: Path) -> Path:
    """The lstm kind: its states are two tensors that go through."""
    chunk = {"model_type": "lstm", "num_encoder_layers": 1, "T": 9, "decode_chunk_len": 4, "rnn_hidden_size": 2,
             "d_model": 2}  # fmt: skip
    _write(
        folder / "encoder.onnx",
        [
            *_loudness("x", "energy"),
            _node("Slice", ["energy", "first", "end", "axis"], "encoder_out"),
            _node("Identity", ["h"], "h_out"),
            _node("Identity", ["c"], "c_out"),
        ],
        {"x": ["N", 9, _BINS], "h": [1, "N", 2], "c": [1, "N", 2]},
        {"encoder_out": ["N", 4, 1], "h_out": [1, "N", 2], "c_out": [1, "N", 2]},
        chunk,
        {"first": np.array([0], np.int64), "end": np.array([4], np.int64), "axis": np.array([1], np.int64)},
    )
    return _decoder_and_joiner(folder)


def transducer(folder: Path) -> Path:
    """The kind that takes whole utterances."""
    _write(
        folder / "encoder.onnx",
        [*_loudness("x", "encoder_out"), _node("Identity", ["x_lens"], "encoder_out_lens")],
        {"x": ["N", "T", _BINS], "x_lens": (["N"], TensorProto.INT64)},
        {"encoder_out": ["N", "T", 1], "encoder_out_lens": (["N"], TensorProto.INT64)},
        {"model_type": "zipformer2", "version": 1},
    )
    return _decoder_and_joiner(folder)


def nemo_ctc(folder: Path) -> Path:
    """NeMo's CTC: features [N, 80, T]; blank is the last token."""
    rows = np.full((_FRAMES, 4), -20.0, np.float32)
    for place, token in enumerate((3, 0, 3, 1, *[3] * (_FRAMES - 4))):
        rows[place, token] = 0.0
    silent = np.tile(np.array([-20.0, -20.0, -20.0, 0.0], np.float32), (1, _FRAMES, 1))
    constants = {"rows": rows[None], "silent": silent, "limit": np.float32(_LOUD)}
    nodes = [
        _node("ReduceMax", ["audio_signal"], "loudest", keepdims=0),
        _node("Greater", ["loudest", "limit"], "is_loud"),
        _node("Where", ["is_loud", "rows", "silent"], "logprobs"),
    ]
    _write(
        folder / "model.onnx",
        nodes,
        {"audio_signal": ["N", _BINS, "T"], "length": (["N"], TensorProto.INT64)},
        {"logprobs": ["N", "T2", 4]},
        {"model_type": "EncDecCTCModelBPE", "vocab_size": 4, "subsampling_factor": 8, "normalize_type": ""},
        constants,
    )
    lines = ["\u2581hello 0", "\u2581world 1", "<unk> 2", "<blk> 3"]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _decoder_and_joiner(folder: Path) -> Path:
    """decoder_out: which token was the last, one-hot."""
    _write(
        folder / "decoder.onnx",
        [_node("Gather", ["y", "last"], "newest", axis=1), _node("Gather", ["table", "newest"], "decoder_out", axis=0)],
        {"y": (["N", 2], TensorProto.INT64)},
        {"decoder_out": ["N", 4]},
        {"vocab_size": 4, "context_size": 2},
        {"last": np.array(1, np.int64), "table": np.eye(4, dtype=np.float32)},
    )
    #: Last token -> the token that may come: blank -> hello -> world -> none. Silence: blank.
    follow = np.full((4, 4), -100.0, np.float32)
    follow[:, 0] = 0.0
    follow[0, 1] = follow[1, 2] = 0.0
    weight = np.array([[0.0, 1.0, 1.0, 0.0]], np.float32)
    _write(
        folder / "joiner.onnx",
        [
            _node("Sub", ["encoder_out", "limit"], "above"),
            _node("MatMul", ["above", "weight"], "said"),
            _node("MatMul", ["decoder_out", "follow"], "allowed"),
            _node("Add", ["said", "allowed"], "logit"),
        ],
        {"encoder_out": ["N", 1], "decoder_out": ["N", 4]},
        {"logit": ["N", 4]},
        {"joiner_dim": 4},
        {"limit": np.float32(_LOUD), "weight": weight, "follow": follow},
    )
    (folder / "tokens.txt").write_text("".join(f"{token} {i}\n" for i, token in enumerate(TOKENS)), "utf-8")
    return folder


def _loudness(sound: str, out: str) -> list:
    """The loudest band of each frame, [N, T, 1]."""
    return [_node("ReduceMax", [sound], out, axes=[2], keepdims=1)]


def _node(kind: str, inputs: list[str], output: str, **attributes):
    return helper.make_node(kind, inputs, [output], **attributes)


def _write(path: Path, nodes: list, inputs: dict, outputs: dict, metadata: dict, constants: dict | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "tiny", _values(inputs), _values(outputs), stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(model, path)


def _values(shapes: dict) -> list:
    whole = {name: shape if isinstance(shape, tuple) else (shape, TensorProto.FLOAT) for name, shape in shapes.items()}
    return [helper.make_tensor_value_info(name, kind, shape) for name, (shape, kind) in whole.items()]
