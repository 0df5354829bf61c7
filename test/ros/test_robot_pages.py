"""docs/robots.md runs as it stands: each page of Python on one real kiosk, each `./avatar` line through its parser."""

import ast
import asyncio
import re
import shlex
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.msg import Control, People, VoiceDirection

from avatar_ros import cli
from avatar_ros.bringup.machine.main import OWN_VERBS, parse
from avatar_ros.bringup.machine.venv import EXTRAS
from avatar_ros.client import Avatar
from avatar_ros.core.enums import AgentState, ControlAction
from avatar_ros.core.types import AvatarVoice, Transcript
from avatar_ros.ros import convert, qos
from avatar_ros.ros.listener import Listener
from kiosk_process import ROOT, KioskProcess

pytestmark = pytest.mark.ros
TEXT = (ROOT / "docs/robots.md").read_text()
PAGES = re.findall(r"^```python\n(.*?)^```", TEXT, re.S | re.M)
#: What each page is known by, in their order; every one has a test below.
FIRST, SAY, HEAR, CHAT, LOOK, DIRECTION, PEOPLE, MOVE, WEAR, CONTROL, INCLUDE = WORDS = (
    "with Avatar() as avatar", "avatar.say(", "avatar.listen(", "avatar.chat(", "avatar.look_at(", "VoiceDirection",
    "People", "avatar.gesture(", "avatar.wear(", "avatar.sleep()", "IncludeLaunchDescription(",
)  # fmt: skip
#: For what takes a moment; a busy machine may take long.
PATIENCE_S = 120.0


def page(words):
    """The page that is known by these."""
    return PAGES[WORDS.index(words)]


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    env = {"XDG_STATE_HOME": str(home), "HOME": str(home), "ROS_LOG_DIR": str(home / "log")}
    patient = home / "patient.yaml"
    patient.write_text("/**/skills_node: {ros__parameters: {avatar_wait_s: 600.0}}")
    with (
        Listener("avatar", ("state", "speech/transcript", "control", "session", "speech/audio")) as listener,
        KioskProcess("--profile", f"embedded,{patient}", "--mic", "none", "--display", "off", env=env),
    ):
        yield listener


@pytest.fixture(scope="module")
def avatar(kiosk):
    with Avatar() as made:
        made.wait_until_ready(PATIENCE_S)
        yield made


