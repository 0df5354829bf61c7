"""OpenGL draws what the float64 reference draws, here by Mesa on the processor; what it says where it cannot."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("moderngl", reason="moderngl is not installed (extra: gl)")
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.model import NO_MORPHS, Avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.errors import RenderError
from avatar_ros.render import gl_context
from avatar_ros.render.base import BACKENDS, RasterSettings
from avatar_ros.render.gl import GlRasteriser, GlSettings
from avatar_ros.render.gl_context import GlContext, is_software
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.reference import ReferenceRasteriser

HERE = RasterSettings(backend="gl")
UPRIGHT = np.eye(4)
REST = np.zeros(ARKIT_COUNT, np.float32)
GREY = (0.9, 0.9, 0.92)
NEUTRAL = (0.9, 0.9, 0.9)
MUST_DB = 52.0


@pytest.fixture(scope="module", autouse=True)
def context():
    try:
        GlContext().release()
    except RenderError as error:
        pytest.skip(str(error))


@pytest.fixture
def make():
    made = []

    def one(avatar, settings=HERE, embedded=None, **options):
        made.append(GlRasteriser(avatar, settings, GlSettings(**options), embedded))
        return made[-1]

    yield one
    for raster in made:
        raster.close()


def psnr_db(a, b):
    error = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def turned(angle, shift=0.01):
    head = np.eye(4)
    c, s = np.cos(angle), np.sin(angle)
    head[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    head[:3, 3] = (shift, -shift / 2, shift)
    return head


def both(make, avatar, camera, background=GREY, weights=REST, head=UPRIGHT, settings=HERE, **options):
    here = make(avatar, settings, **options).render(weights, head, camera, background)
    there = ReferenceRasteriser(avatar, settings).render(weights, head, camera, background)
    assert here.alpha == there.alpha
    return here.numpy(), there.numpy()


@pytest.mark.parametrize("embedded", [False, True], ids=["desktop", "ES"])
@pytest.mark.parametrize("target, least_db", [("half", MUST_DB), ("float", 55.0)])
def test_forty_faces_are_the_references(make, target, least_db, embedded):
    avatar = fake_avatar(600)
    camera, rng = portrait_camera(avatar, 72, 56), np.random.default_rng(0)
    raster, reference = make(avatar, target=target, embedded=embedded), ReferenceRasteriser(avatar, HERE)
    worst = float("inf")
    for i in range(40):
        face = (rng.random(ARKIT_COUNT).astype(np.float32), turned(0.2 * np.sin(i)), camera, GREY)
        worst = min(worst, psnr_db(raster.render(*face).numpy(), reference.render(*face).numpy()))
    assert worst >= least_db


@pytest.mark.parametrize("background", [None, (0.2, 0.9, 0.4), "picture"])
@pytest.mark.parametrize("alpha", ["premultiplied", "straight"])
@pytest.mark.parametrize("smoke", [0.0, 0.3])
def test_every_background_and_alpha(make, background, alpha, smoke):
    if background == "picture":
        background = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    avatar = fake_avatar(200)
    settings = replace(HERE, transparent_alpha=alpha, smoke_cover=smoke)
    here, there = both(make, avatar, portrait_camera(avatar, 50, 40), background, settings=settings, target="float")
    seen = there[..., 3] > 8  # the colour of what is hardly covered is a quotient of small numbers
    assert abs(here[seen].astype(int) - there[seen]).max() <= 2
    assert abs(here[..., 3].astype(int) - there[..., 3]).max() <= 1


def splats(**columns):
    n = len(columns["positions"])
    plain = {
        "scales": np.full((n, 3), 0.01), "rotations": np.tile([1.0, 0, 0, 0], (n, 1)),
        "colors": np.tile([0.2, 0.5, 0.9], (n, 1)), "opacities": np.full(n, 0.8),
    }  # fmt: skip
    arrays = {key: np.asarray(value, np.float32) for key, value in {**plain, **columns}.items()}
    return Avatar(name="made", morphs=NO_MORPHS, **arrays)


@pytest.mark.parametrize("scales", [(0.01, 0.01, 0.01), (0.1, 1e-5, 1e-5), (1e-6, 1e-6, 1e-6), (0.3, 0.3, 1e-4)])
def test_two_splats_of_every_shape(make, scales):
    positions, rotations = [[0.0, 1.65, 0.0], [0.02, 1.66, 0.01]], [[0.8, 0.0, 0.0, 0.6], [1.0, 0, 0, 0]]
    avatar = splats(positions=positions, scales=np.tile(scales, (2, 1)), rotations=rotations)
    camera = portrait_camera(fake_avatar(100), 64, 64)
    here, there = both(make, avatar, camera, target="float")
    assert psnr_db(here, there) >= 60


def test_what_is_behind_the_camera_or_faint_is_not_drawn(make):
    camera = portrait_camera(fake_avatar(100), 48, 48)
    avatar = splats(positions=[[0, 1.65, 50.0], [0, 1.65, 0]], opacities=[0.9, 0.003])
    here, _ = both(make, avatar, camera)
    assert (here == here[0, 0]).all()


def test_the_nearer_splat_covers_the_farther_one(make):
    camera = portrait_camera(fake_avatar(100), 48, 48)
    one = {"positions": [[0, 1.65, 0.05], [0, 1.65, -0.05]], "opacities": [0.99, 0.99], "scales": np.full((2, 3), 0.05)}
    for colours in ([[1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0]]):
        here, there = both(make, splats(colors=colours, **one), camera)
        assert psnr_db(here, there) > 50
        assert (here[24, 24, 0] > here[24, 24, 2]) == (colours[0][0] == 1)


def test_two_hundred_thousand_splats(make):
    avatar = fake_avatar(200_000, names=("jawOpen",))
    avatar = replace(avatar, scales=avatar.scales * np.float32(0.02))
    camera = portrait_camera(avatar, 96, 96)
    raster = make(avatar)
    frame = raster.render(REST, UPRIGHT, camera, GREY).numpy()
    assert (frame[48, 48] != frame[0, 0]).any()
    assert raster.stats["uploaded_bytes"] < 1 << 20


def test_a_size_may_change_and_a_picture_in_place(make):
    avatar = fake_avatar(100)
    raster = make(avatar)
    for width, height in ((40, 30), (64, 64), (40, 30)):
        camera = portrait_camera(avatar, width, height)
        fresh = make(avatar).render(REST, UPRIGHT, camera, GREY).numpy()
        np.testing.assert_array_equal(raster.render(REST, UPRIGHT, camera, GREY).numpy(), fresh)
    picture = np.zeros((30, 40, 3), np.uint8)
    assert raster.render(REST, UPRIGHT, camera, picture).numpy()[0, 0, 0] == 0
    picture[:] = 200
    assert raster.render(REST, UPRIGHT, camera, picture).numpy()[0, 0, 0] == 200


def test_any_thread_may_draw(make):
    from concurrent.futures import ThreadPoolExecutor

    avatar = fake_avatar(100)
    raster, camera = make(avatar), portrait_camera(avatar, 40, 30)
    here = raster.render(REST, UPRIGHT, camera, GREY).numpy().copy()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(3):
            there = pool.submit(lambda: raster.render(REST, UPRIGHT, camera, GREY).numpy().copy()).result()
            np.testing.assert_array_equal(there, here)
            np.testing.assert_array_equal(raster.render(REST, UPRIGHT, camera, GREY).numpy(), here)


def test_two_faces_do_not_disturb_each_other(make):
    first, second = fake_avatar(100), fake_avatar(150, seed=3)
    camera = portrait_camera(first, 40, 30)
    one, other = make(first), make(second)
    alone = one.render(REST, UPRIGHT, camera, GREY).numpy().copy()
    other.render(REST, UPRIGHT, camera, GREY).numpy()
    np.testing.assert_array_equal(one.render(REST, UPRIGHT, camera, GREY).numpy(), alone)


def test_a_lost_context_is_told(make):
    avatar = fake_avatar(50)
    raster, camera = make(avatar), portrait_camera(avatar, 40, 30)
    raster.render(REST, UPRIGHT, camera, GREY)
    destroy(raster)
    with pytest.raises(RenderError, match="lost") as caught:
        raster.render(REST, UPRIGHT, camera, GREY)
    assert caught.value.retryable


def test_a_card_without_memory_is_told_as_one_that_may_come_back(make, monkeypatch):
    avatar = fake_avatar(50)
    raster, camera = make(avatar), portrait_camera(avatar, 40, 30)
    monkeypatch.setattr(gl_context, "_errors", lambda _: iter(["GL_OUT_OF_MEMORY"]))
    with pytest.raises(RenderError, match="OUT_OF_MEMORY") as caught:
        raster.render(REST, UPRIGHT, camera, GREY)
    assert caught.value.retryable


def test_other_colours_and_a_picture_that_stays(make):
    avatar = fake_avatar(80)
    raster, camera = make(avatar), portrait_camera(avatar, 40, 30)
    before = raster.render(REST, UPRIGHT, camera, NEUTRAL).numpy().copy()
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    picture.flags.writeable = False
    first = raster.render(REST, UPRIGHT, camera, picture).numpy().copy()
    sent = raster.stats["uploaded_bytes"]
    np.testing.assert_array_equal(raster.render(REST, UPRIGHT, camera, picture).numpy(), first)
    assert raster.stats["uploaded_bytes"] == sent - picture.nbytes, "it is sent once"
    raster.recolour(avatar.colors[:, ::-1])
    other = raster.render(REST, UPRIGHT, camera, NEUTRAL).numpy().copy()
    assert np.abs(other[..., ::-1][..., 1:].astype(int) - before[..., :3]).max() <= 1
    raster.recolour(avatar.colors)
    np.testing.assert_array_equal(raster.render(REST, UPRIGHT, camera, NEUTRAL).numpy(), before)


def destroy(raster):
    """What a driver does to a context when its card is reset."""
    opened = raster._context._opened
    raster._context._egl.destroy(opened.display, opened.handle)


def test_software_is_known_by_its_name():
    assert is_software("llvmpipe (LLVM 15.0.6, 256 bits)") and is_software("SwiftShader Device (LLVM 10.0.0)")
    assert is_software("softpipe") and not is_software("NVIDIA H200/PCIe/SSE2")
    assert not is_software("V3D 7.1.7") and not is_software("AMD Radeon Graphics (radeonsi, renoir, LLVM 17.0.6)")


def test_auto_declines_software():
    here = GlContext()
    software, name = here.software, here.renderer
    here.release()
    if not software:
        pytest.skip(f"{name} is hardware")
    with pytest.raises(RenderError, match=name.split()[0]) as caught:
        GlRasteriser(fake_avatar(20), RasterSettings(backend="auto"))
    assert caught.value.code == "render_gl_software" and "backend: cpu" in str(caught.value)


def test_a_driver_that_lies_about_its_targets_is_found_out(monkeypatch):
    monkeypatch.setattr(gl_context, "PROBED", (2.25, 0.5, 0.0015, 0.75))
    with pytest.raises(RenderError, match="half floats") as caught:
        GlRasteriser(fake_avatar(20), HERE)
    assert caught.value.code == "render_gl_targets"


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda wanted: None)
    with pytest.raises(RenderError, match="libegl1") as caught:
        GlRasteriser(fake_avatar(20), HERE)
    assert caught.value.code == "render_no_gl"


def test_a_card_without_a_driver_is_named(tmp_path):
    """In a process of its own, since Mesa is read once: the folder of its drivers is empty."""
    script = ("from avatar_ros.render.gl_context import GlContext\n"
              "from avatar_ros.core.errors import RenderError\n"
              "try:\n    GlContext()\nexcept RenderError as error:\n    print(error.code, error)\n")  # fmt: skip
    environment = os.environ | {"LIBGL_DRIVERS_PATH": str(tmp_path), "__EGL_VENDOR_LIBRARY_DIRS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "render_no_gl" in done.stdout and "Traceback" not in done.stderr


def test_it_is_in_the_table():
    assert "gl" in BACKENDS.names
