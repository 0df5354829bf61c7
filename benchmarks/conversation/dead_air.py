"""`./avatar bench dead-air`: a whole kiosk whose voice or loudspeaker is killed in mid-sentence, and watched.

Measured over DDS, in real time, on what was really played (`speech/played`): from the last audible sample before the
silence to the first one of the sentence that is said again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avatar_ros.core.enums import PlaybackState, SayWhen
from avatar_ros.core.events import Say, SayResult
from avatar_ros.core.outputs import write_whole

from .interruptions import audible_s
from .kiosk_run import KioskRun
from .memory import descendants, sample

if TYPE_CHECKING:
    from avatar_ros.ros.listener import Listener

NAMESPACE = "bench_dead_air"
NODES = ("tts_node", "speaker_node")
SIGNALS = (signal.SIGKILL, signal.SIGSEGV)
TEXT = (
    "Here is a short beginning. Then there is a sentence of several seconds, so that nobody has all of it in store. "
    "And this is the end of what is said."
)
#: A node that dies again within a minute is started again later: each has more than that to itself.
APART_S = 31.0


def main(arguments: Sequence[str]) -> int:
    """Kill and listen; 0 when everything was said to its end and no silence was longer than the limit."""
    parser = argparse.ArgumentParser(prog="avatar bench dead-air", description=__doc__)
    parser.add_argument("--kills", type=int, default=6, help="of each of the two nodes")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they die")
    parser.add_argument("--limit-s", type=float, default=4.0, help="longest silence, p95, s")
    parser.add_argument("--json", type=Path, help="write all silences there")
    options = parser.parse_args(arguments)
    found = measure(options.kills, random.Random(options.seed))
    silences = [one["silence_s"] for one in found]
    p95_s = float(np.percentile(silences, 95))
    said = sum(one["done"] for one in found)
    print(f"silence: median {np.median(silences):.2f} s, p95 {p95_s:.2f} s; said to the end {said} of {len(found)}")
    if options.json:
        write_whole(options.json, json.dumps(found, indent=1))
    return int(said < len(found) or p95_s > options.limit_s)


def measure(kills: int, rng: random.Random) -> list[dict[str, Any]]:
    """One entry for each kill: node, signal, silence_s, done."""
    from avatar_ros.ros.listener import Listener

    topics = ("state", "speech/playback", "speech/played", "say_result")
    quiet = ["--mic", "none", "--display", "off"]
    with Listener(NAMESPACE, topics) as listener, KioskRun(NAMESPACE, "embedded", quiet) as run:
        listener.wait(lambda heard: heard.heard["state"], "the dialogue comes up")
        listener.send("say", Say(id="up", text="Ready."))
        listener.wait(lambda heard: _result(heard, "up"), "it speaks")
        return [_kill(listener, run, NODES[i % 2], rng, f"{i}") for i in range(2 * kills)]


def _kill(listener: Listener, run: KioskRun, node: str, rng: random.Random, name: str) -> dict[str, Any]:
    began_s = time.monotonic()
    clocks, frames = listener.heard["speech/playback"], listener.heard["speech/played"]
    seen, played = len(clocks), len(frames)
    listener.send("say", Say(id=name, text=TEXT, when=SayWhen.INTERRUPT))
    inside = lambda _: any(c.sentence == 1 and c.state is PlaybackState.PLAYING for c in clocks[seen:])  # noqa: E731
    listener.wait(inside, "is in the second sentence")
    time.sleep(rng.uniform(0.0, 1.5))
    how = rng.choice(SIGNALS)
    os.kill(next(p for p in descendants(run.pid) if (m := sample(p, 0.0)) and m.name == node), how)
    listener.wait(lambda heard: _result(heard, name), "says it to its end")
    run.check()
    gaps = np.diff(audible_s(frames[played:]), append=np.nan)
    entry = {"node": node, "signal": how.name, "silence_s": round(float(np.nanmax(gaps)), 3)}
    result = _result(listener, name)
    print(entry | {"done": result is not None and result.done}, flush=True)
    time.sleep(max(0.0, APART_S - (time.monotonic() - began_s)))
    return entry | {"done": result is not None and result.done}


def _result(listener: Listener, name: str) -> SayResult | None:
    return next((result for result in listener.heard["say_result"] if result.id == name), None)
