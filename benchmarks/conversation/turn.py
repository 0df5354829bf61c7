"""`./avatar bench turn`: whole conversations, timed from the labelled end of the question to the first sound heard.

Questions are spoken by espeak-ng (or --asked-by) into one WAV file each, so the last speech sample is known. Speech
ends where the last sample above -50 dBFS of the question stood at the microphone (`mic/audio`, steady_ns); sound starts
at the first sample above -50 dBFS of `speech/played` after it, at the time when it leaves the loudspeaker.

--services: three runs. The embedded one; one with a local chat service and a local Edge voice with set delays; one with
the chat service and espeak. The last two say what the pipeline adds to the services' own delays (services.py).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.events import FrameInfo, TurnReport
from avatar_ros.core.levels import loud_samples
from avatar_ros.core.outputs import write_whole
from avatar_ros.core.types import AudioFrame

from ..lib.machine import parse_size
from ..lib.question_files import FREE_QUESTIONS, QUESTIONS, question_files
from . import cut_ins, services
from .kiosk_run import PATIENT_MIC, UNSEEN_WINDOW, KioskRun, Parameters, write_profile

#: What is listened to, and no more: each message that is heard here is work beside the kiosk's.
HEARD = ("mic/audio", "speech/transcript", "speech/played", "turn_report", "frame_info", "state")
STAGES = (
    "voice_stop_ms",
    "transcript_ms",
    "first_reply_ms",
    "first_tts_ms",
    "first_expression_ms",
    "first_sound_ms",
    "first_mouth_ms",
)


def main(arguments: Sequence[str]) -> int:
    """Run the conversations and print the table; 0 when all turns were answered."""
    options = parse(arguments)
    if options.services:
        services.check_installed()  # before minutes of measuring, not after
    with tempfile.TemporaryDirectory() as folder:
        questions = FREE_QUESTIONS if options.free else QUESTIONS
        files = question_files(Path(folder), options.turns, questions, options.asked_by)
        result: dict[str, Any] = converse(files, options) if files else {"answered": 0}
        print(table(result) if files else "", flush=True)
        for name, edge in (("edge", True), ("espeak", False)) if options.services else ():
            result[name] = _with_services(files, options, edge=edge)
            print("", services.table(result[name]["added_ms"], f"chat service and {name}"), sep="\n", flush=True)
    if options.cut_ins:
        result["cut_ins"] = cut_ins.run(options.against, _pairs(options.vad), _pairs(options.asr))
    if options.json:
        write_whole(options.json, json.dumps(result, indent=1))
    runs = [result, *(result[name] for name in ("edge", "espeak") if name in result)]
    return 0 if all(run["answered"] == options.turns for run in runs) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement."""
    parser = argparse.ArgumentParser(prog="avatar bench turn", description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=10, help="conversations (default: %(default)s)")
    parser.add_argument("--profile", default="embedded", help="profile (default: %(default)s)")
    parser.add_argument("--free", action="store_true", help="ask in words that stand in no file: profile natural")
    parser.add_argument("--asked-by", default="espeak", help="voice that asks, a backend of tts_node; piper's ends as "
                        "a person's does, by which a turn detector knows the end (default: %(default)s)")  # fmt: skip
    parser.add_argument("--avatar", default="", help="avatar file (default: the built-in one)")
    parser.add_argument("--record", default="", help="record the run, which makes the renderer draw every frame")
    parser.add_argument("--panel", default="", metavar="WxH", help="draw for a panel of this size, which nobody sees")
    parser.add_argument("--scale", type=float, default=1.0, help="of --panel: display.scale (default: %(default)s)")
    parser.add_argument("--json", help="write the figures to this file")
    default = services.Delays()
    parser.add_argument("--services", action="store_true", help="also with local services that have set delays")
    parser.add_argument("--first-token-s", type=float, default=default.first_token_s, help="(default: %(default)s)")
    parser.add_argument("--token-gap-s", type=float, default=default.token_gap_s, help="(default: %(default)s)")
    parser.add_argument("--first-sound-s", type=float, default=default.first_sound_s, help="(default: %(default)s)")
    parser.add_argument("--cut-ins", action=argparse.BooleanOptionalAction, default=True,
                        help="also: turns that are ended in a pause inside a sentence (cut_ins.py)")  # fmt: skip
    parser.add_argument("--against", default="", help="cut-ins of another checkout beside this one's: its folder")
    for node in ("vad", "asr"):
        parser.add_argument(f"--{node}", action="append", default=[], metavar="NAME=VALUE",
                            help=f"cut-ins: a parameter of {node}_node")  # fmt: skip
    options = parser.parse_args(arguments)
    if options.turns < 0 or (not options.turns and options.services):
        raise ConfigError("bad_option", f"--turns is {options.turns}; it must be 1 or more, or 0 for cut-ins alone")
    if options.panel:
        parse_size(options.panel)
    return options


