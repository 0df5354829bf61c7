"""`./avatar record`: a running kiosk's conversation into a file, to be replayed or looked at."""

from __future__ import annotations

import argparse
import gc
import importlib.util
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.clock import both_clocks
from ..core.errors import ConfigError
from ..core.machine import machine_fault
from ..core.registry import how_to_install
from ..core.ros_names import namespace_of

if TYPE_CHECKING:
    from ..recording.bag_writer import BagWriter
    from ..recording.base import Instant
    from ..ros.executor import LeanExecutor
    from ..ros.main import StopSignals
    from ..ros.raw_listener import RawListener

EXIT_FAILED = 1
_SPIN_S = 0.1
_SAY_EVERY_S = 10.0
#: What `--no-sound` leaves out.
_SOUND = ("mic/audio", "mic/utterance", "speech/played")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    add = parser.add_argument
    add("file", type=Path, metavar="FILE.mcap", help="what is written; it must not exist")
    add("--namespace", default="avatar", help="of the kiosk that is recorded (default: %(default)s)")
    add("--only", default="", metavar="TOPIC,…", help="these topics alone: speech/transcript,speech/sentence")
    add("--no-sound", action="store_true", help="without what the microphone hears and the loudspeaker plays")
    add("--seconds", type=float, default=0.0, metavar="S", help="end after so long (default: at Ctrl-C)")
    add("--list", action="store_true", help="say what would be recorded, and record nothing")


def run(options: argparse.Namespace) -> int:
    """Record until Ctrl-C; the process's exit code."""
    topics = chosen_topics(options.only, sound=not options.no_sound)
    namespace = namespace_of(options.namespace)
    print(described(topics, namespace))
    if options.list:
        return 0
    require_mcap()
    from ..ros.main import StopSignals

    signals = StopSignals()
    try:
        return _record(options, topics, signals)
    finally:
        signals.end()


def require_mcap() -> None:
    """Raises ConfigError naming what installs the library."""
    if importlib.util.find_spec("mcap") is None:
        raise ConfigError("library_missing", f"recordings need the library mcap: {how_to_install('recording')}")


def chosen_topics(only: str, *, sound: bool) -> tuple[str, ...]:
    """What is recorded. Raises RecordingError naming an unknown topic."""
    from ..recording.base import RECORDED, RecordingError  # not above: --help must need nothing installed

    names = tuple(name.strip() for name in only.split(",") if name.strip())
    if unknown := [name for name in names if name not in RECORDED]:
        raise RecordingError("bad_option", f"--only names '{unknown[0]}'; known: {', '.join(RECORDED)}")
    return tuple(name for name in RECORDED if (not names or name in names) and (sound or name not in _SOUND))


def described(topics: tuple[str, ...], namespace: str) -> str:
    """What is recorded, in words for the person who answers for it."""
    voices = "the voices of who stands before it, " if set(topics) & {"mic/audio", "mic/utterance"} else ""
    words = "what they say, " if {"speech/transcript", "dialogue/prompt"} & set(topics) else ""
    names = "\n".join(f"  /{namespace.strip('/')}/{name}" for name in topics)
    return f"recorded are {voices}{words}and all else on these topics, until Ctrl-C; no pictures:\n{names}"


def _record(options: argparse.Namespace, topics: tuple[str, ...], signals: StopSignals) -> int:
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from ..recording.bag_writer import BagWriter
    from ..recording.base import Instant, metadata_of
    from ..ros.executor import LeanExecutor
    from ..ros.raw_listener import RawListener
    from ..ros.start import start_ros

    namespace = namespace_of(options.namespace)
    began = Instant(*both_clocks())
    writer = BagWriter(options.file, metadata_of(namespace, began))
    node: Any = None
    try:
        start_ros(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node("recorder", namespace=namespace)
        executor = LeanExecutor()
        executor.add_node(node)
        listener = RawListener(node, topics, partial(_write, writer, namespace, began))
        _serve(executor, listener, writer, options.seconds, signals)
        listener.close()
        executor.shutdown(timeout_sec=0.5)
        return _end(writer)
    except OSError as error:
        print(f"recording ended: {machine_fault(error) or error}; what is in {writer.path} up to here can be replayed")
        return EXIT_FAILED
    finally:
        if node is not None:
            node.destroy_node()
        node = None
        gc.collect()
        rclpy.try_shutdown()


def _write(writer: BagWriter, namespace: str, began: Instant, topic: str, data: bytes) -> None:
    from ..recording.base import BagMessage
    from ..ros.message_text import definition_of
    from ..ros.raw_listener import type_name

    kind = type_name(topic)
    writer.add(BagMessage(f"{namespace}/{topic}", kind, data, began.wall_at(time.monotonic_ns()), definition_of(kind)))


def _serve(
    executor: LeanExecutor, listener: RawListener, writer: BagWriter, seconds: float, signals: StopSignals
) -> None:
    began_s = said_s = time.monotonic()
    heard = False
    while not signals.asked and not (seconds and time.monotonic() - began_s >= seconds):
        executor.spin_once(timeout_sec=_SPIN_S)
        now_s = time.monotonic()
        if now_s - said_s >= _SAY_EVERY_S:
            said_s = now_s
            heard = heard or listener.publishers() > 0
            total = f"{sum(writer.counts.values())} messages, {writer.size / 1e6:.1f} MB"
            print(total if heard else "no kiosk is heard in this namespace yet", flush=True)


def _end(writer: BagWriter) -> int:
    writer.close()
    for topic, count in sorted(writer.counts.items()):
        print(f"{count:8} {topic}")
    print(f"{writer.path}: {sum(writer.counts.values())} messages, {writer.path.stat().st_size / 1e6:.1f} MB")
    if not writer.counts:
        print("nothing was heard: is a kiosk running in this namespace?")
        return EXIT_FAILED
    return 0
