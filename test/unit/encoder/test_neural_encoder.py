"""wav2vec2 and HuBERT in streams: what is carried is exact, steps do not depend on chunks, and bad models are named."""

import json
import shutil

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.interpolation import between
from avatar_ros.core.types import SpeechChunk
from avatar_ros.encoder.base import ENCODER_BACKENDS, EncoderSettings
from avatar_ros.encoder.encode import encode, load_encoder
from avatar_ros.encoder.neural import steps_from
from avatar_ros.encoder.neural_features import FeatureStream, FrameRate, VoiceStatistics
from avatar_ros.encoder.neural_model import NeuralModel, Past, Statistics, encoder_manifest
from avatar_ros.encoder.neural_settings import NeuralSettings
from avatar_ros.encoder.neural_stream import ContextWindow, HiddenStream, Steps, whole_utterance
from avatar_ros.encoder.stage import build
from avatar_ros.testing.settings import split
from neural_models import encoder_folder

RATE_HZ = 16000
STEPS = Steps(first=1600, hop=2560, window=40, again=8, lookahead=2)


def settings(kind="hubert", **more):
    values = {"backend": kind, "model": str(encoder_folder(kind)), "threads": 1, **more}
    return split(ENCODER_BACKENDS, EncoderSettings, **values)


def sound(seconds, seed=0):
    """Noise in syllables, ±1."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(len(t))
    return (0.1 * noise * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.float32)


def pcm(seconds, seed=0):
    return (sound(seconds, seed) * 32768).astype(np.int16)


@pytest.fixture(scope="module")
def model():
    return NeuralModel(encoder_folder("hubert"), precision="fp32", threads=1)


@pytest.fixture(scope="module")
def layer_model():
    changes = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
    return NeuralModel(encoder_folder("wav2vec2", **changes), precision="fp32", threads=1)


def features(model, parts, voice=None):
    stream = FeatureStream(model, voice or VoiceStatistics.unknown(model.manifest))
    return np.concatenate([stream.push(part) for part in parts])


def cut(samples, size):
    return [samples[i : i + size] for i in range(0, len(samples), size)]


@pytest.mark.parametrize("size", [160, 400, 2560, 7777])
def test_features_of_chunks_are_those_of_the_whole(layer_model, size):
    samples = sound(1.5)
    np.testing.assert_allclose(features(layer_model, cut(samples, size)), features(layer_model, [samples]), atol=1e-5)


def test_group_norm_has_heard_in_chunks_what_it_hears_at_once(model):
    samples = sound(1.5)
    chunks, whole = VoiceStatistics.unknown(model.manifest), VoiceStatistics.unknown(model.manifest)
    features(model, cut(samples, 2560), chunks)
    features(model, [samples], whole)
    assert chunks.norm.count[0] == whole.norm.count[0]
    np.testing.assert_allclose(chunks.norm.total, whole.norm.total, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(chunks.norm.squares, whole.norm.squares, rtol=1e-4)


def test_group_norm_of_a_voice_that_is_known_gives_the_whole_in_chunks(model):
    samples = sound(1.5)
    known = VoiceStatistics.unknown(model.manifest)
    features(model, [samples] * 10, known)  # one more second changes it little
    early = features(model, cut(samples, 2560))
    late = features(model, cut(samples, 2560), known)
    whole = features(model, [samples])
    assert np.abs(late - whole).mean() < 0.5 * np.abs(early - whole).mean()


def test_old_sound_fades():
    heard = Statistics(np.array([100], np.float32), np.array([50], np.float32), np.array([30], np.float32))
    heard.forget(200)
    assert heard.count[0] == 100
    heard.forget(10)
    assert heard.count[0] == 10
    assert heard.total[0] / heard.count[0] == pytest.approx(0.5)


def test_positions_of_chunks_are_those_of_the_whole(model):
    values = np.random.default_rng(1).standard_normal((60, model.manifest.features)).astype(np.float32)
    chunks, whole = ContextWindow(model, 1000, 1000), ContextWindow(model, 1000, 1000)
    whole.push(values)
    for part in np.array_split(values, 13):
        chunks.push(part)
    np.testing.assert_allclose(chunks.hidden(), whole.hidden(), atol=1e-4)


def test_positions_remember_what_left_the_window(model):
    values = np.random.default_rng(1).standard_normal((60, model.manifest.features)).astype(np.float32)
    short, whole = ContextWindow(model, 12, 5), ContextWindow(model, 1000, 1000)
    for part in np.array_split(values, 20):
        short.push(part)
        whole.push(part)
        short.hidden()
    assert (short.first, short.count, whole.first) == (55, 60, 0)
    assert short._past.keys.shape == short._past.values.shape == (model.manifest.layers, 7, model.manifest.dim)
    np.testing.assert_allclose(short._sums[:5], whole._sums[55:60], atol=1e-5)
    np.testing.assert_allclose(short._tokens, whole._tokens[55:], atol=1e-5)


@pytest.mark.parametrize("again", [0, 3, 12])
def test_no_more_than_the_window_is_seen(model, monkeypatch, again):
    seen = []

    def back(tokens, position, past):
        seen.append(past.keys.shape[1] + len(tokens))
        return NeuralModel.back(model, tokens, position, past)

    monkeypatch.setattr(model, "back", back)
    window = ContextWindow(model, 12, again)
    values = np.random.default_rng(1).standard_normal((60, model.manifest.features)).astype(np.float32)
    for part in np.array_split(values, 20):
        window.push(part)
        window.hidden()
    assert seen[:3] == [3, 6, 9] and set(seen[3:]) == {12}


def test_tokens_that_are_given_as_keys_and_values_are_seen_as_if_they_were_there(model):
    rng = np.random.default_rng(2)
    tokens, sums = (rng.standard_normal((30, model.manifest.dim)).astype(np.float32) for _ in range(2))
    whole, past = model.back(tokens, sums, Past.none(model.manifest))
    before = Past.none(model.manifest).then(past, 12, 100).then(Past(past.keys[:, 12:], past.values[:, 12:]), 8, 100)
    again, own = model.back(tokens[20:], sums[20:], before)
    np.testing.assert_allclose(again, whole[20:], atol=2e-5)
    np.testing.assert_allclose(own.keys, past.keys[:, 20:], atol=2e-5)
    fewer = Past.none(model.manifest).then(past, 20, 10)
    np.testing.assert_array_equal(fewer.values, past.values[:, 10:20])
    assert np.abs(model.back(tokens[20:], sums[20:], fewer)[0] - whole[20:]).max() > 1e-3


def test_interpolation_in_chunks_is_that_of_the_whole():
    values = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    rate = FrameRate(30.0)
    parts = [rate.push(part) for part in np.array_split(values, 17)]
    out = np.concatenate(parts)
    assert len(out) == 30
    np.testing.assert_allclose(out, between(values, np.arange(30) * 5 / 3), atol=1e-6)
    np.testing.assert_allclose(out[1], values[1] / 3 + values[2] * 2 / 3, atol=1e-6)


def test_a_window_that_holds_everything_and_all_that_follows_is_the_whole(model):
    samples = sound(1.2)
    whole = whole_utterance(model, samples, 60)
    stream = HiddenStream(model, VoiceStatistics.unknown(model.manifest), Steps(1 << 40, 1 << 40, 1 << 20, 1 << 20, 0))
    parts = [stream.push(part) for part in cut(samples, 333)]
    assert not any(map(len, parts))
    np.testing.assert_allclose(stream.finish(60), whole, atol=1e-5)


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert", "lam"])
def test_frames_do_not_depend_on_chunks(kind):
    made, samples = settings(kind), pcm(1.1)
    outs = []
    for size in (17, 640, 100000):
        encoder = load_encoder(*made)
        stream = encoder.open(RATE_HZ)
        parts = [stream.push(SpeechChunk(sample_rate_hz=RATE_HZ, pcm=part)) for part in cut(samples, size)]
        outs.append(np.concatenate([*parts, stream.finish()]))
    assert len(outs[0]) == int(np.ceil(1.1 * encoder.rate_hz - 1e-9))
    for other in outs[1:]:
        np.testing.assert_array_equal(outs[0], other)


def test_streaming_stays_near_the_whole(model):
    samples = pcm(3.0)
    whole = whole_utterance(model, samples / np.float32(32768), 150)

    def error(seconds):
        encoder = load_encoder(*settings(precision="fp32", window_s=2.0, lookahead_s=seconds))
        return np.linalg.norm(encode(samples, RATE_HZ, encoder=encoder) - whole) / np.linalg.norm(whole)

    assert error(0.0) < 0.4
    assert error(0.4) < error(0.0)


@pytest.mark.parametrize("kind", ["wav2vec2", "lam"])
def test_sound_needed_before_the_first_frame(kind):
    stage = build(*settings(kind))
    stage.load()
    samples = pcm(0.4)
    for i in range(0, len(samples), 160):
        chunk = SpeechChunk(turn=1, first_sample=i, sample_rate_hz=RATE_HZ, pcm=samples[i : i + 160])
        if list(stage.push("speech/audio", chunk, 0.0)):
            break
    assert (i + 160) / RATE_HZ <= 0.101


def test_one_voice_speaks_all_turns(model):
    samples = pcm(2.0)
    encoder = load_encoder(*settings(precision="fp32"))
    first, second = encode(samples, RATE_HZ, encoder=encoder), encode(samples, RATE_HZ, encoder=encoder)
    third = encode(samples, RATE_HZ, encoder=encoder)
    assert np.abs(second - third)[:8].mean() < 0.5 * np.abs(first - third)[:8].mean()


def test_int8_runs_on_the_cpu_and_says_so():
    encoder = load_encoder(*settings("wav2vec2", device="cpu"))
    assert encoder.status() == {"provider": "CPUExecutionProvider", "precision": "int8"}
    exact = load_encoder(*settings("wav2vec2", precision="fp32"))
    a, b = encode(pcm(0.5), RATE_HZ, encoder=encoder), encode(pcm(0.5), RATE_HZ, encoder=exact)
    assert 0 < np.abs(a - b).max() < 0.1
    half = load_encoder(*settings("wav2vec2", precision="fp16"))
    assert half.status()["precision"] == "fp16"
    assert 0 < np.abs(encode(pcm(0.5), RATE_HZ, encoder=half) - b).max() < 0.1


def test_louder_is_the_same_where_the_sound_is_normalised(tmp_path, layer_model):
    folder = tmp_path / "normalised"
    shutil.copytree(encoder_folder("wav2vec2", feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True),
                    folder)  # fmt: skip
    manifest = json.loads((folder / "encoder.json").read_text())
    (folder / "encoder.json").write_text(json.dumps({**manifest, "normalise_sound": True}))
    normalised = NeuralModel(folder, precision="fp32", threads=1)
    samples = sound(1.0)

    def change(model):
        soft, loud = (features(model, cut(samples * gain, 2560)) for gain in (0.2, 1.0))
        return np.abs(soft - loud).mean() / np.abs(loud).mean()

    assert change(normalised) < 0.01
    assert change(layer_model) > change(normalised)


def test_a_cancelled_turn_leaves_nothing_behind():
    stage = build(*settings())
    stage.load()
    samples = pcm(0.5)
    list(stage.push("speech/audio", SpeechChunk(turn=1, sample_rate_hz=RATE_HZ, pcm=samples), 0.0))
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.1))
    out = list(stage.push("speech/audio", SpeechChunk(turn=2, sample_rate_hz=RATE_HZ, pcm=samples, turn_end=True), 0.2))
    assert out[0].message.first_sample == 0
    assert out[0].message.frames == 25


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
def test_other_rates_and_lost_sound(rate_hz):
    stage = build(*settings())
    stage.load()
    noise = (2000 * np.random.default_rng(0).standard_normal(rate_hz)).astype(np.int16)
    half = rate_hz // 4
    chunks = [
        SpeechChunk(turn=1, sample_rate_hz=rate_hz, pcm=noise[:half]),
        SpeechChunk(turn=1, sample_rate_hz=rate_hz, first_sample=2 * half, pcm=noise[2 * half :], turn_end=True),
    ]
    messages = [out.message for chunk in chunks for out in stage.push("speech/audio", chunk, 0.0)]
    assert sum(m.frames for m in messages) == 50
    assert all(np.isfinite(m.data).all() for m in messages)


def test_a_turn_without_sound_ends():
    stage = build(*settings())
    stage.load()
    out = list(stage.push("speech/audio", SpeechChunk(turn=1, turn_end=True), 0.0))
    assert (out[0].message.frames, out[0].message.last) == (0, True)


def refused(code, **more):
    with pytest.raises(ConfigError) as raised:
        load_encoder(*settings(**more))
    assert raised.value.code == code
    return str(raised.value)


def test_models_that_cannot_be_used_are_named(tmp_path):
    assert "tools/export_encoder.py" in refused("model_missing", model="")
    assert "'wav2vec2'" in refused("model_kind", kind="hubert", model=str(encoder_folder("wav2vec2")))
    assert "encoder.json" in refused("model_file_missing", model=str(tmp_path))
    (tmp_path / "encoder.json").write_text("{}")
    assert "format None" in refused("model_manifest", model=str(tmp_path))
    (tmp_path / "encoder.json").write_text("{")
    refused("model_manifest", model=str(tmp_path))
    (tmp_path / "encoder.json").write_text('{"format": 2, "kind": "hubert"}')
    assert "taps" in refused("model_manifest", model=str(tmp_path))
    assert "window_s" in refused("encoder_window", window_s=0.4, hop_s=0.3)


def broken(tmp_path, change):
    folder = tmp_path / "broken"
    shutil.copytree(encoder_folder("hubert"), folder)
    change(folder)
    return str(folder)


def test_files_that_are_not_what_they_should_be_are_named(tmp_path):
    swapped = broken(tmp_path / "a", lambda f: (f / "project.onnx").write_bytes((f / "back.onnx").read_bytes()))
    assert "project.onnx has inputs keys, position, tokens, values" in refused("model_shape", model=swapped)
    other = broken(tmp_path / "b", lambda f: (f / "encoder.json").write_text(
        (f / "encoder.json").read_text().replace('"dim": 32', '"dim": 48')))  # fmt: skip
    assert "48" in refused("model_shape", model=other)
    damaged = broken(tmp_path / "c", lambda f: (f / "back.int8.onnx").write_bytes(b"no network"))
    assert "back.int8.onnx" in refused("model_unreadable", model=damaged)
    gone = broken(tmp_path / "d", lambda f: (f / "front.onnx").unlink())
    assert "front.onnx" in refused("model_file_missing", model=gone)


GOOD = {
    "format": 2, "kind": "hubert", "rate_hz": 50.0, "normalise_sound": False,
    "files": {"front": {"fp32": "front.onnx"}},
    **dict.fromkeys("dim features channels taps layers hop_samples field_samples first_kernel first_stride".split(), 8),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"dim": 10**12}, "dim"), ({"layers": -1}, "layers"), ({"taps": 1.5}, "taps"), ({"channels": True}, "channels"),
        ({"rate_hz": "50"}, "rate_hz"), ({"kind": ["hubert"]}, "kind"), ({"normalise_sound": 1}, "normalise_sound"),
        ({"files": {"front": {"fp32": "../../etc/passwd"}}}, "files"), ({"files": {"front": "x"}}, "files"),
        ({"files": []}, "files"), ({"format": [[]]}, "format"),
    ],
)  # fmt: skip
def test_types_and_numbers_of_a_manifest_are_judged(tmp_path, change, what):
    path = tmp_path / "encoder.json"
    path.write_text(json.dumps(GOOD))
    assert encoder_manifest(tmp_path).dim == 8
    path.write_text(json.dumps(GOOD | change))
    assert what in refused("model_manifest", model=str(tmp_path))


@pytest.mark.parametrize("content", [b"[" * 200_000, b"[]", b"\xff", b'{"format": ' + b"9" * 5000 + b"}", b"5"])
def test_a_manifest_that_is_none(tmp_path, content):
    (tmp_path / "encoder.json").write_bytes(content)
    assert "encoder.json" in refused("model_manifest", model=str(tmp_path))


def test_a_network_for_one_length_only_is_refused(tmp_path):
    onnx = pytest.importorskip("onnx", reason="needs onnx")

    def fix(folder):
        tree = onnx.load(str(folder / "project.onnx"))
        tree.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9
        onnx.save(tree, str(folder / "project.onnx"))

    assert "project.onnx has input 'features' [1, 9, 16]" in refused("model_shape", model=broken(tmp_path, fix))


def test_settings_in_seconds():
    steps = steps_from(NeuralSettings(window_s=1.0, hop_s=0.16, lookahead_s=0.04), 50.0)
    assert steps == Steps(first=1600, hop=2560, window=50, again=8, lookahead=2)
    assert encoder_manifest(encoder_folder("lam")).rate_hz == 30.0
