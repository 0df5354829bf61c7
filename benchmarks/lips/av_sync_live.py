"""`./avatar bench lips-sync`: how far apart sound and lips are over a long answer, and how soon lips come to rest.

A kiosk says "click click …": each click opens the jaw for one frame. Flashes are timed by the frames' stamps
(`frame_info`), clicks by `speech/playback`, by what a PulseAudio null sink's monitor really heard (--device pulse), and
with --record both from the recording. Then words with an open vowel are cancelled, paused and left to end.

All offsets are ms, positive where the sound is late. On a computer that is busy with other things frames come late;
see load_average.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.clock import s_from_ns
from avatar_ros.core.enums import InterruptAction, PlaybackState
from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.events import FrameInfo, Interrupt, Say, SayResult
from avatar_ros.core.types import PlaybackClock

from ..lib.report import tell
from ..lib.sound_card import MonitorRecorder, NullCard, null_card
from . import sync_statistics as figures
from .av_sync_recording import measure_sync
from .sync_statistics import Blocks

NAMESPACE = "bench_lips_sync"
TOPICS = ("state", "say", "say_result", "frame_info", "speech/playback", "interrupt")
#: The voice of clicks: the n-th click of a turn lies at (n + 1/2) * CLICK_PERIOD_S.
CLICK_PERIOD_S = 0.5
CLICKS_A_SENTENCE = 8
RATE_HZ = 24000
REST_TIMES = 8
_LEAVE_S = 60.0


def main(arguments: Sequence[str]) -> int:
    """Measure, print one JSON object. 0: within the limits; 1: beyond one."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if options.device == "pulse":
            with null_card(options.rate) as card:
                result = Run(options, Path(folder), card).all()
        else:
            result = Run(options, Path(folder), None).all()
    tell(result, options.json)
    return 0 if within_limits(result, options.limit_ms, options.rest_limit_ms) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement. Raises ConfigError."""
    parser = argparse.ArgumentParser(prog="avatar bench lips-sync", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="length of the answer, s (default: %(default)s)")
    parser.add_argument("--device", choices=("null", "pulse"), default="null", help="paced silence, or PulseAudio")
    parser.add_argument("--rate", type=int, default=48000, help="pulse: the sink's rate, Hz (default: %(default)s)")
    parser.add_argument("--latency-ms", type=float, default=50.0, help="pulse: buffer of the card, 20-200 ms")
    parser.add_argument("--fps", type=float, default=60.0, help="frames a second (default: %(default)s)")
    parser.add_argument("--side", type=int, default=256, help="side of the picture, px (default: %(default)s)")
    parser.add_argument("--record", default="", help="record there, and measure the recording too")
    parser.add_argument("--no-rest", action="store_true", help="leave out cancel, pause and end")
    parser.add_argument("--no-draw", action="store_true", help="time frames, draw none: for a computer that is busy")
    parser.add_argument("--limit-ms", type=float, default=30.0, help="largest p95 to accept (default: %(default)s)")
    parser.add_argument(
        "--rest-limit-ms", type=float, default=150.0, help="latest rest of the lips to accept (default: %(default)s)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the result there too")
    options = parser.parse_args(list(arguments))
    if options.seconds < 5 or not 20 <= options.latency_ms <= 200:
        raise ConfigError("bad_option", "--seconds must be 5 or more, --latency-ms 20 to 200")
    return options


def profile(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Parameters of the nodes, by name."""
    still = {"liveliness": 0.0, "blinks_per_min": 0.0, "smile": 0.0}
    picture = {"backend": "cpu", "clips": 0.0, "fps": options.fps, "width": options.side, "height": options.side}
    card = {"backend": "sounddevice", "latency_s": options.latency_ms / 1000}
    return {
        "tts_node": {"backend": "fake", "pause_s": 0.0},
        "audio_encoder_node": {"backend": "phones"},
        "expression_node": {"backend": "fake", **still},
        "renderer_node": picture | ({"record.fps": options.fps} if options.record else {}),
        "speaker_node": card if options.device == "pulse" else {"backend": "null"},
    }


