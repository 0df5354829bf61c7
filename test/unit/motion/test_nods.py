"""A listener's nods: where the other pauses or ends, some seconds apart, and never without a voice."""

import numpy as np
import pytest

from avatar_ros.core.enums import AgentState, Layer, VoiceKind
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import EVENT_COMPLETE, Transcript, VoiceActivity
from avatar_ros.motion.base import PORT, MotionSettings
from avatar_ros.motion.nods import Nods
from avatar_ros.motion.stage import build

STEP_S = 1 / 30
WAIT_S = 0.5  # from the end of a voice to the news of it


class Listener:
    """Nods that are told what is heard; `begun_s`: when each nod began."""

    def __init__(self, seed=1, mood=AgentState.LISTENING):
        self.nods = Nods(np.random.default_rng(seed))
        self.mood = mood
        self.now_s = 0.0
        self.pitch = [0.0]
        self.begun_s = []
        self._news = []

    def speech(self, start_s, end_s):
        """Somebody speaks."""
        for kind, at_s, told_s in ((VoiceKind.STARTED, start_s, start_s), (VoiceKind.STOPPED, end_s, end_s + WAIT_S)):
            self._news.append((told_s, VoiceActivity(kind=kind, sample=round(at_s * 16000))))

    def words(self, text, at_s, **more):
        self._news.append((at_s, Transcript(text=text, final=False, **more)))

    def until(self, end_s):
        self._news.sort(key=lambda item: item[0])
        while self.now_s < end_s:
            while self._news and self._news[0][0] <= self.now_s:
                _, news = self._news.pop(0)
                (self.nods.hear if isinstance(news, VoiceActivity) else self.nods.read)(news, self.now_s)
            self.pitch.append(self.nods.step(self.now_s, self.mood))
            if self.pitch[-1] > 0.3 and max(self.pitch[-20:-1]) <= 0.3:
                self.begun_s.append(self.now_s)
            self.now_s += STEP_S
        return self.begun_s


def sentences(listener, start_s, end_s, rng):
    """Words three a second, a pause of 0.7 s after each five to ten of them; when the pauses began."""
    at_s, count, pauses = start_s, 0, []
    while at_s < end_s:
        for _ in range(int(rng.integers(5, 11))):
            count += 1
            listener.words(" ".join(["word"] * count), at_s)
            at_s += 0.3
        pauses.append(at_s - 0.3)
        at_s += 0.7
    return pauses


@pytest.mark.parametrize("mood", list(AgentState))
def test_nobody_speaks_nobody_nods(mood):
    assert Listener(mood=mood).until(120) == []


def test_a_short_question_may_well_get_a_nod_just_as_it_ends():
    begun = []
    for seed in range(200):
        listener = Listener(seed)
        listener.speech(1.0, 3.0)
        begun.append(listener.until(30))
    assert all(len(one) <= 1 for one in begun)
    nods = [one[0] for one in begun if one]
    assert 0.5 < len(nods) / len(begun) < 0.95
    assert all(3.0 <= at_s < 3.0 + WAIT_S + 0.2 for at_s in nods)


def test_a_word_gets_none():
    for seed in range(20):
        listener = Listener(seed)
        listener.speech(1.0, 1.6)
        assert listener.until(10) == []


def test_some_seconds_lie_between_nods_and_no_two_gaps_are_alike():
    listener = Listener()
    listener.speech(0.0, 28.0)
    listener.speech(29.0, 57.0)
    begun = listener.until(60)
    gaps_s = np.diff(begun)
    assert 5 <= len(begun) <= 15
    assert gaps_s.min() >= 4.0 and gaps_s.max() < 15
    assert np.std(gaps_s) > 0.5


def test_short_sentences_in_a_row_get_no_more_than_one_in_four_seconds():
    listener = Listener()
    for i in range(20):
        listener.speech(2.0 * i, 2.0 * i + 1.3)
    assert np.diff(listener.until(45)).min() >= 4.0


