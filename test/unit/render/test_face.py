"""The face at an instant: speech by the playback clock, idle by time, no jumps."""

from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import InterruptAction, Layer, PlaybackState
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Expression, PlaybackClock
from avatar_ros.render.face import CLOCK_DEAD_S, FADE_S, Face
from avatar_ros.render.idle_layer import IDLE_DEAD_S, IDLE_FADE_S
from avatar_ros.render.pose import clean_weights, mix_quaternions, quaternion_product

JAW = ARKIT_INDEX["jawOpen"]
BLINK = ARKIT_INDEX["eyeBlinkLeft"]
RATE = 24000


def weights(**named):
    out = np.zeros(52, np.float32)
    for name, value in named.items():
        out[ARKIT_INDEX[name]] = value
    return out


def speech(sample, jaw, turn=1, **more):
    return Expression(turn=turn, sample=sample, sample_rate_hz=RATE, weights=weights(jawOpen=jaw), **more)


def clock(sample, at_s, turn=1, state=PlaybackState.PLAYING):
    return PlaybackClock(turn=turn, sample=sample, sample_rate_hz=RATE, state=state, steady_ns=round(at_s * 1e9))


def ramp(face, turn=1, seconds=2.0, rate_hz=50):
    """JawOpen grows from 0 to 1 over `seconds`."""
    count = int(seconds * rate_hz) + 1
    for i in range(count):
        face.express(speech(round(i * RATE / rate_hz), i / (count - 1), turn))


def at(face, start_s, end_s, step_s=1 / 60):
    states = [face.at(t) for t in np.arange(start_s, end_s + 1e-9, step_s)]
    return states[-1]


def test_shows_the_sample_that_is_heard():
    face = Face()
    ramp(face)
    face.playback(clock(0, 100.0))
    state = at(face, 100.0, 101.0)
    assert state.sample == RATE and state.speaking and state.turn == 1
    assert state.weights[JAW] == pytest.approx(0.5, abs=1e-3)


