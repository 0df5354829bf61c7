"""`./avatar bench express`: how well and how cheaply lips follow recorded speech.

Without further arguments: what it costs and how early lips come, on a synthetic voice. With --data (a folder with
speech/transcripts.json and avatars/*.zip) and --judge (lipsync_score.py): scores against phone times, also in noise
and rooms.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_NAMES
from ..core.clock import ns_from_s
from ..core.errors import ConfigError
from ..core.types import AudioFeatures, Layer, Mark, PlaybackClock, SpeechChunk
from ..encoder.base import Encoder, EncoderSettings
from ..encoder.encode import encode, load_encoder
from ..encoder.stage import EncoderStage
from ..motion.base import MotionSettings
from ..motion.express import express_phones
from ..motion.stage import build as build_motion

Pcm = NDArray[np.int16]
F32 = NDArray[np.float32]
SCORE_FPS = 100.0
CHUNK_S = 0.04
SOURCES = ("marks", "text", "sound")
_TEXT = "The kiosk by the main entrance opens at nine, and my people will be happy to help you find a better map."


def main(arguments: Sequence[str]) -> int:
    """Parse, measure, print one JSON object; exit code 0."""
    options = _parser().parse_args(list(arguments))
    encoder = load_encoder()
    result: dict[str, Any] = {"cost": cost(encoder), "first_lips": first_lips(encoder)}
    if options.data is not None:
        result["scores"] = Judge(options.judge, options.data, options.avatar, encoder).all(options.mixes)
    text = json.dumps(result, indent=1)
    print(text)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="avatar bench express", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with speech/transcripts.json, avatars/, acoustics/")
    parser.add_argument("--judge", type=Path, help="lipsync_score.py (default: ../tools/ beside --data)")
    parser.add_argument("--avatar", default="james.zip", help="avatar in DATA/avatars whose lips are measured")
    parser.add_argument("--mixes", type=int, default=0, help="random mixes with noise and rooms, a condition; 0: none")
    parser.add_argument("--json", help="write the result here too")
    return parser


def buzz(seconds: float, rate_hz: int = 24000) -> Pcm:
    """A voice-like sound: harmonics of 120 Hz in syllables; costs as much as speech does."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30))
    return (3000 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.int16)


