"""A robot's program on a real kiosk: actions, services, the client, its commands; a skills_node that is killed."""

import asyncio
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from rclpy.action import ActionClient
from sensor_msgs.msg import Image

from avatar_ros import action
from avatar_ros.client import Avatar, NotReadyError
from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState, Layer, PlaybackState
from avatar_ros.core.types import Transcript
from avatar_ros.ros import qos
from avatar_ros.ros.listener import Listener
from kiosk_process import ROOT, KioskProcess

pytestmark = pytest.mark.ros
TOPICS = ("state", "say_result", "speech/playback", "speech/played", "speech/transcript", "dialogue/prompt",
          "motion/expression")  # fmt: skip
LONG = "Once upon a time there was a robot that could talk, and it talked all day. " * 4
#: For what takes a moment; a busy machine may take long.
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    env = {"XDG_STATE_HOME": str(home), "HOME": str(home), "ROS_LOG_DIR": str(home / "log")}
    with (
        Listener("skills", TOPICS) as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace="skills", env=env) as process,
    ):
        listener.process = process
        yield listener


@pytest.fixture(scope="module")
def avatar(kiosk):
    with Avatar("skills") as made:
        made.wait_until_ready(PATIENCE_S)
        yield made


def heard(kiosk, text, *names):
    """Somebody says it; without a microphone it is typed. names: nodes, or their beginnings, that must hear it."""
    publisher = kiosk.publisher("speech/transcript")

    def matched(_):
        known = [info.node_name for info in kiosk.node.get_subscriptions_info_by_topic("speech/transcript")]
        found = all(any(one.startswith(name) for one in known) for name in ("dialogue_node", *names))
        return found and publisher.get_subscription_count() >= len(known)

    kiosk.wait(matched, f"{names} hear", PATIENCE_S)
    kiosk.send("speech/transcript", Transcript(text=text))


def until_spoken(kiosk, task, words=2):
    """The first words of a task were heard."""
    kiosk.wait(lambda _: task.news is not None and len(task.news.spoken.split()) >= words, "words", PATIENCE_S)


def last_idle(kiosk):
    return next(e for e in reversed(kiosk.heard["motion/expression"]) if e.layer is Layer.IDLE)


def idle_layer(kiosk, since_s):
    times = kiosk.times["motion/expression"]
    faces = list(kiosk.heard["motion/expression"])
    return [e for e, at_s in zip(faces, times, strict=False) if e.layer is Layer.IDLE and at_s >= since_s]


def pitch_deg(expression):
    w, x, _, _ = expression.head_rotation
    return float(np.degrees(2 * np.arctan2(x, w)))


def test_it_blocks_until_the_words_were_heard(kiosk, avatar):
    news = []
    said = avatar.say("Welcome aboard. It is good to see you.", on_news=news.append)
    assert (said.done, said.spoken, said.reason) == (True, "Welcome aboard. It is good to see you.", "")
    assert kiosk.heard["speech/playback"][-1].state is PlaybackState.ENDED
    assert len({one.spoken for one in news}) > 2 and news[-1].progress > 0.5


def test_an_acceptance_that_was_lost_is_asked_for_again(avatar, monkeypatch):
    """A server drops its answer where it has not found the client's reader yet; the goal is carried out once."""
    heard, lost = avatar._link._accepted, []
    monkeypatch.setattr(avatar._link, "_accepted", lambda *sent: heard(*sent) if lost else lost.append(sent))
    said = avatar.say("Once is enough.")
    assert (said.done, said.spoken) == (True, "Once is enough.") and lost


def test_a_task_goes_on_meanwhile_and_is_cancelled(kiosk, avatar):
    task, waits = avatar.say(LONG, wait=False), avatar.say("I wait.", wait=False)
    until_spoken(kiosk, task)
    assert not task.done
    with pytest.raises(TimeoutError):
        task.result(0.01)
    task.cancel()
    end = task.result(PATIENCE_S)
    assert (end.done, end.reason) == (False, "cancelled") and end.spoken and LONG.startswith(end.spoken)
    assert waits.result(PATIENCE_S).done, "the others go on"


def test_an_urgent_goal_of_another_client_preempts(kiosk, avatar):
    task = avatar.say(LONG, wait=False)
    until_spoken(kiosk, task)
    with Avatar("skills") as other:
        assert other.say("Careful.", when="interrupt").done
    assert task.result(PATIENCE_S).reason == "replaced"