def test_follows_a_clock_that_moves_and_does_not_depend_on_the_frame_rate():
    found = []
    for step_s in (1 / 24, 1 / 60, 1 / 144):
        face = Face()
        ramp(face)
        face.playback(clock(0, 5.0))
        at(face, 5.0, 5.2, step_s)
        face.playback(clock(RATE // 2, 5.5))
        found.append(at(face, 5.5, 6.0, step_s).weights[JAW])
    assert found == pytest.approx([0.5] * 3, abs=0.02)


@pytest.mark.parametrize("state", [PlaybackState.PAUSED, PlaybackState.STARVED, PlaybackState.ENDED])
def test_lips_return_to_rest_when_the_sound_stops(state):
    face = Face()
    ramp(face)
    face.playback(clock(0, 0.0))
    assert at(face, 0.0, 1.0).weights[JAW] > 0.4
    face.playback(clock(RATE, 1.0, state=state))
    jaws = [face.at(1.0 + i / 100).weights[JAW] for i in range(1, 10)]
    assert all(a > b for a, b in pairwise(jaws) if a > 0), "closes without a jump back"
    assert jaws[0] > 0.3, "does not snap shut"
    assert face.at(1.0 + FADE_S + 0.02).weights[JAW] == 0


def test_resume_goes_on_where_it_stopped():
    face = Face()
    ramp(face)
    face.playback(clock(0, 0.0))
    at(face, 0.0, 0.5)
    face.playback(clock(RATE // 2, 0.5, state=PlaybackState.PAUSED))
    at(face, 0.5, 3.0)
    face.playback(clock(RATE // 2, 3.0))
    assert at(face, 3.0, 3.5).weights[JAW] == pytest.approx(0.5, abs=0.02)


def test_a_pause_rests_the_lips_at_once_and_resume_moves_them_again():
    face = Face()
    ramp(face)
    ramp(face, turn=2)
    face.playback(clock(0, 0.0))
    at(face, 0.0, 0.5)
    face.interrupt(Interrupt(turn=1, action=InterruptAction.PAUSE))  # the card plays what it has: no clock yet
    assert at(face, 0.5, 0.5 + FADE_S + 0.02).weights[JAW] == 0
    face.playback(clock(0, 1.0, turn=2))
    assert at(face, 1.0, 1.5).weights[JAW] > 0.2, "a later turn is not held"
    face = Face()
    ramp(face)
    face.playback(clock(0, 0.0))
    face.interrupt(Interrupt(turn=1, action=InterruptAction.PAUSE))
    face.interrupt(Interrupt(turn=1, action=InterruptAction.RESUME))
    assert at(face, 0.0, 0.5).weights[JAW] == pytest.approx(0.25, abs=0.02)


def test_cancel_drops_the_frames_of_the_turn_but_not_of_the_next():
    face = Face()
    ramp(face, turn=1)
    ramp(face, turn=2)
    face.playback(clock(0, 0.0))
    at(face, 0.0, 1.0)
    face.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL))
    assert at(face, 1.0, 1.2).weights[JAW] == 0
    face.playback(clock(0, 1.2, turn=2))
    assert at(face, 1.2, 2.2).weights[JAW] == pytest.approx(0.5, abs=0.02)


def test_a_dead_speaker_lets_the_face_rest():
    face = Face()
    ramp(face, seconds=10.0)
    face.playback(clock(0, 0.0))
    assert at(face, 0.0, 0.9).speaking
    assert not at(face, 0.9, CLOCK_DEAD_S + 0.5).speaking


def test_frames_of_another_turn_do_not_move_the_lips():
    face = Face()
    ramp(face, turn=2)
    face.playback(clock(0, 0.0, turn=1))
    assert at(face, 0.0, 1.0).weights[JAW] == 0


def test_an_expression_stream_that_stops_or_loses_frames_lets_the_lips_rest():
    face = Face()
    for i in range(10):
        face.express(speech(i * 480, 0.8))
    face.express(speech(10 * RATE, 0.8))
    face.playback(clock(0, 0.0))
    assert at(face, 0.0, 0.15).weights[JAW] == pytest.approx(0.8, abs=0.01)
    assert at(face, 0.15, 2.0).weights[JAW] == 0


def test_a_stream_that_jumps_back_replaces_what_it_overlaps():
    face = Face()
    ramp(face)
    for i in range(100):
        face.express(speech(i * 480, 0.25))
    face.playback(clock(0, 0.0))
    assert at(face, 0.0, 0.9).weights[JAW] == pytest.approx(0.25, abs=0.01)


def test_idle_is_added_mixed_in_time_and_fades_with_its_stage():
    face = Face()
    for i in range(4):
        face.express(
            Expression(layer=Layer.IDLE, weights=weights(eyeBlinkLeft=0.2 * i), steady_ns=round((1 + i / 30) * 1e9))
        )
    assert face.at(1.05 + 1.5 / 30).weights[BLINK] == pytest.approx(0.3, abs=0.01)
    assert face.at(9.0).weights[BLINK] == 0


def test_heads_compose_and_stay_unit():
    face = Face()
    half = np.sqrt(0.5)
    turned = (half, 0.0, half, 0.0)
    face.express(Expression(layer=Layer.IDLE, head_rotation=turned, head_translation=(0.01, 0, 0), steady_ns=10**9))
    pose = face.at(1.05).head
    np.testing.assert_allclose(pose.rotation, [half, 0, half, 0], atol=1e-6)
    np.testing.assert_allclose(pose.translation, [0.01, 0, 0])
    product = quaternion_product(pose.rotation, pose.rotation)
    np.testing.assert_allclose(product, [0, 0, 1, 0], atol=1e-6)
    assert np.linalg.norm(mix_quaternions(pose.rotation, -product, 0.3)) == pytest.approx(1.0)


def test_weights_that_are_no_numbers_rest():
    dirty = weights(jawOpen=np.nan, mouthPucker=7.0, tongueOut=-1.0, eyeBlinkLeft=np.inf)
    clean = clean_weights(dirty)
    assert np.isfinite(clean).all() and clean.min() >= 0 and clean.max() <= 1 and clean[JAW] == 0


@pytest.mark.parametrize("bad", [(np.nan, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (np.inf, 0.0, 0.0, 0.0)])
def test_a_head_that_is_nowhere_rests(bad):
    face = Face()
    face.express(Expression(layer=Layer.IDLE, steady_ns=10**9, weights=weights(), head_rotation=bad))
    face.express(Expression(turn=1, head_rotation=bad, head_translation=(np.nan, 0.0, 0.0)))
    face.playback(clock(0, 1.0))
    for now_s in (1.0, 1.02, 1.1):
        head = face.at(now_s).head
        assert np.linalg.norm(head.rotation) == pytest.approx(1.0) and np.isfinite(head.translation).all()


def test_memory_stays_bounded_while_playing():
    face = Face()
    for i in range(3000):
        face.express(speech(i * 400, 0.5))
        if i % 60 == 0:
            face.playback(clock(i * 400, i / 60))
        face.at(i / 60)
    assert len(face._tracks[(0, 1)].samples) < 200


def idle(at_s, **changes):
    fields = {"weights": weights(eyeBlinkLeft=0.5), "steady_ns": round(at_s * 1e9), **changes}
    return Expression(layer=Layer.IDLE, **fields)


def test_an_idle_stream_that_comes_too_fast_shows_the_latest_and_counts_the_others():
    face = Face()
    face.at(10.0)
    for i in range(100):
        face.express(idle(10.0 + i / 1000, weights=weights(eyeBlinkLeft=i / 100)))
    assert face.dropped == 96
    assert face.at(10.5).weights[BLINK] == pytest.approx(0.99)
    slow = Face()
    for i in range(100):
        slow.express(idle(10 + i / 30))
        slow.at(10 + (i + 3) / 30)
    assert slow.dropped == 0


class IdleShow:
    """A face at 60 frames a second that is told the idle layer at 30 Hz; its stage may come and go."""

    def __init__(self):
        self.face = Face()
        self.times_s, self.lids, self.yaws, self.rises_m = [], [], [], []

    def run(self, start_s, end_s, lids=None, yaw_deg=0.0, late_s=0.0):
        """lids: None for a stage that is gone."""
        half = np.radians(yaw_deg) / 2
        turned = {"head_rotation": (np.cos(half), 0.0, np.sin(half), 0.0), "head_translation": (0.0, 0.01, 0.0)}
        for i in range(round(start_s * 60), round(end_s * 60)):
            if lids is not None and i % 2 == 0:
                self.face.express(idle(i / 60 - late_s, weights=weights(eyeBlinkLeft=lids), **turned))
            state = self.face.at(i / 60)
            self.times_s.append(i / 60)
            self.lids.append(float(state.weights[BLINK]))
            self.yaws.append(float(np.degrees(2 * np.arcsin(state.head.rotation[2]))))
            self.rises_m.append(float(state.head.translation[1]))
        return self

    def at(self, at_s):
        return self.lids[np.searchsorted(self.times_s, at_s)], self.yaws[np.searchsorted(self.times_s, at_s)]

    def steadily(self):
        """Whether nothing moved faster in any frame than a fade of IDLE_FADE_S does."""
        most = 2.0 / 60 / IDLE_FADE_S
        swings = ((self.lids, 0.9), (self.yaws, 20.0), (self.rises_m, 0.01))
        return all(np.abs(np.diff(values)).max() <= most * swing for values, swing in swings)


def test_a_face_whose_idle_stage_is_gone_holds_still_and_then_goes_to_rest():
    show = IdleShow().run(0.0, 1.0, 0.3, 10.0).run(1.0, 4.0)
    assert show.at(0.9) == pytest.approx((0.3, 10.0), abs=1e-3)
    assert show.at(1.0 + IDLE_DEAD_S - 0.1) == pytest.approx((0.3, 10.0), abs=1e-3)
    middle = show.at(1.0 + IDLE_DEAD_S + IDLE_FADE_S / 2)
    assert 0.05 < middle[0] < 0.25 and 2 < middle[1] < 8
    assert show.at(3.5) == (0.0, 0.0)
    assert show.steadily()


@pytest.mark.parametrize("gone_s", [0.6, 0.9, 1.2, 1.4, 5.0])
def test_an_idle_stage_that_comes_back_is_followed_without_a_jump(gone_s):
    back_s = 1.0 + gone_s
    show = IdleShow().run(0.0, 1.0, 0.3, 10.0).run(1.0, back_s).run(back_s, back_s + 2, 0.9, -10.0)
    assert show.steadily()
    assert show.at(back_s + IDLE_FADE_S + 0.2) == pytest.approx((0.9, -10.0), abs=1e-3)


def test_an_idle_stream_that_jumps_back_is_followed_without_a_jump():
    show = IdleShow().run(0.0, 1.0, 0.3, 10.0).run(1.0, 3.0, 0.9, -10.0, late_s=0.9)
    assert show.steadily()
    assert show.at(2.0) == pytest.approx((0.9, -10.0), abs=1e-3)


def test_the_first_idle_frame_is_shown_as_it_is():
    assert IdleShow().run(0.0, 0.1, 0.3, 10.0).lids[0] == pytest.approx(0.3)


def test_a_track_longer_than_is_kept_counts_what_it_forgot(monkeypatch):
    monkeypatch.setattr("avatar_ros.render.face.TRACK_LIMIT", 50)
    face = Face()
    for i in range(55):
        face.express(speech(i, 0.1))
    assert face.dropped == 5
    face.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL))
    assert face.dropped == 5, "counters do not run back"
