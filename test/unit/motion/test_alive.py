"""A face that is alive, in numbers: each movement is there, of a human size and rate, and nothing else jumps.

The voice here is of syllables, 2.1 a second, in phrases of 2.4 s with pauses of 0.6 s between them.
"""

from functools import cache

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState
from avatar_ros.core.events import GazeTarget
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.blink import Blinker
from avatar_ros.motion.idle import IdleFace
from avatar_ros.motion.stage import build

RATE_HZ = 30
PHRASE_S, PERIOD_S = 2.4, 3.0
MINUTES = 3


def voice(now_s):
    within = now_s % PERIOD_S
    return 0.0 if within > PHRASE_S else 0.45 + 0.45 * max(0.0, np.sin(2 * np.pi * 2.1 * now_s))


class Seen:
    """What an observer measures: angles in degrees (yaw to the avatar's left, pitch down) at RATE_HZ."""

    def __init__(self, mood, seconds=60 * MINUTES, loudness=voice, seed=3, **settings):
        face = IdleFace(MotionSettings(seed=seed, **settings), "local")
        self.times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        self.loudness = np.array([loudness(t) if mood is AgentState.SPEAKING else 0.0 for t in self.times])
        poses = [face.step(t, mood, x) for t, x in zip(self.times, self.loudness, strict=True)]
        self.weights = np.array([pose.weights for pose in poses])
        turns = np.array([pose.rotation for pose in poses])
        self.norms = np.linalg.norm(turns, axis=1)
        self.pitch, self.yaw, self.roll = np.degrees(2 * turns[:, 1:]).T
        self.rise_m = np.array([pose.translation[1] for pose in poses])

    def of(self, name):
        return self.weights[:, ARKIT_INDEX[name]]

    def blinks_s(self):
        return self.times[np.flatnonzero(np.diff((self.of("eyeBlinkLeft") > 0.5).astype(int)) == 1)]

    def gaze(self):
        """Direction of the gaze in the room [n, 2], the head's movements included."""
        yaw = 30 * (self.of("eyeLookOutLeft") - self.of("eyeLookInLeft")) + self.yaw
        return np.stack([yaw, 30 * self.of("eyeLookDownLeft") - 25 * self.of("eyeLookUpLeft") + self.pitch], axis=1)

    def away(self):
        return float((np.hypot(*self.gaze().T) > 5).mean())


@cache
def seen(mood, liveliness=1.0):
    return Seen(mood, liveliness=liveliness)


#: Blinks a minute of the parameter, and by what the state multiplies them.
RATES = {state: 17.0 * (1.5 if state is AgentState.SPEAKING else 1.0) for state in AgentState}


#: Who sleeps neither blinks nor looks.
AWAKE = [state for state in AgentState if state is not AgentState.SLEEPING]


@pytest.mark.parametrize("mood", AWAKE)
def test_a_face_blinks_as_often_as_its_parameter_says_in_each_state(mood):
    """Bentivoglio et al. 1997: 17 a minute at rest, 26 in conversation. The whole face, with its glances and phrases:
    12 minutes, 204 blinks expected, whose number has a standard deviation of 9; with seeds, so always the same.
    """
    found = len(Seen(mood, 12 * 60).blinks_s()) / 12
    assert found == pytest.approx(RATES[mood], rel=0.13)


