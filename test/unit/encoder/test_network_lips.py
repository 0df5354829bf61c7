"""Our own network at run time: its file, its streaming, its look-ahead, and sound that is no speech."""

import json
import re
import shutil
import sys

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import SpeechChunk
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.encode import encode
from avatar_ros.encoder.sources import FrameGrid
from avatar_ros.speech.mel_features import BANDS, BandStream, VoiceLevel
from avatar_ros.speech.phone_network import PhoneNetwork
from avatar_ros.speech.phones import PHONE_COUNT, SIL

onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
from avatar_ros.encoder.network import NetworkEncoder  # noqa: E402
from avatar_ros.encoder.network_source import FusedSource, NetworkSource  # noqa: E402
from avatar_ros.encoder.phone_encoder import PhoneEncoder  # noqa: E402
from avatar_ros.encoder.phone_settings import NetworkSettings, PhoneSettings  # noqa: E402

RATE_HZ = 16000
LOOK_AHEAD_S = 0.08


@pytest.fixture(scope="module")
def model():
    return PhoneNetwork(onnxruntime)


@pytest.fixture(scope="module")
def encoder():
    made = NetworkEncoder(EncoderSettings(backend="network"), NetworkSettings())
    made.load()
    return made


def babble(seconds, rate_hz=RATE_HZ, seed=0):
    """Buzz in syllables with noise between: busy enough to move every output."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 25)) * (np.sin(2 * np.pi * 4 * t) > 0)
    return (3000 * buzz + 300 * rng.normal(size=len(t))).astype(np.int16)


def heard(model, pcm, size, rate_hz=RATE_HZ):
    source = NetworkSource(model, VoiceLevel(model.colour), FrameGrid(0, rate_hz))
    out = [source.push(pcm[i : i + size]) for i in range(0, len(pcm), size)]
    return np.concatenate([*out, source.finish()])


def test_chunks_give_what_the_whole_recording_gives(model):
    pcm = babble(1.5)
    whole = heard(model, pcm, len(pcm))
    assert whole.shape == (150, PHONE_COUNT)
    assert whole.std(axis=0).max() > 0.02, "the outputs move"
    for size in (160, 640, 777):
        np.testing.assert_allclose(heard(model, pcm, size), whole, atol=1e-4)


@pytest.mark.parametrize("rate_hz", [16000, 24000])
def test_the_future_beyond_80_ms_does_not_matter_and_the_rest_does(model, rate_hz):
    pcm = babble(1.2, rate_hz)
    other = pcm.copy()
    at_s = 0.8
    other[int(at_s * rate_hz) :] = babble(1.2, rate_hz, seed=1)[: len(pcm) - int(at_s * rate_hz)] // 3
    first, second = heard(model, pcm, 400, rate_hz), heard(model, other, 400, rate_hz)
    times_s = np.arange(len(first)) / 100
    past = times_s <= at_s - LOOK_AHEAD_S
    np.testing.assert_array_equal(first[past], second[past])
    assert np.abs(first[~past] - second[~past]).max() > 0.01


def test_a_frame_is_given_80_ms_after_its_sound_at_the_latest(model):
    source = NetworkSource(model, VoiceLevel(model.colour), FrameGrid(0, 24000))
    given = len(source.push(babble(0.5, 24000)))
    assert given - 1 >= (0.5 - LOOK_AHEAD_S) * 100


def test_bands_in_chunks_are_the_bands_of_the_whole():
    pcm = babble(0.7)
    whole = BandStream(VoiceLevel(np.zeros(BANDS, np.float32))).push(pcm)
    stream = BandStream(VoiceLevel(np.zeros(BANDS, np.float32)))
    parts = np.concatenate([stream.push(pcm[i : i + 333]) for i in range(0, len(pcm), 333)])
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_loudness_hardly_matters(encoder):
    pcm = babble(3.0) // 2
    encoder.load()
    loud = encode(pcm, RATE_HZ, encoder=encoder)
    encoder.load()
    soft = encode(pcm // 8, RATE_HZ, encoder=encoder)
    late = slice(150, 300)
    same = (loud[late, :PHONE_COUNT].argmax(axis=1) == soft[late, :PHONE_COUNT].argmax(axis=1)).mean()
    assert same > 0.6


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 48000])
def test_any_rate_gives_every_frame(encoder, rate_hz):
    frames = encode(babble(0.73, rate_hz), rate_hz, encoder=encoder)
    assert len(frames) == 73
    np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-4)


def sounds():
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (262, 330, 392))
    return {
        "silence": np.zeros(RATE_HZ, np.int16),
        "noise": (3000 * rng.normal(size=RATE_HZ)).clip(-32768, 32767).astype(np.int16),
        "music": (6000 * chord).astype(np.int16),
        "clipped": np.where(babble(1.0) > 0, 32767, -32768).astype(np.int16),
        "one sample": np.ones(1, np.int16),
    }


@pytest.mark.parametrize("name", list(sounds()))
def test_what_is_no_speech_gives_probabilities_too(encoder, name):
    pcm = sounds()[name]
    frames = encode(pcm, RATE_HZ, encoder=encoder)
    assert len(frames) == -(-len(pcm) // 160)
    assert np.isfinite(frames).all()
    np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-4)


def test_silence_is_silence(encoder):
    encoder.load()
    frames = encode(np.zeros(RATE_HZ, np.int16), RATE_HZ, encoder=encoder)
    assert (frames[:, SIL] > 0.5).mean() > 0.9


def test_a_second_sentence_begins_on_the_turns_grid(encoder):
    stream = encoder.open(RATE_HZ)
    pcm = babble(0.503)
    out = [
        stream.push(SpeechChunk(sample_rate_hz=RATE_HZ, pcm=pcm, sentence=0, sentence_end=True)),
        stream.push(SpeechChunk(sample_rate_hz=RATE_HZ, pcm=pcm, sentence=1, sentence_end=True)),
        stream.finish(),
    ]
    assert sum(map(len, out)) == 101


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(ConfigError, match="train_lips"):
        PhoneNetwork(onnxruntime, str(tmp_path / "none.onnx"))


def test_a_file_that_is_no_network_is_refused(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ConfigError, match=r"bad\.onnx"):
        PhoneNetwork(onnxruntime, str(path))


def test_another_network_is_refused_by_name(tmp_path):
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    source = tmp_path / "lips.onnx"
    shutil.copyfile(share_file("models/lips.onnx"), source)
    tree = onnx.load(str(source))
    for prop in tree.metadata_props:
        if prop.key == "classes":
            prop.value = '["A", "B"]'
    onnx.save(tree, str(source))
    with pytest.raises(ConfigError, match="classes"):
        PhoneNetwork(onnxruntime, str(source))


def lips_of_shape(path, frames="frames", bands=BANDS, classes=PHONE_COUNT, output="phones"):
    """A network with the metadata of ours that gives zeros."""
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    from onnx import TensorProto, helper

    def item(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    size = int(onnx.load(str(share_file("models/lips.onnx"))).graph.input[1].type.tensor_type.shape.dim[1].dim_value)
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [bands, classes], [0.0] * (bands * classes))
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], [output]),
        helper.make_node("Identity", ["state"], ["next_state"]),
    ]
    inputs = [item("features", [1, frames, bands]), item("state", [1, size])]
    outputs = [item(output, [1, frames, classes]), item("next_state", [1, size])]
    tree = helper.make_model(helper.make_graph(nodes, "lips", inputs, outputs, [weights]),
                             opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    tree.metadata_props.extend(onnx.load(str(share_file("models/lips.onnx"))).metadata_props)
    onnx.save(tree, str(path))
    return path


def test_a_network_of_our_shape_is_taken(tmp_path):
    made = PhoneNetwork(onnxruntime, str(lips_of_shape(tmp_path / "lips.onnx")))
    assert made.step(np.zeros((7, BANDS), np.float32), made.start())[0].shape == (7, PHONE_COUNT)


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        ({"frames": 9}, "input 'features'.*9"),
        ({"bands": BANDS - 1}, "input 'features'.*39"),
        ({"classes": PHONE_COUNT + 1}, "output 'phones'.*37"),
        ({"output": "lips"}, "outputs lips, next_state"),
    ],
)
def test_right_metadata_and_wrong_shapes_are_refused_by_name(tmp_path, shape, named):
    with pytest.raises(ConfigError, match=rf"lips\.onnx has {named}") as raised:
        PhoneNetwork(onnxruntime, str(lips_of_shape(tmp_path / "lips.onnx", **shape)))
    assert raised.value.code == "model_shape"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("delay_frames", "-1"), ("delay_frames", "1000000000"), ("delay_frames", "true"), ("delay_frames", "1.5"),
        ("state_size", "100000000000"), ("state_size", '"9"'), ("colour", "[]"), ("colour", '"' + "a" * BANDS + '"'),
        ("colour", json.dumps(["x"] * BANDS)), ("kind", "[" * 200_000), ("bands", "{"),
    ],
)  # fmt: skip
def test_metadata_without_sense_is_refused_before_memory_is_asked_for(tmp_path, key, value):
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    tree = onnx.load(str(share_file("models/lips.onnx")))
    next(prop for prop in tree.metadata_props if prop.key == key).value = value
    onnx.save(tree, str(tmp_path / "lips.onnx"))
    with pytest.raises(ConfigError, match=r"lips\.onnx") as caught:
        PhoneNetwork(onnxruntime, str(tmp_path / "lips.onnx"))
    assert caught.value.code == "lips_model_bad" and len(str(caught.value)) < 500


@pytest.mark.parametrize("what", ["opset", "external", "folder", "crossed"])
def test_networks_that_this_runtime_cannot_use(tmp_path, what):
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    path = tmp_path / "lips.onnx"
    tree = onnx.load(str(share_file("models/lips.onnx")))
    if what == "opset":
        tree.opset_import[0].version = 9999
    elif what == "external":  # weights in a file that is not there
        weights = tree.graph.initializer[0]
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="../weights.bin")
    elif what == "crossed":  # a graph that opens and does not run
        for node in tree.graph.node:
            if node.op_type == "Conv":
                del node.input[1:]
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes(tree.SerializeToString())
    with pytest.raises(ConfigError, match=r"lips\.onnx"):
        PhoneNetwork(onnxruntime, str(path))


@pytest.mark.parametrize("sound_by", ["network", "both"])
def test_phones_lets_the_network_hear_what_has_no_text(sound_by):
    made = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by=sound_by))
    made.load()
    pcm = babble(0.6)
    frames = encode(pcm, RATE_HZ, encoder=made)
    assert len(frames) == 60
    np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-4)
    made.load()
    other = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="acoustic"))
    other.load()
    assert np.abs(frames - encode(pcm, RATE_HZ, encoder=other)).max() > 0.01


def test_without_pocketsphinx_the_network_hears_all_and_the_status_says_so(monkeypatch):
    monkeypatch.setattr("avatar_ros.encoder.listener_factory.installed_model", lambda: None)
    made = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="network"))
    made.load()
    frames = encode(babble(0.6), RATE_HZ, "Hello there.", encoder=made)
    assert len(frames) == 60
    assert "./avatar setup" in made.status()["warning"]


def test_without_onnx_runtime_pocketsphinx_hears_alone_and_the_status_says_so(monkeypatch):
    alone = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="acoustic"))
    alone.load()
    pcm = babble(0.6)
    frames = encode(pcm, RATE_HZ, encoder=alone)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # what Python does with a module that cannot be imported
    monkeypatch.delitem(sys.modules, "avatar_ros.encoder.network_listener", raising=False)
    made = PhoneEncoder(EncoderSettings(), PhoneSettings())
    made.load()
    np.testing.assert_array_equal(frames, encode(pcm, RATE_HZ, encoder=made))
    assert "ONNX Runtime" in made.status()["warning"] and "./avatar setup" in made.status()["warning"]
    with pytest.raises(ConfigError, match=r"ONNX Runtime.*\./avatar setup"):
        PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="network")).load()


@pytest.mark.parametrize(
    ("text", "locale"), [("你好，欢迎光临", "en"), ("今日は良い天気", "ja"), ("Grr", "xx"), ("...", "en")]
)
def test_what_cannot_be_aligned_is_heard_by_both(text, locale):
    heard = []
    for sound_by, said in (("both", text), ("both", ""), ("acoustic", "")):
        made = PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by=sound_by))
        made.load()
        heard.append(encode(babble(0.6), RATE_HZ, said, locale=locale, encoder=made))
    np.testing.assert_array_equal(heard[0], heard[1])
    assert np.abs(heard[0] - heard[2]).max() > 0.01


def test_a_network_that_cannot_be_used_costs_no_lips(tmp_path):
    made = PhoneEncoder(EncoderSettings(), PhoneSettings(model=str(tmp_path)))
    made.load()
    assert str(tmp_path) in made.status()["warning"]
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        PhoneEncoder(EncoderSettings(), PhoneSettings(sound_by="network", model=str(tmp_path))).load()


def test_two_opinions_are_mixed_frame_by_frame():
    class Given:
        def __init__(self, batches):
            self.batches = [np.array(rows, np.float32).reshape(-1, PHONE_COUNT) for rows in batches]

        def push(self, pcm):
            return self.batches.pop(0)

        finish = None

    sure, other = np.eye(PHONE_COUNT)[3], np.eye(PHONE_COUNT)[5]
    fused = FusedSource(Given([[sure, sure], []]), Given([[sure], [other]]), 0.5)
    first, second = fused.push(np.zeros(1, np.int16)), fused.push(np.zeros(1, np.int16))
    assert first[0].argmax() == 3
    assert len(second) == 1
    assert second[0, 3] == pytest.approx(second[0, 5])
    assert second[0, 3] > 10 * second[0, 0]
