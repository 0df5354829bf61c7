"""The words for what stands behind a face, and the pictures that come of them."""

import numpy as np
import pytest

from avatar_ros.core.backdrop_picture import painted
from avatar_ros.core.backdrop_words import KEY_GREEN, PLAIN, Backdrop, parse_backdrop
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.gradients import as_bytes, studio, vertical


@pytest.mark.parametrize(
    "text, meant",
    [
        ("#102030", Backdrop("colour", ((16, 32, 48),))),
        ("studio", Backdrop("studio", (PLAIN,))),
        ("studio:#102030", Backdrop("studio", ((16, 32, 48),))),
        ("gradient:#000000, #ffffff", Backdrop("gradient", ((0, 0, 0), (255, 255, 255)))),
        ("chroma", Backdrop("chroma", (KEY_GREEN,))),
        ("chroma:#0000ff", Backdrop("chroma", ((0, 0, 255),))),
        ("transparent", Backdrop("transparent")),
        ("/srv/hall.jpg", Backdrop("picture", path="/srv/hall.jpg")),
        ("blur:hall.jpg", Backdrop("picture", path="hall.jpg", blurred=True)),
        ("studio:hall.jpg", Backdrop("picture", path="studio:hall.jpg")),
    ],
)
def test_words_are_understood(text, meant):
    assert parse_backdrop(text) == meant


BAD = ("", "#12", "#12345g", "gradient:#000000", "gradient:", "gradient:#000000,red", "blur:")


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_word_is_named_with_those_that_are(text):
    with pytest.raises(ConfigError, match="panel is"):
        parse_backdrop(text, "panel")


@pytest.mark.parametrize("text", ["/etc/passwd", "blur:/etc/passwd", "hall.jpg", "studio:hall.jpg"])
def test_a_stranger_names_no_files(text):
    with pytest.raises(ConfigError, match="background is"):
        parse_backdrop(text, pictures=False)


def test_a_gradient_goes_from_the_one_to_the_other():
    picture = vertical((0, 50, 100), (200, 50, 0), 5, 64)
    assert picture.shape == (64, 5, 3)
    np.testing.assert_allclose(picture[0, 0], (0, 50, 100), atol=1)
    np.testing.assert_allclose(picture[-1, 0], (200, 50, 0), atol=1)
    assert (np.diff(picture[:, 0, 0]) >= 0).all() and (picture == picture[:, :1]).all()


@pytest.mark.parametrize("size", [(108, 192), (192, 108), (64, 64)])
def test_studio_is_lightest_behind_the_head_and_darkest_in_the_corners(size):
    picture = studio((120, 130, 140), *size)
    light = picture.sum(axis=2)
    y, x = np.unravel_index(light.argmax(), light.shape)
    assert abs(x - size[0] / 2) <= 1 and abs(y - 0.42 * size[1]) <= 1
    corners = light[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() < light.mean() and light.min() in corners
    assert light.max() > 390 > corners.max()


def test_bytes_have_no_bands_and_are_the_same_each_time():
    """Over a step of one level the mean follows the gradient, within a strip of a few rows."""
    wide = vertical((100, 100, 100), (101, 101, 101), 400, 400)
    made = as_bytes(wide)
    np.testing.assert_array_equal(made, as_bytes(wide))
    strips = made[..., 0].reshape(20, 20, 400).mean(axis=(1, 2))
    wanted = wide[..., 0].reshape(20, 20, 400).mean(axis=(1, 2))
    np.testing.assert_allclose(strips, wanted, atol=0.05)
    assert as_bytes(np.full((4, 4, 3), 255, np.float32)).min() == 255
    assert as_bytes(np.zeros((4, 4, 3), np.float32)).max() == 0


def test_a_picture_covers_it_all_and_its_blur_is_smoother(tmp_path):
    cv2 = pytest.importorskip("cv2")
    stripes = np.zeros((60, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    stripes[:, :100, 0] = 0
    assert cv2.imwrite(str(tmp_path / "hall.png"), stripes[..., ::-1])
    sharp, soft = (
        painted(cv2, parse_backdrop(f"{word}{tmp_path}/hall.png"), 40, 80).astype(int) for word in ("", "blur:")
    )
    assert sharp.shape == soft.shape == (80, 40, 3)
    assert np.abs(np.diff(sharp, axis=1)).mean() > 5 * np.abs(np.diff(soft, axis=1)).mean()
    (tmp_path / "no.png").write_text("no picture")
    for path in (tmp_path / "no.png", tmp_path / "absent.png", tmp_path):
        with pytest.raises(ConfigError, match=f"hall '{path}'"):
            painted(cv2, parse_backdrop(str(path)), 40, 80, "hall")
