"""How soon a program is obeyed: goal accepted to first sound, cancel to silence, another avatar; without a microphone.

    ./avatar exec python -m benchmarks.conversation.skill_delays --turns 20 --json delays.json

First sound: the instant at which sample 0 of the words leaves the loudspeaker (speech/playback). Silence: the end of
the last sound of them (speech/played). Another avatar: the goal's result, and the largest gap between two frames
meanwhile (frame_info), while somebody looks at the pictures. A turn takes about ten seconds. The device is whatever the
kiosk finds; without one, its paced null device.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from sensor_msgs.msg import CompressedImage

from avatar_ros.client import Avatar
from avatar_ros.core.errors import StageError
from avatar_ros.core.outputs import write_whole
from avatar_ros.core.types import AudioFrame, PlaybackClock
from avatar_ros.ros.listener import Listener
from avatar_ros.testing.kiosk_process import KioskProcess

NAMESPACE = "skilldelays"
TOPICS = ("speech/playback", "speech/played", "frame_info")
AVATARS = ("bolt", "ben", "grace", "ada")
LONG = "Once upon a time there was a robot that could talk, and it talked all day. " * 3
#: Softer than this, of 32767, is silence.
_SILENT = 30
_READY_S = 180.0


def first_sound_s(clocks: list[PlaybackClock], since: int) -> float:
    """When the first sample of what began after clock number `since` left the loudspeaker."""
    before = {(clock.epoch, clock.turn) for clock in clocks[:since]}
    first = next(clock for clock in clocks[since:] if (clock.epoch, clock.turn) not in before)
    return first.steady_ns * 1e-9 - first.sample / first.sample_rate_hz


def last_sound_s(frames: list[AudioFrame]) -> float:
    """When the last sound of these frames left the loudspeaker."""
    for frame in reversed(frames):
        loud = np.flatnonzero(np.abs(frame.pcm.astype(int)) > _SILENT)
        if len(loud):
            return frame.steady_ns * 1e-9 + float(loud[-1]) / frame.sample_rate_hz
    return float("-inf")


def begin(avatar: Avatar, listener: Listener, number: int) -> tuple[float, float]:
    """Goal sent to first sound, and goal accepted to first sound, s, of a short sentence."""
    clocks = listener.heard["speech/playback"]
    since, sent_s = len(clocks), time.monotonic()
    task = avatar.say(f"This is sentence number {number}.", wait=False)
    task.result(60.0)
    accepted_s = task.accepted_ns * 1e-9 - time.time() + time.monotonic()
    heard_s = first_sound_s(clocks, since)
    return heard_s - sent_s, heard_s - accepted_s


def fall_silent(avatar: Avatar, listener: Listener) -> float:
    """Cancel to silence, s, in the middle of a long text."""
    task = avatar.say(LONG, wait=False)
    listener.wait(lambda _: task.news is not None and len(task.news.spoken.split()) > 3, "words")
    cancelled_s = time.monotonic()
    task.cancel()
    task.result(60.0)
    time.sleep(1.0)
    return max(0.0, last_sound_s(listener.heard["speech/played"]) - cancelled_s)


def wear(avatar: Avatar, listener: Listener, number: int) -> tuple[float, float]:
    """Another avatar, and the largest gap between two frames until then, s."""
    frames, sent_s = listener.heard["frame_info"], time.monotonic()
    since = len(frames) - 1
    worn = avatar.wear(AVATARS[number % len(AVATARS)])
    shown_s, count = time.monotonic(), len(frames)
    listener.wait(lambda _: len(frames) > count + 2, "frames of it")
    if not worn.done:
        raise StageError("bench_wear", f"it was refused: {worn.reason}")
    return shown_s - sent_s, float(np.diff([frame.steady_ns * 1e-9 for frame in frames[since:]]).max())


def measure(turns: int) -> dict[str, float]:
    """Milliseconds: medians and 95th percentiles."""
    with (
        Listener(NAMESPACE, TOPICS) as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace=NAMESPACE),
        Avatar(NAMESPACE) as avatar,
    ):
        avatar.wait_until_ready(_READY_S)
        avatar.say("I am ready.")
        listener.subscribe(CompressedImage, "image_raw/compressed", lambda _: None, 1)
        worn = np.array([wear(avatar, listener, number) for number in range(turns)]) * 1000
        tell("worn", turns)
        begins = np.array([begin(avatar, listener, number) for number in range(turns)]) * 1000
        tell("first sounds", turns)
        ends = np.array([fall_silent(avatar, listener) for _ in range(turns)]) * 1000
    return {
        "turns": turns,
        "sent_to_first_sound_ms_median": float(np.median(begins[:, 0])),
        "accepted_to_first_sound_ms_median": float(np.median(begins[:, 1])),
        "accepted_to_first_sound_ms_p95": float(np.percentile(begins[:, 1], 95)),
        "silence_ms_median": float(np.median(ends)),
        "silence_ms_p95": float(np.percentile(ends, 95)),
        "worn_ms_median": float(np.median(worn[:, 0])),
        "worn_ms_max": float(worn[:, 0].max()),
        "frame_gap_while_worn_ms_max": float(worn[:, 1].max()),
    }


def tell(what: str, turns: int) -> None:
    """How far it is."""
    print(f"{turns} {what} measured", file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.turns)
    for name, value in found.items():
        print(f"{name}: {value:.0f}")
    if options.json:
        write_whole(options.json, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
