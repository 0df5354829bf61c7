"""Floaters go, faces stay, morphs follow; cameras hold the head at any aspect."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.avatar.clean import CleanSettings, clean, neighbours, select
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.framing import frame_head
from avatar_ros.avatar.model import Clip


def with_floater(avatar):
    positions = avatar.positions.copy()
    positions[5] = (0.8, 2.2, 0.5)
    opacities = np.full(avatar.splats, 0.5, np.float32)
    opacities[9] = 0.001
    return replace(avatar, positions=positions, opacities=opacities)


def test_floaters_and_invisible_splats_are_dropped():
    avatar = with_floater(fake_avatar(600))
    cleaned = clean(avatar, CleanSettings())
    assert cleaned.splats == 598
    assert not (cleaned.positions == avatar.positions[5]).all(axis=1).any()


def test_halos_are_dropped():
    avatar = fake_avatar(600)
    scales = avatar.scales.copy()
    scales[3] = 0.5
    assert clean(replace(avatar, scales=scales), CleanSettings(drop_invisible=False)).splats == 599


def test_nothing_is_dropped_when_told_so():
    avatar = with_floater(fake_avatar(600))
    assert clean(avatar, CleanSettings(drop_invisible=False, drop_floaters=False)) is avatar


def test_morphs_follow_their_splats():
    avatar = fake_avatar()
    keep = np.arange(avatar.splats) % 3 != 0
    np.testing.assert_array_equal(select(avatar, keep).morph_deltas, avatar.morph_deltas[:, keep])


def test_neighbours_counts_the_cells_around():
    points = np.array([[0, 0, 0], [0.5, 0, 0], [1.2, 0, 0], [9, 9, 9]], np.float32)
    assert neighbours(points, 1.0).tolist() == [2, 2, 2, 0]


def in_picture(framing, aspect, point):
    """Whether a point lies inside the picture of a camera that looks along -Z."""
    x, y, z = (p - q for p, q in zip(point, framing.position, strict=True))
    half = np.tan(np.radians(framing.fov_y_deg) / 2)
    return abs(x / -z) <= half * aspect and abs(y / -z) <= half


@pytest.mark.parametrize("aspect", [9 / 16, 3 / 4, 1.0, 16 / 9])
def test_the_head_is_in_the_picture_at_any_aspect(aspect):
    avatar = fake_avatar(2000)
    framing = frame_head(avatar, aspect)
    low, high = avatar.extent()
    assert in_picture(framing, aspect, (0, high[1] - 0.005, 0))
    for x in (low[0] * 0.97, high[0] * 0.97):
        assert in_picture(framing, aspect, (x, 1.65, 0))
    assert not in_picture(framing, aspect, (0, low[1], 0)), "the lower edge is cropped"


def test_a_clip_is_interpolated_and_loops():
    matrices = np.stack([np.eye(4), np.eye(4)]).astype(np.float32)
    matrices[1, 0, 3] = 1.0
    clip = Clip("c", np.array([0, 1], np.float32), matrices)
    assert clip.at(0.25)[0, 3] == pytest.approx(0.25)
    assert clip.at(1.25)[0, 3] == pytest.approx(0.25)
    assert clip.at(5.0, loop=False)[0, 3] == pytest.approx(1.0)


def test_an_avatars_own_view_is_nearer_and_higher():
    avatar = fake_avatar(600)
    usual = frame_head(avatar, 2.0)
    own = frame_head(replace(avatar, zoom=1.25, up_m=0.03), 2.0)
    assert own.position[1] == pytest.approx(usual.position[1] + 0.03)
    heights = [np.tan(np.radians(view.fov_y_deg) / 2) for view in (usual, own)]
    assert heights[1] == pytest.approx(heights[0] / 1.25)
