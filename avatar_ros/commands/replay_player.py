"""A recorded conversation played in the place of the nodes that made it, and what is shown by it compared with then."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.signals import SignalHandlerOptions

from ..core.clock import both_clocks
from ..core.events import FrameInfo
from ..core.exit_codes import EXIT_DONE, EXIT_OK, EXIT_UNFINISHED
from ..core.outputs import write_whole
from ..core.topics import TOPICS
from ..recording.bag_reader import BagReader
from ..recording.base import BagMessage, Instant
from ..recording.frames import ShownFrame, compare
from ..recording.time_shift import Survey, TimeShift, survey, topic_in
from ..render.stage import PORT as RENDERER_PORT
from ..ros import convert, qos
from ..ros.any_message import AnyMessage
from ..ros.executor import LeanExecutor
from ..ros.player import Due, ReplayNode
from ..ros.start import start_ros
from ..speaker.base import SPEAKER_PORT

#: Who follows a replay, by --to: node -> its topics.
FOLLOWERS = {
    "renderer": {"renderer_node": RENDERER_PORT},
    "all": {"renderer_node": RENDERER_PORT, "speaker_node": SPEAKER_PORT},
}
#: Read by a follower only as it is configured: the renderer hears the sound while it records.
_AS_CONFIGURED = frozenset({"speech/played"})
_FIND_S = 60.0
#: From "everybody is there" to the first message, and from the last one to the end, s.
_LEAD_S, _TAIL_S = 0.5, 1.0
_SPEECH_RATE_HZ = 24000


@dataclass(frozen=True)
class ReplayOptions:
    """file: the recording; of: which avatar of it, "" for the only one; to: of FOLLOWERS; report: JSON file."""

    file: Path
    namespace: str
    of: str = ""
    to: str = "all"
    report: Path | None = None


def play(options: ReplayOptions, stop_asked: Callable[[], bool]) -> int:
    """Play it once; an exit code. Raises RecordingError where it cannot be played."""
    replay = Replay(options.file, options.of, options.to)
    for line in told(replay):
        print(line, flush=True)
    start_ros(args=["--ros-args", "--disable-external-lib-logs"], signal_handler_options=SignalHandlerOptions.NO)
    player = ReplayNode(options.namespace, replay.topics)
    try:
        if not _found(player, replay, stop_asked):
            return EXIT_OK if stop_asked() else EXIT_UNFINISHED
        lead_ns = round(_LEAD_S * 1e9)
        wall_ns, steady_ns = both_clocks()
        shift = replay.shift(Instant(wall_ns + lead_ns, steady_ns + lead_ns))
        with _frames(player) as shown:
            count = player.play(replay.due(shift), stop_asked)
            time.sleep(_TAIL_S)
        print(f"{count} messages were played, the latest {1000 * player.late_s:.1f} ms after its time", flush=True)
        for line in replay.damage:
            print(f"[WARN] {line}", flush=True)
        if options.report is not None:
            _report(options.report, replay, shift, shown)
        return EXIT_DONE
    finally:
        player.close()


def told(replay: Replay) -> list[str]:
    """What is played, in words."""
    found = replay.survey
    topics = ", ".join(replay.topics)
    lines = [f"{found.duration_s:.1f} s of {found.namespace}, {sum(found.counts.values())} messages; given: {topics}"]
    return [*lines, *(f"[WARN] {line}" for line in replay.damage)]


def _found(player: ReplayNode, replay: Replay, stop_asked: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + _FIND_S
    while missing := player.missing(replay.readers):
        if stop_asked():
            return False
        if time.monotonic() > end_s:
            print(f"nobody follows: {', '.join(missing)} did not come within {_FIND_S:.0f} s", flush=True)
            return False
        time.sleep(0.05)
    return True


@contextmanager
def _frames(player: ReplayNode) -> Iterator[list[ShownFrame]]:
    """What is shown meanwhile."""
    shown: list[ShownFrame] = []
    kind = convert.msg_type(FrameInfo)
    player.node.create_subscription(
        kind, "frame_info", lambda message: shown.append(frame_of(message)), qos.for_topic("frame_info")
    )
    executor = LeanExecutor()
    executor.add_node(player.node)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=serve, name="frames", daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        over.set()
        thread.join(2.0)
        executor.shutdown(timeout_sec=0.5)


def _report(path: Path, replay: Replay, shift: TimeShift, shown: list[ShownFrame]) -> None:
    shift_s = (shift.now.steady_ns - shift.then.steady_ns) * 1e-9
    then = replay.frames()
    found = compare(then, shown, shift_s, _SPEECH_RATE_HZ)
    values = {
        "frames_then": len(then),
        "frames_now": len(shown),
        "compared": found.counted,
        "missing": found.missing,
        "same_sample_share": round(found.same_share, 5),
        "compared_mouths": found.compared_mouths,
        "same_mouth_share": round(found.mouth_share, 5),
        "damage": list(replay.damage),
    }
    with suppress(OSError):
        write_whole(path, json.dumps(values, indent=1) + "\n")
    print(
        f"{100 * found.same_share:.1f} % of {found.counted} frames show the same sample at the same time, "
        f"{100 * found.mouth_share:.1f} % of {found.compared_mouths} the same mouth at the same sample",
        flush=True,
    )


class Replay:
    """One recording. Raises RecordingError where it cannot be played."""

    def __init__(self, path: Path, of: str, to: str) -> None:
        self._any = AnyMessage()
        self._bag = BagReader(path, lambda topic: any(topic.endswith(f"/{known}") for known in TOPICS))
        self.survey: Survey = survey(self._bag.messages(), self._decode, lambda: self._bag.begun, of)
        self.damage = tuple(self._bag.damage)
        followers = FOLLOWERS[to]
        given = {topic for port in followers.values() for topic in port.publishes}
        self.topics = tuple(topic for topic in self.survey.counts if topic not in given)
        given_by_us = set(self.topics) - _AS_CONFIGURED
        self.readers = tuple(
            (name, [t for t in (*port.subscribes, "state", "interrupt") if t in given_by_us])
            for name, port in followers.items()
        )

    def shift(self, now: Instant) -> TimeShift:
        """From its times to those of a replay whose first message is due at `now`."""
        return TimeShift(Instant(self.survey.first_ns, self.survey.steady_ns), now)

    def due(self, shift: TimeShift) -> Iterator[Due]:
        """What is published, moved."""
        for topic, bag_message in self._own():
            if topic in self.topics and (message := self._decode(bag_message)) is not None:
                _move(message, shift)
                yield Due(shift.due_ns(bag_message.log_ns), topic, message)

    def frames(self) -> list[ShownFrame]:
        """What was shown then."""
        shown = (self._decode(message) for topic, message in self._own() if topic == "frame_info")
        return [frame_of(message) for message in shown if message is not None]

    def _own(self) -> Iterator[tuple[str, BagMessage]]:
        for message in self._bag.messages():
            if topic := topic_in(self.survey.namespace, message.topic):
                yield topic, message

    def _decode(self, message: BagMessage) -> Any:
        return self._any.decode(message.type_name, message.definition, message.data)


def _move(message: Any, shift: TimeShift) -> None:
    if hasattr(message, "steady_ns"):
        message.steady_ns = shift.steady(message.steady_ns)
        message.clock_id = 0  # of that time; moved, it is this host's
    if hasattr(message, "header"):
        stamp = convert.ns_from_stamp(message.header.stamp)
        message.header.stamp = convert.stamp_from_ns(shift.wall(stamp))


def frame_of(message: Any) -> ShownFrame:
    """A message of frame_info as recording/frames.py compares it."""
    info = convert.from_msg(FrameInfo, message)
    return ShownFrame(info.steady_ns * 1e-9, info.epoch, info.turn, info.sample, info.speaking, info.mouth_open)
