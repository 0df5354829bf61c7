"""`./avatar bench floods`: a whole kiosk is flooded and sent impossible messages; after each its next `say` is awaited.

Floods come on one topic each, 2500 to 10 000 messages a second, of the kiosk's own session or of thousands of others.
Impossible messages are made of every field of every topic: the largest and smallest numbers that it can carry, NaN,
huge and empty texts and arrays.
"""

from __future__ import annotations

import argparse
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from avatar_ros.core.enums import InterruptAction, SayWhen, VoiceKind
from avatar_ros.core.events import AvatarState, Interrupt, Say, SessionEvent
from avatar_ros.core.topics import TOPICS, Message
from avatar_ros.core.types import AudioFrame, PlaybackClock, Sentence, SpeechChunk, Transcript, VoiceActivity
from avatar_ros.ros import convert
from avatar_ros.ros.listener import Listener

from ..lib.report import tell
from .kiosk_run import KioskRun

NAMESPACE = "bench_floods"
MUST_S = 3.0
_LONGEST_WAIT_S = 60.0
#: The last words of a flood are heard after it, and interrupt like any others.
_LAST_OF_IT_S = 1.0
_SILENCE = np.zeros(320, np.int16)
_LONG = "word " * 200_000

#: A value of each type of ROS's that is the largest, the smallest, or none at all. Sequences are grown from these.
_NUMBERS: dict[str, tuple[Any, ...]] = {
    "uint8": (0, 255),
    "uint32": (0, 2**31, 2**32 - 1),
    "uint64": (2**34 + 1, 2**63, 2**64 - 1),
    "int64": (-(2**63), -1, 2**62, 2**63 - 1),
    "float": (float("nan"), float("inf"), -3e38),
    "double": (float("nan"), float("-inf"), 1e308),
    "string": ("", "x" * 300_000, "\x00\x1b[2J\u202e"),
    "sequence<int16>": (array("h"), array("h", bytes(2 * 5_000_000))),
    "sequence<float>": (array("f"), array("f", [float("nan")])),
    "float[52]": (np.full(52, np.nan, np.float32), np.full(52, -np.inf, np.float32)),
    "sequence<string>": (["x" * 300_000], ["x"] * 300),
}


@dataclass(frozen=True)
class Flood:
    """make(i, epoch): the i-th message on `topic`."""

    name: str
    topic: str
    make: Callable[[int, int], Message]
    rate_hz: float = 10_000.0
    seconds: float = 4.0


@dataclass(frozen=True)
class Outcome:
    """say_s: from sending a `say` after it to its result; reason: why it was not spoken, or ""."""

    name: str
    sent: int
    say_s: float
    reason: str


def _pause_resume(i: int, epoch: int) -> Interrupt:
    action = InterruptAction.PAUSE if i % 2 else InterruptAction.RESUME
    return Interrupt(epoch=epoch, turn=0, action=action, reason="flood")


def _voice(i: int, epoch: int) -> VoiceActivity:
    return VoiceActivity(utterance=i, kind=VoiceKind.STARTED if i % 2 else VoiceKind.STOPPED)


#: Texts that once took a minute, or all memory.
LONG_TEXTS: tuple[Say | Transcript | Sentence, ...] = (
    Say(id="long", text=_LONG),
    Say(id="longer", text=_LONG * 10),
    Say(id="no spaces", text="a" * 3_000_000),
    Say(id="just not too long", text="*a [b](" * 2800),
    Transcript(utterance=999_999, text=_LONG * 10),
    Sentence(turn=1, text="*a " * 300_000),
)
FLOODS: tuple[Flood, ...] = (
    Flood("say", "say", lambda i, _: Say(id=f"f{i}", text=f"number {i}")),
    Flood("say INTERRUPT", "say", lambda i, _: Say(id=f"g{i}", text=f"number {i}", when=SayWhen.INTERRUPT)),
    Flood("transcripts", "speech/transcript", lambda i, _: Transcript(utterance=i + 1, text="what is your name")),
    Flood("partials", "speech/transcript", lambda i, _: Transcript(utterance=5, text="what is", final=False)),
    Flood("interrupts", "interrupt", _pause_resume),
    Flood("microphone", "mic/audio", lambda i, _: AudioFrame(first_sample=320 * i, pcm=_SILENCE)),
    Flood("playback", "speech/playback", lambda i, epoch: PlaybackClock(epoch=epoch, turn=99_999, sample=i)),
    Flood("voices", "mic/voice_activity", _voice),
    Flood("turns of nobody", "speech/sentence", lambda i, _: Sentence(turn=i + 1, text="a", last=True)),
    Flood("states", "state", lambda i, epoch: AvatarState(epoch=epoch + i, turn=i)),
    *(
        Flood(f"sessions: {topic}", topic, make, 4000.0, 6.0)
        for topic, make in (
            ("speech/transcript", lambda i, _: Transcript(session=f"s{i}", utterance=1, text="hello")),
            ("mic/audio", lambda i, _: AudioFrame(session=f"m{i}", pcm=_SILENCE)),
            ("speech/audio", lambda i, _: SpeechChunk(session=f"a{i}", turn=1, pcm=_SILENCE, text="hi")),
            ("say", lambda i, _: Say(session=f"y{i}", id=f"y{i}", text="hello")),
            ("interrupt", lambda i, _: Interrupt(session=f"i{i}", epoch=1, turn=1)),
            ("session", lambda i, _: SessionEvent(session=f"e{i}")),
        )
    ),
)


