"""The processor draws while the card is lost; the card draws again when it is back."""

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.errors import RenderError, UnknownBackendError
from avatar_ros.render import auto
from avatar_ros.render.base import RasterSettings
from avatar_ros.render.fake import FakeRasteriser
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.recovering import RETRY_S, Recovering

AVATAR = fake_avatar(20)
CAMERA = portrait_camera(AVATAR, 32, 24)


class Card(FakeRasteriser):
    name = "gl"
    error: RenderError | None = None
    closed = False

    def render(self, *arguments):
        if self.error is not None:
            raise self.error
        return super().render(*arguments)

    def close(self):
        self.closed = True


class Processor(FakeRasteriser):
    name = "cpu"


LOST = RenderError("render_gl_lost", "the OpenGL context was lost (reset)", retryable=True)


@pytest.fixture
def made():
    return []


@pytest.fixture
def pair(made):
    def again():
        made.append(Card(AVATAR, RasterSettings()))
        return made[-1]

    clock = VirtualClock()
    return Recovering(again(), again, lambda: Processor(AVATAR, RasterSettings()), clock=clock), clock


def draw(raster):
    return raster.render(np.zeros(ARKIT_COUNT, np.float32), np.eye(4), CAMERA, (0.5, 0.5, 0.5)).numpy()


def test_a_lost_card_costs_no_frame_and_comes_back(pair, made):
    raster, clock = pair
    before = draw(raster)
    assert (raster.name, raster.warning) == ("gl", "")
    made[0].error = LOST
    np.testing.assert_array_equal(draw(raster), before)
    assert raster.name == "cpu" and "reset" in raster.warning and made[0].closed
    clock.advance(RETRY_S - 0.1)
    draw(raster)
    assert raster.name == "cpu"
    clock.advance(0.2)
    draw(raster)
    assert (raster.name, raster.warning) == ("gl", "") and len(made) == 2


def test_it_is_asked_more_seldom_each_time(pair, made):
    raster, clock = pair
    made[0].error = LOST
    raster._again = lambda: (_ for _ in ()).throw(RenderError("render_no_gl", "no OpenGL"))
    draw(raster)
    tries = 0
    for _ in range(100):
        clock.advance(1.0)
        waited = raster._wait_s
        draw(raster)
        tries += raster._wait_s != waited
    assert raster.name == "cpu" and tries == 4, "after 5, 15, 35, 75 s"
    assert "no OpenGL" in raster.warning


def test_a_mistake_of_the_caller_is_no_loss(pair, made):
    raster, _ = pair
    with pytest.raises(RenderError, match="52"):
        raster.render(np.zeros(3), np.eye(4), CAMERA)
    assert raster.name == "gl"


def test_bad_weights_are_counted_on(pair, made):
    raster, _ = pair
    bad = np.full(ARKIT_COUNT, np.nan, np.float32)
    raster.render(bad, np.eye(4), CAMERA)
    made[0].error = LOST
    raster.render(bad, np.eye(4), CAMERA)
    assert raster.bad_weights == 2 * ARKIT_COUNT


def test_who_takes_over_draws_in_the_same_light(pair, made):
    raster, clock = pair
    told = []
    Processor.recolour = Card.recolour = lambda self, colors: told.append((self.name, float(colors[0, 0])))
    raster.recolour(np.full((20, 3), 0.25, np.float32))
    made[0].error = LOST
    draw(raster)
    clock.advance(RETRY_S + 0.1)
    draw(raster)
    del Processor.recolour, Card.recolour
    assert told == [("gl", 0.25), ("cpu", 0.25), ("gl", 0.25)]


@pytest.mark.parametrize("works, name", [({"gsplat", "gl"}, "gsplat"), ({"gl"}, "gl"), (set(), "cpu")])
def test_auto_takes_the_best_that_works_and_says_why(monkeypatch, works, name):
    class Table:
        @staticmethod
        def make(wanted, avatar, settings, own):
            if wanted == "cpu":
                return Processor(avatar, settings)
            if wanted not in works:
                error = UnknownBackendError if wanted == "gsplat" else RenderError
                raise error("no_such_card", f"{wanted} has no card")
            card = Card(avatar, settings)
            card.name = wanted
            return card

    monkeypatch.setattr(auto, "BACKENDS", Table)
    raster, reason = auto.make_rasteriser(AVATAR, RasterSettings(backend="auto"))
    assert raster.name == name
    for missing in ("gsplat", "gl")[: ("gsplat", "gl", "cpu").index(name)]:
        assert f"'{missing}' fails, its fallback '{name}' is in use: {missing} has no card" in reason
    assert bool(reason) == (name != "gsplat")


def test_a_stage_goes_on_when_the_context_is_lost_and_returns(monkeypatch, tmp_path):
    """The real ones: OpenGL (by Mesa, taken for hardware), a context that is gone, the C++ rasteriser, and back."""
    pytest.importorskip("moderngl", reason="moderngl is not installed (extra: gl)")
    pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built")
    from avatar_ros.core import egl
    from avatar_ros.core.frame_sink import FrameSink
    from avatar_ros.render import gl_context
    from avatar_ros.render.stage import RendererSettings, RenderStage

    class Sink(FrameSink):
        def wants_frames(self):
            return True

        def show(self, rgba, shown_at_s):
            self.last = rgba.copy()

    try:
        gl_context.GlContext().release()
    except RenderError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(egl, "SOFTWARE", ())
    sink = Sink()
    stage = RenderStage(RendererSettings(backend="auto", width=64, height=64, clips=0.0), lambda: [sink])
    stage.load()
    if stage.rasteriser.name != "gl":
        pytest.skip(f"{stage.rasteriser.name} is taken here")
    list(stage.tick(0.0))
    by_card, recovering = sink.last, stage.rasteriser
    opened = recovering._first._context._opened
    recovering._first._context._egl.destroy(opened.display, opened.handle)
    recovering._clock = clock = VirtualClock()
    list(stage.tick(0.0))
    assert stage.status()["backend"] == "cpu" and "context was lost" in stage.status()["warning"]
    assert abs(sink.last.astype(int) - by_card).mean() < 1, "the same face"
    clock.advance(RETRY_S + 1)
    list(stage.tick(0.0))
    assert stage.status()["backend"] == "gl" and "context was lost" not in stage.status().get("warning", "")
    np.testing.assert_array_equal(sink.last, by_card)
    stage.close()
