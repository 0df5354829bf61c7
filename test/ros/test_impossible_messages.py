"""Every field of every topic with what it cannot hold: refused or harmless, and the next `say` is spoken."""

import contextlib

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import InterruptAction, SayWhen
from avatar_ros.core.errors import AvatarRosError
from avatar_ros.core.events import AvatarState, Interrupt, Say
from avatar_ros.core.topics import TOPICS
from avatar_ros.core.types import PlaybackClock, Sentence, SpeechChunk
from avatar_ros.ros import convert, message_limits
from benchmarks.conversation.floods import impossible
from fake_kiosk import Kiosk

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    """One for all: what harms it at all, harms it for good."""
    kiosk = Kiosk(tmp_path_factory.mktemp("kiosk"), admission=True)
    kiosk.run(3.0)
    return kiosk


def spoken(kiosk, when=SayWhen.INTERRUPT):
    name = str(kiosk.now_s)
    kiosk.send("say", Say(id=name, text="Still here.", when=when))
    return kiosk.until("say_result", within_s=8.0, id=name).done


def forged(kiosk):
    """Messages of turns that have not begun, in the kiosk's own epoch and in others."""
    state = kiosk.sent("state")[-1]
    for epoch, turn in ((2**64 - 1, 1), (2**63, 2**32 - 2), (state.epoch, 2**32 - 1), (state.epoch, state.turn + 3)):
        for kind in (SpeechChunk, Sentence, PlaybackClock):
            yield next(topic for topic, of in TOPICS.items() if of is kind), kind(epoch=epoch, turn=turn)
        for action in InterruptAction:
            yield "interrupt", Interrupt(epoch=epoch, turn=turn, action=action)
    yield "state", AvatarState(epoch=2**64 - 1, turn=1)
    yield "state", AvatarState(epoch=state.epoch, turn=2**32 - 1)


@pytest.mark.parametrize("topic", TOPICS)
def test_after_whatever_is_impossible_the_next_say_is_spoken(kiosk, topic):
    tried, accepted = 0, []
    for what, msg in impossible(topic):
        tried += 1
        try:
            message = convert.from_msg(TOPICS[topic], msg)
        except convert.MessageError:
            continue
        kiosk.send(topic, message)
        accepted.append(what)
        with contextlib.suppress(AvatarRosError):  # of a stage: a node says it in its log and goes on
            kiosk.run(0.05)
    assert spoken(kiosk), f"{topic} {accepted}\n{kiosk.story()}"
    # gaze_target: its numbers lie in geometry_msgs/Point; mic/talk has a session and a button.
    assert tried > 5 or topic in ("gaze_target", "mic/talk")


@pytest.mark.parametrize("when", [SayWhen.QUEUE, SayWhen.INTERRUPT])
def test_forged_turns_mute_nobody(kiosk, when):
    for topic, message in forged(kiosk):
        kiosk.send(topic, message)
        assert spoken(kiosk, when), f"{topic} {message}\n{kiosk.story()}"


def test_what_a_real_conversation_sends_is_within_the_limits(kiosk):
    assert spoken(kiosk)
    assert len(kiosk.records) > 100
    wrong = {message_limits.fault(record.message) for record in kiosk.records if record.sender}
    assert wrong == {""}
