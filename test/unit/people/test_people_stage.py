"""Who comes, goes, is greeted and looked at; sleep and waking; cameras that vanish; pictures stay where they are."""

import sys

import numpy as np
import pytest
import soxr

from avatar_ros.core.enums import AgentState, ControlAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import AvatarState, Control, GazeTarget, People, Say
from avatar_ros.core.topics import TOPICS
from avatar_ros.core.types import AudioFrame
from avatar_ros.people.base import PEOPLE_PORT, FaceBox, PeopleSettings
from avatar_ros.people.camera_device import CameraDevice
from avatar_ros.people.stage import LatestPicture, PeopleStage
from avatar_ros.people.wake_word import WakeWord, make_wake_word
from avatar_ros.testing.spoken_questions import RATE_HZ, speak

NEAR, FAR = FaceBox(140, 90, 40, 48, 0.9), FaceBox(140, 90, 8, 10, 0.9)  # of 320x240: 1 m, 5 m


class Pictures(LatestPicture):
    """A source whose pictures a test puts in."""

    opened = 0

    def open(self):
        self.opened += 1

    def status(self):
        return {}

    def close(self):
        pass


class Watcher:
    """Sees what a test says."""

    faces: tuple[FaceBox, ...] = ()

    def load(self):
        pass

    def look(self, picture, now_s):
        return list(self.faces)


class Visit:
    """A stage, a clock moved by hand, and what came out."""

    def __init__(self, wake_word=None, **settings):
        self.settings = PeopleSettings(came_s=0.5, gone_s=1.0, **settings)
        self.watcher, self.source = Watcher(), Pictures()
        self.stage = PeopleStage(self.settings, self.watcher, self.source, wake_word)
        self.stage.load()
        self.now_s, self.outs = 100.0, []

    def see(self, seconds, *faces):
        self.watcher.faces = faces
        for _ in range(round(10 * seconds)):
            self.now_s += 0.1
            self.source.put(np.zeros((240, 320, 3), np.uint8))
            self.outs += self.stage.tick(self.now_s)

    def wait(self, seconds):
        for _ in range(round(10 * seconds)):
            self.now_s += 0.1
            self.outs += self.stage.tick(self.now_s)

    def state(self, state):
        self.outs += self.stage.push("state", AvatarState(state=state), self.now_s)

    def given(self, kind):
        return [out.message for out in self.outs if isinstance(out.message, kind)]

    def orders(self):
        return [one.action for one in self.given(Control)]


def test_who_comes_is_looked_at_told_of_and_greeted_once():
    visit = Visit(greeting="Hello!")
    visit.see(1.0)
    visit.see(2.0, NEAR)
    visit.see(0.4)  # a face that is missed for a moment has not gone
    visit.see(2.0, NEAR)
    assert [say.text for say in visit.given(Say)] == ["Hello!"]
    target = visit.given(GazeTarget)[-1]
    assert target.frame_id == "avatar" and target.z == pytest.approx(1.04, abs=0.05)
    told = visit.given(People)
    assert not told[0].present and told[-1].present and told[-1].count == 1
    assert told[-1].distance_m == pytest.approx(1.04, abs=0.05)


def test_who_goes_and_comes_again_soon_is_not_greeted_again():
    visit = Visit(greeting="Hello!", greet_again_s=30.0)
    for _ in range(2):
        visit.see(1.0, NEAR)
        visit.see(3.0)
    assert len(visit.given(Say)) == 1 and not visit.given(People)[-1].present
    visit.see(30.0)
    visit.see(1.0, NEAR)
    assert len(visit.given(Say)) == 2


def test_who_is_far_is_looked_at_but_not_greeted():
    visit = Visit(greeting="Hello!")
    visit.see(2.0, FAR)
    assert visit.given(GazeTarget) and not visit.given(Say)


def test_what_a_program_looks_at_goes_first():
    visit = Visit()
    visit.see(1.0, NEAR)
    for own in visit.given(GazeTarget):
        list(visit.stage.push("gaze_target", own, visit.now_s))  # the topic brings its own back
    before = len(visit.given(GazeTarget))
    visit.see(0.5, NEAR)
    assert len(visit.given(GazeTarget)) == before + 5
    list(visit.stage.push("gaze_target", GazeTarget(x=1.0, y=1.0, z=1.0), visit.now_s))
    visit.see(0.9, NEAR)
    assert len(visit.given(GazeTarget)) == before + 5
    visit.see(0.5, NEAR)
    assert len(visit.given(GazeTarget)) > before + 5


def test_nobody_is_interrupted_by_a_greeting():
    visit = Visit(greeting="Hello!")
    visit.state(AgentState.SPEAKING)
    visit.see(2.0, NEAR)
    assert not visit.given(Say)


def test_it_sleeps_when_nobody_is_there_and_wakes_when_somebody_comes():
    visit = Visit(sleep_after_s=10.0, greeting="Hello!")
    visit.see(9.0)
    assert visit.orders() == []
    visit.see(2.0)
    visit.state(AgentState.SLEEPING)
    visit.see(30.0)
    assert visit.orders() == [ControlAction.SLEEP]
    visit.see(1.0, NEAR)
    assert visit.orders() == [ControlAction.SLEEP, ControlAction.WAKE]
    assert len(visit.given(Say)) == 1


