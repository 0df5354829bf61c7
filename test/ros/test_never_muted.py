"""A kiosk with use_sim_time, with and without /clock; forged turns, a flood, a dialogue that is killed: it goes on."""

import contextlib
import itertools
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.msg import Alive
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from avatar_ros.core.enums import InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.events import AvatarState, Interrupt
from avatar_ros.core.types import SpeechChunk, Transcript
from avatar_ros.ros import convert, qos
from avatar_ros.ros.listener import Listener
from benchmarks.conversation.floods import Flood, pour, say
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
HUGE, LATE = 2**64 - 1, 2**32 - 1
#: A simulation that is fifty times slower than the world, and began long before it, ns.
SIMULATED_NS, STEP_NS, TICK_S = 1_000_000_000_000, 400_000, 0.02


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile") / "simulated.yaml"
    profile.write_text("/**:\n  ros__parameters:\n    use_sim_time: true\n")
    options = ("--mic", "none", "--display", "off", "--profile", f"embedded,{profile}")
    with Listener("never_muted") as listener, KioskProcess(*options, namespace="never_muted") as process:
        listener.process = process
        listener.diagnostics = {}
        listener.subscribe(DiagnosticArray, "/diagnostics", lambda array: note(listener, array), 100)
        listener.beats = Counter()
        listener.subscribe(Alive, "alive", lambda alive: listener.beats.update([alive.node]), 100)
        listener.wait(lambda heard: heard.heard["state"], "comes up")
        yield listener
        assert process.close() == 0
    assert "Traceback" not in process.log


def note(listener, array):
    for status in array.status:
        values = {pair.key: pair.value for pair in status.values}
        kept = listener.diagnostics.setdefault(status.name.split("/")[-1], {"warnings": []})
        kept.update(values)
        kept["stamp_ns"] = convert.ns_from_stamp(array.header.stamp)
        kept["warnings"].append(values.get("warning", ""))


def spoken(kiosk, name, when=SayWhen.QUEUE):
    _, reason = say(kiosk, name, when)
    assert not reason, f"{name}: {reason}\n{kiosk.process.log}"


def test_timers_run_though_the_clock_stands_still(kiosk):
    kiosk.send("speech/transcript", Transcript(text="what is your name"))
    kiosk.wait(lambda h: any(c.state is PlaybackState.ENDED for c in h.heard["speech/playback"]), "is answered")
    kiosk.wait(lambda h: h.diagnostics.get("dialogue_node"), "nodes report all the same")
    kiosk.wait(lambda h: h.beats["tts_node"] >= 5, "nodes go on saying that they are alive")


@contextlib.contextmanager
def simulation(node):
    """Publishes /clock; what it has said so far, ns."""
    publisher, said, ended = node.create_publisher(Clock, "/clock", 10), [], threading.Event()
    instants = itertools.count(SIMULATED_NS, STEP_NS)

    def run():
        while not ended.wait(TICK_S):
            said.append(next(instants))
            publisher.publish(Clock(clock=convert.stamp_from_ns(said[-1])))

    # Not a timer of the node: one that is being served while this thread takes the publisher away ends the listener.
    clock = threading.Thread(target=run)
    clock.start()
    try:
        yield said
    finally:
        ended.set()
        clock.join()
        node.destroy_publisher(publisher)