def test_a_client_that_leaves_takes_its_goals_along(kiosk, avatar):
    other = Avatar("skills")
    task = other.say(LONG, wait=False)
    until_spoken(kiosk, task)
    other.close()
    assert task.result(PATIENCE_S).reason in ("cancelled", "client_closed")
    assert avatar.say("I am still here.").done


def test_what_cannot_be_is_refused_with_its_reason(avatar):
    assert avatar.say("").reason == "empty_text"
    assert avatar.say("a" * 100_000).reason == "too_long"
    assert avatar.say("Hello.", expression="hungry").reason == "unknown_expression"
    assert avatar.gesture("fly").reason.startswith("unknown_gesture: there is no gesture 'fly'; known: nod")
    assert avatar.look_at(0, 1.7, 1, frame_id="base_link", wait=True).reason.startswith("unknown_frame: 'base_link'")
    assert avatar.gesture(key_frames=[{"at": 1.0, "jawOpen": float("nan")}]).reason.startswith("bad_goal: ")
    with pytest.raises(NotReadyError, match="unknown_expression"):
        avatar.express("hungry")


def test_an_answer_is_the_programs_and_no_questions(kiosk, avatar):
    prompts = len(kiosk.heard["dialogue/prompt"])
    task = avatar.ask("Tea, or coffee?", ["tea|green tea", "coffee"], wait=False)
    kiosk.wait(lambda _: task.news is not None and task.news.state == 1, "it waits for an answer", PATIENCE_S)
    heard(kiosk, "some coffee please", "skills_node")
    answer = task.result(PATIENCE_S)
    assert (answer.understood, answer.choice, answer.answer, answer.asked) == (True, 1, "some coffee please", 1)
    assert len(kiosk.heard["dialogue/prompt"]) == prompts
    assert avatar.listen(timeout_s=0.3).reason == "timeout"


def test_what_is_said_to_it_is_answered(kiosk, avatar):
    heard_by_me = []
    avatar.on_transcript(heard_by_me.append)
    reply = avatar.chat("how are you")
    assert reply.answered and reply.reply
    avatar.stop()
    heard(kiosk, "uh-huh", "client_")
    kiosk.wait(lambda _: "uh-huh" in [one.text for one in heard_by_me], "transcripts", PATIENCE_S)
    avatar.stop()


def test_gestures_and_looks_are_seen(kiosk, avatar):
    since_s = time.monotonic()
    assert avatar.gesture("bow").done
    assert max(pitch_deg(e) for e in idle_layer(kiosk, since_s)) > 15.0
    assert avatar.gesture(key_frames=[{"at": 0.3, "mouthPucker": 0.9}, {"at": 0.6}]).done
    assert max(e.weights[ARKIT_INDEX["mouthPucker"]] for e in idle_layer(kiosk, since_s)) > 0.4
    since_s = time.monotonic()
    assert avatar.look_at(1.0, 1.7, 1.0, hold_s=2.0, wait=True).reached
    yaws = [np.degrees(2 * np.arctan2(e.head_rotation[2], e.head_rotation[0])) for e in idle_layer(kiosk, since_s)]
    assert max(yaws) > 12.0
    avatar.express("surprised", hold_s=30.0)
    kiosk.wait(lambda k: last_idle(k).weights[ARKIT_INDEX["browInnerUp"]] > 0.4, "a face", PATIENCE_S)
    avatar.express("")


def test_it_sleeps_until_it_is_woken(kiosk, avatar):
    prompts = len(kiosk.heard["dialogue/prompt"])
    avatar.sleep()
    kiosk.wait(lambda k: k.states()[-1] is AgentState.SLEEPING, "it sleeps", PATIENCE_S)
    kiosk.wait(lambda k: last_idle(k).weights[ARKIT_INDEX["eyeBlinkLeft"]] > 0.95, "eyes shut", PATIENCE_S)
    heard(kiosk, "how are you")
    assert avatar.say("Hello.").reason == "asleep" and avatar.listen().reason == "asleep"
    avatar.wake()
    kiosk.wait(lambda k: k.states()[-1] is not AgentState.SLEEPING, "awake", PATIENCE_S)
    assert len(kiosk.heard["dialogue/prompt"]) == prompts
    avatar.set_listening(False)
    assert avatar.listen().reason == "not_listening"
    avatar.set_listening(True)
    avatar.forget()