def test_nods_at_pauses_where_words_are_known():
    at_a_pause = []
    for seed in range(10):
        listener = Listener(seed)
        listener.speech(0.0, 25.0)
        pauses = np.array(sentences(listener, 0.2, 25.0, np.random.default_rng(seed)))
        after_s = [begun_s - pauses for begun_s in listener.until(25)]
        at_a_pause += [bool(np.any((late_s > 0.3) & (late_s < 0.6))) for late_s in after_s]
    assert len(at_a_pause) > 20
    assert np.mean(at_a_pause) > 0.7


@pytest.mark.parametrize(
    "partial", [{"text": "so I went there,"}, {"text": "where is it", "events": (EVENT_COMPLETE,)}]
)
def test_the_end_of_a_clause_is_a_pause(partial):
    begun = []
    for seed in range(20):
        listener = Listener(seed)
        listener.speech(0.0, 20.0)
        listener.words(at_s=1.5, **partial)
        begun += listener.until(1.7)
    assert len(begun) >= 10


def test_does_not_begin_to_nod_while_it_speaks_itself():
    listener = Listener(mood=AgentState.SPEAKING)
    listener.speech(0.0, 20.0)
    assert listener.until(25) == []


def test_a_voice_whose_end_was_never_told_is_over_some_time():
    listener = Listener()
    listener.speech(0.0, 1e6)
    assert max(listener.until(120)) < 35


def test_a_nod_goes_down_a_few_degrees_and_comes_to_rest():
    listener = Listener(2)
    listener.speech(0.0, 2.0)
    listener.until(1.9)
    assert not np.any(listener.pitch)
    listener.until(10)
    assert 1.2 < max(listener.pitch) < 4
    assert max(listener.pitch) > -min(listener.pitch)
    assert not any(listener.pitch[-30:])


def test_the_same_seed_nods_the_same():
    pitches = []
    for seed in (5, 5, 6):
        listener = Listener(seed)
        listener.speech(0.0, 20.0)
        listener.until(25)
        pitches.append(listener.pitch)
    assert pitches[0] == pitches[1] != pitches[2]


def pitch_after(stage, seconds, start_s):
    outs = [out.message for i in range(int(seconds * 30)) for out in stage.tick(start_s + i / 30)]
    return np.degrees([2 * e.head_rotation[1] for e in outs if e.layer is Layer.IDLE and e.session == "local"])


def test_the_stage_nods_at_who_speaks_to_it():
    assert "mic/voice_activity" in PORT.subscribes
    nodding, still, others = (build(MotionSettings(seed=3)) for _ in range(3))
    for stage in (nodding, still, others):
        list(stage.push("state", AvatarState(state=AgentState.LISTENING), 0.0))
    for stage, session in ((nodding, "local"), (others, "b")):
        list(stage.push("mic/voice_activity", VoiceActivity(session=session), 0.0))
    moved = [pitch_after(stage, 12, 0.0) for stage in (nodding, still, others)]
    assert np.abs(moved[0] - moved[1]).max() > 1.2
    np.testing.assert_array_equal(moved[1], moved[2])


def test_the_eyes_stay_on_the_speaker_during_a_nod():
    from avatar_ros.core.arkit import ARKIT_INDEX
    from avatar_ros.motion.idle import IdleFace

    faces = [IdleFace(MotionSettings(seed=3), "local") for _ in range(2)]
    faces[0].nods.hear(VoiceActivity(), 0.0)

    def gaze(pose):
        down = 30 * pose.weights[ARKIT_INDEX["eyeLookDownLeft"]] - 25 * pose.weights[ARKIT_INDEX["eyeLookUpLeft"]]
        return np.degrees(2 * pose.rotation[1]) + down

    differences, nods = [], []
    for i in range(300):
        nodding, still = (face.step(i / 30, AgentState.LISTENING, 0.0) for face in faces)
        if still.weights[ARKIT_INDEX["eyeBlinkLeft"]] < 0.05:
            differences.append(gaze(nodding) - gaze(still))
            nods.append(np.degrees(2 * (nodding.rotation[1] - still.rotation[1])))
    assert np.abs(nods).max() > 1.2
    assert np.abs(differences).max() < 0.2