class Run:
    """One kiosk, measured."""

    def __init__(self, options: argparse.Namespace, folder: Path, card: NullCard | None) -> None:
        self._options = options
        self._card = card
        self._clicks = round(options.seconds / CLICK_PERIOD_S)
        self._profile = folder / "profile.yaml"
        tree = {f"/**/{node}": {"ros__parameters": values} for node, values in profile(options).items()}
        self._profile.write_text(json.dumps(tree), encoding="utf-8")
        self._result: dict[str, Any] = {"options": {k: v for k, v in vars(options).items() if k != "json"}}

    def all(self) -> dict[str, Any]:
        """All figures."""
        from avatar_ros.ros.listener import Listener

        with Listener(NAMESPACE, topics=TOPICS) as listener:
            from sensor_msgs.msg import CameraInfo

            # Nothing is drawn while nobody looks; this is the smallest thing to look at.
            if not self._options.no_draw:
                listener.subscribe(CameraInfo, "camera_info", lambda _: None, 1)
            with self._kiosk():
                listener.wait(lambda heard: heard.heard["state"] and heard.heard["frame_info"], "the kiosk comes up")
                self._measure_clicks(listener)
                if not self._options.no_rest:
                    self._result["rest_ms"] = RestTimes(listener).all()
        self._result["load_average"] = os.getloadavg()[0]
        if self._options.record:
            self._result["recording_ms"] = _recorded(self._options.record)
        return self._result

    @contextmanager
    def _kiosk(self) -> Iterator[None]:
        command = [sys.executable, "-m", "avatar_ros", "kiosk", "--namespace", NAMESPACE, "--display", "off"]
        command += ["--mic", "none", "--profile", str(self._profile)]
        command += ["--record", self._options.record] if self._options.record else []
        env = self._environment()
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            process.send_signal(2)
            try:
                process.wait(_LEAVE_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def _environment(self) -> Mapping[str, str]:
        if self._card is None:
            return os.environ
        return self._card.env

    def _measure_clicks(self, listener: Any) -> None:
        recorder = MonitorRecorder(self._card.rate_hz, self._card.env) if self._card is not None else None
        load = os.getloadavg()[0]
        say(listener, _sentences(self._clicks), self._options.seconds + 60)
        blocks = recorder.stop() if recorder is not None else None
        frames, came_s = listener.heard["frame_info"], listener.times["frame_info"]
        turn = listener.heard["speech/playback"][-1].turn
        clocks = [c for c in listener.heard["speech/playback"] if c.turn == turn]
        chosen = [i for i, f in enumerate(frames) if f.turn == turn]
        self._result |= click_figures(
            [frames[i] for i in chosen], np.array(came_s)[chosen], clocks, self._clicks, blocks
        )
        self._result["load_average_before"] = load


def _recorded(path: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = measure_sync(path).as_dict()
    except ConfigError as error:  # so many frames were skipped that no flash is seen: the other figures say so
        return {"pairs": 0, "problem": str(error)}
    del found["offsets_ms"]
    return found


def _sentences(clicks: int) -> str:
    whole, rest = divmod(clicks, CLICKS_A_SENTENCE)
    sizes = [CLICKS_A_SENTENCE] * whole + ([rest] if rest else [])
    return " ".join(" ".join(["click"] * size) + "." for size in sizes)


def click_figures(
    frames: Sequence[FrameInfo],
    came_s: figures.F64,
    clocks: Sequence[PlaybackClock],
    clicks: int,
    blocks: Blocks | None,
) -> dict[str, Any]:
    """Figures of one answer. came_s [frames]: when each frame_info was received, hence after it was handed over."""
    stamps_s = np.array([s_from_ns(f.steady_ns) for f in frames])
    samples = np.asarray((np.arange(clicks) + 0.5) * CLICK_PERIOD_S * RATE_HZ, np.float64)
    clock_s = figures.instant_s(samples, clocks, RATE_HZ)
    flashes_s = figures.flash_instants(frames, stamps_s)
    heard_s = clock_s
    out: dict[str, Any] = {
        "fps": round(float(1 / np.median(np.diff(stamps_s))), 1),
        "frames_skipped": frames[-1].dropped - frames[0].dropped,
        "stamp_ms": figures.spread(figures.stamp_errors_ms(frames, clocks, RATE_HZ)),
        "clicks_by_clock_ms": figures.spread(figures.offsets_ms(clock_s, flashes_s)),
        "frames_later_than_stamp_ms": figures.spread(1000 * (came_s - stamps_s)),
    }
    if blocks is not None:
        heard_s, known = monitored(blocks, clock_s)
        out |= known
    out["sound_to_lips_ms"] = figures.spread(figures.offsets_ms(heard_s, flashes_s))
    return out


def monitored(blocks: Blocks, clock_s: figures.F64) -> tuple[figures.F64, dict[str, Any]]:
    """When each click was heard from the sink, and how right the playback clock was."""
    origin_s, unsure_s = figures.heard_origin_s(blocks)
    found_s = origin_s + figures.click_samples(blocks) / blocks.rate_hz
    nearest = np.abs(found_s[None, :] - clock_s[:, None]).argmin(axis=1)
    fits = np.abs(found_s[nearest] - clock_s) < figures.MATCH_S
    heard_s, expected_s = found_s[nearest][fits], clock_s[fits]
    errors = 1000 * (heard_s - expected_s)
    tenth = max(1, len(errors) // 10)
    return heard_s, {
        "clicks_heard": len(found_s),
        "monitor_unsure_ms": round(1000 * unsure_s, 2),
        "clock_ms": figures.spread(errors),
        "clock_drift_ppm": round(figures.drift_ppm(heard_s, expected_s), 1),
        "clock_end_less_start_ms": round(float(np.median(errors[-tenth:]) - np.median(errors[:tenth])), 2),
    }


def say(listener: Any, text: str, limit_s: float) -> None:
    """Have the kiosk say something, to the end. Raises StageError where it does not."""
    number = len(listener.heard["say_result"])
    listener.send("say", Say(id=f"bench{number}", text=text))
    listener.wait(lambda heard: len(heard.heard["say_result"]) > number, "the answer is over", limit_s)
    result: SayResult = listener.heard["say_result"][-1]
    if not result.done:
        raise StageError("bench_say", f"the answer was not said to the end: {result.reason}")


class RestTimes:
    """How soon the mouth is shut after CANCEL, after PAUSE, and after the last sample of an answer."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        # Made long before it is used: a node that has just met a publisher may get its first message 0.1 s late.
        listener.publisher("interrupt")

    def all(self) -> dict[str, dict[str, Any]]:
        """Figures by what stopped the voice."""
        out = {}
        for name, action in (("cancel", InterruptAction.CANCEL), ("pause", InterruptAction.PAUSE)):
            out[name] = delays([self._interrupted(action, 1.0 + 0.07 * i) for i in range(REST_TIMES)])
        out["end"] = delays([self._ended() for _ in range(REST_TIMES)])
        return out

    def _interrupted(self, action: InterruptAction, after_s: float) -> float:
        turn = self._speak("la " * 30, after_s)
        newest = self._listener.heard["speech/playback"][-1]
        order = Interrupt(epoch=newest.epoch, turn=turn, action=action)
        self._listener.send("interrupt", order)
        sent_s = time.monotonic()
        time.sleep(1.0)
        delay_s = figures.rest_delay_s(self._frames(), sent_s)
        if action is not InterruptAction.CANCEL:
            self._listener.send("interrupt", Interrupt(epoch=newest.epoch, turn=turn, action=InterruptAction.CANCEL))
        self._wait_ended(turn)
        return delay_s

    def _ended(self) -> float:
        turn = self._speak("la la la.", 0.3)
        self._wait_ended(turn)
        time.sleep(0.8)
        end = next(c for c in self._listener.heard["speech/playback"] if c.turn == turn and _is_over(c))
        return figures.rest_delay_s(self._frames(), s_from_ns(end.steady_ns))

    def _speak(self, text: str, after_s: float) -> int:
        """Begin to say something; its turn, `after_s` after its first sound."""
        clocks = self._listener.heard["speech/playback"]
        before = clocks[-1].turn if clocks else 0
        self._listener.send("say", Say(id=f"rest{time.monotonic_ns()}", text=text))
        self._listener.wait(lambda heard: heard.heard["speech/playback"][-1].turn > before, "the voice begins")
        time.sleep(after_s)
        return int(clocks[-1].turn)

    def _wait_ended(self, turn: int) -> None:
        clocks = self._listener.heard["speech/playback"]
        self._listener.wait(lambda _: any(c.turn == turn and _is_over(c) for c in clocks), "the turn is over")

    def _frames(self) -> list[FrameInfo]:
        return list(self._listener.heard["frame_info"][-400:])


def _is_over(clock: PlaybackClock) -> bool:
    return clock.state is PlaybackState.ENDED


def delays(delays_s: Sequence[float]) -> dict[str, Any]:
    """Figures of some delays, ms. never: lips that did not come to rest at all while they were watched (NaN)."""
    known = 1000 * np.array([d for d in delays_s if np.isfinite(d)])
    out: dict[str, Any] = {"n": len(known), "never": len(delays_s) - len(known)}
    if not len(known):
        return out
    each = [round(float(delay), 1) for delay in known]
    return out | {"median": round(float(np.median(known)), 1), "max": max(each), "each": each}


def within_limits(result: Mapping[str, Any], limit_ms: float, rest_limit_ms: float) -> bool:
    """Whether sound and lips are so near each other, p95, and all lips came to rest so soon."""
    rests = result.get("rest_ms", {}).values()
    near = result["sound_to_lips_ms"].get("p95", np.inf) <= limit_ms
    return bool(near and all(not rest["never"] and rest.get("max", np.inf) <= rest_limit_ms for rest in rests))