def test_stamps_are_of_a_clock_that_is_simulated_and_sound_is_not(kiosk):
    stamps, images = {}, {Image: "image_raw", CompressedImage: "image_raw/compressed", CameraInfo: "camera_info"}
    assert {state.stamp_ns for state in kiosk.heard["state"]} == {0}, "until there is a /clock"

    def note_stamp(topic, msg):
        stamps.setdefault(topic, []).append(convert.ns_from_stamp(msg.header.stamp))

    for kind, topic in images.items():
        kiosk.subscribe(kind, topic, partial(note_stamp, topic), qos.for_images())
    with simulation(kiosk.node) as said:
        kiosk.wait(lambda _: all(values and values[-1] for values in map(stamps.get, images.values())), "images follow")
        topics = ("state", "speech/sentence", "speech/audio", "speech/playback", "motion/expression", "frame_info")
        seen, began_ns = {topic: len(kiosk.heard[topic]) for topic in topics}, time.monotonic_ns()
        spoken(kiosk, "in a simulation")
        kiosk.wait(lambda h: all(len(h.heard[topic]) > seen[topic] for topic in topics), "each topic has told of it")
        clocks = kiosk.heard["speech/playback"][seen["speech/playback"] :]
        for topic in topics:
            stamps[topic] = [message.stamp_ns for message in kiosk.heard[topic][seen[topic] :]]
        kiosk.wait(lambda h: h.diagnostics["speaker_node"]["stamp_ns"] >= SIMULATED_NS, "diagnostics follow, too")
        for topic, values in stamps.items():
            assert values and all(SIMULATED_NS <= value <= said[-1] for value in values if value), topic
            assert topic in images.values() or all(values), topic
        assert all(began_ns <= clock.steady_ns <= time.monotonic_ns() for clock in clocks if clock.steady_ns)
        assert any(clock.steady_ns for clock in clocks), "the samples' instants are real"


def test_forged_turns_mute_nobody_and_are_told_of(kiosk):
    epoch = kiosk.heard["state"][-1].epoch
    forged = (
        ("speech/audio", SpeechChunk(epoch=HUGE, turn=1, turn_end=True)),
        ("speech/audio", SpeechChunk(epoch=epoch, turn=LATE, turn_end=True)),
        ("interrupt", Interrupt(epoch=2**63, turn=LATE - 1, action=InterruptAction.PAUSE)),
        ("interrupt", Interrupt(epoch=2**63, turn=LATE - 1, action=InterruptAction.CANCEL)),
        ("state", AvatarState(epoch=HUGE, turn=1)),
        ("state", AvatarState(epoch=epoch + 1, turn=1)),
        ("speech/audio", SpeechChunk(epoch=epoch + 1, turn=1, turn_end=True)),
    )
    for topic, message in forged:
        kiosk.send(topic, message, readers=2)
    spoken(kiosk, "while they may yet be true")
    kiosk.wait(lambda h: int(h.diagnostics["speaker_node"].get("refused_messages", 0)) >= 5, "they are counted")
    kiosk.wait(lambda h: any("speech/audio" in text for text in h.diagnostics["speaker_node"]["warnings"]), "and named")
    spoken(kiosk, "after they were refused")


def test_a_crowd_of_sessions_takes_no_place_for_ever_and_starves_nobody(kiosk):
    crowd = Flood("crowd", "speech/transcript", lambda i, _: Transcript(f"s{i}", text="hello"), 2000.0, 2.0)
    pour(kiosk, crowd, 0)
    spoken(kiosk, "after the crowd", SayWhen.INTERRUPT)
    kiosk.wait(lambda h: int(h.diagnostics["dialogue_node"].get("refused_messages", 0)) > 1000, "they are counted")
    assert int(kiosk.diagnostics["dialogue_node"]["sessions"]) <= 17


def test_a_dialogue_that_was_killed_is_believed_again(kiosk):
    kiosk.process.kill_node("dialogue_node")
    time.sleep(0.2)
    seen = len(kiosk.heard["state"])
    kiosk.wait(lambda h: any(state.session == "local" for state in h.heard["state"][seen:]), "it is back")
    spoken(kiosk, "after the restart")
    state = next(s for s in reversed(kiosk.heard["state"]) if s.session == "local")
    kiosk.send("state", replace(state, epoch=state.epoch + 100), readers=2)
    kiosk.send("speech/audio", SpeechChunk(epoch=state.epoch + 100, turn=9, turn_end=True), readers=2)
    time.sleep(0.5)
    spoken(kiosk, "after another that never was")
