"""A spoken question into real processes; transcript, reply, sound, expressions and images out, in order and in time."""

import json
import math
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import AgentState, InterruptAction, Layer, PlaybackState, VoiceKind
from avatar_ros.ros import qos
from avatar_ros.ros.listener import Listener
from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import ROOT, KioskProcess

pytestmark = pytest.mark.ros
QUESTION = "what can you do"
OVERTAKING_MS = 1000.0


def without_unheard(heard):
    """What was heard, less the work on answers that were prepared while the user might go on, and thrown away.

    All that was played stays: nothing of such an answer may be.
    """
    orders = [(o.action, o.reason, (o.epoch, o.turn)) for o in heard["interrupt"]]
    confirmed = {turn for action, _, turn in orders if action is InterruptAction.RESUME}
    thrown_away = {turn for action, why, turn in orders if (action, why) == (InterruptAction.CANCEL, "unheard")}
    assert not thrown_away & confirmed
    work = {"dialogue/prompt", "dialogue/reply", "speech/sentence", "speech/audio"}
    kept = {topic: [m for m in heard[topic] if (m.epoch, m.turn) not in thrown_away] for topic in work}
    return defaultdict(list, {**heard, **kept})


class Conversation:
    """One question from a WAV file, answered by a whole kiosk; everything that was heard and written."""

    def __init__(self, folder):
        from sensor_msgs.msg import CameraInfo, CompressedImage, Image

        self.images, self.jpegs, self.infos = [], [], []
        question = write_wav(folder / "question.wav", *speak([QUESTION]))
        self.report, self.recording = folder / "turns.json", folder / "out.mp4"
        with Listener("conversation") as listener:
            listener.subscribe(Image, "image_raw", self.images.append, qos.for_images())
            listener.subscribe(CompressedImage, "image_raw/compressed", self.jpegs.append, qos.for_images())
            listener.subscribe(CameraInfo, "camera_info", self.infos.append, qos.for_images())
            with KioskProcess(
                "--mic", question, "--display", "off", "--record", self.recording, "--turns", 1,
                "--report", self.report, namespace="conversation",
            ) as kiosk:  # fmt: skip
                self.exit_code = kiosk.wait()
            self.log = kiosk.log
            self.heard = without_unheard(listener.heard)
            self.moods = listener.states()


@pytest.fixture(scope="module")
def conversation(tmp_path_factory):
    return Conversation(tmp_path_factory.mktemp("conversation"))


def test_leaves_by_itself_without_faults(conversation):
    assert conversation.exit_code == 0, conversation.log
    assert "Traceback" not in conversation.log
    assert "died" not in conversation.log


def test_hears_and_answers(conversation):
    heard = conversation.heard
    finals = [t for t in heard["speech/transcript"] if t.final]
    assert [t.text.lower().strip(" ?.") for t in finals] == [QUESTION]
    kinds = [v.kind for v in heard["mic/voice_activity"]]
    assert kinds == [VoiceKind.STARTED, VoiceKind.STOPPED]
    reply = "".join(r.text for r in heard["dialogue/reply"])
    assert len(reply) > 30 and "understand" not in reply and heard["dialogue/reply"][-1].final
    said = " ".join(s.text for s in heard["speech/sentence"] if s.text)
    assert said.split() == reply.split()


def test_speaks_with_sound_and_phones(conversation):
    chunks = conversation.heard["speech/audio"]
    assert {c.sample_rate_hz for c in chunks} == {24000}
    assert chunks[-1].turn_end
    for a, b in pairwise(chunks):
        assert b.first_sample == a.first_sample + len(a.pcm), "no gaps"
    sound = np.concatenate([c.pcm for c in chunks]).astype(float)
    assert sound.std() > 300 and len(sound) > 24000
    marks = [m for c in chunks for m in c.marks]
    assert len(marks) > 5 and all(0 <= m.start_sample <= m.end_sample <= len(sound) + 2400 for m in marks)


def test_what_was_played_is_what_was_spoken(conversation):
    played = np.concatenate([f.pcm for f in conversation.heard["speech/played"]]).astype(float)
    spoken_pcm = np.concatenate([c.pcm for c in conversation.heard["speech/audio"]]).astype(float)
    assert np.sum(played**2) == pytest.approx(np.sum(spoken_pcm**2), rel=0.1)
    for a, b in pairwise(conversation.heard["speech/played"]):
        assert b.first_sample == a.first_sample + len(a.pcm), "continuous, silence included"


def test_the_clock_runs_with_the_sound_and_ends(conversation):
    clocks = conversation.heard["speech/playback"]
    assert clocks[-1].state is PlaybackState.ENDED
    playing = [c for c in clocks if c.state is PlaybackState.PLAYING]
    for a, b in pairwise(playing):
        elapsed_s = (b.steady_ns - a.steady_ns) * 1e-9
        assert b.sample - a.sample == pytest.approx(elapsed_s * 24000, abs=2400)


