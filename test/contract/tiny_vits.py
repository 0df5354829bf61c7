"""A small network of VITS's form as Piper exports it, with random weights: a table of symbols, a table of durations,
noise, and a decoder of convolutions behind `dec.conv_pre`. And the .onnx.json beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed: no voice can be made")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CHANNELS, HOP, RATE_HZ = 8, 64, 16000
#: Frames that a symbol lasts on average; a blank lasts one.
FRAMES = 6.0
SYMBOLS = "_^$ !',-.:;?abcdefghijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒʔʲˈˌːθᵻ̩̃01234"


def write_voice(folder: Path, *, name="tiny", speakers=1, seam="dec.conv_pre.weight", ceil=True, opset=15,
                **changes) -> Path:  # fmt: skip
    """NAME.onnx and NAME.onnx.json in `folder`; the path of the former.

    seam: name of the decoder's first weights; ceil: whether durations are rounded where it can be seen; changes: to the
    description.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    onnx.save(_model(speakers, seam, ceil, opset), path)
    path.with_name(f"{path.name}.json").write_text(json.dumps(description(speakers=speakers, **changes)))
    return path


def description(*, speakers=1, voice="en-us", locale="en_US", **changes):
    """What a voice's .onnx.json says."""
    names = {f"speaker{i}": i for i in range(speakers)} if speakers > 1 else {}
    return {
        "audio": {"sample_rate": RATE_HZ, "quality": "tiny"},
        "espeak": {"voice": voice},
        "inference": {"noise_scale": 0.5, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [i] for i, symbol in enumerate(SYMBOLS)},
        "num_symbols": len(SYMBOLS),
        "num_speakers": speakers,
        "speaker_id_map": names,
        "language": {"code": locale},
        **changes,
    }


def _model(speakers, seam, ceil, opset):
    rng = np.random.default_rng(7)
    durations = rng.uniform(0.5 * FRAMES, 1.5 * FRAMES, (len(SYMBOLS), 1))
    durations[0] = 0.9
    weights = {
        "enc.emb": rng.standard_normal((len(SYMBOLS), CHANNELS)),
        "dp.frames": durations,
        seam: rng.standard_normal((CHANNELS, CHANNELS, 3)) / 3,
        "dec.ups": rng.standard_normal((CHANNELS, 4, 2 * HOP)) / 6,
        "dec.post": rng.standard_normal((1, 4, 5)) / 3,
        "emb_g": rng.standard_normal((speakers, CHANNELS)),
    }
    nodes = [*_encoder(ceil), *_decoder(speakers > 1, seam)]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch_size", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch_size"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch_size"]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", 1, "time"])
    constants = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()]
    constants += [numpy_helper.from_array(np.array(value, kind), name) for name, value, kind in _CONSTANTS]
    graph = helper.make_graph(nodes, "torch_jit", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


_CONSTANTS = (
    ("zero", 0, np.int64), ("one", 1, np.int64), ("axis1", [1], np.int64), ("axis_n", 2, np.int64),
    ("axis_s", 1, np.int64), ("one_f", 1.0, np.float32), ("length", 1, np.int64), ("noise", 0, np.int64),
    ("last", [-1], np.int64),
)  # fmt: skip


def _encoder(ceil):
    """[1, N] symbols -> latent [1, C, T] with noise; each symbol's row is repeated for its frames."""
    node = helper.make_node
    rounding = node("Ceil", ["w"], ["frames"]) if ceil else node("Floor", ["w1"], ["frames"])
    return [
        node("Gather", ["enc.emb", "input"], ["x"]),  # [1, N, C]
        node("Gather", ["dp.frames", "input"], ["w0"]),  # [1, N, 1]
        node("Gather", ["scales", "length"], ["factor"]),
        node("Mul", ["w0", "factor"], ["w_"]),
        node("Transpose", ["w_"], ["w"], perm=[0, 2, 1]),  # [1, 1, N]
        node("Add", ["w", "factor"], ["w1"]),
        rounding,
        node("CumSum", ["frames", "axis_n"], ["ends"]),
        node("Cast", ["ends"], ["ends_i"], to=TensorProto.INT64),
        node("ReduceMax", ["ends_i"], ["total"], keepdims=0),
        node("Range", ["zero", "total", "one"], ["t"]),  # [T]
        node("Unsqueeze", ["t", "axis1"], ["t1"]),  # [T, 1]
        node("Squeeze", ["ends_i", "axis1"], ["ends_s"]),  # [1, N]
        node("Less", ["t1", "ends_s"], ["before_end"]),  # [T, N]
        node("Cast", ["before_end"], ["mask"], to=TensorProto.FLOAT),
        node("CumSum", ["mask", "axis_s"], ["order"]),  # 1 at each frame's own symbol
        node("Equal", ["order", "one_f"], ["own"]),
        node("Cast", ["own"], ["path_all"], to=TensorProto.FLOAT),
        node("Mul", ["path_all", "mask"], ["path"]),
        node("MatMul", ["path", "x"], ["m"]),  # [1, T, C]
        node("RandomNormalLike", ["m"], ["random"]),
        node("Gather", ["scales", "noise"], ["noise_scale"]),
        node("Mul", ["random", "noise_scale"], ["scaled"]),
        node("Add", ["m", "scaled"], ["z_"]),
        node("Transpose", ["z_"], ["z"], perm=[0, 2, 1]),
    ]


def _decoder(has_speakers, seam):
    node = helper.make_node
    out = [node("Conv", ["z", seam], ["pre"], pads=[1, 1])]
    if has_speakers:
        out += [
            node("Gather", ["emb_g", "sid"], ["g_"]),
            node("Unsqueeze", ["g_", "last"], ["g"]),
            node("Add", ["pre", "g"], ["conditioned"]),
        ]
    return [
        *out,
        node("LeakyRelu", ["conditioned" if has_speakers else "pre"], ["active"], alpha=0.1),
        node("ConvTranspose", ["active", "dec.ups"], ["up"], strides=[HOP], pads=[HOP // 2, HOP // 2]),
        node("Conv", ["up", "dec.post"], ["wave"], pads=[2, 2]),
        node("Tanh", ["wave"], ["output"]),
    ]
