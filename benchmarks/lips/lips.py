"""`./avatar bench express`: how well and how cheaply lips follow recorded speech.

Without further arguments: what it costs and how early lips come, on a synthetic voice. With --data (a folder with
speech/transcripts.json and avatars/*.zip; models/README.md tells how it is put together): scores against phone times,
also in noise and rooms.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import Layer
from avatar_ros.core.errors import StageError
from avatar_ros.core.types import AudioFeatures, Mark, PlaybackClock, Sentence, SpeechChunk
from avatar_ros.encoder.base import Encoder, EncoderSettings
from avatar_ros.encoder.encode import load_encoder
from avatar_ros.encoder.stage import EncoderStage
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build as build_motion
from avatar_ros.tts.base import TtsSettings

from ..lib.report import tell
from .av_sync_live import main as lips_sync
from .scores import SOURCES, RecordedPeople

CHUNK_S = 0.04
_TEXT = "The kiosk by the main entrance opens at nine, and my people will be happy to help you find a better map."


def main(arguments: Sequence[str]) -> int:
    """Parse, measure, print one JSON object; exit code 0."""
    if "--sync" in arguments:
        return lips_sync([argument for argument in arguments if argument != "--sync"])
    options = _parser().parse_args(list(arguments))
    encoder = load_encoder()
    result: dict[str, Any] = {
        "cost": cost(encoder),
        "first_lips": first_lips(encoder),
        "first_answer_ms": first_answer(encoder),
    }
    if options.data is not None:
        people = RecordedPeople(options.data, options.avatar, encoder, options.speech, options.locale)
        result["scores"] = people.all(options.mixes)
    tell(result, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="avatar bench express", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with speech/transcripts.json, avatars/, acoustics/")
    parser.add_argument("--speech", type=Path, nargs="+", default=[], help="other recordings (default: DATA/speech)")
    parser.add_argument("--locale", default="", help="language of the recordings, as fr-FR (default: English)")
    parser.add_argument("--avatar", default="james.zip", help="whose lips: a name in DATA/avatars, or a path")
    parser.add_argument("--mixes", type=int, default=0, help="random mixes with noise and rooms, a condition; 0: none")
    parser.add_argument("--sync", action="store_true", help="sound against lips instead: arguments of bench lips-sync")
    parser.add_argument("--json", help="write the result here too")
    return parser


def buzz(seconds: float, rate_hz: int = 24000) -> Pcm:
    """A voice-like sound: harmonics of 120 Hz in syllables; costs as much as speech does."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30))
    return (3000 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.int16)


def _chunks(pcm: Pcm, source: str, rate_hz: int = 24000, first_s: float = CHUNK_S) -> list[SpeechChunk]:
    starts = [0, *range(round(first_s * rate_hz), len(pcm), round(CHUNK_S * rate_hz))]
    phones = ("m", "aa", "p", "iy", "s", "uw", "b", "eh")
    step = rate_hz // 12
    marks = tuple(Mark(text=phones[i % 8], start_sample=i * step, end_sample=(i + 1) * step)
                  for i in range(len(pcm) // step + 1))  # fmt: skip
    return [
        SpeechChunk(
            turn=1, first_sample=i, sample_rate_hz=rate_hz, pcm=pcm[i:end], turn_end=end == len(pcm),
            text=_TEXT if i == 0 and source != "sound" else "", marks=marks if i == 0 and source == "marks" else (),
        )
        for i, end in pairwise([*starts, len(pcm)])
    ]  # fmt: skip


def cost(encoder: Encoder, seconds: float = 8.0) -> dict[str, dict[str, float]]:
    """CPU seconds of this thread per second of sound, by source: encoder, and speech plus idle layer."""
    out = {}
    for source in SOURCES:
        stage, motion = EncoderStage(EncoderSettings(), encoder), build_motion(MotionSettings())
        encoding_s = moving_s = 0.0
        for number, chunk in enumerate(_chunks(buzz(seconds), source)):
            now_s = number * CHUNK_S
            clock = PlaybackClock(turn=1, sample=chunk.first_sample, steady_ns=ns_from_s(now_s))
            start_s = time.thread_time()
            features = [o.message for o in stage.push("speech/audio", chunk, now_s)]
            between_s = time.thread_time()
            for message in (*features, clock):
                list(motion.push("", message, now_s))
            list(motion.tick(now_s))
            encoding_s += between_s - start_s
            moving_s += time.thread_time() - between_s
        out[source] = {"encoder": round(encoding_s / seconds, 4), "expression": round(moving_s / seconds, 4)}
    return out


def first_answer(encoder: Encoder, rounds: int = 15) -> dict[str, dict[str, float]]:
    """Thread CPU ms from a turn's first chunk of sound to its first lip frame, which the first sound waits for, by
    source; the text came before, as in a conversation. aligning_adds: with the text less without it.
    """
    spent: dict[str, list[float]] = {source: [] for source in SOURCES}
    for _ in range(rounds):
        for source in SOURCES:
            spent[source].append(_first_frame_cpu_ms(encoder, source))
    out = {source: _spread(values) for source, values in spent.items()}
    return {**out, "aligning_adds": _spread([a - b for a, b in zip(spent["text"], spent["sound"], strict=True)])}


def _first_frame_cpu_ms(encoder: Encoder, source: str) -> float:
    stage, motion = EncoderStage(EncoderSettings(), encoder), build_motion(MotionSettings())
    if source == "text":
        list(stage.push("speech/sentence", Sentence(turn=1, text=_TEXT, last=True), 0.0))
    start_s = time.thread_time()
    for chunk in _chunks(buzz(1.0), source, first_s=TtsSettings().first_chunk_s):
        for out in stage.push("speech/audio", chunk, 0.0):
            if isinstance(out.message, AudioFeatures) and _speaks(motion.push("", out.message, 0.0)):
                return 1000 * (time.thread_time() - start_s)
    raise StageError("bench_no_lips", f"a second of sound made no lips ({source})")


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(float(np.median(values)), 1), "p95": round(float(np.percentile(values, 95)), 1)}


def first_lips(encoder: Encoder) -> dict[str, dict[str, float]]:
    """By source: sound in 40 ms chunks that the first lip frame needs; CPU ms until the first chunk was taken."""
    out = {}
    for source in SOURCES:
        stage, motion = EncoderStage(EncoderSettings(), encoder), build_motion(MotionSettings())
        spent_s = needed_s = 0.0
        for chunk in _chunks(buzz(1.0), source):
            start_s = time.thread_time()
            features = [o.message for o in stage.push("speech/audio", chunk, 0.0)]
            spent_s = spent_s or time.thread_time() - start_s
            needed_s += len(chunk.pcm) / chunk.sample_rate_hz
            if any(_speaks(motion.push("", f, 0.0)) for f in features if isinstance(f, AudioFeatures)):
                break
        out[source] = {"sound_needed_s": round(needed_s, 3), "first_chunk_cpu_ms": round(1000 * spent_s, 1)}
    return out


def _speaks(outs: Any) -> bool:
    return any(o.message.layer is Layer.SPEECH for o in outs)
