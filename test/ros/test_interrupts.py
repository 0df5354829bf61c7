"""DUCK, PAUSE, RESUME and CANCEL reach every stage; a killed node finds its place; a second kiosk is refused."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import AgentState, InterruptAction, Layer, PlaybackState, SayWhen
from avatar_ros.core.events import Interrupt, Say
from avatar_ros.ros.listener import Listener
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
LONG = "Once upon a time there was a robot that could talk, and it talked all day. " * 6


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    """A kiosk without microphone, ready to be told what to say."""
    state = tmp_path_factory.mktemp("state")
    with (
        Listener("interrupts") as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace="interrupts", env=_own_home(state)) as process,
    ):
        listener.process, listener.home = process, state
        listener.wait(lambda heard: heard.heard["state"], "the dialogue comes up")
        yield listener


def _own_home(folder):
    return {"XDG_STATE_HOME": str(folder), "HOME": str(folder), "ROS_LOG_DIR": str(folder / "log")}


def say(kiosk, text, name):
    kiosk.send("say", Say(id=name, text=text, when=SayWhen.INTERRUPT))


def clock(kiosk):
    return kiosk.heard["speech/playback"][-1] if kiosk.heard["speech/playback"] else None


def playing(kiosk, turn=None):
    now = clock(kiosk)
    return now is not None and now.state is PlaybackState.PLAYING and now.sample > 12000 and turn in (None, now.turn)


def start_long(kiosk, name):
    """Speak a long text; the turn, once half a second of it is heard."""
    before = len(kiosk.heard["speech/playback"])
    say(kiosk, LONG, name)
    kiosk.wait(lambda k: len(k.heard["speech/playback"]) > before + 3 and playing(k), f"speaks {name}")
    return clock(kiosk)


def order(kiosk, action, of):
    kiosk.send("interrupt", Interrupt(epoch=of.epoch, turn=of.turn, action=action, reason="test"), readers=8)


def speech_lips(kiosk):
    return [e for e in kiosk.heard["motion/expression"] if e.layer is Layer.SPEECH]


def level(kiosk, frames=10):
    recent = np.concatenate([f.pcm for f in kiosk.heard["speech/played"][-frames:]]).astype(float)
    return float(np.sqrt(np.mean(recent**2)))


def until_level(kiosk, condition, what):
    def settled(k):
        return len(k.heard["speech/played"]) > 60 and condition(level(k, 40))

    kiosk.wait(settled, what)


def test_duck_pause_and_resume(kiosk):
    turn = start_long(kiosk, "long")
    until_level(kiosk, lambda v: v > 500, "loud")
    order(kiosk, InterruptAction.DUCK, turn)
    until_level(kiosk, lambda v: 0 < v < 450, "ducked, yet heard")
    order(kiosk, InterruptAction.PAUSE, turn)
    kiosk.wait(lambda k: clock(k).state is PlaybackState.PAUSED, "pauses")
    stopped_at = clock(kiosk).sample
    until_level(kiosk, lambda v: v == 0, "silent")
    kiosk.wait(lambda k: k.heard["frame_info"][-1].mouth_open < 0.05, "lips rest while paused")
    order(kiosk, InterruptAction.RESUME, turn)
    kiosk.wait(lambda k: clock(k).state is PlaybackState.PLAYING, "resumes")
    resumed = next(c for c in reversed(kiosk.heard["speech/playback"]) if c.state is PlaybackState.PLAYING)
    assert resumed.turn == turn.turn and resumed.sample >= stopped_at
    until_level(kiosk, lambda v: v > 500, "loud again")
    order(kiosk, InterruptAction.CANCEL, turn)
    kiosk.wait(lambda k: clock(k).state is PlaybackState.ENDED, "ends")


def test_cancel_reaches_every_stage_and_the_next_turn_works(kiosk):
    turn = start_long(kiosk, "to be cancelled")
    order(kiosk, InterruptAction.CANCEL, turn)
    kiosk.wait(lambda k: clock(k).state is PlaybackState.ENDED, "ends")
    kiosk.wait(lambda k: k.heard["frame_info"][-1].mouth_open < 0.05, "lips rest")
    say(kiosk, "I can still talk.", "after")
    kiosk.wait(lambda k: any(r.id == "after" and r.done for r in k.heard["say_result"]), "says the next thing")
    for topic in ("speech/audio", "motion/features"):
        turns = [m.turn for m in kiosk.heard[topic] if m.turn >= turn.turn]
        assert turns == sorted(turns) and turns[-1] > turn.turn, topic
    spoken = [m for m in kiosk.heard["speech/audio"] if m.turn == turn.turn]
    assert not any(m.turn_end for m in spoken), "most of the cancelled turn was never made"
    kiosk.wait(lambda k: any(lips.last and lips.turn > turn.turn for lips in speech_lips(k)), "lips to the end")


@pytest.mark.parametrize("node", ["tts_node", "speaker_node", "renderer_node", "dialogue_node"])
def test_a_killed_node_finds_its_place(kiosk, node):
    epoch = kiosk.heard["state"][-1].epoch
    frames = len(kiosk.heard["frame_info"])
    old = kiosk.process.kill_node(node)
    kiosk.wait(lambda k: k.process.node_pid(node) not in (None, old), f"{node} is started again")
    if node == "dialogue_node":
        kiosk.wait(lambda k: k.heard["state"][-1].epoch > epoch, "the epoch grows")
    if node == "renderer_node":
        kiosk.wait(lambda k: len(k.heard["frame_info"]) > frames + 30, "draws again")
    # What is said while the node is away may be lost with it; the kiosk must not stay mute.
    for attempt in range(12):
        say(kiosk, "Here I am again.", f"{node} {attempt}")
        try:
            kiosk.wait(
                lambda k: any(r.id.startswith(node) and r.done for r in k.heard["say_result"]),
                timeout_s=3 * 1.5**attempt,
            )
            break
        except TimeoutError:
            continue
    assert any(r.id.startswith(node) and r.done for r in kiosk.heard["say_result"]), kiosk.process.log
    assert f"{node} died" in kiosk.process.log
    told = (AgentState.LISTENING, AgentState.IDLE, AgentState.SPEAKING)  # a later attempt may still be thought about
    kiosk.wait(lambda k: k.heard["state"][-1].state in told, "gets over it")


def test_nothing_that_was_said_is_written_to_disk(kiosk):
    files = [path for path in kiosk.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.suffix == ".log" for path in files), "a log is kept"
    said = (b"Once upon a time", b"Here I am again", b"I can still talk")
    assert not [path for path in files if any(words in path.read_bytes() for words in said)]
    assert not [path for path in files if path.suffix in (".wav", ".mp4", ".json")]


def test_a_second_kiosk_in_the_same_namespace_is_refused(kiosk):
    with KioskProcess("--mic", "none", "--display", "off", namespace="interrupts") as second:
        assert second.wait() == 2
    assert len(second.lines) == 1 and "--namespace" in second.lines[0], second.log


def test_ctrl_c_stops_everything(kiosk):
    assert kiosk.process.close() == 0
    assert all(kiosk.process.node_pid(n) is None for n in ("mic_node", "renderer_node", "tts_node"))
