"""Exposure and white balance of an avatar's colours, and what `validate` proposes by the whites of its eyes."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.light import LUMINANCE, NO_LIGHT, Light, lit, to_linear, to_srgb, white_balance
from avatar_ros.avatar.light_estimate import proposed, whites
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.validate import validate
from avatar_ros.core.avatar_names import known_avatars
from avatar_ros.core.errors import AvatarError
from avatar_ros.testing.lam_writer import save_lam

GREYS = np.repeat(np.linspace(0, 1, 9, dtype=np.float32)[:, None], 3, axis=1)


@pytest.fixture(scope="module")
def ada():
    return load_avatar(known_avatars()["ada"])


def cast(avatar, kelvin=6500.0, tint=0.0, stops=0.0):
    """The avatar as it were if it had been photographed in such a light."""
    linear = to_linear(avatar.colors.astype(np.float64)) @ np.linalg.inv(white_balance(kelvin, tint)).T
    return replace(avatar, colors=to_srgb(np.clip(linear * 2**stops, 0, 1)).astype(np.float32))


def test_srgb_and_linear_are_each_others_inverse():
    np.testing.assert_allclose(to_srgb(to_linear(GREYS.astype(np.float64))), GREYS, atol=1e-6)
    assert to_linear(np.float64(0.5)) == pytest.approx(0.2140, abs=1e-4)


def test_no_light_changes_nothing_at_all():
    assert lit(GREYS, NO_LIGHT) is GREYS
    np.testing.assert_allclose(white_balance(6500.0), np.eye(3), atol=1e-12)


def test_a_stop_doubles_the_light():
    linear = to_linear(lit(np.float32([[0.1, 0.3, 0.5]]), Light(exposure_ev=1.0)).astype(np.float64))
    np.testing.assert_allclose(linear, 2 * to_linear(np.float64([[0.1, 0.3, 0.5]])), atol=1e-6)
    assert lit(GREYS, Light(exposure_ev=3.0)).max() == 1.0


@pytest.mark.parametrize("kelvin", [2000, 2222, 3000, 4000, 5000, 9000, 20000])
@pytest.mark.parametrize("tint", [-60, 0, 60])
def test_greys_keep_their_luminance(kelvin, tint):
    assert LUMINANCE @ white_balance(kelvin, tint) @ np.ones(3) == pytest.approx(1.0)


def test_a_head_taken_in_lamplight_gets_bluer_and_one_in_shade_gets_warmer():
    lamp, shade = (lit(np.float32([[0.5, 0.5, 0.5]]), Light(temperature_k=kelvin))[0] for kelvin in (3000.0, 12000.0))
    assert lamp[2] > 0.5 > lamp[0] and shade[0] > 0.5 > shade[2]
    magenta = lit(np.float32([[0.5, 0.5, 0.5]]), Light(tint=50.0))[0]
    assert magenta[0] > magenta[1] and magenta[2] > magenta[1]


@pytest.mark.parametrize("kelvin, tint, stops", [(3200, 0, 0), (6500, 0, -1.5), (2800, 20, -1)])
def test_what_is_proposed_undoes_the_light_of_the_picture(ada, kelvin, tint, stops):
    off = cast(ada, kelvin, tint, stops)
    mended = lit(off.colors, proposed(off))
    assert np.abs(mended - ada.colors).mean() < 0.35 * np.abs(off.colors - ada.colors).mean()


@pytest.mark.parametrize("name", ["ada", "ben", "grace", "bolt"])
def test_the_built_in_faces_are_in_good_light(name):
    assert proposed(load_avatar(known_avatars()[name])) is None


def test_without_eyes_nothing_is_said():
    avatar = fake_avatar()
    from avatar_ros.avatar.model import NO_MORPHS

    assert whites(replace(avatar, morphs=NO_MORPHS)) is None
    assert proposed(replace(avatar, morphs=NO_MORPHS)) is None


def test_validate_proposes_it_and_is_content_once_the_card_says_so(ada, tmp_path):
    save_lam(cast(ada, 3200), tmp_path / "head.zip")
    report = validate(tmp_path / "head.zip")
    note = next(finding for finding in report.findings if finding.code == "avatar_light")
    assert report.good and not note.fault
    entry = note.text[note.text.index("defaults:") :]
    assert "temperature_k" in entry and "exposure_ev" not in entry
    (tmp_path / "head.avatar.yaml").write_text(entry)
    assert all(finding.code != "avatar_light" for finding in validate(tmp_path / "head.zip").findings)
    before = whites(cast(ada, 3200))
    after = whites(load_avatar(tmp_path / "head.zip"))
    assert before[0] / before[2] > 2 > after[0] / after[2]


BAD = ("{light: {temperature_k: 100}}", "{light: {lux: 3}}", "{light: 4}", "{light: {tint: x}}")


@pytest.mark.parametrize("entry", BAD)
def test_a_bad_light_in_a_card_is_named(tmp_path, entry):
    save_lam(fake_avatar(), tmp_path / "head.zip")
    (tmp_path / "head.avatar.yaml").write_text(f"defaults: {entry}")
    with pytest.raises(AvatarError, match=r"light|tint|temperature_k"):
        load_avatar(tmp_path / "head.zip")
