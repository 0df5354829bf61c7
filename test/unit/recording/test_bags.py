"""Files of recordings: written, read, cut off anywhere, damaged, of rosbag2, of none."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="the library is not installed: ./avatar setup --with recording")

from mcap.writer import CompressionType, Writer

from avatar_ros.recording.bag_reader import BagReader
from avatar_ros.recording.bag_writer import BagWriter
from avatar_ros.recording.base import BagMessage, Instant, RecordingError, metadata_of

KIND, DEFINITION = "std_msgs/msg/String", "string data"
NOON_NS = 1_700_000_000_000_000_000


def message(number: int, topic: str = "/avatar/state", size: int = 3000) -> BagMessage:
    data = random.Random(number).randbytes(size)  # does not pack: chunks are as long on the disk
    return BagMessage(topic, KIND, data, NOON_NS + number * 10**8, DEFINITION)


def written(path: Path, count: int = 200) -> list[BagMessage]:
    messages = [message(number, ("/avatar/state", "/avatar/speech/audio")[number % 2]) for number in range(count)]
    writer = BagWriter(path, metadata_of("/avatar", Instant(NOON_NS, 5)))
    for one in messages:
        writer.add(one)
    writer.close()
    assert writer.counts == {"/avatar/state": count // 2, "/avatar/speech/audio": count // 2}
    return messages


def test_what_is_written_is_read_in_its_order_as_often_as_one_likes(tmp_path):
    messages = written(tmp_path / "a.mcap")
    reader = BagReader(tmp_path / "a.mcap")
    assert list(reader.messages()) == messages and list(reader.messages()) == messages
    assert not reader.damage and reader.begun == Instant(NOON_NS, 5) and reader.namespace == "/avatar"
    only = BagReader(tmp_path / "a.mcap", lambda topic: topic.endswith("/state"))
    assert list(only.messages()) == messages[::2]


def test_nothing_is_written_over(tmp_path):
    written(tmp_path / "a.mcap", 2)
    before = (tmp_path / "a.mcap").read_bytes()
    with pytest.raises(RecordingError, match=r"a\.mcap exists"):
        BagWriter(tmp_path / "a.mcap", {})
    assert (tmp_path / "a.mcap").read_bytes() == before
    with pytest.raises(RecordingError, match="none does not exist"):
        BagWriter(tmp_path / "none" / "a.mcap", {})


def test_what_is_on_the_disk_before_the_end_can_be_read(tmp_path):
    """A recorder that is killed."""
    writer = BagWriter(tmp_path / "a.mcap", {})
    messages = [message(number) for number in range(100)]
    for one in messages:
        writer.add(one)
    reader = BagReader(tmp_path / "a.mcap")
    found = list(reader.messages())
    assert found == messages[: len(found)] and len(found) >= len(messages) - 50
    assert "cut off" in reader.damage[0]
    writer.close()


def test_wherever_it_is_cut_what_is_whole_is_read(tmp_path):
    messages = written(tmp_path / "a.mcap")
    whole = (tmp_path / "a.mcap").read_bytes()
    rng = random.Random(1)
    read = []
    for length in sorted(rng.randrange(len(whole)) for _ in range(25)):
        (tmp_path / "cut.mcap").write_bytes(whole[:length])
        reader = BagReader(tmp_path / "cut.mcap")
        try:
            found = list(reader.messages())
        except RecordingError as error:
            assert length < 200 and "cut.mcap" in error.text, (length, error)
            continue
        assert found == messages[: len(found)]
        read.append(len(found))
        assert len(found) == len(messages) or (reader.damage and "cut off" in reader.damage[0])
    assert read == sorted(read) and read[-1] > 100


def test_damage_is_named_and_what_is_before_it_is_read(tmp_path):
    messages = written(tmp_path / "a.mcap")
    body = bytearray((tmp_path / "a.mcap").read_bytes())
    at = len(body) // 2
    body[at : at + 8] = bytes(8)
    (tmp_path / "b.mcap").write_bytes(body)
    reader = BagReader(tmp_path / "b.mcap")
    found = list(reader.messages())
    assert 0 < len(found) < len(messages) and found == messages[: len(found)]
    assert "b.mcap" in reader.damage[0] and "damaged" in reader.damage[0] and "\n" not in reader.damage[0]


@pytest.mark.parametrize("body", [b"", b"x", b"RIFF" + bytes(2000), b"\x89MCAP0\r\n", bytes(100_000)])
def test_what_is_no_recording_is_refused(tmp_path, body):
    (tmp_path / "x.mcap").write_bytes(body)
    with pytest.raises(RecordingError, match=r"x\.mcap"):
        list(BagReader(tmp_path / "x.mcap").messages())


def test_noise_is_never_more_than_an_error(tmp_path):
    written(tmp_path / "a.mcap", 60)
    whole = (tmp_path / "a.mcap").read_bytes()
    rng = random.Random(2)
    for _ in range(40):
        body = bytearray(whole)
        for _ in range(rng.randint(1, 20)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        (tmp_path / "b.mcap").write_bytes(body)
        try:
            for _ in BagReader(tmp_path / "b.mcap").messages():
                pass
        except RecordingError as error:
            assert "b.mcap" in error.text and "\n" not in error.text


# --- rosbag2 --------------------------------------------------------------------------------------------------------


def rosbag2(folder: Path, names: list[str], **info: str) -> Path:
    """As `ros2 bag record -s mcap` leaves it: storage plugin's chunks, lz4 or zstd, one file or several."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        with (folder / name).open("wb") as file:
            writer = Writer(file, compression=CompressionType.LZ4 if number else CompressionType.ZSTD)
            writer.start(profile="ros2", library="libmcap 1.4.0")
            schema = writer.register_schema(KIND, "ros2msg", DEFINITION.encode())
            channel = writer.register_channel("/avatar/state", "cdr", schema)
            for n in range(3):
                one = message(3 * number + n, size=30)
                writer.add_message(channel, one.log_ns, one.data, one.log_ns, n)
            writer.finish()
    lines = "".join(f"  {key}: {value}\n" for key, value in {"storage_identifier": "mcap", **info}.items())
    listed = "".join(f"    - {name}\n" for name in names)
    text = f"rosbag2_bagfile_information:\n  version: 9\n{lines}  relative_file_paths:\n{listed}"
    (folder / "metadata.yaml").write_text(text)
    return folder


