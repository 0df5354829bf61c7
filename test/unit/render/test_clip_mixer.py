"""The avatar's own head movements, by state, without jumps."""

import numpy as np
import pytest

from avatar_ros.avatar.model import Clip
from avatar_ros.core.enums import AgentState
from avatar_ros.render.clip_mixer import GREET_AFTER_S, IDENTITY, ClipMixer, pose_matrix, rigid


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


def angles_through(mixer, states, end_s, step_s=1 / 60):
    """Degrees at each frame while the states change as told: (time, state)."""
    states, out = list(states), []
    for t in np.arange(0, end_s, step_s):
        while states and states[0][0] <= t:
            mixer.set_state(states.pop(0)[1], t)
        matrix = mixer.at(t)
        np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-5)
        out.append(angle(matrix))
    return np.array(out)


DAY = [
    (0.0, AgentState.IDLE),
    (3.3, AgentState.LISTENING),
    (5.0, AgentState.THINKING),
    (5.2, AgentState.SPEAKING),
    (11.0, AgentState.IDLE),
]


def test_moves_without_jumps_through_states_and_loops(mixer):
    angles = angles_through(mixer, DAY, 14)
    speed = np.diff(angles) * 60
    assert np.abs(speed).max() < 60, "degrees a second"
    assert np.abs(np.diff(speed)).max() < 8, "degrees a second from one frame to the next: no kink either"
    assert np.ptp(angles) > 8, "it does move"


def test_states_that_change_faster_than_they_blend_do_not_jump(mixer):
    hectic = [(i * 0.15, list(AgentState)[i % 4]) for i in range(60)]
    angles = angles_through(mixer, hectic, 10)
    assert np.abs(np.diff(angles)).max() * 60 < 90
    assert len(mixer._playing) < 10, "what has faded is forgotten"


def test_hello_comes_first_and_again_for_somebody_new():
    clips = (clip("hello", 20, 20), clip("speak_1", 1, 1), clip("idle", 0, 0))
    mixer = ClipMixer({c.name: c for c in clips})
    mixer.set_state(AgentState.SPEAKING, 0.0)
    assert angle(mixer.at(1.0)) == pytest.approx(20, abs=0.1)
    assert angle(mixer.at(5.0)) == pytest.approx(1, abs=0.1), "once, not in turn"
    mixer.set_state(AgentState.IDLE, 100.0)
    mixer.set_state(AgentState.SPEAKING, 110.0)
    assert angle(mixer.at(111.0)) == pytest.approx(1, abs=0.1), "the same person: no second greeting"
    mixer.set_state(AgentState.IDLE, 112.0)
    mixer.set_state(AgentState.SPEAKING, 112.0 + GREET_AFTER_S + 1)
    assert angle(mixer.at(112.0 + GREET_AFTER_S + 2)) == pytest.approx(20, abs=0.1)


def test_a_thought_begins_once_and_is_held():
    clips = (clip("think_part_1", 0, 12, 1.2), clip("think_part_2", 12, 12, 3.0), clip("think_part_3", 12, 0, 1.3))
    mixer = ClipMixer({c.name: c for c in clips})
    mixer.set_state(AgentState.THINKING, 0.0)
    angles = [angle(mixer.at(t)) for t in np.arange(0, 20, 0.1)]
    assert angles[0] == pytest.approx(0, abs=0.1)
    assert np.allclose(angles[15:], 12, atol=0.1)


@pytest.mark.parametrize("seconds", [0.0, 1 / 30, 0.3, 1.0])
def test_very_short_clips_play_on(seconds):
    mixer = ClipMixer({"speak_1": clip("speak_1", 0, 3, seconds), "speak_2": clip("speak_2", 3, 0, seconds)})
    mixer.set_state(AgentState.SPEAKING, 0.0)
    assert all(0 <= angle(mixer.at(t)) <= 3.01 for t in np.arange(0, 5, 0.01))


def test_lams_prefixes_are_looked_through():
    prefixed = ClipMixer({"yumi_h5_a3_idle": clip("idle", 8, 8), "yumi_h5_a3_think_part_1": clip("t", 3, 3)})
    prefixed.set_state(AgentState.LISTENING, 0.0)
    assert angle(prefixed.at(5.0)) == pytest.approx(8.0, abs=0.1)
    prefixed.set_state(AgentState.THINKING, 5.0)
    assert angle(prefixed.at(9.0)) == pytest.approx(3.0, abs=0.1)


def test_amount_scales_the_movement():
    half = ClipMixer({"think_part_1": clip("think_part_1", 6, 6)}, amount=0.5)
    half.set_state(AgentState.THINKING, 0.0)
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
