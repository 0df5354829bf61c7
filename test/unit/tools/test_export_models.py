"""What tools/export_encoder.py and tools/export_lam_a2e.py write is the network that torch has, and says how nearly."""

import json

import numpy as np
import onnxruntime
import pytest

from neural_models import encoder_folder, lam_folder, need_torch, tiny_lam

need_torch()
import export_encoder  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from neural_export.folder import model_hop, torch_hidden, voice_like  # noqa: E402
from neural_export.lam_checkpoint import CheckpointError, fill, load_lam, read_state  # noqa: E402
from neural_export.lam_network import LamAudio2Expression  # noqa: E402
from neural_export.onnx_files import quantised_operators  # noqa: E402
from neural_export.parts import keep_layers  # noqa: E402
from neural_export.random_models import random_model  # noqa: E402

from avatar_ros.encoder.neural_model import NeuralModel, encoder_manifest  # noqa: E402
from avatar_ros.encoder.neural_stream import whole_utterance  # noqa: E402

LAYER_NORM = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}


def manifest(folder):
    return json.loads((folder / "encoder.json").read_text())


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert", "lam"])
def test_parity_with_torch_is_measured_and_stored(kind):
    rows = manifest(encoder_folder(kind))["parity"]
    assert rows["fp32"]["relative"] < 1e-5
    assert 0 < rows["int8"]["relative"] < 0.02
    assert 0 < rows["fp16"]["relative"] < 0.005
    assert min(row["cosine_min"] for row in rows.values()) > 0.999


def test_large_models_with_layer_norm_export_too():
    folder = encoder_folder("wav2vec2", **LAYER_NORM)
    assert manifest(folder)["parity"]["fp32"]["max_abs"] < 1e-4
    assert encoder_manifest(folder).channels == 0


def test_int8_is_the_transformers_products_only():
    folder = encoder_folder("hubert")
    assert "MatMulInteger" in quantised_operators(folder / "back.int8.onnx")
    assert not quantised_operators(folder / "front.onnx")
    assert not quantised_operators(folder / "project.onnx")
    opsets = {i.version for i in onnx.load(folder / "back.onnx").opset_import if not i.domain}
    assert opsets == {17}


def test_middle_layers():
    model = random_model("wav2vec2", "tiny", **LAYER_NORM)
    sound = torch.from_numpy(voice_like(4000)[None])
    with torch.no_grad():
        wanted = model(sound, output_hidden_states=True).hidden_states[1]
        keep_layers(model, 1)
        found = model(sound).last_hidden_state
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="1 to 1"):
        keep_layers(model, 2)


def test_a_checkpoint_folder_becomes_a_model(tmp_path, capsys):
    model = random_model("hubert", "tiny", seed=4)
    model.save_pretrained(tmp_path / "checkpoint")
    (tmp_path / "checkpoint" / "preprocessor_config.json").write_text('{"do_normalize": true}')
    assert export_encoder.main([str(tmp_path / "checkpoint"), str(tmp_path / "out"), "--copies", "int8"]) == 0
    assert "int8: max abs" in capsys.readouterr().out
    written = manifest(tmp_path / "out")
    assert (written["kind"], written["normalise_sound"], set(written["parity"])) == ("hubert", True, {"fp32", "int8"})
    hop, field = model_hop(model)
    sound = voice_like(30 * hop + field, seed=9)
    wanted = torch_hidden(model, torch.from_numpy(sound[None]), 31, 50.0, True)[0].numpy()
    network = NeuralModel(tmp_path / "out", precision="fp32", threads=1)
    np.testing.assert_allclose(whole_utterance(network, sound, 31), wanted, atol=1e-4)


def test_checkpoints_that_are_none_are_named(tmp_path):
    with pytest.raises(SystemExit, match=r"no config\.json"):
        export_encoder.main([str(tmp_path), str(tmp_path / "out")])
    (tmp_path / "config.json").write_text('{"model_type": "wavlm"}')
    with pytest.raises(SystemExit, match="wavlm"):
        export_encoder.main([str(tmp_path), str(tmp_path / "out")])


def test_weights_that_lack_keys_are_named(tmp_path):
    model = random_model("hubert", "tiny")
    state = {key: value for key, value in model.state_dict().items() if "final_layer_norm" not in key}
    model.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(SystemExit, match=r"encoder\.layers\.0\.final_layer_norm"):
        export_encoder.main([str(tmp_path), str(tmp_path / "out")])


