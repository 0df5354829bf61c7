"""`bench neural` measures what it says it measures."""

import json

import numpy as np

from benchmarks.lips.streaming_cost import distance, main
from neural_models import lam_folder


def test_distance_of_the_same_and_of_the_opposite():
    values = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    assert distance(values, values) == {"cosine": 1.0, "cosine_p5": 1.0, "relative_error": 0.0}
    assert distance(-values, values)["relative_error"] == 2.0


def test_every_figure_is_there_and_finite(tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--model", str(lam_folder()), "--seconds", "1", "--threads", "1", "--windows", "0.8"]
    assert main([*arguments, "--json", str(out)]) == 0
    tree = json.loads(out.read_text())
    assert json.loads(capsys.readouterr().out) == tree
    assert set(tree["windows"]) == {f"{window} s{again}" for window in ("0.8", "1") for again in ("", ", all again")}
    for row in tree["windows"].values():
        assert row["cpu_s_per_s"] > 0
        assert row["new_voice"]["cosine"] > 0.5
        assert 0 < row["weights"]["mean"] <= row["weights"]["max"] < 1
    assert tree["first_frames"]["sound_needed_s"] <= 0.105
    assert tree["model"]["weights_parity"]["fp32"]["max_abs"] < 1e-5
