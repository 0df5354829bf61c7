"""Writes MCAP files that rosbag2, Foxglove and bag_reader.py read. https://mcap.dev/spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from mcap.writer import CompressionType, Writer

from .base import METADATA, BagMessage, RecordingError

#: A chunk is on the disk as soon as it is this long, bytes: what a cut loses. About a second of a conversation.
_CHUNK_BYTES = 128 * 1024
#: What rosbag2 offers a message's publisher with when it plays: reliable, volatile, keep last 10. In its YAML.
_QOS = (
    "- history: keep_last\n  depth: 10\n  reliability: reliable\n  durability: volatile\n"
    "  deadline: {sec: 9223372036, nsec: 854775807}\n  lifespan: {sec: 9223372036, nsec: 854775807}\n"
    "  liveliness: automatic\n  liveliness_lease_duration: {sec: 9223372036, nsec: 854775807}\n"
    "  avoid_ros_namespace_conventions: false\n"
)


class BagWriter:
    """One file; `counts` by topic. Raises OSError where the disk takes no more."""

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Begin the file. Raises RecordingError where it exists, or cannot be made."""
        if not path.parent.is_dir():
            raise RecordingError("file_missing", f"{path}: the folder {path.parent} does not exist")
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError:
            raise RecordingError("file_exists", f"{path} exists; choose another name, or remove it") from None
        self.path = path
        self.counts: dict[str, int] = {}
        self._writer = Writer(self._file, chunk_size=_CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="avatar_ros")
        self._writer.add_metadata(METADATA, dict(metadata))
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}

    def add(self, message: BagMessage) -> None:
        """Append a message; to be given in the order of arrival."""
        channel = self._channels.get(message.topic)
        if channel is None:
            channel = self._channels[message.topic] = self._new_channel(message)
        count = self.counts[message.topic] = self.counts.get(message.topic, 0) + 1
        self._writer.add_message(channel, message.log_ns, message.data, message.log_ns, count)
        self._file.flush()  # a chunk, where one is full

    @property
    def size(self) -> int:
        """Bytes on the disk so far."""
        return self._file.tell()

    def close(self) -> None:
        """Write the index and end the file."""
        if not self._file.closed:
            try:
                self._writer.finish()
            finally:
                self._file.close()

    def _new_channel(self, message: BagMessage) -> int:
        name = message.type_name
        if name not in self._schemas:
            self._schemas[name] = self._writer.register_schema(name, "ros2msg", message.definition.encode())
        return self._writer.register_channel(message.topic, "cdr", self._schemas[name], {"offered_qos_profiles": _QOS})
