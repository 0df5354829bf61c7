"""What an avatar's card says of its view and weights holds once it is loaded; `validate` names what is wrong in it."""

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.validate import validate
from avatar_ros.core.errors import AvatarError
from avatar_ros.testing.lam_writer import save_lam


def with_card(folder, text):
    save_lam(fake_avatar(), folder / "head.zip")
    (folder / "head.avatar.yaml").write_text(text)
    return folder / "head.zip"


def test_weights_scale_their_own_morphs_alone(tmp_path):
    save_lam(fake_avatar(), tmp_path / "plain.zip")
    plain = load_avatar(tmp_path / "plain.zip")
    path = with_card(tmp_path, "defaults: {weights: {jawOpen: 0.5}, camera: {zoom: 1.5, up_m: -0.02}}")
    fitted = load_avatar(path)
    for morph, name in enumerate(plain.morph_names):
        factor = 0.5 if name == "jawOpen" else 1.0
        assert np.allclose(fitted.morphs.part(morph)[1], factor * plain.morphs.part(morph)[1]), name
    assert (fitted.zoom, fitted.up_m) == (1.5, -0.02)
    assert (plain.zoom, plain.up_m) == (1.0, 0.0)


def test_a_bad_card_is_a_fault_that_is_named(tmp_path):
    path = with_card(tmp_path, "defaults: {weights: {jawOpen: 7}}")
    report = validate(path)
    assert not report.good
    assert "jawOpen is 7; give a number of 0 to 2 [avatar_card]" in report.text()
    with pytest.raises(AvatarError, match="jawOpen is 7"):
        load_avatar(path)
