"""Backend `kokoro` with a small network of the same inputs: tokens, style, speed -> audio, durations inside."""

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.core.errors import ConfigError, TtsError
from avatar_ros.testing.contracts import VOICE
from avatar_ros.tts.base import UNREADABLE, TtsSettings
from avatar_ros.tts.kokoro import STYLE_ROWS, STYLE_SIZE, SYMBOLS, KokoroVoice
from avatar_ros.tts.kokoro_settings import KokoroSettings

onnx = pytest.importorskip("onnx", reason="onnx is not installed: no model can be made")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

HOP = 600


def write_model(folder, voices=("af_heart", "am_adam", "ef_dora")):
    (folder / "voices").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    for voice in voices:
        rng.standard_normal((STYLE_ROWS, STYLE_SIZE)).astype("<f4").tofile(folder / f"voices/{voice}.bin")
    onnx.save(network(), folder / "model.onnx")
    return folder


def network():
    """Each token lasts 2 or 3 frames and hums: the sum of its row and the style's first numbers, a frame long."""
    node, rng = helper.make_node, np.random.default_rng(3)
    t = np.arange(HOP) / HOP
    hums = np.sin(2 * np.pi * np.arange(1, 9)[:, None] * t).astype(np.float32) / 6
    weights = {
        "emb": rng.standard_normal((len(SYMBOLS), 8)).astype(np.float32),
        "lasting": rng.uniform(1.6, 3.4, (len(SYMBOLS),)).astype(np.float32),
        "hums": hums, "one_f": np.float32(1.0), "many": np.float32(50.0), "zero": np.int64(0), "one": np.int64(1),
        "first": np.array([0]), "eight": np.array([8]), "axis1": np.array([1]), "flat": np.array([-1]),
        "axis": np.int64(1), "axis_s": np.int64(1), "one_cmp": np.float32(1.0),
    }  # fmt: skip
    nodes = [
        node("Gather", ["lasting", "tokens"], ["long"]),
        node("Div", ["long", "speed"], ["frames"]),
        node("Round", ["frames"], ["rounded"]),
        node("Clip", ["rounded", "one_f", "many"], ["durations"]),  # [1, N]
        node("CumSum", ["durations", "axis"], ["ends"]),
        node("ReduceMax", ["ends"], ["total_f"], keepdims=0),
        node("Cast", ["total_f"], ["total"], to=TensorProto.INT64),
        node("Range", ["zero", "total", "one"], ["at"]),
        node("Cast", ["at"], ["at_f"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["at_f", "axis1"], ["at_1"]),
        node("Less", ["at_1", "ends"], ["before_end"]),  # [T, N]
        node("Cast", ["before_end"], ["mask"], to=TensorProto.FLOAT),
        node("CumSum", ["mask", "axis_s"], ["order"]),
        node("Equal", ["order", "one_cmp"], ["own"]),
        node("Cast", ["own"], ["own_f"], to=TensorProto.FLOAT),
        node("Mul", ["own_f", "mask"], ["path"]),
        node("Gather", ["emb", "tokens"], ["rows"]),  # [1, N, 8]
        node("Slice", ["style", "first", "eight", "axis1"], ["tint"]),
        node("Add", ["rows", "tint"], ["coloured"]),
        node("MatMul", ["path", "coloured"], ["spread"]),  # [1, T, 8]
        node("MatMul", ["spread", "hums"], ["wave"]),
        node("Tanh", ["wave"], ["soft"]),
        node("Reshape", ["soft", "flat"], ["audio"]),
    ]
    info = helper.make_tensor_value_info
    inputs = [
        info("tokens", TensorProto.INT64, [1, "n"]),
        info("style", TensorProto.FLOAT, [1, STYLE_SIZE]),
        info("speed", TensorProto.FLOAT, [1]),
    ]
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", inputs, [info("audio", TensorProto.FLOAT, ["samples"])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def loaded(folder, **own):
    voice = KokoroVoice(TtsSettings(), KokoroSettings(model=str(folder), threads=1, **own))
    voice.load()
    return voice


@pytest.mark.parametrize("check", VOICE, ids=lambda check: check.__name__)
def test_contract(check, tmp_path):
    voice = loaded(write_model(tmp_path))
    check(voice)
    voice.close()


def test_marks_come_from_the_durations_and_end_with_the_sound(tmp_path):
    parts = list(loaded(write_model(tmp_path)).speak("Papa, pop a map!", "en-US"))
    found = [mark for part in parts for mark in part.marks]
    assert "".join(m.text for m in found if m.kind is MarkKind.PHONE) == "pɑːpəpɑːpɐmæp"
    assert [m.text for m in found if m.kind is MarkKind.WORD] == ["Papa", "pop", "a", "map"]
    total_s = sum(len(part.pcm) / part.sample_rate_hz for part in parts)
    assert 0 < total_s - max(mark.end_s for mark in found) < 8 * HOP / 24000


def test_each_language_has_its_voice_and_the_rest_is_unreadable(tmp_path):
    voice = loaded(write_model(tmp_path), voices=("es=ef_dora",))
    assert list(voice.speak("Hola.", "es-MX")) and list(voice.speak("Hello.", "en-GB"))
    for text, locale in (("Guten Tag.", "de-DE"), ("你好。", "en-US")):
        with pytest.raises(TtsError) as caught:
            list(voice.speak(text, locale))
        assert caught.value.code == UNREADABLE


def test_what_is_missing_or_wrong_is_named(tmp_path):
    folder = write_model(tmp_path / "k")

    def refused(code, word, model=folder, **own):
        with pytest.raises(ConfigError, match=word) as caught:
            loaded(model, **own)
        assert caught.value.code == code

    refused("tts_model_missing", "nowhere", tmp_path / "nowhere")
    refused("tts_model_missing", "kokoro.model", tmp_path)
    refused("tts_model_missing", "af_sky.bin", voice="af_sky")
    refused("tts_voice", "jf_alpha", voice="jf_alpha")
    (folder / "voices/af_heart.bin").write_bytes(b"half")
    refused("tts_model_unfit", "af_heart.bin.*4 bytes")
    write_model(folder)
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])
    refused("tts_model_unfit", "model.onnx")
    from contract.tiny_vits import write_voice

    write_voice(tmp_path / "p")
    (tmp_path / "p/tiny.onnx").replace(folder / "model.onnx")
    refused("tts_model_kind", "Kokoro takes tokens, style, speed")
