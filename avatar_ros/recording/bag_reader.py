"""Reads recordings: our own, those of rosbag2 (`ros2 bag record`, storage mcap), and what is whole of a damaged one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from mcap.exceptions import EndOfFile, InvalidMagic
from mcap.records import Channel, Chunk, DataEnd, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from ..core.loading import boundary, saying
from ..core.yaml_text import load_yaml
from .base import METADATA, BagMessage, DamagedError, Instant, RecordingError, instant_of

#: A record that is longer is none, bytes.
_LONGEST_RECORD = 1 << 30
_CODE = "recording"


class BagReader:
    """`messages` may be called again: it begins anew. damage: what was found wrong by the last pass, "" for nothing."""

    def __init__(self, path: Path, wanted: Callable[[str], bool] = lambda topic: True) -> None:
        """path: an .mcap file, or a folder of rosbag2; wanted: by topic. Raises RecordingError where it is neither."""
        self.path = path
        self.files = _files(path)
        self.damage: list[str] = []
        self.begun: Instant | None = None  # known once the first messages were read
        self.namespace = ""
        self._wanted = wanted

    def messages(self) -> Iterator[BagMessage]:
        """All messages, in the order in which they stand. A file that breaks off ends there, and `damage` tells.

        Raises RecordingError where a file is no recording at all.
        """
        self.damage = []
        for file in self.files:
            try:
                yield from self._of(file)
            except DamagedError as error:
                self.damage.append(error.text)

    def _of(self, path: Path) -> Iterator[BagMessage]:
        schemas: dict[int, Schema] = {}
        channels: dict[int, Channel] = {}
        with path.open("rb") as file:
            for record in _records(file, path):
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Metadata) and record.name == METADATA:
                    self._note(record.metadata)
                elif isinstance(record, Message):
                    channel = channels.get(record.channel_id)
                    schema = schemas.get(channel.schema_id) if channel is not None else None
                    if channel is not None and schema is not None and self._wanted(channel.topic):
                        yield _message(record, channel, schema, path)

    def _note(self, metadata: Mapping[str, str]) -> None:
        self.begun = self.begun or instant_of(metadata)
        self.namespace = self.namespace or metadata.get("namespace", "")


def _message(record: Message, channel: Channel, schema: Schema, path: Path) -> BagMessage:
    if channel.message_encoding != "cdr" or schema.encoding != "ros2msg":
        raise RecordingError(
            _CODE,
            f"{path}: {channel.topic} is encoded as {channel.message_encoding} by {schema.encoding}, not as ROS 2 "
            "does (cdr, ros2msg)",
        )
    definition = schema.data.decode("utf-8", "replace")
    return BagMessage(channel.topic, schema.name, record.data, record.log_time, definition)


def _records(file: Any, path: Path) -> Iterator[Any]:
    """Records of a file, those of its chunks among them. Raises RecordingError, or DamagedError after the first."""
    stream = StreamReader(file, emit_chunks=True, record_size_limit=_LONGEST_RECORD).records
    seen, ended = 0, False
    while True:
        try:
            with boundary(path, RecordingError, _CODE, describe=_described):
                record = next(stream, None)
                inner = breakup_chunk(record, validate_crc=True) if isinstance(record, Chunk) else [record]
        except RecordingError as error:
            if not seen:
                raise
            if ended:
                return  # the index behind the messages: nobody needs it
            raise DamagedError(_CODE, f"{error.text}; what is whole before that counts") from error
        if record is None:
            return
        ended = ended or isinstance(record, DataEnd)
        seen += 1
        yield from inner


def _described(fault: Exception) -> str:
    if isinstance(fault, InvalidMagic):
        return "it is no MCAP file; `./avatar record` and `ros2 bag record -s mcap` write them"
    if isinstance(fault, EndOfFile):
        return "it is cut off"
    return f"it is damaged: {saying(fault)}"


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        if path.suffix in (".db3", ".zstd"):
            raise RecordingError(_CODE, f"{path}: {_CONVERT}")
        return (path,)
    if not path.is_dir():
        raise RecordingError("file_missing", f"{path} does not exist")
    described = path / "metadata.yaml"
    if not described.is_file():
        found = tuple(sorted(path.glob("*.mcap")))
        if not found:
            raise RecordingError("file_missing", f"{path} holds neither metadata.yaml nor an .mcap file")
        return found  # a recorder that was killed had no time to write it
    return tuple(_named(path, described))


_CONVERT = (
    "recordings are read as MCAP without compression of whole files; `ros2 bag convert` makes such a one "
    "(storage_id: mcap, compression_mode: none)"
)


def _named(path: Path, described: Path) -> Iterator[Path]:
    tree = load_yaml(yaml, described, _CODE)
    info = tree.get("rosbag2_bagfile_information") if isinstance(tree, dict) else None
    if not isinstance(info, dict) or not isinstance(names := info.get("relative_file_paths"), list) or not names:
        raise RecordingError(_CODE, f"{described}: names no files (rosbag2_bagfile_information.relative_file_paths)")
    if info.get("storage_identifier", "mcap") != "mcap" or str(info.get("compression_mode") or "").upper() == "FILE":
        raise RecordingError(_CODE, f"{described}: {_CONVERT}")
    for name in names:
        file = path / str(name)
        if not file.resolve().is_relative_to(path.resolve()):
            raise RecordingError(_CODE, f"{described}: names a file outside its folder: {name}")
        if not file.is_file():
            raise RecordingError("file_missing", f"{described}: names {name}, which is not there")
        yield file
