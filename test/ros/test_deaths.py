"""A voice or a loudspeaker that is killed in the middle of an answer: the sentence is heard again, from its start."""

import os
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.events import Say
from avatar_ros.ros.listener import Listener
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
FIRST = "Here is a short beginning."
LONG = "This one is so long that nobody has all of it in store when its voice falls silent in the middle of it."
TOPICS = ("state", "interrupt", "speech/sentence", "speech/playback", "speech/played", "speech/audio", "say_result")


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    """A kiosk that is told what to say."""
    home = str(tmp_path_factory.mktemp("home"))
    env = {"XDG_STATE_HOME": home, "HOME": home, "ROS_LOG_DIR": home}
    with (
        Listener("deaths", topics=TOPICS) as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace="deaths", env=env) as process,
    ):
        listener.process = process
        listener.wait(lambda heard: heard.heard["state"], "the dialogue comes up")
        listener.send("say", Say(id="up", text="Ready."))
        listener.wait(lambda heard: result(heard, "up"), "it speaks")
        yield listener


def result(kiosk, name):
    return next((r for r in kiosk.heard["say_result"] if r.id == name), None)


def in_the_long_sentence(kiosk, turn):
    return any(
        c.sentence == 1 and c.sentence_progress > 0.1 and c.state is PlaybackState.PLAYING
        for c in of_turn(kiosk, "speech/playback", turn)
    )


def start(kiosk, name):
    """Speak until the long sentence is heard; the turn's epoch and number."""
    number = len(kiosk.heard["speech/sentence"])
    kiosk.send("say", Say(id=name, text=f"{FIRST} {LONG}", when=SayWhen.INTERRUPT))
    kiosk.wait(lambda k: len(k.heard["speech/sentence"]) > number, "begins")
    first = kiosk.heard["speech/sentence"][number]
    turn = first.epoch, first.turn
    kiosk.wait(lambda k: in_the_long_sentence(k, turn), "is in the middle of the long sentence")
    return turn


def of_turn(kiosk, topic, turn):
    return [m for m in kiosk.heard[topic] if (m.epoch, m.turn) == turn]


def the_next(turn):
    epoch, number = turn
    return epoch, number + 1


def sound_began_ns(clock):
    """When the turn's first sample was heard. A new speaker's first clocks may come before we have found it."""
    return clock.stamp_ns - clock.sample * 1_000_000_000 // clock.sample_rate_hz


@pytest.mark.parametrize(("node", "how"), [("tts_node", signal.SIGKILL), ("speaker_node", signal.SIGSEGV)])
def test_the_sentence_is_heard_again(kiosk, node, how):
    name = f"{node} {how.name}"
    turn = start(kiosk, name)
    os.kill(kiosk.process.node_pid(node), how)
    kiosk.wait(lambda k: of_turn(k, "speech/sentence", the_next(turn)), f"says it again; {kiosk.process.log}")
    assert [s.text for s in of_turn(kiosk, "speech/sentence", the_next(turn))] == [LONG]
    kiosk.wait(lambda k: result(k, name), "ends")
    told = result(kiosk, name)
    assert (told.done, told.spoken) == (True, f"{FIRST} {LONG}"), kiosk.process.log
    assert any(np.abs(c.pcm).max(initial=0) > 500 for c in of_turn(kiosk, "speech/audio", the_next(turn)))
    repeats = [o for o in kiosk.heard["interrupt"] if o.action is InterruptAction.REPEAT]
    repeats = [o for o in repeats if (o.epoch, o.turn) >= turn]
    assert [(o.epoch, o.turn) for o in repeats] == [turn], "once"
    heard = [c for c in of_turn(kiosk, "speech/playback", the_next(turn)) if c.state is PlaybackState.PLAYING]
    assert sound_began_ns(heard[0]) >= repeats[0].stamp_ns, "from its beginning"


@pytest.mark.parametrize("node", ["tts_node"])
def test_a_node_that_is_stopped_for_a_while_says_nothing_twice(kiosk, node):
    turn = start(kiosk, f"{node} stopped")
    pid = kiosk.process.node_pid(node)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimeoutError):
            kiosk.wait(lambda k: result(k, f"{node} stopped"), "has no end", timeout_s=3.0)
    finally:
        os.kill(pid, signal.SIGCONT)
    kiosk.wait(lambda k: result(k, f"{node} stopped"), "goes on")
    assert result(kiosk, f"{node} stopped").done, kiosk.process.log
    assert not of_turn(kiosk, "speech/sentence", the_next(turn))


def test_who_asks_for_words_is_told_when_the_dialogue_ends(kiosk):
    epoch, _ = start(kiosk, "last")
    os.kill(kiosk.process.node_pid("dialogue_node"), signal.SIGTERM)  # alone: a kiosk that ends gives it 2.5 s
    kiosk.wait(lambda k: result(k, "last"), "a result on the way out")
    assert (result(kiosk, "last").done, result(kiosk, "last").reason) == (False, "shutdown")
    kiosk.wait(lambda k: k.heard["state"][-1].epoch > epoch, "another dialogue")