def _pairs(given: Sequence[str]) -> dict[str, Any]:
    import yaml

    return {name: yaml.safe_load(value) for name, _, value in (pair.partition("=") for pair in given)}


def converse(
    files: Sequence[Path], options: argparse.Namespace, running: services.Services | None = None
) -> dict[str, Any]:
    """One kiosk, all questions; what was measured."""
    from avatar_ros.ros.listener import Listener

    parameters: Parameters = {
        "mic_node": PATIENT_MIC,
        "renderer_node": panel(options),
        **(running.parameters if running else {}),
    }
    profile = write_profile(files[0].with_name("bench.yaml"), options.profile, parameters)
    shown = "window" if options.panel else "off"
    arguments = ["--display", shown, "--mic", ",".join(map(str, files)), "--turns", str(len(files))]
    arguments += [part for name in ("avatar", "record") if getattr(options, name)
                  for part in (f"--{name}", getattr(options, name))]  # fmt: skip
    with Listener("bench_turn", HEARD) as listener:
        started_s = time.monotonic()
        with KioskRun("bench_turn", profile, arguments, UNSEEN_WINDOW if options.panel else {}) as run:
            code = run.wait(60 + 40 * len(files))
        if code:
            tail = "\n".join(run.lines[-8:])
            raise StageError("bench_kiosk", f"the kiosk left with exit code {code}:\n{tail}")
        result = figures(listener.heard, listener.times, started_s, len(files))
        if running:
            finals = [at_s for at_s, transcript in zip(listener.times["speech/transcript"],
                      listener.heard["speech/transcript"], strict=True) if transcript.final]  # fmt: skip
            ends = [*speech_ends(listener.heard["mic/audio"]), float("inf")]
            sounds = audible_starts(listener.heard["speech/played"])
            firsts = [first_between(sounds, start_s, end_s) for start_s, end_s in pairwise(ends)]
            result["added_ms"] = services.added(running.times(), finals, firsts)
    return result


def panel(options: argparse.Namespace) -> dict[str, Any]:
    """Parameters of renderer_node for a window of the panel's size."""
    if not options.panel:
        return {}
    width, height = parse_size(options.panel)
    return {
        "display.fullscreen": False,
        "display.panel_width": width,
        "display.panel_height": height,
        "display.scale": options.scale,
    }


def _with_services(files: Sequence[Path], options: argparse.Namespace, *, edge: bool) -> dict[str, Any]:
    delays = services.Delays(options.first_token_s, options.token_gap_s, options.first_sound_s)
    with services.services(delays, edge=edge) as running:
        return converse(files, options, running)