@pytest.mark.parametrize("per_min", [6.0, 17.0, 40.0])
@pytest.mark.parametrize("hints", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("speaking", [False, True])
def test_moments_that_ask_for_blinks_move_them_and_add_none(per_min, hints, speaking):
    """Three hours a case; the number of blinks has a standard deviation of 0.6 of its root."""
    rng = np.random.default_rng(8)
    blinker = Blinker(np.random.default_rng(4), per_min)
    starts, was = 0, 0.0
    for i in range(3 * 3600 * 20):
        if i % 60 == 0 and rng.random() < 0.5:
            blinker.hint(i / 20, hints)
        now = blinker.step(i / 20, speaking)
        starts += was == 0.0 < now
        was = now
    expected = 180 * per_min * (1.5 if speaking else 1.0)
    assert abs(starts - expected) < 4 * 0.6 * expected**0.5


def test_a_clock_that_leaps_owes_no_blinks():
    blinker = Blinker(np.random.default_rng(4), 17.0)
    for now_s in (0.0, 7200.0, 3600.0, 1e9):
        blinker.step(now_s, False)
    lids = [blinker.step(1e9 + i / 30, False) for i in range(300)]
    blinks = np.sum(np.diff((np.array(lids) > 0.3).astype(int)) == 1)
    assert blinks < 9, "in 10 s; one every 0.6 s would make up for the time that was lost"


def test_blinks_last_as_long_as_in_people_and_no_two_are_alike():
    """VanderWerf et al. 2003: a lid falls in about 0.1 s and rises in about 0.2 s."""
    face = Blinker(np.random.default_rng(1), 17.0)
    lids = np.array([face.step(i / 500, False) for i in range(120 * 500)])
    shut = np.diff(np.concatenate([[0], (lids > 0.05).astype(int), [0]]))
    lasts_s = (np.flatnonzero(shut < 0) - np.flatnonzero(shut > 0)) / 500
    assert 0.15 < lasts_s.min() < lasts_s.max() < 0.45
    assert np.std(lasts_s) > 0.01
    falls_s = [np.argmax(lids[i:]) / 500 for i in np.flatnonzero(shut > 0)[:1]]
    assert falls_s[0] < 0.13


def test_speakers_blink_when_a_phrase_ends():
    """Cummins 2012, Nakano & Kitazawa 2010: speakers' blinks gather at the breaks of their speech."""
    within = seen(AgentState.SPEAKING).blinks_s() % PERIOD_S
    in_pauses = np.sum(within > PHRASE_S) / len(within) / (1 - PHRASE_S / PERIOD_S)
    assert in_pauses > 1.4, "blinks in pauses, against what their share of the time would give"


@pytest.mark.parametrize("mood", AWAKE)
def test_eyes_make_small_quick_movements(mood):
    """Fixations of a person who looks at a face last 0.3 to 3 s; a saccade of 10 degrees takes 50 ms (Bahill 1975)."""
    steps = np.hypot(*np.diff(seen(mood).gaze(), axis=0).T)
    moving = steps > 0.5
    starts = np.sum(np.diff(moving.astype(int)) == 1)
    assert 0.4 < starts / (60 * MINUTES) < 3
    assert 0.8 < np.median(steps[moving]) < 5
    lasts = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], moving.astype(int), [0]]))))[::2]
    assert np.median(lasts) <= 2, "frames of 33 ms"


def test_looks_at_the_listener_more_while_listening_than_speaking_and_away_while_thinking():
    """Kendon 1967, Argyle & Cook 1976: 75 % while listening, 40 to 60 % while speaking; Glenberg et al. 1998."""
    listening, speaking, thinking = (
        seen(mood).away() for mood in (AgentState.LISTENING, AgentState.SPEAKING, AgentState.THINKING)
    )
    assert 0.03 < listening < 0.25
    assert 0.15 < speaking < 0.6
    assert thinking > 0.5
    assert listening < speaking < thinking


@pytest.mark.parametrize("mood", list(AgentState))
def test_breathes(mood):
    """12 to 20 breaths a minute at rest; the head rises by millimetres."""
    rise = seen(mood).rise_m - seen(mood).rise_m.mean()
    rates = np.fft.rfftfreq(len(rise), 1 / RATE_HZ) * 60
    assert 12 <= rates[np.abs(np.fft.rfft(rise)).argmax()] <= 20
    assert 0.0005 < np.ptp(rise) < 0.01


def test_the_head_beats_time_to_the_voice():
    """Hadar et al. 1983, Munhall et al. 2004: heads move with stress and loudness. The same face, with and without."""
    silent = Seen(AgentState.SPEAKING, 60, loudness=lambda now_s: 0.0)
    loud = Seen(AgentState.SPEAKING, 60)
    moved = loud.pitch - silent.pitch
    lag = round(0.1 * RATE_HZ)
    assert np.corrcoef(moved[lag:], loud.loudness[:-lag])[0, 1] > 0.3
    assert 0.3 < np.std(moved) < 4
    assert np.corrcoef(loud.of("browInnerUp")[lag:], loud.loudness[:-lag])[0, 1] > 0.5


