"""The expression stage: how far ahead it runs, how it ends, what it refuses, and that it is repeatable."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState, InterruptAction, Layer, PlaybackState, SessionKind
from avatar_ros.core.errors import MotionError, UnknownBackendError
from avatar_ros.core.events import AvatarState, GazeTarget, Interrupt, SessionEvent
from avatar_ros.core.types import AudioFeatures, PlaybackClock, Sentence
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build
from avatar_ros.speech.phones import LOUDNESS, PHONE_DIM, PHONE_INDEX, PHONE_KIND, SIL

RATE_HZ = 24000
JAW = ARKIT_INDEX["jawOpen"]
BROW_DOWN = ARKIT_INDEX["browDownLeft"]


def features(first, count, phone="AA", turn=1, last=False, **more):
    data = np.zeros((count, PHONE_DIM), np.float32)
    data[:, PHONE_INDEX[phone]] = 1
    data[:, LOUDNESS] = 0.8
    return AudioFeatures(turn=turn, first_sample=first * 240, kind=PHONE_KIND, frames=count, dim=PHONE_DIM,
                         data=data.ravel(), last=last, **more)  # fmt: skip


def clock(heard_s, now_s, state=PlaybackState.PLAYING, **more):
    return PlaybackClock(turn=1, sample=round(heard_s * RATE_HZ), state=state, steady_ns=round(now_s * 1e9), **more)


def speech(outs):
    return [o.message for o in outs if o.message.layer is Layer.SPEECH]


def idle(outs):
    return [o.message for o in outs if o.message.layer is Layer.IDLE]


@pytest.fixture
def stage():
    return build(MotionSettings())


def push(stage, message, now_s=0.0):
    return list(stage.push("", message, now_s))


def test_the_first_frame_needs_less_than_100_ms_of_sound(stage):
    assert speech(push(stage, features(0, 4))) == []
    first = speech(push(stage, features(4, 4)))
    assert [e.sample for e in first] == [0]


def test_half_a_second_at_once_and_no_more(stage):
    frames = speech(push(stage, features(0, 200)))
    assert frames[-1].sample <= 0.5 * RATE_HZ
    assert len(frames) == 31
    assert speech(push(stage, features(200, 100), 0.1)) == []


def test_goes_on_with_playback(stage):
    push(stage, features(0, 300))
    frames = speech(push(stage, clock(1.0, 5.0), 5.0))
    assert frames[-1].sample == 1.5 * RATE_HZ
    more = speech(list(stage.tick(5.5)))
    assert more[-1].sample == 2.0 * RATE_HZ


def test_stands_still_while_paused(stage):
    push(stage, features(0, 300))
    push(stage, clock(0.4, 5.0, PlaybackState.PAUSED), 5.0)
    assert speech(list(stage.tick(6.0))) == []


def test_ends_at_rest_100_ms_after_the_sound(stage):
    frames = speech(push(stage, features(0, 30, last=True)))
    assert frames[-1].last
    assert not frames[-1].weights.any()
    assert frames[-1].sample == pytest.approx(0.4 * RATE_HZ, abs=RATE_HZ / 60)
    assert [e.last for e in frames].count(True) == 1
    assert frames[12].weights[JAW] > 0.2


def test_a_turn_without_sound_ends(stage):
    assert speech(push(stage, features(0, 0, last=True)))[-1].last


def test_streaming_gives_what_the_whole_gives():
    rng = np.random.default_rng(2)
    data = rng.dirichlet(np.full(PHONE_DIM, 0.1), 45).astype(np.float32)
    whole = AudioFeatures(turn=1, kind=PHONE_KIND, frames=45, dim=PHONE_DIM, data=data.ravel(), last=True)
    at_once = speech(push(build(MotionSettings()), whole))
    stage, pieces = build(MotionSettings()), []
    for i in range(0, 45, 5):
        part = replace(whole, first_sample=i * 240, frames=5, data=data[i : i + 5].ravel(), last=i == 40)
        pieces += speech(push(stage, part))
    assert [e.sample for e in pieces] == [e.sample for e in at_once]
    for a, b in list(zip(pieces, at_once, strict=True))[1:]:  # the first is made with less context, to be early
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-5)


def test_lost_features_become_silence(stage):
    frames = speech(push(stage, features(0, 10)) + push(stage, features(30, 20)))
    at = {e.sample: e.weights[JAW] for e in frames}
    assert at[round(0.2 * RATE_HZ)] < 0.05 < at[round(0.05 * RATE_HZ)]


@pytest.mark.parametrize("begins_s", [0.5, 29.0, 40.0, 600.0])
def test_a_stream_that_is_met_in_the_middle_begins_where_it_is_seen(stage, begins_s):
    """The node was started again within an answer."""
    push(stage, clock(begins_s - 0.1, 5.0), 5.0)
    frames = speech(push(stage, features(round(begins_s * 100), 60), 5.0))
    assert frames[0].sample == pytest.approx(begins_s * RATE_HZ, abs=RATE_HZ / 60)
    assert len(frames) < 40, "what went before is not made up"
    assert max(e.weights[JAW] for e in frames) > 0.2
    more = speech(push(stage, features(round(begins_s * 100) + 60, 60), 5.0) + list(stage.tick(5.6)))
    assert [e.sample for e in more] == sorted(e.sample for e in more)
    assert more[-1].sample > frames[-1].sample


@pytest.mark.parametrize("leap", [40.0, -40.0])
def test_features_that_leap_further_than_any_loss_begin_the_stream_anew(stage, leap):
    push(stage, features(10000, 30))
    push(stage, clock(100 + leap, 5.0), 5.0)
    frames = speech(push(stage, features(10000 + round(100 * leap), 60), 5.0))
    assert frames[-1].sample >= (100.3 + leap) * RATE_HZ
    assert frames[-1].weights[JAW] > 0.2


def test_features_that_come_after_the_end_change_nothing(stage):
    push(stage, features(0, 100, last=True))
    push(stage, features(100, 200, last=True))
    frames = speech(push(stage, clock(0.9, 5.0), 5.0))
    assert frames[-1].last
    assert frames[-1].sample == pytest.approx(1.1 * RATE_HZ, abs=RATE_HZ / 60)


def test_turns_that_nobody_plays_do_not_pile_up(stage):
    for turn in range(1, 50):
        push(stage, features(0, 300, turn=turn, last=True))
    assert len(stage._animators["local"]._tracks) == 2
    assert {e.turn for e in speech(push(stage, features(0, 200, turn=50)))} == {50}


def test_the_turn_that_is_heard_stays_however_many_are_made_ready(stage):
    push(stage, features(0, 300, turn=1))
    push(stage, clock(0.2, 5.0), 5.0)
    for turn in range(2, 6):
        push(stage, features(0, 100, turn=turn), 5.0)
    assert {e.turn for e in speech(list(stage.tick(5.5)))} == {1}


def test_frames_that_were_missed_are_not_made_up_for(stage):
    push(stage, features(0, 10))
    push(stage, clock(1.0, 0.0))
    frames = speech(push(stage, features(10, 190)))
    assert frames[0].sample >= 0.95 * RATE_HZ


def test_cancel_and_old_turns(stage):
    push(stage, features(0, 50))
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.0))
    assert speech(push(stage, features(50, 50))) == []
    assert speech(list(stage.tick(0.1))) == []
    assert speech(push(stage, features(0, 50, turn=2)))


def test_the_next_turn_is_prepared_while_one_is_heard(stage):
    push(stage, features(0, 300, last=True))
    push(stage, clock(1.0, 5.0), 5.0)
    early = speech(push(stage, features(0, 200, turn=2), 5.1))
    assert [e.turn for e in early if e.turn == 2]
    assert max(e.sample for e in early if e.turn == 2) <= 0.5 * RATE_HZ
    more = speech(push(stage, clock(2.0, 6.0), 6.0))
    assert {e.turn for e in more} == {1}
    assert more[-1].sample == 2.5 * RATE_HZ
    assert speech(push(stage, features(300, 10), 6.0)) == []  # turn 1 had ended


def test_ended_playback_ends_the_lips(stage):
    push(stage, features(0, 300))
    push(stage, clock(0.3, 1.0, PlaybackState.ENDED), 1.0)
    assert speech(push(stage, features(300, 10), 1.0)) == []


@pytest.mark.parametrize("wrong", [{"kind": "wav2vec2"}, {"rate_hz": 50.0}, {"dim": 1, "frames": PHONE_DIM * 4}])
def test_features_of_another_kind_are_refused(stage, wrong):
    with pytest.raises(MotionError) as raised:
        push(stage, replace(features(0, 4), **wrong))
    assert raised.value.code == "features_kind"


def test_values_that_are_no_numbers_do_no_harm(stage):
    bad = features(0, 40)
    bad.data[:200] = np.nan
    assert all(np.isfinite(e.weights).all() for e in speech(push(stage, bad)))


def live(stage, seconds, mood=None, start_s=10.0):
    if mood is not None:
        push(stage, AvatarState(state=mood), start_s)
    return [idle(list(stage.tick(start_s + i / 30)))[0] for i in range(int(seconds * 30))]


def column(frames, name):
    return np.array([e.weights[ARKIT_INDEX[name]] for e in frames])


def yaw_pitch(frames):
    q = np.array([e.head_rotation for e in frames])
    return np.degrees(2 * q[:, 2]), np.degrees(2 * q[:, 1])


def test_idle_face_blinks_like_people(stage):
    frames = live(stage, 240)
    blinks = (np.diff((column(frames, "eyeBlinkLeft") > 0.5).astype(int)) == 1).sum()
    assert 8 <= blinks / 4 <= 30
    assert column(frames, "eyeBlinkLeft").max() > 0.95


def test_idle_face_is_repeatable_and_seeded():
    a, b = (live(build(MotionSettings(seed=7)), 5) for _ in range(2))
    other = live(build(MotionSettings(seed=8)), 5)
    assert all((x.weights == y.weights).all() and x.head_rotation == y.head_rotation for x, y in zip(a, b, strict=True))
    assert any(x.head_rotation != y.head_rotation for x, y in zip(a, other, strict=True))


def test_idle_face_leaves_the_mouth_to_speech(stage):
    frames = live(stage, 20)
    for name in ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "tongueOut"):
        assert not column(frames, name).any()
    assert all(abs(np.linalg.norm(e.head_rotation) - 1) < 1e-6 for e in frames)


def test_thinker_looks_away(stage):
    def away(frames):
        names = ("eyeLookOutLeft", "eyeLookInLeft", "eyeLookUpLeft", "eyeLookDownLeft")
        return float((np.max([column(frames, n) for n in names], axis=0) > 0.15).mean())

    assert (
        away(live(stage, 30, AgentState.THINKING))
        > 2 * away(live(build(MotionSettings()), 30, AgentState.LISTENING)) + 0.2
    )


def test_gaze_follows_its_target(stage):
    for i in range(60):
        push(stage, GazeTarget(x=0.5, y=1.7, z=1.0), i / 30)
        frame = idle(list(stage.tick(i / 30)))[0]
    yaw, _ = yaw_pitch([frame])
    assert 5 < yaw[0] < 26.6  # the head does a part of it, to the avatar's left
    assert frame.weights[ARKIT_INDEX["eyeLookOutLeft"]] > 0.2  # the eyes the rest


def test_foreign_frames_are_said_to_be(stage):
    push(stage, GazeTarget(frame_id="base_link", x=1.0))
    assert "base_link" in stage.status()["warning"]
    push(stage, GazeTarget(frame_id="avatar", x=1.0, z=1.0))
    assert not stage.status()


def test_sentence_expression_fades_in_and_out(stage):
    push(stage, Sentence(turn=1, index=0, text="Hooray!", expression="happy"))
    push(stage, features(0, 300))
    push(stage, clock(0.0, 0.0), 0.0)
    before = live(stage, 0.1, start_s=0.0)[0].weights[ARKIT_INDEX["mouthSmileLeft"]]
    push(stage, clock(0.1, 0.1), 0.1)
    happy = live(stage, 1, start_s=0.1)[-1].weights[ARKIT_INDEX["mouthSmileLeft"]]
    push(stage, clock(3.0, 1.2, PlaybackState.ENDED), 1.2)
    after = live(stage, 3, start_s=1.2)[-1].weights[ARKIT_INDEX["mouthSmileLeft"]]
    assert happy > before + 0.2
    assert after < before + 0.05


def spoken(stage, expression, now_s=0.0):
    """A sentence that is heard from `now_s` on."""
    push(stage, Sentence(turn=1, index=0, text="Hooray!", expression=expression), now_s)
    push(stage, clock(0.0, now_s), now_s)
    return stage


@pytest.mark.parametrize("name", ["flabbergasted", "neutral", ""])
def test_an_unknown_expression_is_neutral(name):
    plain, odd = (live(spoken(build(MotionSettings()), name), 0.9, start_s=0.0) for name in ("", name))
    for a, b in zip(plain, odd, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
    assert column(odd, "browDownLeft").max() < 0.05 and column(odd, "mouthFrownLeft").max() < 0.05


def test_a_cancelled_sentence_takes_its_expression_with_it(stage):
    spoken(stage, "angry")
    assert live(stage, 0.6, start_s=0.0)[-1].weights[BROW_DOWN] > 0.4
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.6))
    push(stage, clock(0.7, 0.7), 0.7)  # the card plays on for a moment
    assert live(stage, 1.0, start_s=0.7)[-1].weights[BROW_DOWN] < 0.1


def test_a_speaker_that_died_leaves_no_expression_held(stage):
    """A clock that says PLAYING and is followed by no other."""
    spoken(stage, "angry")
    assert live(stage, 0.9, start_s=0.0)[-1].weights[BROW_DOWN] > 0.4
    assert live(stage, 4.0, start_s=0.9)[-1].weights[BROW_DOWN] < 0.02
    push(stage, clock(5.0, 5.0), 5.0)
    assert live(stage, 0.9, start_s=5.0)[-1].weights[BROW_DOWN] > 0.4, "it lives again"


def test_a_turn_that_waits_keeps_its_expression(stage):
    spoken(stage, "angry")
    for i in range(6):
        push(stage, clock(0.2, i / 2, PlaybackState.PAUSED), i / 2)
        angry = live(stage, 0.5, start_s=i / 2)[-1].weights[BROW_DOWN]
    assert angry > 0.4


@pytest.mark.parametrize("wide", [{"emotion": "horrified"}, {"emotion": "scared"}, {"looks_up": True}])
def test_lids_shut_in_a_blink_whatever_lifts_them(wide):
    """Shapes add up: eyeWide 0.65 leaves the eye a fifth open in a blink, and a glance upwards as much."""
    stage = build(MotionSettings(seed=2, blinks_per_min=40.0))
    if emotion := wide.get("emotion"):
        push(stage, Sentence(turn=1, index=0, text="Oh!", expression=emotion), 0.0)
    lifted, open_lifted = [], []
    for i in range(30 * 30):
        push(stage, clock(0.1, i / 30, PlaybackState.PLAYING), i / 30)
        if wide.get("looks_up"):
            push(stage, GazeTarget(x=0.0, y=2.3, z=1.0), i / 30)
        weights = idle(list(stage.tick(i / 30)))[0].weights
        lift = weights[ARKIT_INDEX["eyeWideLeft"]] + weights[ARKIT_INDEX["eyeLookUpLeft"]]
        shut = weights[ARKIT_INDEX["eyeBlinkLeft"]]
        (lifted if shut > 0.97 else open_lifted if shut < 0.05 else []).append(lift)
    assert len(lifted) >= 5 and max(lifted) < 0.04
    assert np.median(open_lifted) > 0.3


def test_who_sleeps_has_his_eyes_shut_wherever_he_looks(stage):
    spoken(stage, "asleep")
    for i in range(60):
        push(stage, clock(0.1, i / 30), i / 30)
        push(stage, GazeTarget(x=0.0, y=2.3, z=1.0), i / 30)
        frame = idle(list(stage.tick(i / 30)))[0]
    assert frame.weights[ARKIT_INDEX["eyeLookUpLeft"]] < 0.05


def test_lids_follow_the_eyes_down(stage):
    def lids(height_m):
        down = build(MotionSettings(blinks_per_min=0.0))
        for i in range(60):
            push(down, GazeTarget(x=0.0, y=height_m, z=1.0), i / 30)
            frame = idle(list(down.tick(i / 30)))[0]
        return frame.weights[ARKIT_INDEX["eyeBlinkLeft"]]

    assert lids(1.1) > 0.08
    assert lids(1.7) < 0.04


@pytest.mark.parametrize(("eye_height_m", "down"), [(1.2, False), (1.7, None), (2.2, True)])
def test_gaze_targets_are_seen_from_the_height_of_the_eyes(eye_height_m, down):
    stage = build(MotionSettings(eye_height_m=eye_height_m, liveliness=0.0, blinks_per_min=0.0))
    for i in range(60):
        push(stage, GazeTarget(x=0.0, y=1.7, z=1.0), i / 30)
        frame = idle(list(stage.tick(i / 30)))[0]
    _, pitch = yaw_pitch([frame])
    look = frame.weights[ARKIT_INDEX["eyeLookDownLeft"]] - frame.weights[ARKIT_INDEX["eyeLookUpLeft"]]
    if down is None:
        assert abs(pitch[0]) < 0.1 and abs(look) < 0.01
    else:
        sign = 1 if down else -1
        assert sign * pitch[0] > 5 and sign * look > 0.2


def test_the_smile_at_rest_is_as_wide_as_it_is_set():
    smiles = [column(live(build(MotionSettings(smile=s)), 1), "mouthSmileLeft") for s in (0.0, 0.1, 0.4)]
    for smile, wanted in zip(smiles, (0.0, 0.1, 0.4), strict=True):
        assert smile == pytest.approx(wanted, abs=0.005)


def test_each_session_has_its_face(stage):
    list(stage.session(SessionEvent(session="b"), 0.0))
    assert {e.session for e in idle(list(stage.tick(0.1)))} == {"local", "b"}
    list(stage.session(SessionEvent(session="b", kind=SessionKind.CLOSED), 0.2))
    assert {e.session for e in idle(list(stage.tick(0.3)))} == {"local"}


def test_faces_of_pages_come_less_often_and_take_turns(stage):
    for session in "bc":
        list(stage.session(SessionEvent(session=session), 0.0))
    ticks = [[e.session for e in idle(list(stage.tick(i / 30)))] for i in range(6)]
    assert all(len(tick) == 2 and tick[0] == "local" for tick in ticks)
    assert [tick[1] for tick in ticks] in (["b", "c"] * 3, ["c", "b"] * 3)


def test_sessions_share_no_face():
    stage = build(MotionSettings(session_idle_rate_hz=30.0))
    list(stage.session(SessionEvent(session="b"), 0.0))
    push(stage, AvatarState(session="b", state=AgentState.LISTENING), 0.0)
    push(stage, Sentence(session="b", turn=1, expression="angry"), 0.0)
    push(stage, clock(0.1, 0.0, session="b"), 0.0)
    alone = build(MotionSettings())
    for i in range(25):
        faces = {e.session: e for e in idle(list(stage.tick(i / 30)))}
        (local,) = idle(list(alone.tick(i / 30)))
        np.testing.assert_array_equal(faces["local"].weights, local.weights)
        assert faces["local"].head_rotation == local.head_rotation != faces["b"].head_rotation
    assert faces["b"].weights[BROW_DOWN] > 0.4


def test_forgotten_sessions_leave():
    stage = build(MotionSettings(session_ttl_s=10.0))
    push(stage, AvatarState(session="b"), 0.0)
    assert len(idle(list(stage.tick(9.0)))) == 2
    assert len(idle(list(stage.tick(11.0)))) == 1


def test_silent_features_are_rest(stage):
    frames = speech(push(stage, features(0, 40, "SIL")))
    assert max(e.weights.max() for e in frames[1:]) < 0.02
    assert SIL == 0


def test_motion_backends_by_name():
    with pytest.raises(UnknownBackendError, match="known: visemes"):
        build(MotionSettings(backend="magic"))