def test_keys_that_are_not_the_encoders_are_named(tmp_path, capsys):
    model = random_model("hubert", "tiny")
    model.save_pretrained(tmp_path, state_dict={**model.state_dict(), "lm_head.weight": torch.zeros(3, 3)})
    export_encoder.read_checkpoint(tmp_path)
    assert "1 keys are not the encoder's, left out: lm_head.weight" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["no weights", "damaged", "another shape"])
def test_weights_that_cannot_be_used_are_told_in_a_line(tmp_path, fault):
    random_model("hubert", "tiny").save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    if fault == "no weights":
        weights.unlink()
    elif fault == "damaged":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    with pytest.raises(SystemExit, match=r"weights cannot be used|lack"):
        export_encoder.read_checkpoint(tmp_path)


@pytest.fixture(scope="module")
def lam():
    return tiny_lam()


def checkpoint(model):
    return {f"module.{key}": value.clone() for key, value in model.state_dict().items()}


def blank(lam):
    return LamAudio2Expression(lam.shape).eval()


def test_lam_in_onnx_is_lam_in_torch(lam):
    parity = manifest(lam_folder())["weights_parity"]
    assert parity["fp32"]["max_abs"] < 1e-5
    assert 0 < parity["int8"]["max_abs"] < 0.01


def test_lam_has_upstreams_names_and_size():
    with torch.device("meta"):
        model = LamAudio2Expression()
    names = dict(model.named_parameters())
    assert all(name.startswith("backbone.") for name in names)
    narrowing = names["backbone.identity_encoder.first_net.conv_layers.0.residual_layer.0.weight"]
    assert tuple(narrowing.shape) == (512, 576, 3)
    assert tuple(names["backbone.identity_encoder.grus.weight_ih_l0"].shape) == (1536, 512)
    assert tuple(names["backbone.audio_encoder.lm_head.weight"].shape) == (32, 1024)
    assert tuple(names["backbone.decoder.0.2.norm.weight"].shape) == (512,)
    assert sum(p.numel() for p in names.values()) == 102_113_044


@pytest.mark.parametrize("old_names", [False, True])
def test_lam_loads_strictly(lam, tmp_path, old_names):
    state = checkpoint(lam)
    if old_names:
        ends = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
        for new, old in ends.items():
            state = {key.replace(new, old): value for key, value in state.items()}
        assert any(key.endswith("pos_conv_embed.conv.weight_g") for key in state)
    path = tmp_path / "lam.tar"
    torch.save({"epoch": 3, "best_metric_value": np.float64(0.5), "state_dict": state}, path)
    sound, identity = torch.from_numpy(voice_like(8000)[None]), torch.eye(12)[:1]
    with torch.no_grad():
        torch.testing.assert_close(load_lam(path, blank(lam))(sound, identity), lam(sound, identity))


def test_lam_names_keys_that_do_not_fit(lam):
    state = checkpoint(lam)
    state.pop("module.backbone.output_proj.bias")
    state["module.backbone.teeth.weight"] = torch.zeros(1)
    state["module.backbone.feature_projection.bias"] = torch.zeros(7)
    with pytest.raises(CheckpointError) as raised:
        fill(blank(lam), state, "lam.tar")
    for part in ("lacks 1 keys (backbone.output_proj.bias)", "has too many 1 keys (backbone.teeth.weight)",
                 "backbone.feature_projection.bias (7,) for (32,)"):  # fmt: skip
        assert part in str(raised.value)


def test_lam_files_that_are_none(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        read_state(tmp_path / "gone.tar")
    (tmp_path / "text.tar").write_text("no checkpoint")
    with pytest.raises(CheckpointError, match="unpack it first"):
        read_state(tmp_path / "text.tar")
    torch.save({"epoch": 1}, tmp_path / "empty.tar")
    with pytest.raises(CheckpointError, match="no state_dict"):
        read_state(tmp_path / "empty.tar")


def test_lam_whole_windows_are_upstreams(lam):
    """Encoder and decoder as the nodes run them, on one of upstream's windows: 64 frames, 34133 samples."""
    sound = voice_like(34133, seed=2)
    hop, field = model_hop(lam.backbone.audio_encoder)
    sound = sound[: 105 * hop + field]
    with torch.no_grad():
        wanted = lam(torch.from_numpy(sound[None]), torch.eye(12)[:1])[0].numpy()
    hidden = whole_utterance(NeuralModel(lam_folder(), precision="fp32", threads=1), sound, 64)
    session = onnxruntime.InferenceSession(lam_folder() / "decoder.onnx", providers=["CPUExecutionProvider"])
    found = session.run(None, {"features": hidden[None], "identity": np.eye(12, dtype=np.float32)[:1]})[0][0]
    assert found.shape == wanted.shape == (64, 52)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