def test_lips_move_with_the_speech_and_rest_after_it(conversation):
    speech = [e for e in conversation.heard["motion/expression"] if e.layer is Layer.SPEECH]
    jaw = [float(e.weights[24]) for e in speech]
    assert max(jaw) > 0.15 and speech[-1].last and jaw[-1] < 0.05
    frames = conversation.heard["frame_info"]
    speaking = [f.mouth_open for f in frames if f.speaking]
    assert max(speaking) > 0.1
    # A busy machine may leave before it has drawn the end; whatever it drew after the end is at rest.
    end_ns = conversation.heard["speech/playback"][-1].steady_ns
    assert all(f.mouth_open < 0.05 for f in frames if f.steady_ns > end_ns + 3e8)


def test_states_come_in_order(conversation):
    order = [a for a, b in pairwise([*conversation.moods, None]) if a != b]
    assert [m for m in order if m in (AgentState.THINKING, AgentState.SPEAKING)] == [
        AgentState.THINKING,
        AgentState.SPEAKING,
    ]
    assert order.index(AgentState.LISTENING) < order.index(AgentState.THINKING)


def test_images_open_in_any_viewer(conversation):
    assert len(conversation.images) > 10
    image = conversation.images[-1]
    assert (image.encoding, image.step, len(image.data)) == ("rgb8", 3 * image.width, 3 * image.width * image.height)
    assert image.header.frame_id == "avatar_camera"
    stamps = [i.header.stamp.sec + 1e-9 * i.header.stamp.nanosec for i in conversation.images]
    assert all(a < b for a, b in pairwise(stamps))
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
    assert pixels.std() > 20, "a face, not a blank"
    import cv2

    decoded = cv2.imdecode(np.frombuffer(conversation.jpegs[-1].data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == pixels.shape
    assert conversation.infos[-1].k[0] > image.height / 2


def test_the_report_tells_all_delays_in_order(conversation):
    (turn,) = json.loads(conversation.report.read_text())["turns"]
    assert turn["transcript"].lower().strip(" ?.") == QUESTION and len(turn["reply"]) > 30
    ms = turn["ms"]
    order = ["voice_stop", "transcript", "first_reply", "first_tts", "first_expression", "first_sound"]
    values = [ms[name] for name in (*order, "first_mouth")]
    assert all(v is not None and math.isfinite(v) and v > 0 for v in values), ms
    # Each step is noted when its message arrives; messages of different topics may overtake each other.
    assert all(ms[a] <= ms[b] + OVERTAKING_MS for a, b in pairwise(order)), ms


def test_the_recording_holds_picture_and_sound(conversation):
    import av

    with av.open(str(conversation.recording)) as recording:
        video, audio = recording.streams.video[0], recording.streams.audio[0]
        assert (video.width, video.height) == (512, 512)
        frames = [f.to_ndarray(format="rgb24") for f in recording.decode(video)]
    with av.open(str(conversation.recording)) as recording:
        sound = np.concatenate([f.to_ndarray().ravel() for f in recording.decode(audio=0)])
    assert audio.codec_context.name == "aac"
    assert len(frames) > 30 and frames[len(frames) // 2].std() > 20
    assert np.abs(sound).max() > 0.05


def test_no_word_that_was_said_is_logged(conversation):
    reply = "".join(r.text for r in conversation.heard["dialogue/reply"])
    words = [QUESTION, *(sentence.strip().lower() for sentence in reply.split(".") if len(sentence) > 12)]
    assert len(words) > 1 and not [w for w in words if w in conversation.log.lower()]


@pytest.mark.parametrize(
    ("node", "argument", "text"),
    [
        ("vad_node", "backend:=nope", "unknown vad backend 'nope'; known: silero"),
        ("asr_node", "backend:=nope", "unknown asr backend 'nope'; known: pocketsphinx"),
        ("tts_node", "backend:=nope", "unknown tts backend 'nope'; known: espeak"),
        ("renderer_node", "avatar:=/nowhere.zip", "/nowhere.zip"),
        ("renderer_node", "fps:=100000.0", "'fps' is 100000.0; it must be at most 240"),
        ("speaker_node", "lips_wait:=1.0", "unknown parameter 'lips_wait'"),
    ],
)
def test_a_bad_configuration_ends_a_node_with_one_line_and_exit_code_2(node, argument, text):
    command = [sys.executable, "-m", f"avatar_ros.nodes.{node}", "--ros-args", "-p", argument]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode == 2, said
    assert len(said) == 1 and text in said[0], said
