"""The examples run as their pages say: commands in blocks marked `console` print what is shown, in an empty folder."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros import cli
from avatar_ros.core.enums import Layer
from avatar_ros.core.topics import TOPICS
from avatar_ros.ros import convert
from avatar_ros.ros.listener import Listener
from kiosk_process import ROOT

pytestmark = pytest.mark.ros
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name[0].isdigit())
#: For what takes some seconds; a busy machine may take long.
PATIENCE_S = 400.0
#: Of TOPICS alone Listener knows; the renderer gives these besides.
PICTURES = {"image_raw": "sensor_msgs/msg/Image", "image_raw/compressed": "sensor_msgs/msg/CompressedImage",
            "camera_info": "sensor_msgs/msg/CameraInfo"}  # fmt: skip

#: The processes of this test, for _ended.
STARTED = []


@pytest.fixture(autouse=True)
def _ended():
    """A test that fails leaves no kiosk behind: it would take the time of those after it."""
    yield
    for process in STARTED:
        with process:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=PATIENCE_S)
                process.kill()
    STARTED.clear()


class Command:
    """A line of a page, `$ …`, and what the page shows under it."""

    def __init__(self, line, shown):
        self.line, self.shown = line, shown
        words = shlex.split(line)
        self.env = {}
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            self.env[name] = value
        ours = {("./avatar", "exec", "python"): [sys.executable], ("./avatar",): [sys.executable, "-m", "avatar_ros"]}
        begin = next((key for key in ours if tuple(words[: len(key)]) == key), ())
        self.argv = [*ours.get(begin, []), *words[len(begin) :]]

    def start(self, folder, **env):
        """As a process in that folder."""
        path = os.pathsep.join(filter(None, [self.env.get("PYTHONPATH"), os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            self.argv,
            cwd=folder,
            env={**os.environ, **self.env, "PYTHONPATH": path, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        STARTED.append(process)
        return process

    def run(self, folder):
        """To its end; what it printed, which is what the page shows."""
        out = finished(self.start(folder))
        self.compare(out)
        return out

    def compare(self, out):
        """Each line that is shown was printed, in that order; numbers may differ and … stands for anything."""
        rest = iter([plain(line) for line in out.splitlines()])
        for line in self.shown:
            pattern = re.escape(plain(line)).replace("…", ".*")
            assert line == "…" or any(re.fullmatch(pattern, real) for real in rest), (line, out)


def plain(line):
    """Numbers, and what stands where one did not happen, all alike."""
    return re.sub(r"-?\d+(\.\d+)?|\bnull\b|-(?= ms )", "0", " ".join(line.split()))


def finished(process, code=0):
    """What a process printed, once it has left with that exit code."""
    try:
        out, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        pytest.fail(f"{process.args} did not end: {process.communicate(timeout=PATIENCE_S)[0]}")
    assert process.returncode == code, (process.args, out)
    return out


def commands(example):
    """Of a page, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", (EXAMPLES / example / "README.md").read_text(), re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, *shown = part.splitlines()
            found.append(Command(line, [text for text in shown if text.strip()]))
    return found


def of(example, word):
    """The first command of a page in which `word` stands."""
    return next(command for command in commands(example) if word in command.line)


