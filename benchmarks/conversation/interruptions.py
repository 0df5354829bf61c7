"""`./avatar bench interruptions`: a whole kiosk is interrupted by voice, twice in each round, and watched.

A recorded voice asks a question whose answer is long, speaks over the answer, and over the next one. Measured over DDS,
in real time: from the voice's first sample above -50 dBFS at the microphone (`mic/audio`) to the loudspeaker's silence
(`speech/played`), to the pause order, to lips at rest (`frame_info`); whether the order to cancel came; with
--record, whether the recording's sound falls silent too. There is no echo in this bench: bench barge-in has that.
With --services a local chat service and Edge's voice answer, as a kiosk's services would: each question must reach
them, after any number of interruptions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import F64, Pcm
from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import FrameInfo, Interrupt
from avatar_ros.core.levels import AUDIBLE_DBFS, gain_from_db, loud_samples
from avatar_ros.core.outputs import write_whole
from avatar_ros.core.types import AudioFrame

from ..lib.question_files import RATE_HZ, speak, write_wav
from ..lips.av_sync_recording import Sound, read_sound_track
from .kiosk_run import PATIENT_MIC, KioskRun, write_profile
from .services import Delays, check_installed
from .services import services as stand_ins

Order = tuple[float, Interrupt]

#: Both are answered with a sentence of six seconds and more.
QUESTION, OVER_IT, OVER_THAT = "how do you work", "what can you do", "what is your name"
#: Voices in a round.
VOICES = 3
#: From the end of one voice to the next: the answer began about 0.8 s after the first, and is being spoken.
PAUSE_S = 3.0
#: After a round, the last answer is heard to its end.
ROUND_S = 9.0
#: Silence that long is no pause between two words.
SILENT_S = 0.4
RESTING = 0.05
NAMESPACE = "bench_interruptions"


@dataclass(frozen=True)
class Cut:
    """One interruption, ms from its first audible sample at the microphone; NaN where it did not happen.

    spoken_s: how long the avatar had been speaking without a pause of SILENT_S when it was interrupted; 0: it was not.
    """

    spoken_s: float
    paused_ms: float
    silent_ms: float
    lips_rest_ms: float
    cancelled_ms: float
    silent_in_recording: bool | None = None


def main(arguments: Sequence[str]) -> int:
    """Talk and interrupt; 0 when every interruption silenced the avatar and was understood as one."""
    options = parse(arguments)
    if options.services:
        check_installed()  # before minutes of measuring, not after
    with tempfile.TemporaryDirectory() as folder:
        cuts, asked = converse(Path(folder), options.rounds, options.record, services=options.services)
    result: dict[str, Any] = {"cuts": [asdict(cut) for cut in cuts], "summary": summary(cuts)}
    print(table(result["summary"]))
    if options.services:
        result["summary"]["reached_the_service"] = asked
        print(f"{asked} of {VOICES * options.rounds} questions reached the chat service")
    if options.json:
        write_whole(options.json, json.dumps(result, indent=1))
    reached = asked == VOICES * options.rounds or not options.services
    return 0 if reached and result["summary"]["cancelled"] == 2 * options.rounds == len(cuts) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement."""
    parser = argparse.ArgumentParser(prog="avatar bench interruptions", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of two interruptions each (default: %(default)s)")
    parser.add_argument("--record", default="", metavar="FILE.mp4", help="record the conversation")
    parser.add_argument("--services", action="store_true", help="a local chat service and Edge's voice answer")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        raise ConfigError("bad_option", f"--rounds is {options.rounds}; it must be 1 or more")
    return options


def converse(folder: Path, rounds: int, record: str = "", *, services: bool = False) -> tuple[list[Cut], int]:
    """One kiosk, all rounds; what each interruption did, and how many questions reached the stand-in for a service."""
    sound = round_sound(speak([QUESTION, OVER_IT, OVER_THAT]))
    files = [write_wav(folder / f"round{i:02d}.wav", sound) for i in range(rounds)]
    arguments = ["--display", "off", "--mic", ",".join(map(str, files)), *(["--record", record] if record else [])]
    length_s = rounds * (len(sound) / RATE_HZ + 2.0)
    with stand_ins(Delays(), edge=True) if services else nullcontext() as running:
        parameters = {"mic_node": {**PATIENT_MIC, "file.wait_for_answer": False, "file.gap_s": 0.0}}
        parameters |= running.parameters if running else {}
        profile = write_profile(folder / "bench.yaml", "embedded", parameters)
        found = _watched(profile, arguments, length_s, record)
        return found, len(running.times().came) if running else 0


def _watched(profile: Path, arguments: Sequence[str], length_s: float, record: str) -> list[Cut]:
    from avatar_ros.ros.listener import Listener

    with Listener(NAMESPACE) as listener:
        with KioskRun(NAMESPACE, profile, arguments):
            listener.wait(lambda k: k.heard["speech/transcript"], "the first words are heard", 200.0)
            until_s = listener.times["speech/transcript"][0] + length_s
            listener.wait(lambda k: k.times["mic/audio"][-1] > until_s, "the last answer ends", 60.0 + 3 * length_s)
        orders = list(zip(listener.times["interrupt"], listener.heard["interrupt"], strict=True))
        return cuts(listener.heard, orders, recorded_s(read_sound_track(record)) if record else None)


def round_sound(voices: Sequence[Pcm]) -> Pcm:
    """Three voices with PAUSE_S between them and room for the last answer behind them."""
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.int16)
    rest = np.zeros(int(ROUND_S * RATE_HZ), np.int16)
    return np.concatenate([voices[0], pause, voices[1], pause, voices[2], rest])


