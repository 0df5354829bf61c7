"""`express` by the neural paths: sound to wav2vec2 to LAM's decoder, sound to HuBERT to a policy."""

import json
import wave

import numpy as np
import pytest

from avatar_ros.cli import main
from neural_models import encoder_folder, lips_model


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "in.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((3000 * np.random.default_rng(0).standard_normal(16000)).astype(np.int16).tobytes())
    return str(path)


def express(sound, out, encoder, backend):
    return main(["express", sound, str(out), "--encoder", encoder, "--encoder-model", str(encoder_folder(encoder)),
                 "--backend", backend, "--backend-model", lips_model(backend)])  # fmt: skip


@pytest.mark.parametrize(("encoder", "backend"), [("lam", "lam"), ("hubert", "policy")])
def test_neural_paths_write_weights(sound, tmp_path, encoder, backend):
    assert express(sound, tmp_path / "out.json", encoder, backend) == 0
    tree = json.loads((tmp_path / "out.json").read_text())
    weights = np.array([frame["weights"] for frame in tree["frames"]])
    assert weights.shape == (30, 52)
    assert weights.min() >= 0 and weights.max() <= 1
    assert weights.std() > 0.01


def test_features_of_another_kind_are_refused(sound, tmp_path, capsys):
    assert express(sound, tmp_path / "out.json", "wav2vec2", "policy") != 0
    assert "'wav2vec2'" in capsys.readouterr().err
