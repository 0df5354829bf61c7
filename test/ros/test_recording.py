"""A conversation that was recorded beside a real kiosk drives renderer and loudspeaker again, whole or cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("mcap", reason="the library is not installed: ./avatar setup --with recording")

from avatar_ros.commands.replay_player import frame_of
from avatar_ros.core.topics import TOPICS
from avatar_ros.recording.bag_reader import BagReader
from avatar_ros.ros.any_message import AnyMessage
from avatar_ros.ros.message_text import definition_of, fields_of
from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
#: A machine that is busy with other tests takes long; these only catch a hang.
WAIT_S, RUN_S = 90.0, 240.0


def command(*arguments: object, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "avatar_ros", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options,
    )  # fmt: skip


def done(*arguments: object) -> tuple[int, str]:
    process = command(*arguments)
    output, _ = process.communicate(timeout=RUN_S)
    return process.returncode, output


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A question and its answer."""
    folder = tmp_path_factory.mktemp("recording")
    question = write_wav(folder / "question.wav", speak(["what time is it"])[0], after_s=3.0)
    bag = folder / "talk.mcap"
    recorder = command("record", bag, "--namespace", "taped")
    try:
        with KioskProcess("--mic", question, "--display", "off", "--turns", 1, namespace="taped") as kiosk:
            assert kiosk.wait(RUN_S) == 0, kiosk.log
        recorder.send_signal(signal.SIGINT)
        output, _ = recorder.communicate(timeout=WAIT_S)
    finally:
        recorder.kill()
    assert recorder.returncode == 0, output
    assert "the voices of who stands before it" in output and "/taped/speech/audio" in output
    return bag


def test_what_is_recorded_is_whole_and_readable_by_others(recorded):
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    reader = BagReader(recorded)
    counts: dict[str, int] = {}
    for message in reader.messages():
        counts[message.topic.removeprefix("/taped/")] = counts.get(message.topic.removeprefix("/taped/"), 0) + 1
    assert not reader.damage and reader.namespace == "/taped"
    for topic in (
        *("mic/audio", "speech/transcript", "dialogue/prompt", "dialogue/reply", "speech/sentence", "speech/audio"),
        *("motion/expression", "speech/playback", "state", "frame_info", "turn_report"),
    ):
        assert counts.get(topic), f"{topic} is missing: {counts}"
    with recorded.open("rb") as file:
        transcripts = make_reader(file, decoder_factories=[DecoderFactory()]).iter_decoded_messages(
            topics=["/taped/speech/transcript"]
        )
        texts = [decoded.text for _, _, _, decoded in transcripts if decoded.final]
    assert texts == ["what time is it"]


def test_it_drives_a_renderer_by_the_clock_of_then(recorded, tmp_path):
    report = tmp_path / "same.json"
    code, output = done(
        "replay", recorded, "--to", "renderer", "--display", "off", "--namespace", "again", "--report", report
    )
    assert code == 0, output
    found = json.loads(report.read_text())
    assert found["compared"] > 20 and found["missing"] <= 0.2 * found["compared"], (found, output)
    assert found["same_sample_share"] > 0.9, (found, output)


def test_it_drives_renderer_and_loudspeaker(recorded, tmp_path):
    report = tmp_path / "same.json"
    code, output = done("replay", recorded, "--display", "off", "--namespace", "aloud", "--report", report)
    assert code == 0, output
    found = json.loads(report.read_text())
    assert found["compared_mouths"] > 20 and found["same_mouth_share"] > 0.9, (found, output)