def figures(
    heard: dict[str, list[Any]], times: dict[str, list[float]], started_s: float, questions: int
) -> dict[str, Any]:
    """Delays of each turn in ms, from what the topics said."""
    ends = speech_ends(heard["mic/audio"])
    sounds = audible_starts(heard["speech/played"])
    if len(ends) != questions:
        raise StageError("bench_questions", f"{len(ends)} questions were heard at the microphone, not {questions}")
    waits = [1000 * (first_between(sounds, end, until) - end) for end, until in pairwise([*ends, float("inf")])]
    reports: list[TurnReport] = heard["turn_report"]
    frames = heard["frame_info"]
    drawn = [f.render_ms for f in frames if f.render_ms > 0]
    return {
        "answered": int(np.isfinite(waits).sum()),
        "end_to_first_sound_ms": [round(wait, 1) for wait in waits],
        "stages_ms": {name: [round(getattr(report, name), 1) for report in reports] for name in STAGES},
        "frames": {
            "first_frame_s": round(times["frame_info"][0] - started_s, 2),
            "ready_s": round(times["state"][0] - started_s, 2),
            "fps": round(float(np.median([f.fps for f in frames[len(frames) // 4 :]])), 2),
            "render_ms": round(float(np.median(drawn)), 2) if drawn else 0.0,
            "dropped": frames[-1].dropped,
            **in_conversation(frames, ends[0]),
        },
    }


def in_conversation(frames: Sequence[FrameInfo], from_s: float) -> dict[str, float]:
    """Percent of frames, from the first question on, that were dropped, and that came late: more than half a frame
    after their time by the frame before.
    """
    times = np.array([f.steady_ns * 1e-9 for f in frames])
    shown = times >= from_s
    dropped = frames[-1].dropped - next((f.dropped for f, s in zip(frames, shown, strict=True) if s), 0)
    gaps = np.diff(times[shown])
    period_s = float(np.median(gaps)) if len(gaps) else 0.0
    due = max(int(shown.sum()) + dropped, 1)
    late = int((gaps > 1.5 * period_s).sum())
    return {"dropped_percent": round(100 * dropped / due, 2), "late_percent": round(100 * late / due, 2)}


def first_between(sounds: Sequence[float], start_s: float, end_s: float) -> float:
    """The first sound after the end of one question and before that of the next; NaN where there was none."""
    return min((sound for sound in sounds if start_s < sound < end_s), default=float("nan"))


def speech_ends(frames: Sequence[AudioFrame], gap_s: float = 1.5) -> list[float]:
    """When the last audible sample of each question was at the microphone; silence of `gap_s` parts the questions."""
    times = np.concatenate([_audible_times(frame) for frame in frames])
    if not len(times):
        return []
    last = np.flatnonzero(np.diff(times) > gap_s)
    return [float(times[i]) for i in (*last, len(times) - 1)]


def audible_starts(frames: Sequence[AudioFrame], gap_s: float = 1.0) -> list[float]:
    """When each stretch of sound began to leave the loudspeaker; silence of `gap_s` parts the stretches."""
    times = np.concatenate([_audible_times(frame) for frame in frames])
    if not len(times):
        return []
    first = np.flatnonzero(np.diff(times) > gap_s) + 1
    return [float(times[i]) for i in (0, *first)]


def _audible_times(frame: AudioFrame) -> NDArray[np.float64]:
    loud = loud_samples(frame.pcm)
    return frame.steady_ns * 1e-9 + loud / frame.sample_rate_hz


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    rows = ["| from the end of the user's speech, ms | median | p95 |", "|---|---|---|"]
    for name, values in {"end_to_first_sound": result["end_to_first_sound_ms"], **result["stages_ms"]}.items():
        known = [v for v in values if np.isfinite(v)]
        if known:
            rows.append(f"| {name.removesuffix('_ms')} | {np.median(known):.0f} | {np.percentile(known, 95):.0f} |")
    frames = result["frames"]
    rows.append("")
    rows.append(f"answered {result['answered']}; first frame after {frames['first_frame_s']} s, ready after "
                f"{frames['ready_s']} s; {frames['fps']} FPS, {frames['render_ms']} ms a frame, "
                f"{frames['dropped']} dropped; in conversation {frames['dropped_percent']} % dropped, "
                f"{frames['late_percent']} % late")  # fmt: skip
    return "\n".join(rows)
