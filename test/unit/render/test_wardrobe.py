"""Another avatar while the renderer draws: every frame shows one or the other; what is no avatar changes nothing."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.enums import AgentState
from avatar_ros.core.events import AvatarState, Wear, WearResult
from avatar_ros.core.frame_sink import FrameSink
from avatar_ros.core.types import AvatarVoice
from avatar_ros.render.stage import RendererSettings, RenderStage
from avatar_ros.testing.lam_writer import save_lam
from fake_kiosk import AtOnce

pytest.importorskip("avatar_ros._raster", reason="the C++ rasteriser is not built: cmake -S src -B build/raster …")


class Film(FrameSink):
    """Keeps every frame."""

    size = (96, 120)

    def __init__(self):
        self.frames = []

    def wants_frames(self):
        return True

    def frame_size(self):
        return self.size

    def show(self, rgba, shown_at_s):
        self.frames.append(rgba.copy())


class OneByOne(Executor):
    """A thread that begins nothing before `go` is set; `done` is the future of the last piece of work."""

    def __init__(self):
        self.go = threading.Event()
        self._threads = ThreadPoolExecutor(1)

    def submit(self, work, /, *args, **kwargs):
        self.done: Future = self._threads.submit(self._wait, work, *args)
        return self.done

    def _wait(self, work, *args):
        self.go.wait()
        return work(*args)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.go.set()
        self._threads.shutdown(wait=wait)


class Screening:
    """A renderer with a real rasteriser, and its film."""

    def __init__(self, loader, **values):
        self.film, self.clock = Film(), VirtualClock(5.0)
        settings = RendererSettings(backend="cpu", clips=0.0, **values)
        self.stage = RenderStage(settings, lambda: [self.film], self.clock, loader=loader)
        self.stage.load()

    def wear(self, id_, avatar="", **values):
        return list(self.stage.push("wear", Wear(id=id_, avatar=str(avatar), **values), self.clock.now_s()))

    def tick(self):
        """One frame, and what is said with it."""
        self.clock.advance(1 / 30)
        return [out.message for out in self.stage.tick(self.clock.now_s()) if isinstance(out.message, WearResult)]

    @property
    def frame(self):
        return self.film.frames[-1]


def test_who_is_put_on_says_what_suits_it(tmp_path):
    heads = {}
    for name in ("plain", "asks"):
        heads[name] = tmp_path / f"{name}.zip"
        save_lam(fake_avatar(300), heads[name])
    card = "defaults: {locale: de-DE, voices: {espeak: [de-DE=de+f2], piper: [de-DE=eva]}}"
    (tmp_path / "asks.avatar.yaml").write_text(card)
    told = {}
    for home in ("", "en-US"):
        screening = Screening(AtOnce(), avatar=str(heads["plain"]), home_locale=home)
        for name, file in heads.items():
            screening.wear(name, file)
            screening.clock.advance(1 / 30)
            outs = [out.message for out in screening.stage.tick(screening.clock.now_s()) if out.topic == "session"]
            told[home, name] = [(one.session, one.avatar, one.locale, one.avatar_voices) for one in outs]
        screening.stage.close()
    voices = (AvatarVoice("espeak", "de-DE", "de+f2"), AvatarVoice("piper", "de-DE", "eva"))
    assert told == {
        ("", "plain"): [("local", "plain", "", ())],
        ("", "asks"): [("local", "asks", "", voices)],
        ("en-US", "plain"): [("local", "plain", "en-US", ())],
        ("en-US", "asks"): [("local", "asks", "de-DE", voices)],
    }


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """Two avatars that nobody mistakes for each other."""
    folder, out = tmp_path_factory.mktemp("heads"), []
    for name, splats in (("first", 1500), ("second", 300)):
        out.append(folder / f"{name}.zip")
        save_lam(fake_avatar(splats), out[-1])
    return out


@pytest.fixture
def screening(heads, request):
    loader = getattr(request, "param", AtOnce)()
    made = Screening(loader, avatar=str(heads[0]))
    yield made
    made.stage.close()


@pytest.mark.parametrize("screening", [OneByOne], indirect=True)
def test_every_frame_shows_the_one_or_the_other(screening, heads):
    loader = screening.stage._wardrobe._executor
    screening.tick()
    before = screening.frame
    screening.wear("other", heads[1])
    for _ in range(5):  # it is drawn on while the other is being loaded, however long that takes
        assert screening.tick() == []
    loader.go.set()
    loader.done.result()
    (told,) = screening.tick()
    assert (told.id, told.done, told.avatar, told.reason) == ("other", True, "second", "")
    for _ in range(3):
        assert screening.tick() == []
    after = screening.frame
    assert np.abs(before.astype(int) - after.astype(int)).max() > 60
    changed = [index for index, frame in enumerate(screening.film.frames) if np.array_equal(frame, after)]
    assert changed == list(range(6, 10)), "the new one from its first frame on, in the picture that it will have"
    assert all(np.array_equal(frame, before) for frame in screening.film.frames[:6])
    assert before[..., :3].mean() > 30 and after[..., :3].mean() > 30, "no frame is black"


def test_it_is_the_picture_that_a_renderer_of_it_alone_shows(screening, heads):
    screening.wear("other", heads[1])
    screening.tick()
    alone = Screening(AtOnce(), avatar=str(heads[1]))
    alone.tick()
    assert np.array_equal(screening.frame, alone.frame)
    assert screening.stage.avatar.name == "second" and screening.stage.status()["avatar"] == "second"
    alone.stage.close()


def test_what_is_no_avatar_is_refused_with_the_loaders_words(screening, heads, tmp_path):
    half = tmp_path / "half.zip"
    half.write_bytes(heads[1].read_bytes()[:2000])
    (tmp_path / "empty.zip").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    screening.tick()
    before = screening.frame
    for avatar, code in (
        (half, "avatar_not_zip"), (tmp_path / "empty.zip", "avatar_empty"), (folder, "avatar_"),
        ("bob", "avatar_not_found"),
        (tmp_path / "none.zip", "avatar_"), ("/dev/null", "avatar_"),
    ):  # fmt: skip
        screening.wear("bad", avatar)
        (told,) = screening.tick()
        assert (told.id, told.done, told.avatar) == ("bad", False, "first")
        assert told.reason.startswith(code) and str(avatar).rpartition("/")[2] in told.reason, told
        assert np.array_equal(screening.frame, before)
    screening.wear("bad", heads[1], axes="sideways")
    assert screening.tick()[0].done, "a LAM zip says itself what is up"


@pytest.mark.parametrize("screening", [OneByOne], indirect=True)
def test_the_newest_wish_counts_and_one_can_be_taken_back(screening, heads):
    screening.wear("a", heads[1])
    screening.wear("b", heads[1])
    assert [(told.id, told.reason) for told in screening.tick()] == [("a", "replaced")]
    screening.wear("b", withdraw=True)
    screening.wear("c", withdraw=True)
    assert [(told.id, told.reason) for told in screening.tick()] == [("b", "withdrawn"), ("c", "unknown_id")]
    screening.stage._wardrobe._executor.shutdown()  # once all is loaded that was begun
    assert screening.tick() == [] and screening.stage.avatar.name == "first"


def test_a_wish_that_is_said_again_is_not_loaded_again(screening, heads):
    screening.wear("other", heads[1])
    screening.tick()
    head = screening.stage._head
    screening.wear("other", heads[1])
    assert [told.done for told in screening.tick()] == [True] and screening.stage._head is head


def test_it_takes_the_size_and_the_state_that_hold_when_it_comes(screening, heads):
    screening.tick()
    screening.stage.push("state", AvatarState(state=AgentState.LISTENING), 5.0)
    screening.wear("other", heads[1])
    Film.size = (64, 64)
    try:
        screening.tick()
        assert screening.frame.shape == (64, 64, 4)
    finally:
        Film.size = (96, 120)


def test_another_sessions_face_is_not_changed(screening, heads):
    screening.wear("other", heads[1], session="guest")
    assert screening.tick() == [] and screening.stage.avatar.name == "first"