def test_cut_off_it_plays_what_is_whole_and_says_so(recorded, tmp_path):
    body = recorded.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(body[: len(body) // 3])
    code, output = done("replay", cut, "--to", "renderer", "--display", "off", "--namespace", "cut")
    assert code == 0, output
    assert f"{cut}: it is cut off; what is whole before that counts" in output and "messages were played" in output
    assert "Traceback" not in output


def test_what_cannot_be_played_ends_with_one_line(recorded, tmp_path):
    (tmp_path / "x.mcap").write_bytes(b"no recording")
    for arguments, what in (
        (("replay", tmp_path / "x.mcap", "--display", "off"), "x.mcap: it is no MCAP file"),
        (("replay", tmp_path / "none.mcap"), "none.mcap does not exist"),
        (("replay", recorded, "--display", "off", "--of", "other"), "holds no avatar /other; it holds /taped"),
        (("record", recorded), f"{recorded} exists"),
        (("record", tmp_path / "y.mcap", "--only", "nonsense"), "--only names 'nonsense'"),
    ):
        code, output = done(*arguments)
        assert code == 2 and what in " ".join(output.split()) and "Traceback" not in output, (arguments, output)


def test_a_listing_records_nothing(tmp_path):
    code, output = done("record", tmp_path / "x.mcap", "--list", "--no-sound")
    assert code == 0 and "/avatar/speech/transcript" in output and "mic/audio" not in output
    assert not (tmp_path / "x.mcap").exists()


# --- messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != "gaze_target"])
def test_definitions_are_whole(topic):
    from mcap.records import Schema
    from mcap_ros2.decoder import DecoderFactory
    from rclpy.serialization import serialize_message

    from avatar_ros.ros.convert import msg_type
    from avatar_ros.ros.raw_listener import type_name

    text = definition_of(type_name(topic))
    schema = Schema(id=1, data=text.encode(), encoding="ros2msg", name=type_name(topic))
    empty = msg_type(TOPICS[topic])()
    decoded = DecoderFactory().decoder_for("cdr", schema)(serialize_message(empty))
    for name in empty.get_fields_and_field_types():
        assert hasattr(decoded, name)


def test_a_message_of_another_version_is_read_field_by_field():
    from avatar_ros.msg import FrameInfo
    from rclpy.serialization import serialize_message

    today = definition_of("avatar_ros/msg/FrameInfo")
    shown = FrameInfo(epoch=7, turn=3, sample=4800, speaking=True, mouth_open=0.5, steady_ns=9)
    data = bytes(serialize_message(shown))
    reader = AnyMessage()
    assert frame_of(reader.decode("avatar_ros/msg/FrameInfo", today, data)).sample == 4800
    spaced = today.replace("uint32 turn 0", "uint32   turn  # of the turn")
    assert fields_of(spaced) == fields_of(today)
    longer = today.replace("int64 steady_ns 0", "int64 steady_ns 0\nuint64 of_tomorrow 0", 1)
    assert fields_of(longer) != fields_of(today)
    copied = reader.decode("avatar_ros/msg/FrameInfo", longer, data + bytes(8))
    assert (copied.epoch, copied.turn, copied.sample, copied.speaking, copied.steady_ns) == (7, 3, 4800, True, 9)
    assert reader.decode("nobodys_msgs/msg/Thing", "string x", b"") is None


def test_a_recorder_that_is_killed_leaves_what_can_be_played(tmp_path):
    """Chunks are on the disk as they are full."""
    import rclpy
    from avatar_ros.msg import SpeechChunk
    from rclpy.context import Context

    from avatar_ros.ros import qos

    bag = tmp_path / "killed.mcap"
    recorder = command("record", bag, "--namespace", "killed", "--only", "speech/audio", start_new_session=True)
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("voice", namespace="killed", context=context)
    try:
        publisher = node.create_publisher(SpeechChunk, "speech/audio", qos.for_topic("speech/audio"))
        pause = threading.Event()
        end_s = time.monotonic() + WAIT_S
        while not publisher.get_subscription_count() and time.monotonic() < end_s:
            pause.wait(0.05)
        assert publisher.get_subscription_count() == 1
        sent = 0
        while (not bag.exists() or bag.stat().st_size < 300_000) and time.monotonic() < end_s:
            noise = [int(value) for value in os.urandom(2000)]
            publisher.publish(SpeechChunk(turn=1, first_sample=sent * 2000, pcm=[v * 100 for v in noise]))
            sent += 1
            pause.wait(0.002)
        os.killpg(recorder.pid, signal.SIGKILL)
        recorder.wait(WAIT_S)
        reader = BagReader(bag)
        found = list(reader.messages())
        assert len(found) > 20 and "cut off" in reader.damage[0]
        heard = AnyMessage()
        first = [heard.decode(m.type_name, m.definition, m.data).first_sample for m in found]
        assert first == sorted(first) and len(set(first)) == len(first)
    finally:
        recorder.kill()
        node.destroy_node()
        rclpy.shutdown(context=context)