def impossible(topic: str) -> Iterator[tuple[str, Any]]:
    """(field and value, ROS message) of a topic: one field of each is what it cannot be, the others are usual."""
    kind = TOPICS[topic]
    for name, type_name in convert.msg_type(kind).get_fields_and_field_types().items():
        for value in _NUMBERS.get(type_name, ()):
            msg = convert.to_msg(kind(), time.time_ns())
            try:
                setattr(msg, name, value)
            except (AssertionError, TypeError, ValueError):  # its own setter knows better
                continue
            yield f"{name}={value!r:.24}", msg


def pour(listener: Listener, flood: Flood, epoch: int) -> int:
    """Publish a flood; how many messages that were."""
    publisher, sent, began_s = listener.publisher(flood.topic), 0, time.monotonic()
    while (passed_s := time.monotonic() - began_s) < flood.seconds:
        for _ in range(min(round(flood.rate_hz * passed_s) - sent, 500)):
            publisher.publish(convert.to_msg(flood.make(sent, epoch), time.time_ns()))
            sent += 1
        time.sleep(0.001)
    return sent


def say(listener: Listener, name: str, when: SayWhen = SayWhen.INTERRUPT) -> tuple[float, str]:
    """Have something said: how long that took, s, and why it was not spoken ("": it was)."""
    began_s = time.monotonic()
    listener.send("say", Say(id=name, text="Still here.", when=when))
    try:
        listener.wait(lambda h: any(r.id == name for r in h.heard["say_result"]), name, _LONGEST_WAIT_S)
    except TimeoutError:
        return time.monotonic() - began_s, "no result"
    result = next(r for r in listener.heard["say_result"] if r.id == name)
    return time.monotonic() - began_s, "" if result.done else result.reason


def trials(listener: Listener) -> Iterator[tuple[str, Callable[[], int]]]:
    """All floods, long texts and impossible messages: name, and what sends it and counts the messages."""
    epoch = listener.heard["state"][-1].epoch
    for flood in FLOODS:
        yield f"flood of {flood.name}", partial(pour, listener, flood, epoch)
    for message in LONG_TEXTS:
        topic = next(topic for topic, kind in TOPICS.items() if kind is type(message))
        msg = convert.to_msg(message, time.time_ns())
        yield f"{topic} of {len(message.text)} characters", partial(_send, listener, topic, msg)
    for topic in TOPICS:
        for what, msg in impossible(topic):
            yield f"{topic} {what}", partial(_send, listener, topic, msg)


def _send(listener: Listener, topic: str, msg: Any) -> int:
    listener.publisher(topic).publish(msg)
    return 1


def _outcomes(listener: Listener, only: str) -> Iterator[Outcome]:
    yield Outcome("nothing", 0, *say(listener, "first"))
    for name, send in trials(listener):
        if only in name:
            sent = send()
            time.sleep(_LAST_OF_IT_S)
            yield Outcome(name, sent, *say(listener, f"after {name}"))


def main(arguments: Sequence[str]) -> int:
    """0 where every `say` was spoken within MUST_S and no node died."""
    parser = argparse.ArgumentParser(prog="avatar bench floods", description=__doc__.splitlines()[0])
    parser.add_argument("--json", help="write the outcomes to this file")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="those whose name holds it: flood, mic/audio, epoch="
    )
    options = parser.parse_args(arguments)
    quiet = ["--mic", "none", "--display", "off"]
    found = []
    with Listener(NAMESPACE, ("say_result", "state")) as listener, KioskRun(NAMESPACE, "embedded", quiet) as run:
        listener.wait(lambda k: k.heard["state"], "comes up")
        for outcome in _outcomes(listener, options.only):
            print(outcome, flush=True)
            found.append(asdict(outcome))
            run.check()
        died = run.restarts()
    late = [one for one in found if one["reason"] or one["say_s"] > MUST_S]
    tell({"tried": len(found), "late": late, "died": died, "outcomes": found}, options.json)
    return 1 if late or died else 0
