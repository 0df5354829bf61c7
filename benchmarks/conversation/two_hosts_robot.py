"""The robot's half of `./avatar bench two-hosts`, watched on its own host: a plan on standard input, figures as one
line of JSON on standard output. With arguments, those of `./avatar kiosk`: the same half without its renderer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from avatar_ros.bringup.graph import KioskOptions, kiosk_graph
from avatar_ros.bringup.kiosk import run_nodes
from avatar_ros.commands import kiosk
from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.errors import StageError
from avatar_ros.core.events import FrameInfo
from avatar_ros.core.types import PlaybackClock
from avatar_ros.ros.listener import Listener

from ..lips import sync_statistics as lips
from .kiosk_run import KioskRun
from .turn import audible_starts, first_between, speech_ends
from .two_hosts import NAMESPACE

TOPICS = ("mic/audio", "speech/transcript", "speech/played", "speech/playback", "turn_report", "frame_info", "state")
_RATE_HZ = 24000
_TAIL = 30


def main() -> int:
    """Run the conversation and write what was found."""
    if len(sys.argv) > 1:
        return _without_renderer(sys.argv[1:])
    plan = json.loads(sys.stdin.read())
    with Listener(NAMESPACE, TOPICS) as listener:
        from sensor_msgs.msg import CameraInfo

        listener.subscribe(CameraInfo, "camera_info", lambda _: None, 1)  # the smallest thing to look at
        started_s = time.monotonic()
        left = _converse(plan, listener)
        result = figures(listener, plan, started_s) | left
    print(json.dumps(result), flush=True)
    return 0


def _converse(plan: Mapping[str, Any], listener: Listener) -> dict[str, Any]:
    arguments = ["--host", "robot", "--standby", plan["standby"], "--network", plan["network"], "--display", "off"]
    arguments += ["--mic", ",".join(plan["files"]), "--turns", str(len(plan["files"]))]
    program = ("benchmarks.conversation.two_hosts_robot",) if plan["face_offboard"] else ("avatar_ros", "kiosk")
    with KioskRun(NAMESPACE, plan["profile"], arguments, program=program) as run:
        left: int | None = None
        with suppress(StageError):  # it waits for answers that never come: what came is counted
            left = run.wait(plan["patience_s"])
        told = [] if left == 0 else [*run.lines[-_TAIL:], f"seen: {_seen(listener)}"]
        return {"exit_code": left, "restarts": run.restarts(), "log_tail": told}


def _seen(listener: Listener) -> dict[str, list[str]]:
    """By topic of the way to an answer: who writes it, and who reads it."""
    ends = (listener.node.get_publishers_info_by_topic, listener.node.get_subscriptions_info_by_topic)
    return {
        topic: [", ".join(sorted(one.node_name for one in look(f"/{NAMESPACE}/{topic}"))) for look in ends]
        for topic in ("mic/utterance", "speech/transcript", "dialogue/prompt", "speech/sentence", "motion/features")
    }


def figures(listener: Listener, plan: Mapping[str, Any], started_s: float) -> dict[str, Any]:
    """Waits and lips, by the clock of this host."""
    heard = listener.heard
    ends = speech_ends(heard["mic/audio"]) if heard["mic/audio"] else []
    sounds = audible_starts(heard["speech/played"]) if heard["speech/played"] else []
    waits = [1000 * (first_between(sounds, a, b) - a) for a, b in zip(ends, [*ends[1:], np.inf], strict=False)]
    waits += [float("nan")] * (len(plan["files"]) - len(waits))
    reports = [report for report in heard["turn_report"] if report.spoken]
    frames = [_here(frame, plan["ahead_s"]) for frame in heard["frame_info"]]
    errors = lip_errors_ms(frames, heard["speech/playback"])
    return {
        "answered": int(np.isfinite(waits).sum()),
        "reported": len(reports),
        "end_to_first_sound_ms": [round(wait, 1) for wait in waits],
        "stages_ms": {
            name: [round(getattr(report, f"{name}_ms"), 1) for report in reports]
            for name in ("voice_stop", "transcript", "first_reply", "first_tts", "first_expression", "first_sound")
        },
        "lips_ms": lips.spread(errors),
        "fps": round(float(1 / np.median(np.diff([f.steady_ns * 1e-9 for f in frames]))), 1) if len(frames) > 2 else 0,
        "ready_s": round(listener.times["state"][0] - started_s, 1) if listener.times["state"] else None,
    }


def _here(frame: FrameInfo, ahead_s: float) -> FrameInfo:
    """A frame of a renderer on the other host, at the true instant of this one's clock: the two are known exactly."""
    return replace(frame, steady_ns=frame.steady_ns - ns_from_s(ahead_s)) if frame.clock_id else frame


def lip_errors_ms(frames: Sequence[FrameInfo], clocks: Sequence[PlaybackClock]) -> lips.F64:
    """Of all speaking frames, turn by turn."""
    found = []
    for turn in sorted({(clock.epoch, clock.turn) for clock in clocks}):
        mine = [clock for clock in clocks if (clock.epoch, clock.turn) == turn]
        shown = [frame for frame in frames if (frame.epoch, frame.turn) == turn and frame.speaking]
        if shown and any(clock.steady_ns for clock in mine):
            found.append(lips.stamp_errors_ms(shown, mine, _RATE_HZ))
    return np.concatenate(found) if found else np.zeros(0)


def _without_renderer(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    kiosk.add_arguments(parser)
    chosen = vars(parser.parse_args(list(arguments)))
    options = KioskOptions(**chosen)
    return run_nodes([node for node in kiosk_graph(options) if node.executable != "renderer_node"], options)


if __name__ == "__main__":
    sys.exit(main())
