"""The avatar's own head movements, by state, without jumps."""

import numpy as np
import pytest

from avatar_ros.avatar.model import Clip
from avatar_ros.core.types import Mood
from avatar_ros.render.clips import IDENTITY, ClipMixer, pose_matrix, rigid


def turn(degrees):
    a = np.radians(degrees)
    out = np.eye(4, dtype=np.float32)
    out[0, 0], out[0, 2], out[2, 0], out[2, 2] = np.cos(a), np.sin(a), -np.sin(a), np.cos(a)
    return out


def clip(name, start, end, seconds=2.0):
    times = np.linspace(0, seconds, 61, dtype=np.float32)
    return Clip(name, times, np.stack([turn(d) for d in np.linspace(start, end, 61)]))


def angle(matrix):
    return np.degrees(np.arctan2(matrix[0, 2], matrix[0, 0]))


@pytest.fixture
def mixer():
    return ClipMixer({c.name: c for c in (clip("idle", 0, 4), clip("speak_1", 10, -10), clip("think_part_1", 6, 6))})


def test_nothing_to_play_is_rest():
    assert np.array_equal(ClipMixer({}).at(1.0), IDENTITY)
    assert np.array_equal(ClipMixer({"idle": clip("idle", 9, 9)}, amount=0.0).at(1.0), IDENTITY)


def test_moves_without_jumps_through_states_and_loops(mixer):
    moods = [(0.0, Mood.IDLE), (3.3, Mood.LISTENING), (5.0, Mood.THINKING), (5.2, Mood.SPEAKING), (11.0, Mood.IDLE)]
    angles = []
    for t in np.arange(0, 14, 1 / 60):
        while moods and moods[0][0] <= t:
            mixer.mood(moods.pop(0)[1], t)
        matrix = mixer.at(t)
        np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-5)
        angles.append(angle(matrix))
    steps = np.abs(np.diff(angles))
    assert steps.max() < 1.5, f"{steps.max():.2f} degrees in a 60th of a second"
    assert np.ptp(angles) > 8, "it does move"


def test_lams_prefixes_are_looked_through():
    prefixed = ClipMixer({"yumi_h5_a3_idle": clip("idle", 8, 8), "yumi_h5_a3_think_part_1": clip("t", 3, 3)})
    prefixed.mood(Mood.LISTENING, 0.0)
    assert angle(prefixed.at(5.0)) == pytest.approx(8.0, abs=0.1)
    prefixed.mood(Mood.THINKING, 5.0)
    assert angle(prefixed.at(9.0)) == pytest.approx(3.0, abs=0.1)


def test_amount_scales_the_movement():
    half = ClipMixer({"think_part_1": clip("think_part_1", 6, 6)}, amount=0.5)
    half.mood(Mood.THINKING, 0.0)
    assert angle(half.at(5.0)) == pytest.approx(3.0, abs=0.1)


def test_a_pose_turns_about_its_pivot():
    half = np.sqrt(0.5)
    pivot = np.array([0.0, 1.6, 0.05])
    matrix = pose_matrix(np.array([half, 0, half, 0]), np.array([0.0, 0.01, 0.0]), pivot)
    np.testing.assert_allclose(matrix @ [*pivot, 1], [*(pivot + np.array([0.0, 0.01, 0.0])), 1], atol=1e-6)
    np.testing.assert_allclose((matrix @ [0, 1.6, 1.05, 1])[:3], [1.0, 1.61, 0.05], atol=1e-6)


def test_rigid_gives_back_a_rotation():
    mixed = (turn(0) + turn(20)) / 2
    assert np.linalg.det(mixed[:3, :3]) < 0.999
    assert np.linalg.det(rigid(mixed)[:3, :3]) == pytest.approx(1.0, abs=1e-5)