def _chunks(pcm: Pcm, source: str, rate_hz: int = 24000) -> list[SpeechChunk]:
    size = round(CHUNK_S * rate_hz)
    phones = ("m", "aa", "p", "iy", "s", "uw", "b", "eh")
    step = rate_hz // 12
    marks = tuple(Mark(text=phones[i % 8], start_sample=i * step, end_sample=(i + 1) * step)
                  for i in range(len(pcm) // step + 1))  # fmt: skip
    return [
        SpeechChunk(
            turn=1, first_sample=i, sample_rate_hz=rate_hz, pcm=pcm[i : i + size], turn_end=i + size >= len(pcm),
            text=_TEXT if i == 0 and source != "sound" else "", marks=marks if i == 0 and source == "marks" else (),
        )
        for i in range(0, len(pcm), size)
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


def first_lips(encoder: Encoder) -> dict[str, dict[str, float]]:
    """By source: sound in 40 ms chunks, and in samples of 5 ms, that the first lip frame needs; and CPU ms spent until
    the first chunk was taken (what aligning adds).
    """
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


class Judge:
    """Scores lips on recordings with phone times, through lipsync_score.py."""

    def __init__(self, script: Path | None, data: Path, avatar: str, encoder: Encoder) -> None:
        script = script or data.parent / "tools" / "lipsync_score.py"
        if not script.is_file() or not (data / "speech" / "transcripts.json").is_file():
            raise ConfigError("bench_data", f"{script} and {data}/speech/transcripts.json are needed: --judge, --data")
        self._judge = _import(script)
        self._data = data
        self._entries = {k: v for k, v in _json(data / "speech" / "transcripts.json").items() if "phones" in v}
        self._names, self._lips = self._judge.load_lips(str(data / "avatars" / avatar))
        self._encoder = encoder

    def all(self, mixes: int) -> dict[str, Any]:
        """Clean scores by source, pooled and by recording's first word, then losses in noise and rooms."""
        out: dict[str, Any] = {}
        for source in SOURCES:
            gaps = {name: self._gap(name, source) for name in self._entries}
            out[source] = {"pooled": self._score(gaps)}
            for name in gaps:
                out[source][name] = self._score({name: gaps[name]})
        if mixes:
            out["text in noise and rooms"] = self._losses(mixes)
        return out

    def _gap(self, name: str, source: str, change: Callable[[Pcm, int], Pcm] | None = None) -> NDArray[np.float64]:
        pcm, rate_hz = read_wav(self._data / "speech" / f"{name}.wav")
        entry = self._entries[name]
        ends = [round(e * rate_hz / 16000) for e in entry["phone_end_samples_16k"]]
        marks = [Mark(text=p, start_sample=a, end_sample=b)
                 for p, a, b in zip(entry["phones"], [0, *ends], ends, strict=False)]  # fmt: skip
        pcm = change(pcm, rate_hz) if change is not None else pcm
        features = encode(pcm, rate_hz, entry["text"] if source != "sound" else "",
                          marks if source == "marks" else (), encoder=self._fresh())  # fmt: skip
        weights = express_phones(features, 100.0, SCORE_FPS)
        frames = [{"weights": row} for row in weights.tolist()]
        tree = {"names": list(ARKIT_NAMES), "frames": frames}
        gap: NDArray[np.float64] = self._judge.lip_gap_mm(tree, self._names, self._lips)
        return gap

    def _fresh(self) -> Encoder:
        # Each recording is another voice: what was learnt of the one before does not count.
        self._encoder.load()
        return self._encoder

    def _score(self, gaps: dict[str, NDArray[np.float64]]) -> dict[str, float]:
        recordings = [(gap, SCORE_FPS, list(self._judge.segments(self._entries[n]))) for n, gap in gaps.items()]
        result = self._judge.score(recordings)
        lags = np.arange(-100, 101, 10)
        merits = []
        for lag in lags:
            shifted = self._judge.score(recordings, lag / 1000)
            merits.append(shifted["closure_auc"] + shifted["open_auc"])
        result["lag_ms"] = int(lags[int(np.nanargmax(merits))]) if np.isfinite(merits).any() else 0
        return {k: round(float(v), 3) for k, v in result.items() if np.isfinite(v)}

    def _losses(self, mixes: int) -> dict[str, Any]:
        """Mean loss of closure AUC against clean, text known, with a 95 % bootstrap interval over the mixes."""
        rng = np.random.default_rng(0)
        clean = self._score({n: self._gap(n, "text") for n in self._entries})["closure_auc"]
        out: dict[str, Any] = {}
        for kind, files in (("noise 10 dB", ("noise2", "noise3")), ("room", ("rir1", "rir2"))):
            losses = []
            for _ in range(mixes):
                other, _rate = read_wav(self._data / "acoustics" / f"{files[rng.integers(2)]}.wav")
                change = noisy(other, 10.0, rng) if kind.startswith("noise") else roomy(other)
                gaps = {n: self._gap(n, "text", change) for n in self._entries}
                losses.append(clean - self._score(gaps)["closure_auc"])
            means = [np.mean(rng.choice(losses, len(losses))) for _ in range(2000)]
            low, high = np.quantile(means, (0.025, 0.975))
            out[kind] = {"mean_loss": round(float(np.mean(losses)), 3), "low": round(float(low), 3),
                         "high": round(float(high), 3), "mixes": mixes}  # fmt: skip
        return out


def noisy(noise: Pcm, snr_db: float, rng: np.random.Generator) -> Callable[[Pcm, int], Pcm]:
    """Adds noise from a random place on, at snr_db below the speech's mean power."""

    def change(pcm: Pcm, rate_hz: int) -> Pcm:
        long = np.tile(noise.astype(float), len(pcm) // len(noise) + 2)
        start = int(rng.integers(len(noise)))
        other = long[start : start + len(pcm)]
        gain = np.sqrt(np.mean(pcm.astype(float) ** 2) / np.mean(other**2) / 10 ** (snr_db / 10))
        return np.clip(pcm + gain * other, -32768, 32767).astype(np.int16)

    return change


def roomy(response: Pcm) -> Callable[[Pcm, int], Pcm]:
    """Plays the speech in a room; the direct sound stays where it was."""

    def change(pcm: Pcm, rate_hz: int) -> Pcm:
        h = response.astype(float) / np.abs(response).max()
        direct = int(np.abs(h).argmax())
        size = len(pcm) + len(h)
        whole = np.fft.irfft(np.fft.rfft(pcm.astype(float), size) * np.fft.rfft(h, size), size)
        wet = whole[direct : direct + len(pcm)]
        wet *= np.sqrt(np.mean(pcm.astype(float) ** 2) / max(float(np.mean(wet**2)), 1e-9))
        return np.clip(wet, -32768, 32767).astype(np.int16)

    return change


def read_wav(path: Path) -> tuple[Pcm, int]:
    """A 16-bit mono WAV file as samples and rate."""
    with wave.open(os.fspath(path)) as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise ConfigError("bench_wav", f"{path}: 16-bit mono is needed")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()


def _json(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tree


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError("bench_judge", f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