def test_a_folder_of_rosbag2_with_several_files(tmp_path):
    folder = rosbag2(tmp_path / "bag", ["bag_0.mcap", "bag_1.mcap"])
    reader = BagReader(folder)
    assert list(reader.messages()) == [message(number, size=30) for number in range(6)]
    assert reader.begun is None and not reader.damage
    (folder / "metadata.yaml").unlink()  # killed before it wrote it
    assert len(list(BagReader(folder).messages())) == 6
    first = (folder / "bag_0.mcap").read_bytes()
    (folder / "bag_0.mcap").write_bytes(first[:120])
    reader = BagReader(folder)
    assert len(list(reader.messages())) == 3 and "bag_0.mcap" in reader.damage[0]


@pytest.mark.parametrize(
    ("info", "what"),
    [
        ({"storage_identifier": "sqlite3"}, "ros2 bag convert"),
        ({"compression_mode": "FILE"}, "ros2 bag convert"),
    ],
)
def test_bags_that_are_not_read_say_what_makes_them_so(tmp_path, info, what):
    with pytest.raises(RecordingError, match=what):
        BagReader(rosbag2(tmp_path / "bag", ["bag_0.mcap"], **info))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{}", "names no files"),
        ("rosbag2_bagfile_information: {relative_file_paths: []}", "names no files"),
        ("rosbag2_bagfile_information: {relative_file_paths: [x.mcap]}", "names x.mcap, which is not there"),
        ("rosbag2_bagfile_information: {relative_file_paths: [../x.mcap]}", "outside its folder"),
        ("[", "not valid YAML"),
    ],
)
def test_a_wrong_metadata_file(tmp_path, text, what):
    (tmp_path / "metadata.yaml").write_text(text)
    with pytest.raises((RecordingError, Exception), match=what):
        BagReader(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(RecordingError, match="does not exist"):
        BagReader(tmp_path / "x.mcap")
    with pytest.raises(RecordingError, match=r"neither metadata\.yaml nor"):
        BagReader(tmp_path)
    (tmp_path / "x.db3").write_bytes(b"SQLite")
    with pytest.raises(RecordingError, match="ros2 bag convert"):
        BagReader(tmp_path / "x.db3")


def test_other_encodings_are_named(tmp_path):
    with (tmp_path / "x.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start()
        schema = writer.register_schema("State", "jsonschema", b"{}")
        writer.add_message(writer.register_channel("/avatar/state", "json", schema), 1, b"{}", 1)
        writer.finish()
    with pytest.raises(RecordingError, match="/avatar/state is encoded as json by jsonschema"):
        list(BagReader(tmp_path / "x.mcap").messages())


def test_two_may_read_one_file(tmp_path):
    messages = written(tmp_path / "a.mcap")
    found: list[list[BagMessage]] = []
    threads = [
        threading.Thread(target=lambda: found.append(list(BagReader(tmp_path / "a.mcap").messages()))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [messages, messages]
