"""LookAt, Gesture and Chat; and the movements themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from skills_kiosk import MOVEMENTS, SkillsKiosk

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState, ControlAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import Control, Gesture, KeyFrame
from avatar_ros.core.expressions import EXPRESSIONS, GESTURES
from avatar_ros.core.gestures import Movement, load_gestures
from avatar_ros.core.tf_frames import FrameError
from avatar_ros.core.types import Transcript
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.idle import IdleFace
from avatar_ros.skills.goals import ChatEnd, ChatGoal, GestureEnd, GestureGoal, LookAtEnd, LookAtGoal

NAN = float("nan")
UNKNOWN = (
    "unknown_frame: 'base_link': only the avatar's own frame, 'avatar', is known where tf2_ros is not installed"
)


@pytest.fixture
def run(tmp_path: Path) -> SkillsKiosk:
    made = SkillsKiosk(tmp_path, answers=("It is noon. Have a nice day.",))
    made.run(1.0)
    return made


def frame(time_s: float, **amounts: float) -> KeyFrame:
    return KeyFrame(time_s, tuple(amounts), np.array([*amounts.values()], np.float32))


def test_it_looks_there_for_as_long_as_it_holds(run: SkillsKiosk) -> None:
    look = run.start(LookAtGoal(target=(0.5, 1.7, 1.0), hold_s=2.0))
    began_s = run.now_s
    assert run.end_of(look) == LookAtEnd(reached=True)
    assert 1.9 < run.ended_s[look] - began_s < 2.2
    targets = run.sent("gaze_target")
    assert {(t.frame_id, t.x, t.y, t.z) for t in targets} == {("avatar", 0.5, 1.7, 1.0)} and 9 <= len(targets) <= 11


def test_a_glance_is_short_and_the_newest_goal_counts(run: SkillsKiosk) -> None:
    first = run.start(LookAtGoal(target=(0.5, 1.7, 1.0), hold_s=0.0))
    run.run(1.0)
    second = run.start(LookAtGoal(target=(-0.5, 1.7, 1.0), style=1))
    assert run.end_of(first, 0.1) == LookAtEnd(True, "replaced")
    assert run.end_of(second, 1.0) == LookAtEnd(True)


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (LookAtGoal(frame_id="base_link"), UNKNOWN),
        (LookAtGoal(target=(NAN, 0.0, 1.0)), "no_place"),
        (LookAtGoal(hold_s=NAN), "no_place"),
        (LookAtGoal(style=9), "unknown_style"),
        (LookAtGoal(target=(3.0, 1.7, 0.2), hold_s=0.5), "out_of_reach"),
        (LookAtGoal(target=(0.0, 1.7, -1.0), hold_s=0.5), "out_of_reach"),
    ],
)
def test_where_it_cannot_look(run: SkillsKiosk, goal: LookAtGoal, reason: str) -> None:
    assert run.end_of(run.start(goal)) == LookAtEnd(False, reason)


def test_a_gesture_is_made_to_its_end(run: SkillsKiosk) -> None:
    nod = run.start(GestureGoal(name="nod"))
    began_s = run.now_s
    assert run.end_of(nod) == GestureEnd(done=True)
    assert abs(run.ended_s[nod] - began_s - MOVEMENTS.find("nod").duration_s) < 0.1
    shares = [news.progress for news in run.news[nod]]
    assert shares == sorted(shares) and len(shares) > 5


def test_gestures_that_are_none(run: SkillsKiosk) -> None:
    unknown = run.end_of(run.start(GestureGoal(name="nodd"))).reason
    assert unknown.startswith("unknown_gesture: ") and "did you mean 'nod'" in unknown
    assert run.end_of(run.start(GestureGoal())).reason.startswith("bad_key_frames: ")
    bad = GestureGoal(key_frames=(frame(0.5, browInnerUpp=0.5),))
    assert "'browInnerUpp' is no ARKit blend shape; did you mean 'browInnerUp'" in run.end_of(run.start(bad)).reason
    run.deaf.add("gesture")
    assert run.end_of(run.start(GestureGoal(name="nod"))).reason == "no_face"


def test_a_gesture_that_is_cancelled_or_replaced(run: SkillsKiosk) -> None:
    first, second = run.start(GestureGoal(name="yawn")), run.start(GestureGoal(name="nod"))
    assert run.end_of(first, 0.1) == GestureEnd(reason="replaced")
    run.cancel(second)
    assert run.end_of(second, 0.1) == GestureEnd(reason="cancelled")
    assert [gesture.name for gesture in run.sent("gesture")] == ["yawn", "nod", ""]


def test_a_face_that_dies_meanwhile_has_made_no_gesture_and_looked_nowhere(run: SkillsKiosk) -> None:
    yawn = run.start(GestureGoal(name="yawn"))
    look = run.start(LookAtGoal(target=(0.5, 1.7, 1.0), hold_s=1.7))
    run.run(0.3)
    run.restart_face()
    assert run.end_of(yawn, 5.0) == GestureEnd(reason="face_lost")
    assert run.end_of(look, 5.0) == LookAtEnd(reason="face_lost")
    assert run.end_of(run.start(GestureGoal(name="nod"))).done
    run.remove("motion")
    run.run(2.0)
    began_s, nod = run.now_s, run.start(GestureGoal(name="nod"))
    assert run.end_of(nod, 6.0) == GestureEnd(reason="face_lost") and run.ended_s[nod] - began_s < 4.5


def test_who_sleeps_looks_nowhere(run: SkillsKiosk) -> None:
    look = run.start(LookAtGoal(target=(0.5, 1.7, 1.0), hold_s=2.0))
    assert run.ordered(ControlAction.SLEEP) == ""
    assert run.end_of(look, 0.1) == LookAtEnd(reason="asleep")
    assert run.end_of(run.start(LookAtGoal()), 0.1) == LookAtEnd(reason="asleep")


def test_a_lasting_face_is_given_again_to_one_that_has_died(run: SkillsKiosk) -> None:
    happy = Gesture(name="happy")
    assert run.ordered(happy) == "" and len(run.sent("gesture", name="happy")) == 1
    run.remove("motion")
    answers: list[str] = []
    run.skills.order(happy, answers.append)
    run.run(1.0)
    assert not answers, "nobody has heard it yet"
    run.add_face()
    run.run(1.0)
    assert answers == [""] and len(run.sent("gesture", name="happy")) == 3, "once more"
    run.remove("motion")
    assert run.ordered(happy) == "no_face"


def test_a_lasting_face_waits_until_somebody_reads_it(run: SkillsKiosk) -> None:
    run.deaf.add("gesture")
    answers: list[str] = []
    run.skills.order(Gesture(name="happy"), answers.append)
    run.run(1.0)
    assert not answers and not run.sent("gesture"), "a node that has just begun is not heard yet"
    run.deaf.clear()
    run.run(1.0)
    assert answers == [""] and len(run.sent("gesture", name="happy")) == 1


def test_a_chat_that_a_busy_dialogue_took_for_another_programs_is_said_again(tmp_path: Path) -> None:
    run = SkillsKiosk(tmp_path, answers=("It is noon.",))
    run.run(1.0)
    run.send("control", Control(action=ControlAction.CLAIM, lease_s=1.0))
    run.run(0.1)
    chat = run.start(ChatGoal(text="what time is it"))
    assert run.end_of(chat) == ChatEnd(True, "It is noon.")
    assert len(run.sent("speech/transcript")) == 2 and len(run.sent("dialogue/prompt")) == 1


def test_a_chat_that_was_lost_is_said_again_though_somebody_else_asked_meanwhile(tmp_path: Path) -> None:
    run = SkillsKiosk(tmp_path, answers=("It is noon.",))
    run.run(1.0)
    run.send("control", Control(action=ControlAction.CLAIM, lease_s=1.0))
    run.run(0.1)
    chat = run.start(ChatGoal(text="what time is it"))
    run.run(1.2)
    run.send("speech/transcript", Transcript(text="what is your name"))
    assert run.end_of(chat) == ChatEnd(True, "It is noon.")
    assert [prompt.text for prompt in run.sent("dialogue/prompt")] == ["what is your name", "what time is it"]


def test_what_is_said_to_it_is_answered_aloud_and_in_words(run: SkillsKiosk) -> None:
    chat = run.start(ChatGoal(text="what time is it"))
    assert run.end_of(chat) == ChatEnd(True, "It is noon. Have a nice day.")
    run.until("speech/playback", sentence=1)


def test_chats_that_cannot_be(run: SkillsKiosk) -> None:
    assert run.end_of(run.start(ChatGoal(text="?"))).reason == "empty_text"
    assert run.end_of(run.start(ChatGoal(text="a" * 5001))).reason == "too_long"
    run.remove("llm")
    assert run.end_of(run.start(ChatGoal(text="hello there", timeout_s=3.0))).reason == "timeout"
    run.remove("dialogue")
    assert run.end_of(run.start(ChatGoal(text="hello again", timeout_s=3.0))).reason == "timeout"


# --- the movements ----------------------------------------------------------------------------------------------------


def test_every_kiosk_knows_the_gestures_that_a_language_model_may_ask_for() -> None:
    assert set(MOVEMENTS.names) == set(GESTURES) and len(GESTURES) > 18
    assert not set(GESTURES) & set(EXPRESSIONS)


@pytest.mark.parametrize("movement", [*MOVEMENTS], ids=lambda movement: movement.name)
def test_a_movement_begins_and_ends_at_rest_and_never_jumps(movement: Movement) -> None:
    assert movement.about and 0.4 < movement.duration_s < 5.0
    times_s = np.arange(-0.1, movement.duration_s + 0.2, 1 / 60)
    rows = np.array([movement.row(time_s) for time_s in times_s])
    assert not rows[-1].any() and np.abs(rows).max() > 0.2
    late = rows[times_s > 0.05] if movement.name == "wake" else rows  # a sleeper's eyes are shut already
    assert np.abs(np.diff(late[:, :52], axis=0)).max() < 0.26 and np.abs(np.diff(late[:, 52:], axis=0)).max() < 3.0


def test_between_two_key_frames_it_moves_smoothly() -> None:
    movement = Movement.of("", "", [frame(1.0, jawOpen=1.0), frame(2.0)])
    jaw = ARKIT_INDEX["jawOpen"]
    found = [float(movement.at(time_s).weights[jaw]) for time_s in (0.0, 0.25, 0.5, 1.0, 1.75, 2.0, 9.0)]
    assert found == pytest.approx([0.0, 0.15625, 0.5, 1.0, 0.15625, 0.0, 0.0])


def test_a_shape_without_a_side_means_both_and_an_open_end_returns_to_rest() -> None:
    movement = Movement.of("", "", [frame(0.5, mouthSmile=0.6)])
    weights = movement.at(0.5).weights
    assert {name: round(float(weights[i]), 3) for name, i in ARKIT_INDEX.items() if weights[i]} == {
        "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6
    }  # fmt: skip
    assert movement.duration_s == pytest.approx(0.8) and not movement.at(0.81).weights.any()


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([], "1 to 200 key frames, not 0"),
        ([frame(0.5), frame(0.5)], "key frame 2: its time is 0.5 s"),
        ([frame(-1.0)], "key frame 1"),
        ([frame(NAN)], "key frame 1"),
        ([frame(99.0)], "60 s at most"),
        ([frame(1.0, jawOpen=1.5)], "between -1 and 1"),
        ([KeyFrame(1.0, ("jawOpen",), np.zeros(2, np.float32))], "1 shapes and 2 amounts"),
        ([KeyFrame(1.0, yaw_deg=80.0)], "60 degrees are the most"),
        ([KeyFrame(1.0, pitch_deg=NAN)], "degrees are the most"),
    ],
)
def test_key_frames_that_are_none(frames: list[KeyFrame], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Movement.of("", "", frames)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it must hold names of gestures"),
        ("nod: 3", "gesture 'nod': it must have `frames`"),
        ("nod: {frames: [3]}", "gesture 'nod': a key frame is 3"),
        ("nod: {frames: [{at: soon}]}", "gesture 'nod': at is 'soon'; it must be a number"),
        ("nod: {frames: [{at: 1, head: {tilt: 3}}]}", "head is .*yaw, pitch and roll"),
        ("nod: {frames: [{at: 1, jawOpn: 1}]}", "'jawOpn' is no ARKit blend shape; did you mean 'jawOpen'"),
        ("nod: {frames: [{at: 1}], abuot: x}", "nothing else"),
        ("nod: {frames: [", "not valid YAML"),
    ],
)
def test_a_file_of_gestures_with_a_mistake(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"(?s)mine.yaml.*{says}"):
        load_gestures(yaml, path)


# --- on the face ------------------------------------------------------------------------------------------------------


def steps(face: IdleFace, begin_s: float, seconds: float, state: AgentState = AgentState.IDLE) -> list:
    return [face.step(begin_s + i / 30, state, 0.0) for i in range(round(seconds * 30))]


def pitch_deg(pose) -> float:
    w, x, _, _ = pose.rotation
    return float(np.degrees(2 * np.arctan2(x, w)))


def quiet_face() -> IdleFace:
    return IdleFace(MotionSettings(liveliness=0.0, blinks_per_min=0.0), "local")


def test_a_nod_moves_the_head_and_leaves_the_eyes_on_the_listener() -> None:
    face = quiet_face()
    steps(face, 0.0, 1.0)
    face.gesture.start(MOVEMENTS.find("nod"), 1.0, 1.0)
    poses = steps(face, 1.0, 1.5)
    assert max(map(pitch_deg, poses)) == pytest.approx(11.0, abs=1.0) and abs(pitch_deg(poses[-1])) < 0.5
    up = [float(pose.weights[ARKIT_INDEX["eyeLookUpLeft"]]) for pose in poses]
    assert max(up) > 0.3, "they look up as the head goes down"


def test_one_movement_goes_over_into_the_next_without_a_jump() -> None:
    face = quiet_face()
    steps(face, 0.0, 1.0)
    face.gesture.start(MOVEMENTS.find("bow"), 1.0, 1.0)
    poses = steps(face, 1.0, 0.8)
    face.gesture.start(MOVEMENTS.find("shrug"), 1.0, 1.8)
    poses += steps(face, 1.8, 0.4)
    face.gesture.start(None, 1.0, 2.2)
    poses += steps(face, 2.2, 1.0)
    assert np.abs(np.diff([pitch_deg(pose) for pose in poses])).max() < 6.0
    assert abs(pitch_deg(poses[-1])) < 0.5 and poses[-1].weights[ARKIT_INDEX["mouthShrugLower"]] == 0.0


def test_who_sleeps_shuts_the_eyes_and_lets_the_head_sink_until_woken() -> None:
    face = quiet_face()
    steps(face, 0.0, 1.0)
    asleep = steps(face, 1.0, 3.0, AgentState.SLEEPING)[-1]
    blink = ARKIT_INDEX["eyeBlinkLeft"]
    assert asleep.weights[blink] > 0.97 and pitch_deg(asleep) == pytest.approx(9.0, abs=0.5)
    awake = steps(face, 4.0, 3.0)[-1]
    assert awake.weights[blink] < 0.05 and abs(pitch_deg(awake)) < 0.5


class Following:
    """Frames of which one moves, is lost, and is found again."""

    def __init__(self) -> None:
        self.places: list[tuple[float, float, float]] = []
        self.lost = True

    def hear_of(self, frame_id: str) -> None:
        """It is always heard."""

    def place(self, frame_id: str, point: tuple[float, float, float], stamp_ns: int = 0) -> tuple[float, float, float]:
        if self.lost:
            raise FrameError("old_transform", f"'{frame_id}': is lost", retryable=True)
        self.places.append((len(self.places) * 0.01, 1.7, 1.0))
        return self.places[-1]


def test_a_frame_that_moves_is_followed_and_one_that_stays_away_ends_it(tmp_path: Path) -> None:
    frames = Following()
    run = SkillsKiosk(tmp_path, frames=frames)
    run.run(1.0)
    look = run.start(LookAtGoal(frame_id="hand", hold_s=0.0))
    run.run(0.8)
    assert look not in run.ends and not run.sent("gaze_target"), "it may turn up"
    frames.lost = False
    run.run(1.0)
    targets = run.sent("gaze_target")
    assert len({target.x for target in targets}) >= 4 and {target.frame_id for target in targets} == {"avatar"}
    frames.lost = True
    end = run.end_of(look, 3.0)
    assert end == LookAtEnd(reason="old_transform: 'hand': is lost")