@pytest.fixture
def folder(tmp_path):
    """An empty one, but for the way to examples and config."""
    for name in ("examples", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def frames(path):
    """A video's pictures [N, H, W, 3], every fourth of them."""
    import av

    with av.open(str(path)) as video:
        return np.stack([f.to_ndarray(format="rgb24") for i, f in enumerate(video.decode(video=0)) if i % 4 == 0])


def sound(path):
    import av

    with av.open(str(path)) as video:
        return np.concatenate([f.to_ndarray().ravel() for f in video.decode(audio=0)])


def rate_hz(path):
    import av

    with av.open(str(path)) as video:
        return video.streams.audio[0].rate


def the_turn(path):
    (turn,) = json.loads(path.read_text())["turns"]
    return turn


def test_each_page_is_listed_and_its_links_and_commands_are_real():
    listed = (EXAMPLES / "README.md").read_text()
    assert len(NAMES) == 10 and all(f"({name}/README.md)" in listed for name in NAMES)
    for page in EXAMPLES.glob("**/README.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page} points to {link}"
    for name in NAMES:
        assert commands(name)
        for command in commands(name):
            for word in command.line.replace("=", " ").replace(",", " ").split():
                assert not word.startswith(("examples/", "config/")) or (ROOT / word).exists(), command.line
            if "avatar_ros" in command.argv:
                verb = command.argv[command.argv.index("avatar_ros") + 1 :]
                assert cli.parser_for(verb[0]).parse_args(verb)


def test_first_conversation_and_watching_it(folder):
    watch = of("07_watching", "watch_turn")
    speak, kiosk, cat = commands("01_first_conversation")
    speak.run(folder)
    with Listener("avatar") as listener:
        watcher = watch.start(folder)
        process = kiosk.start(folder)
        listener.wait(lambda it: it.heard["speech/transcript"], "the question", PATIENCE_S)
        graph = dict(listener.node.get_topic_names_and_types())
        kiosk.compare(finished(process))
        watch.compare(finished(watcher))
    cat.run(folder)
    turn = the_turn(folder / "turns.json")
    assert turn["ms"]["voice_stop"] <= turn["ms"]["transcript"] and turn["spoken"] == turn["reply"] != ""
    pictures = frames(folder / "conversation.mp4")
    assert pictures.std() > 20 and np.abs(np.diff(pictures.astype(int), axis=0)).max() > 50
    assert np.abs(sound(folder / "conversation.mp4")).max() > 0.05
    viewers_ask_for_what_there_is(graph)


def viewers_ask_for_what_there_is(graph):
    """Topics and fields of the shipped viewers' files, and of the page, on the graph of a real kiosk."""
    import yaml

    messages = {topic: convert.msg_type(kind) for topic, kind in TOPICS.items()}
    kinds = {topic: f"{kind.__module__.partition('.')[0]}/msg/{kind.__name__}" for topic, kind in messages.items()}
    types = {f"/avatar/{topic}": kind for topic, kind in {**kinds, **PICTURES}.items()}
    types["/diagnostics"] = "diagnostic_msgs/msg/DiagnosticArray"
    rviz = yaml.safe_load((ROOT / "config/kiosk.rviz").read_text())
    shown = [d["Topic"]["Value"] for d in rviz["Visualization Manager"]["Displays"]]
    foxglove = json.loads((ROOT / "config/kiosk.foxglove.json").read_text())["configById"]
    image = foxglove["Image!face"]["imageMode"]
    shown += [image["imageTopic"], image["calibrationTopic"]]
    shown += [panel[key] for panel in foxglove.values() for key in ("topicPath", "topicToRender") if key in panel]
    shown += re.findall(r"/avatar/[a-z_/]+|/diagnostics", (EXAMPLES / "07_watching/README.md").read_text())
    assert len(shown) > 12
    for topic in shown:
        assert types[topic] in graph.get(topic, []), (topic, graph)
    for path in (entry["value"] for entry in foxglove["Plot!lips"]["paths"]):
        topic, _, name = path.partition(".")
        assert hasattr(messages[topic.removeprefix("/avatar/")](), name)


def test_own_answers(folder):
    for command in commands("02_own_answers"):
        command.run(folder)
    turn = the_turn(folder / "turns.json")
    assert re.fullmatch(r"The boat leaves at a quarter past every hour\. It is [a-z' -]+ now\.", turn["spoken"]), turn


def test_own_avatar_and_a_robot_that_speaks_through_it(folder):
    *before, kiosk, robot = commands("03_own_avatar")
    for command in before:
        command.run(folder)
    with Listener("avatar", ("motion/expression", "say_result")) as listener:
        process = kiosk.start(folder)
        of("06_robot_speaks", robot.line).run(folder)
        process.send_signal(signal.SIGINT)
        kiosk.compare(finished(process))
        assert [result.id for result in listener.heard["say_result"]] == ["hello", "door", "story", "careful"]
        poses = [e.head_rotation for e in listener.heard["motion/expression"] if e.layer is Layer.IDLE]
    assert max(np.degrees(2 * np.arctan2(y, w)) for w, _, y, _ in poses) > 15, "it looked at the door, to its left"
    for name in ("how.mp4", "talk.mp4"):
        pictures = frames(folder / name).astype(int)
        skin = np.abs(pictures[0] - (217, 163, 135)).max(axis=2) < 25
        assert 0.05 < skin.mean() < 0.6, f"{name} shows the head that was made"
        dark = (pictures[:, 215:265, 215:297].sum(axis=3) < 200).sum(axis=(1, 2))
        assert dark.max() - dark.min() > 60, f"{name}: the mouth opens and closes"
        assert np.abs(sound(folder / name)).max() > 0.05
    assert len((EXAMPLES / "06_robot_speaks/robot.py").read_text().splitlines()) <= 60


def test_language_model(folder):
    pytest.importorskip("openai", reason="openai is not installed: ./avatar setup --with openai")
    serve, speak, kiosk, cat = commands("04_language_model")
    serve.argv.append("0")  # whatever port is free
    service = serve.start(folder)
    url = service.stdout.readline().rpartition(" ")[2].strip()
    (folder / "url.yaml").write_text(f"/**/llm_node: {{ros__parameters: {{openai: {{url: '{url}'}}}}}}\n")
    kiosk.argv = [word + ",url.yaml" if word.endswith("llm.yaml") else word for word in kiosk.argv]
    for command in (speak, kiosk, cat):
        command.run(folder)
    service.send_signal(signal.SIGINT)
    serve.compare(f"listening on {url}\n{finished(service)}")


def test_voice_from_outside(folder):
    for command in commands("05_voice_from_outside"):
        command.run(folder)
    pcm = sound(folder / "droid.mp4")
    loud = np.abs(pcm) > 0.1
    assert loud.any()
    spectrum = np.abs(np.fft.rfft(pcm[np.argmax(loud) :]))
    hz = np.fft.rfftfreq(len(pcm) - np.argmax(loud), 1 / rate_hz(folder / "droid.mp4"))
    assert hz[np.argmax(spectrum)] == pytest.approx(150.0, abs=5.0), "the pitch of its own parameter"
    pictures = frames(folder / "droid.mp4")[:, 215:265, 215:297].astype(int)
    assert np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3)).max() > 3, "lips move"


