"""What every rasteriser promises: the fake, the reference, the C++ one and gsplat."""

import importlib.util

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX
from avatar_ros.core.errors import RenderError, UnknownBackendError
from avatar_ros.render.auto import make_rasteriser
from avatar_ros.render.base import BACKENDS, RasterSettings
from avatar_ros.render.pose import portrait_camera

AVATAR = fake_avatar(400)
CAMERA = portrait_camera(AVATAR, 48, 40)
REST = np.zeros(ARKIT_COUNT, np.float32)
UPRIGHT = np.eye(4, dtype=np.float32)


@pytest.fixture(params=BACKENDS.names)
def raster(request):
    if request.param == "cpu" and importlib.util.find_spec("avatar_ros._raster") is None:
        pytest.skip("the C++ rasteriser is not built")
    if request.param == "gsplat":
        pytest.importorskip("torch", reason="torch is not installed")
    try:
        made, reason = make_rasteriser(AVATAR, RasterSettings(backend=request.param))
    except (RenderError, UnknownBackendError) as error:
        if request.param not in ("gsplat", "gl"):
            raise
        pytest.skip(str(error))
    assert reason == ""
    yield made
    made.close()


def weights(**values):
    out = REST.copy()
    for name, value in values.items():
        out[ARKIT_INDEX[name]] = value
    return out


def draw(raster, values=REST, head=UPRIGHT, background=(0.5, 0.5, 0.5), **options):
    return raster.render(values, head, CAMERA, background, **options).numpy().copy()


def test_name_is_the_backends(raster):
    assert raster.name in BACKENDS.names


def test_a_frame_is_rgba_of_the_cameras_size(raster):
    frame = raster.render(REST, UPRIGHT, CAMERA, (0.5, 0.5, 0.5))
    assert (frame.width, frame.height, frame.alpha) == (48, 40, "opaque")
    assert frame.numpy().shape == (40, 48, 4) and frame.numpy().dtype == np.uint8
    assert (frame.numpy()[..., 3] == 255).all()


def test_the_frame_travels_by_dlpack(raster):
    frame = raster.render(REST, UPRIGHT, CAMERA)
    if frame.__dlpack_device__()[0] == 1:
        np.testing.assert_array_equal(np.from_dlpack(frame), frame.numpy())


def test_it_draws_into_the_callers_buffer(raster):
    out = np.zeros((40, 48, 4), np.uint8)
    frame = raster.render(REST, UPRIGHT, CAMERA, (0.5, 0.5, 0.5), out)
    assert np.shares_memory(frame.numpy(), out)
    np.testing.assert_array_equal(out, draw(raster))


def test_the_mouth_changes_the_picture_and_the_same_face_does_not(raster):
    np.testing.assert_array_equal(draw(raster), draw(raster))
    assert (draw(raster) != draw(raster, weights(jawOpen=1.0))).any()


def test_weights_that_are_not_finite_are_zero_and_counted(raster):
    before = raster.bad_weights
    frame = draw(raster, weights(jawOpen=np.nan, mouthClose=np.inf, browInnerUp=0.5))
    np.testing.assert_array_equal(frame, draw(raster, weights(browInnerUp=0.5)))
    assert raster.bad_weights == before + 2


def test_weights_out_of_range_are_clipped(raster):
    frame = draw(raster, weights(jawOpen=7.0, mouthClose=-3.0))
    np.testing.assert_array_equal(frame, draw(raster, weights(jawOpen=1.0)))


@pytest.mark.parametrize("shape", [(51,), (53,), (1, 52), (0,)])
def test_a_wrong_number_of_weights_is_named(raster, shape):
    with pytest.raises(RenderError, match="52"):
        draw(raster, np.zeros(shape, np.float32))


@pytest.mark.parametrize("head", [np.eye(3), np.full((4, 4), np.nan)])
def test_a_bad_head_is_refused(raster, head):
    with pytest.raises(RenderError, match="head"):
        draw(raster, head=head)


@pytest.mark.parametrize(
    "background",
    [
        (0.5, 0.5),
        (0.1, 0.2, np.nan),
        np.zeros((40, 47, 3), np.uint8),
        np.zeros((40, 48, 4), np.uint8),
        np.zeros((40, 48, 3)),
    ],
)
def test_a_bad_background_is_refused(raster, background):
    with pytest.raises(RenderError, match="background"):
        draw(raster, background=background)


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((40, 48, 3), np.uint8),
        np.zeros((48, 40, 4), np.uint8),
        np.zeros((40, 48, 4)),
        np.zeros((40, 96, 4), np.uint8)[:, ::2],
    ],
)
def test_a_bad_buffer_is_refused(raster, out):
    with pytest.raises(RenderError, match="out"):
        draw(raster, out=out)


def test_a_picture_lies_behind_the_head(raster):
    picture = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    frame = draw(raster, background=picture)
    assert abs(frame[0, 0, :3].astype(int) - picture[0, 0]).max() <= 1


def test_a_picture_that_stays_is_behind_every_frame(raster):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 48, 3), dtype=np.uint8)
    pictures.flags.writeable = False
    first, second = pictures
    frames = [draw(raster, background=first) for _ in range(2)]
    np.testing.assert_array_equal(*frames)
    assert abs(draw(raster, background=second)[0, 0, :3].astype(int) - second[0, 0]).max() <= 1
    np.testing.assert_array_equal(draw(raster, background=first), frames[0])


def test_other_colours_make_another_head_and_the_old_ones_the_old_head(raster):
    if raster.name == "fake":
        pytest.skip("it has no colours")
    before = draw(raster)
    raster.recolour(AVATAR.colors * np.float32(0.5))
    darker = draw(raster)
    assert darker[..., :3].sum() < before[..., :3].sum()
    raster.recolour(AVATAR.colors)
    np.testing.assert_array_equal(draw(raster), before)


def test_without_a_background_the_corner_is_transparent(raster):
    frame = raster.render(REST, UPRIGHT, CAMERA)
    assert frame.alpha == "premultiplied"
    assert frame.numpy()[0, 0].tolist() == [0, 0, 0, 0]


def test_closing_twice_does_no_harm(raster):
    raster.close()
    raster.close()


def test_auto_falls_back_and_says_why():
    try:
        raster, reason = make_rasteriser(AVATAR, RasterSettings(backend="auto"))
    except UnknownBackendError as error:
        pytest.skip(str(error))
    assert raster.name == "gsplat" or (raster.name == "cpu" and "gsplat" in reason)


def test_an_unknown_backend_is_named():
    with pytest.raises(UnknownBackendError, match=r"vulkan.*cpu"):
        make_rasteriser(AVATAR, RasterSettings(backend="vulkan"))


@pytest.mark.parametrize(
    "bad",
    [
        {"threads": 0},
        {"blur_px2": -1.0},
        {"blur_px2": float("nan")},
        {"smoke_cover": 2.0},
        {"transparent_alpha": "odd"},
    ],
)
def test_bad_settings_are_refused(bad):
    with pytest.raises(RenderError):
        RasterSettings(**bad)