def recorded_s(track: Sound) -> F64:
    """Instants of all samples of a recording above -50 dBFS, s of the file."""
    return np.flatnonzero(np.abs(track.samples) > gain_from_db(AUDIBLE_DBFS)) / track.rate_hz


def cuts(heard: dict[str, list[Any]], orders: Sequence[Order], in_file: F64 | None = None) -> list[Cut]:
    """What became of the second and third voice of each round, from what the topics said.

    orders: interrupts and when they came, s; in_file: audible instants of the recording.
    """
    voices = starts(audible_s(heard["mic/audio"]), gap_s=PAUSE_S / 2)
    over = [voice for i, voice in enumerate(voices) if i % 3]
    played = audible_s(heard["speech/played"])
    if in_file is not None and len(in_file) and len(played):
        in_file = in_file - in_file[0] + played[0]  # both begin with the same sound
    return [_cut(voice, orders, heard["frame_info"], played, in_file) for voice in over]


def _cut(voice_s: float, orders: Sequence[Order], frames: Sequence[FrameInfo], played: F64, in_file: F64 | None) -> Cut:
    down_s = silent_at(played, voice_s)
    rest_s = _rest_at(frames, voice_s)
    return Cut(
        spoken_s=_speaking_for(played, voice_s),
        paused_ms=_ms(_order_at(orders, InterruptAction.PAUSE, voice_s), voice_s),
        silent_ms=_ms(down_s, voice_s),
        lips_rest_ms=_ms(rest_s, voice_s),
        cancelled_ms=_ms(_order_at(orders, InterruptAction.CANCEL, voice_s), voice_s),
        silent_in_recording=None if in_file is None else bool(silent_at(in_file, voice_s) < voice_s + 1.0),
    )


def audible_s(frames: Sequence[AudioFrame]) -> F64:
    """Instants of all samples above -50 dBFS, s of CLOCK_MONOTONIC."""
    parts = [frame.steady_ns * 1e-9 + loud_samples(frame.pcm) / frame.sample_rate_hz for frame in frames]
    return np.concatenate([np.zeros(0), *parts])


def starts(times: F64, gap_s: float) -> list[float]:
    """The first instant of each stretch that silence of `gap_s` parts from the one before."""
    if not len(times):
        return []
    return [float(times[i]) for i in (0, *(np.flatnonzero(np.diff(times) > gap_s) + 1))]


def silent_at(times: F64, after_s: float) -> float:
    """The last audible instant before the first silence of SILENT_S that ends after `after_s`."""
    near = times[times > after_s - SILENT_S]
    gaps = np.flatnonzero(np.diff(near) > SILENT_S)
    if not len(near):
        return after_s
    return max(after_s, float(near[gaps[0]] if len(gaps) else near[-1]))


def summary(cuts: Sequence[Cut]) -> dict[str, Any]:
    """Counts, and median and p95 of the delays."""
    names = ("paused_ms", "silent_ms", "lips_rest_ms", "cancelled_ms")
    return {
        "interruptions": len(cuts),
        "while_speaking": sum(cut.spoken_s > 0 for cut in cuts),
        "cancelled": sum(bool(np.isfinite(cut.cancelled_ms)) for cut in cuts),
        "silent_in_recording": sum(cut.silent_in_recording is True for cut in cuts),
        **{name: _quantiles([getattr(cut, name) for cut in cuts]) for name in names},
    }


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    names = ("paused_ms", "silent_ms", "lips_rest_ms", "cancelled_ms")
    lines = [f"| {n.removesuffix('_ms')} | {result[n]['median']:.0f} | {result[n]['p95']:.0f} |" for n in names]
    rows = [
        "| from the first audible sample of the voice over the avatar, ms | median | p95 |",
        "|---|---|---|",
        *lines,
    ]
    counts = ", ".join(f"{result[n]} {n.replace('_', ' ')}" for n in ("interruptions", "while_speaking", "cancelled"))
    return "\n".join([*rows, "", f"{counts}, {result['silent_in_recording']} seen to be silent in the recording"])


def _speaking_for(played: F64, at_s: float) -> float:
    before = played[played <= at_s]
    if not len(before) or at_s - before[-1] > SILENT_S:
        return 0.0
    return round(at_s - starts(before, SILENT_S)[-1], 2)


def _order_at(orders: Sequence[Order], action: InterruptAction, voice_s: float) -> float:
    times = (at_s for at_s, order in orders if order.action is action)
    return next((at_s for at_s in times if voice_s <= at_s < voice_s + PAUSE_S), float("nan"))


def _rest_at(frames: Sequence[FrameInfo], voice_s: float) -> float:
    """When the mouth that was open, or could have been, is closed for SILENT_S."""
    times = np.array([frame.steady_ns * 1e-9 for frame in frames])
    is_open = times[np.array([frame.mouth_open >= RESTING for frame in frames], bool)]
    return silent_at(is_open, voice_s)


def _ms(at_s: float, from_s: float) -> float:
    return round(1000 * (at_s - from_s), 1)


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    known = [value for value in values if np.isfinite(value)] or [float("nan")]
    return {"median": round(float(np.median(known)), 1), "p95": round(float(np.percentile(known, 95)), 1)}