@pytest.fixture
def pictures(kiosk):
    """What image_raw shows from now on, every eighth pixel."""
    shown = []

    def look(message):
        whole = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        shown.append(whole[::8, ::8].astype(int))

    watching = kiosk.subscribe(Image, "image_raw", look, qos.for_images())
    kiosk.wait(lambda _: len(shown) > 2, "pictures", PATIENCE_S)
    yield shown
    kiosk.node.destroy_subscription(watching)


def newest(kiosk, pictures):
    """A picture that was drawn after now."""
    count = len(pictures)
    kiosk.wait(lambda _: len(pictures) > count + 1, "pictures of the new one", PATIENCE_S)
    return pictures[-1]


def far_apart(one, other):
    return float(np.abs(one - other).mean())


def test_another_avatar_is_worn_and_no_picture_is_black(kiosk, avatar, pictures, tmp_path):
    first = pictures[-1]
    half = tmp_path / "half.zip"
    half.write_bytes(b"PK not quite")
    refused = avatar.wear(str(half))
    assert (refused.done, refused.avatar) == (False, "ben")
    assert refused.reason.startswith(f"avatar_not_zip: {half}"), refused
    assert avatar.wear("").reason == "empty_avatar"
    worn = avatar.wear("bolt")
    assert (worn.done, worn.avatar, worn.reason) == (True, "bolt", "")
    assert far_apart(newest(kiosk, pictures), first) > 5, "the face is another one"
    assert all(picture.mean() > 30 for picture in pictures), "none is black"
    assert all(picture.shape == first.shape for picture in pictures), "and the size stays"
    assert avatar.wear("ben").done


def test_a_renderer_that_is_started_again_shows_what_was_worn_last(kiosk, avatar, pictures):
    before = newest(kiosk, pictures)
    assert avatar.wear("bolt").done
    worn = newest(kiosk, pictures)
    pid = kiosk.process.kill_node("renderer_node")
    kiosk.wait(lambda k: k.process.node_pid("renderer_node") not in (None, pid), "another renderer", PATIENCE_S)
    pictures.clear()  # whatever was under way from the first one is far older than the second one's first picture
    kiosk.wait(
        lambda _: pictures and 3 * far_apart(pictures[-1], worn) < far_apart(pictures[-1], before),
        "a picture of what was worn",
        PATIENCE_S,
    )


def test_an_asyncio_program(avatar):
    async def program():
        said, made = await asyncio.gather(
            _awaited(avatar.say("Both at once.", wait=False)), _awaited(avatar.gesture("nod", wait=False))
        )
        assert said.done and made.done

    asyncio.run(program())


async def _awaited(task):
    return await task


def test_a_program_in_plain_rclpy(kiosk, avatar):
    client = ActionClient(kiosk.node, action.Say, "say")
    kiosk.wait(lambda _: client.server_is_ready(), "the action", PATIENCE_S)
    results = []
    client.send_goal_async(action.Say.Goal(text="Hello there.")).add_done_callback(
        lambda sent: sent.result().get_result_async().add_done_callback(lambda done: results.append(done.result()))
    )
    kiosk.wait(lambda _: results, "its result", PATIENCE_S)
    client.destroy()
    assert results[0].result.done and results[0].result.spoken == "Hello there." and results[0].status == 4


@pytest.mark.parametrize(
    ("arguments", "out", "err"),
    [
        (("say", "Hello there."), "Hello there.", ""),
        (("say", "..."), "", "not done: empty_text"),
        (("listen", "--timeout", "0.3"), "", "not done: timeout"),
    ],
)
def test_on_the_command_line(avatar, arguments, out, err):
    command = [sys.executable, "-m", "avatar_ros", *arguments, "--namespace", "skills"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (int(bool(err)), out, err)


def test_a_skills_node_that_is_killed_loses_its_goals_and_leaves_no_words(kiosk, avatar):
    task = avatar.say(LONG * 6, wait=False)  # to be spoken until the node is there again
    until_spoken(kiosk, task)
    kiosk.process.kill_node("skills_node")
    end = task.result(PATIENCE_S)
    assert (end.done, end.reason) == (False, "skills_lost") and (LONG * 6).startswith(end.spoken)
    avatar.wait_until_ready(PATIENCE_S)
    assert avatar.say("I am back.").done
    assert any(r.reason == "withdrawn" and r.id.startswith("skills/") for r in kiosk.heard["say_result"])


def test_a_missing_kiosk_is_named():
    says = r"not ready within 0.2 s in /nowhere: .*skills_node missing"
    with Avatar("nowhere") as nobody, pytest.raises(NotReadyError, match=says):
        nobody.wait_until_ready(0.2)