def test_testing_your_kiosk(folder):
    (command,) = commands("08_testing_your_kiosk")
    command.run(folder)


def test_the_users_test_can_fail(folder):
    """A file that lacks an answer fails the tests that need it, and says what was heard."""
    text = (EXAMPLES / "02_own_answers/answers.yaml").read_text()
    (folder / "answers.yaml").write_text(text.replace("four euros", "five euros"))
    (command,) = commands("08_testing_your_kiosk")
    command.argv += ["-k", "ticket"]
    out = finished(command.start(folder, ANSWERS=str(folder / "answers.yaml")), code=1)
    assert "2 failed" in out and "it heard 'excuse me how much is a ticket'" in out


def test_robot_program(folder):
    """The kiosk has no microphone: the question is asked twice, and the program goes on."""
    kiosk, program = commands("09_robot_program")
    process = kiosk.start(folder)
    program.run(folder)
    process.send_signal(signal.SIGINT)
    kiosk.compare(finished(process))
    assert len((EXAMPLES / "09_robot_program/robot_program.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("01_first_conversation/speak_question.py", "usage: speak_question.py"),
        ("01_first_conversation/speak_question.py hello nowhere/question.wav", "nowhere/question.wav: No such file"),
        ("03_own_avatar/make_head.py nowhere/head.ply", "nowhere/head.ply: No such file"),
        ("03_own_avatar/give_it_a_face.py nothing.ply head.zip", "nothing.ply: no such file"),
        ("04_language_model/stand_in_service.py 99999", "port 99999: "),
        ("07_watching/watch_turn.py 3d", "Invalid namespace"),
    ],
)
def test_wrongly_started_it_says_so(folder, line, says):
    process = Command(f"./avatar exec python examples/{line}", []).start(folder)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (1, 2) and says in out and "Traceback" not in out, out