def run(text, **names):
    """A page, with what it has of pages before it: its names at the end, and the lines that it printed."""
    printed = []
    names |= {"print": lambda *words: printed.append(" ".join(map(str, words)))}
    program = compile(text, "docs/robots.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waits = eval(program, names)  # for its `await`s
    if waits is not None:
        asyncio.run(waits)
    return SimpleNamespace(**(names | {"printed": printed}))


class Person:
    """Says the next of `texts` each time that a program listens, and says it again where it was not heard."""

    def __init__(self, kiosk, *texts):
        self._texts = iter(texts)
        self._text = ""
        self._claims = 0  # since it was said
        self._kiosk = kiosk
        self._publisher = kiosk.publisher("speech/transcript")
        kiosk.subscribe(Control, "control", self._take, qos.for_topic("control"))

    def _take(self, control):
        if control.action != ControlAction.CLAIM or control.lease_s < 1.0:  # it was heard
            self._text = ""
            return
        if not self._text:
            self._text, self._claims = next(self._texts, ""), 0
        if self._text and self._claims % 3 == 0 and self._is_heard():
            transcript = convert.to_msg(Transcript(text=self._text), time.time_ns())
            self._publisher.publish(transcript)
        self._claims += self._is_heard()

    def _is_heard(self):
        known = self._kiosk.node.get_subscriptions_info_by_topic("speech/transcript")
        names = {info.node_name for info in known}
        return "skills_node" in names and self._publisher.get_subscription_count() >= len(known)


def test_every_page_is_run():
    assert [word in text for word, text in zip(WORDS, PAGES, strict=True)] == [True] * len(WORDS)


def test_it_begins(avatar):
    run(page(FIRST))


def test_say(avatar):
    ran = run(page(SAY), avatar=avatar)
    assert ran.printed[0] == "True Welcome aboard. Come in. "
    assert ran.task.result().reason == "cancelled" and (ran.said.done, ran.said.spoken) == (True, "Hello.")


def test_listen_and_ask(kiosk, avatar):
    Person(kiosk, "good morning", "in the garden please", "some coffee please")
    ran = run(page(HEAR), avatar=avatar)
    assert (ran.heard.heard, ran.heard.phrase) == (True, 1)
    assert ran.printed == ["1 some coffee please"]


def test_chat(avatar):
    ran = run(page(CHAT), avatar=avatar)
    assert ran.reply.answered and ran.printed == [ran.reply.reply]


def test_look(avatar):
    ran = run(page(LOOK), avatar=avatar)
    assert ran.look.result(PATIENCE_S).reason == "replaced"


def test_movements_and_faces(avatar):
    run(page(MOVE), avatar=avatar)


def test_another_avatar(avatar, tmp_path):
    half = tmp_path / "half.zip"
    half.write_bytes((ROOT / "models/avatar.zip").read_bytes()[:20_000])
    text = page(WEAR).replace("/home/me/half.zip", str(half))
    first, second = run(text, avatar=avatar).printed
    assert first == "True bolt " and second.startswith(f"avatar_not_zip: {half}: as a zip it cannot be read: ")


def pitch_hz(pcm, rate_hz):
    """Median fundamental frequency of the loud parts, by autocorrelation."""
    window = int(0.04 * rate_hz)
    frames = pcm[: len(pcm) // window * window].reshape(-1, window).astype(float)
    loud = frames[np.abs(frames).mean(1) > 0.5 * np.abs(frames).mean()]
    least, most = int(rate_hz / 350), int(rate_hz / 60)
    return rate_hz / np.median([least + np.argmax(np.correlate(f, f, "full")[window - 1 :][least:most]) for f in loud])


def test_its_voice_comes_with_it(kiosk, avatar):
    def heard_hz():
        since = len(kiosk.heard["speech/audio"])
        assert avatar.say("Good morning, everybody in the room.").done
        chunks = kiosk.heard["speech/audio"][since:]
        return pitch_hz(np.concatenate([chunk.pcm for chunk in chunks]), chunks[0].sample_rate_hz)

    def wear(name, *voices):
        assert avatar.wear(name).done
        told = ("local", name, "en-US", voices)

        def is_told(heard):
            newest = heard.heard["session"][-1:]
            return told in [(e.session, e.avatar, e.locale, e.avatar_voices) for e in newest]

        kiosk.wait(is_told, "it is told", PATIENCE_S)

    wear("bolt")
    usual_hz = heard_hz()
    wear("grace", AvatarVoice("espeak", "en-US", "en-us+f4"))
    assert heard_hz() > 1.2 * usual_hz
    wear("bolt")
    assert heard_hz() == pytest.approx(usual_hz, rel=0.05)


def test_sleep_listening_and_stop(kiosk, avatar):
    run(page(CONTROL), avatar=avatar)
    kiosk.wait(lambda heard: not heard.heard["state"][-1].listening, "it listens to nobody", PATIENCE_S)
    assert AgentState.SLEEPING in kiosk.states()
    avatar.set_listening(True)


@pytest.mark.parametrize(
    ("words", "topic", "message", "printed"),
    [
        (DIRECTION, "mic/direction", VoiceDirection(azimuth_rad=0.5, sureness=0.75), "0.5 0.75"),
        (PEOPLE, "people", People(present=True, count=2, distance_m=1.5), "True 2 1.5"),
    ],
)
def test_a_program_of_its_own_hears_a_topic(kiosk, words, topic, message, printed):
    """What publishes it, an array or a camera, is not at hand: the test does."""
    publisher = kiosk.node.create_publisher(type(message), topic, 10)
    program = subprocess.Popen([sys.executable, "-uc", page(words)], stdout=subprocess.PIPE, text=True)
    try:
        kiosk.wait(lambda _: publisher.get_subscription_count(), "the program is there", PATIENCE_S)
        ended = threading.Event()
        repeat = threading.Thread(target=_until, args=(ended, lambda: publisher.publish(message)))
        repeat.start()
        assert program.stdout.readline().strip() == printed
    finally:
        ended.set()
        repeat.join()
        program.kill()
        program.communicate()


def _until(ended, act):
    """DDS may find the reader later than the writer."""
    while not ended.wait(0.2):
        act()


def test_the_include_of_a_launch_file():
    pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
    pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")
    from launch.actions import IncludeLaunchDescription
    from launch.launch_description_sources import PythonLaunchDescriptionSource
    from launch_ros.substitutions import FindPackageShare

    from launch import LaunchContext

    include = eval(page(INCLUDE), {kind.__name__: kind for kind in (
        IncludeLaunchDescription, PythonLaunchDescriptionSource, FindPackageShare)})  # fmt: skip
    included = include.launch_description_source.get_launch_description(LaunchContext())
    assert {name for name, _ in include.launch_arguments} <= {one.name for one in included.get_launch_arguments()}


def lines():
    """Every `./avatar …` of the page, in blocks and in its text."""
    found = re.findall(r"^\./avatar .*$", TEXT, re.M) + re.findall(r"`(\./avatar [^`]+)`", TEXT)
    return sorted({shlex.join(shlex.split(one, comments=True)[1:]) for one in found})


@pytest.mark.parametrize("line", lines())
def test_each_command_exists_and_takes_these_options(line, capsys):
    call = parse(shlex.split(line))
    assert set(call.extras) <= set(EXTRAS)
    assert call.verb in OWN_VERBS or call.verb in cli.VERBS
    if call.verb in OWN_VERBS or not call.rest:
        return
    if call.wants_help:
        with pytest.raises(SystemExit) as left:
            cli.parser_for(call.verb).parse_args([call.verb, *call.rest])
        assert left.value.code == 0 and capsys.readouterr().out
    else:
        assert cli.parser_for(call.verb).parse_args([call.verb, *call.rest])