def test_each_phrase_has_a_posture_of_its_own():
    roll = Seen(AgentState.SPEAKING, 60).roll - Seen(AgentState.SPEAKING, 60, loudness=lambda now_s: 0.0).roll
    ends = roll[(np.arange(1, 20) * PERIOD_S * RATE_HZ - 1.0 * RATE_HZ).astype(int)]
    assert 0.3 < np.std(ends) < 4


@pytest.mark.parametrize("mood", list(AgentState))
def test_nothing_jumps_and_all_is_in_range(mood):
    """A head turns at less than 100 degrees a second in conversation; the eyes do the rest."""
    face = seen(mood)
    speed = np.hypot(np.diff(face.yaw), np.diff(face.pitch)) * RATE_HZ
    assert speed.max() < 100
    assert 0.2 < np.std(face.yaw) < 10 and 0.2 < np.std(face.pitch) < 6
    assert face.weights.min() >= 0 and face.weights.max() <= 1
    np.testing.assert_allclose(face.norms, 1, atol=1e-6)


def test_without_liveliness_it_keeps_still():
    face = Seen(AgentState.SPEAKING, 30, liveliness=0.0, blinks_per_min=0.0)
    assert np.ptp(face.yaw) < 1e-6 and np.ptp(face.rise_m) < 1e-9
    assert not face.of("eyeBlinkLeft").any()


def test_the_head_follows_the_eyes_to_a_target():
    """Eyes arrive first, the head after them, and the eyes give back what it brings (Freedman 2008)."""
    face = IdleFace(MotionSettings(liveliness=0.0), "local")
    eyes, heads = [], []
    for i in range(60):
        face.gaze.aim((0.5, 0.0, 1.0), i / RATE_HZ)
        pose = face.step(i / RATE_HZ, AgentState.LISTENING, 0.0)
        eyes.append(30 * float(pose.weights[ARKIT_INDEX["eyeLookOutLeft"]]))
        heads.append(float(np.degrees(2 * pose.rotation[2])))
    gaze = np.array(eyes) + heads
    arrived = int(np.argmax(gaze > 24))
    assert arrived <= 4
    assert heads[arrived] < 0.5 * heads[-1]
    assert max(eyes) > eyes[-1] + 5
    assert gaze[-1] == pytest.approx(26.57, abs=1.0)


@pytest.mark.parametrize("bad", [(np.nan, 1.7, 1.0), (0.0, np.inf, 1.0), (0.0, 1.7, np.nan)])
def test_a_gaze_target_that_is_no_place_is_ignored_and_said(bad):
    stage = build(MotionSettings())
    list(stage.push("gaze_target", GazeTarget(x=bad[0], y=bad[1], z=bad[2]), 0.0))
    assert "no place" in stage.status()["warning"]
    poses = [out.message for i in range(20) for out in stage.tick(i / RATE_HZ)]
    assert all(np.isfinite(pose.head_rotation).all() and np.isfinite(pose.weights).all() for pose in poses)


def test_a_target_behind_the_head_turns_it_no_further_than_a_neck_goes():
    face = IdleFace(MotionSettings(), "local")
    for i in range(90):
        face.gaze.aim((0.5, 0.0, -1.0), i / RATE_HZ)
        pose = face.step(i / RATE_HZ, AgentState.LISTENING, 0.0)
    assert 20 < np.degrees(2 * np.arcsin(pose.rotation[2])) < 40
    assert pose.weights[ARKIT_INDEX["eyeLookOutLeft"]] <= 1.0


def test_a_clock_that_stands_or_leaps_does_no_harm():
    face = IdleFace(MotionSettings(), "local")
    before = None
    for now_s in (5.0, 5.0, 5.03, 4.0, 5.06, 3600.0, 3600.03):
        pose = face.step(now_s, AgentState.SPEAKING, 0.5)
        assert np.isfinite(pose.weights).all() and np.isfinite(pose.rotation).all()
        if before is not None:
            assert abs(np.degrees(2 * (pose.rotation[2] - before))) < 8
        before = pose.rotation[2]