def test_whom_a_program_put_to_sleep_nobody_wakes_by_coming():
    visit = Visit(sleep_after_s=10.0, greeting="Hello!")
    visit.state(AgentState.SLEEPING)
    visit.see(2.0, NEAR)
    assert visit.orders() == [] and visit.given(Say) == []


def test_who_speaks_without_being_seen_keeps_it_awake():
    visit = Visit(sleep_after_s=10.0)
    visit.see(8.0)
    visit.state(AgentState.LISTENING)
    visit.see(8.0)
    assert visit.orders() == []


def test_it_does_not_sleep_because_it_is_blind():
    visit = Visit(sleep_after_s=5.0)
    visit.see(1.0, NEAR)
    visit.wait(60.0)
    assert visit.orders() == [] and visit.given(People)[-1].count == 0 and not visit.given(People)[-1].present


def test_another_sessions_state_means_nothing():
    visit = Visit(greeting="Hello!")
    list(visit.stage.push("state", AvatarState(session="web", state=AgentState.SPEAKING), visit.now_s))
    visit.see(2.0, NEAR)
    assert visit.given(Say)


def frames(text, noise):
    """The text as frames of the microphone, in the room's noise (RMS of int16); "": four seconds of that."""
    spoken = speak([text])[0].astype(np.float32) if text else np.zeros(3 * RATE_HZ, np.float32)
    sound = np.pad(soxr.resample(spoken, RATE_HZ, 16000), 8000)
    sound = (sound + np.random.default_rng(1).normal(0, noise, len(sound))).astype(np.int16)
    return [AudioFrame(pcm=sound[i : i + 320]) for i in range(0, len(sound) - 319, 320)]


@pytest.mark.parametrize("noise", [0, 6])
def test_the_wake_word_wakes_it_and_nothing_else_does(noise):
    visit = Visit(wake_word=make_wake_word(PeopleSettings(wake_word="wake up please")))
    heard = frames("wake up please", noise)
    for frame in heard:  # awake: nobody listens for it
        visit.outs += visit.stage.push("mic/audio", frame, visit.now_s)
    assert visit.orders() == []
    visit.state(AgentState.SLEEPING)
    for frame in [*frames("", noise), *frames("the weather is fine today", noise)]:
        visit.outs += visit.stage.push("mic/audio", frame, visit.now_s)
    assert visit.orders() == []
    for frame in heard:
        visit.outs += visit.stage.push("mic/audio", frame, visit.now_s)
    assert visit.orders() == [ControlAction.WAKE]


def test_a_wake_word_that_no_dictionary_has_is_named():
    with pytest.raises(ConfigError, match="xyzzyq"):
        WakeWord("hello xyzzyq", 1e-20).load()


def test_without_a_wake_word_no_sound_is_taken():
    assert make_wake_word(PeopleSettings()) is None
    assert "mic/audio" in Visit().stage.unread


class FlakyCapture:
    """Opens as `script` says: how many pictures it gives before it vanishes."""

    def __init__(self, pictures):
        self.left, self.released = pictures, False

    def isOpened(self):  # noqa: N802
        return self.left > 0

    def read(self):
        self.left -= 1
        return (True, np.zeros((48, 64, 3), np.uint8)) if self.left >= 0 else (False, None)

    def release(self):
        self.released = True


def test_a_camera_that_vanishes_is_looked_for_again_and_is_said_to_be_gone():
    captures = [FlakyCapture(n) for n in (3, 0, 0, 2, 0)]
    left, pauses, said = list(captures), [], []

    def pause(seconds):
        pauses.append(seconds)
        said.append(dict(camera.status()))
        return len(pauses) == len(captures)

    camera = CameraDevice("/dev/video7", 10.0, open_=lambda name, hz: left.pop(0), pause=pause)
    camera.serve()
    assert pauses == [1.0, 2.0, 4.0, 1.0, 2.0]
    assert all("/dev/video7" in one["warning"] for one in said)
    assert all(one.released for one in captures)
    assert camera.take().shape == (48, 64, 3) and camera.take() is None


def test_a_camera_that_is_not_there_is_said_and_ends_when_it_is_closed():
    camera = CameraDevice("/dev/video99", 10.0)
    camera.open()
    assert "/dev/video99" in camera.status()["warning"]
    camera.close()


def test_no_topic_of_it_carries_pictures():
    assert {TOPICS[topic] for topic in PEOPLE_PORT.publishes} == {People, GazeTarget, Say, Control}
    assert all(item.type in ("str", "int", "float", "bool") for item in People.__dataclass_fields__.values())


def test_no_picture_is_written_to_a_file():
    visit = Visit(greeting="Hello!", sleep_after_s=5.0)
    written, watching = [], True

    def audit(event, arguments):
        if watching and event == "open" and any(mark in str(arguments[1]) for mark in "wax+"):
            written.append(arguments)

    sys.addaudithook(audit)
    visit.see(3.0, NEAR)
    visit.see(10.0)
    watching = False
    assert written == []
    held = [value for value in vars(visit.stage).values() if isinstance(value, np.ndarray)]
    assert held == [] and visit.source.take() is None
