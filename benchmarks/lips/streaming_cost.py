"""`./avatar bench neural`: what a speech transformer costs in steps, and how far streaming takes it from the whole.

Without --model it makes a model of the base size (94 M parameters) with random weights through tools/, which costs
what a trained one does; the distances of a random model say nothing about a trained one's. Give an exported model and
a recording of speech for those.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.audio.wav import read_wav
from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.arrays import F32, Pcm
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file
from avatar_ros.core.registry import how_to_install
from avatar_ros.core.types import SpeechChunk
from avatar_ros.encoder.base import Encoder, EncoderSettings
from avatar_ros.encoder.encode import encode, load_encoder
from avatar_ros.encoder.neural_model import NeuralModel, encoder_manifest
from avatar_ros.encoder.neural_settings import NeuralSettings
from avatar_ros.encoder.neural_stream import whole_utterance
from avatar_ros.motion.base import MOTION_BACKENDS, MotionSettings

from ..lib.report import tell
from .lips import buzz

RATE_HZ = 16000
BACKENDS = {"wav2vec2": "wav2vec2", "hubert": "hubert", "lam_wav2vec2": "lam"}
#: LAM's decoder alone, without what is done to its weights afterwards.
RAW: dict[str, Any] = {
    "scaling": False, "smoothing": False, "symmetry": False, "eyes": True, "damping": False, "blending": False,
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Parse, measure, print one JSON object; exit code 0."""
    options = _parser().parse_args(list(arguments))
    with tempfile.TemporaryDirectory(prefix="avatar_ros_bench_") as folder:
        model = options.model or _random_model(options.random, Path(options.keep or folder))
        result = measure(model, options)
    tell(result, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="avatar bench neural", description=__doc__)
    parser.add_argument("--model", help="folder that tools/export_encoder.py or export_lam_a2e.py wrote")
    parser.add_argument("--random", choices=tuple(BACKENDS.values()), default="wav2vec2",
                        help="kind of the random model where none is given (default: %(default)s)")  # fmt: skip
    parser.add_argument("--keep", help="write the random model here and keep it")
    parser.add_argument("--sound", help="WAV file of speech (default: a synthetic voice)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of sound to use (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of the model (default: %(default)s)")
    parser.add_argument("--precision", default="auto", help="auto, int8, fp16 or fp32 (default: %(default)s)")
    parser.add_argument("--windows", default="0.8,2,4",
                        help="to compare, s; each also with all of it done again (default: %(default)s)")  # fmt: skip
    parser.add_argument("--json", help="write the result here too")
    return parser


def _random_model(kind: str, folder: Path) -> str:
    script = share_file(f"tools/export_{'lam_a2e' if kind == 'lam' else 'encoder'}.py")
    choice = ["--random"] if kind == "lam" else ["--random", kind]
    command = [sys.executable, str(script), *choice, "--copies", "int8", str(folder)]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        needs = how_to_install("neural")
        raise ConfigError("bench_model", f"{' '.join(command)} failed; what it needs is installed with: {needs}")
    return str(folder)


def measure(model: str, options: argparse.Namespace) -> dict[str, Any]:
    """All there is to measure of the model in folder `model`."""
    manifest = encoder_manifest(share_file(model))
    tree = json.loads((share_file(model) / "encoder.json").read_text(encoding="utf-8"))
    backend = BACKENDS[manifest.kind]
    settings = NeuralSettings(model=model, threads=options.threads, precision=options.precision)
    pcm = _sound(options.sound, options.seconds)
    out: dict[str, Any] = {
        "model": {name: tree.get(name) for name in ("kind", "source", "parameters", "parity", "weights_parity")},
        "sound": {"file": options.sound or "synthetic", "seconds": round(len(pcm) / RATE_HZ, 2)},
        "default": {"window_s": settings.window_s, "again_s": settings.again_s, "hop_s": settings.hop_s,
                    "lookahead_s": settings.lookahead_s, "threads": settings.threads,
                    **_loaded(backend, settings).status()},
        "first_frames": first_frames(backend, settings, pcm),
    }  # fmt: skip
    whole = _whole(settings, pcm)
    windows = sorted({settings.window_s, *(float(w) for w in options.windows.split(","))})
    out["windows"] = {
        f"{window_s:g} s{name}": window_row(backend, replace(settings, window_s=window_s, again_s=again_s), pcm, whole)
        for window_s in windows
        for name, again_s in (("", settings.again_s), (", all again", window_s))
    }
    return out


def _sound(path: str | None, seconds: float) -> Pcm:
    pcm = read_wav(Path(path)).pcm if path else buzz(seconds, RATE_HZ)
    if not len(pcm):
        raise ConfigError("bench_sound", f"{path} holds no sound")
    return pcm[: round(seconds * RATE_HZ)]


def _loaded(backend: str, settings: NeuralSettings) -> Encoder:
    return load_encoder(EncoderSettings(backend=backend), {backend: settings})


def _whole(settings: NeuralSettings, pcm: Pcm) -> F32:
    model = NeuralModel(share_file(settings.model), device=settings.device, precision=settings.precision,
                        threads=settings.threads)  # fmt: skip
    frames = int(np.ceil(len(pcm) * model.manifest.rate_hz / RATE_HZ - 1e-9))
    return whole_utterance(model, np.asarray(pcm / 32768, np.float32), frames)


def window_row(backend: str, settings: NeuralSettings, pcm: Pcm, whole: F32) -> dict[str, Any]:
    """Cost and distance from the whole utterance with this window, for a voice met anew and for one that is known."""
    encoder = _loaded(backend, settings)
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    first = encode(pcm, RATE_HZ, encoder=encoder)
    wall_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    known = encode(pcm, RATE_HZ, encoder=encoder)
    first, known = (found[:, : whole.shape[1]] for found in (first, known))  # without the level that LAM gets beside
    seconds = len(pcm) / RATE_HZ
    row = {
        "real_time_factor": round(wall_s / seconds, 3),
        "cpu_s_per_s": round(cpu_s / seconds, 3),
        "new_voice": distance(first, whole),
        "known_voice": distance(known, whole),
    }
    encoder.close()
    return row | ({"weights": lam_distance(settings, first, whole)} if backend == "lam" else {})


def distance(found: F32, wanted: F32) -> dict[str, float]:
    """Cosine of frames (mean, 5th percentile) and relative error of features [T, dim]."""
    cosine = (found * wanted).sum(axis=1) / (np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1) + 1e-12)
    relative = float(np.linalg.norm(found - wanted) / (np.linalg.norm(wanted) + 1e-12))
    return {"cosine": round(float(cosine.mean()), 4), "cosine_p5": round(float(np.percentile(cosine, 5)), 4),
            "relative_error": round(relative, 4)}  # fmt: skip


def lam_distance(settings: NeuralSettings, found: F32, wanted: F32) -> dict[str, Any]:
    """How far the 52 weights are from those of whole inference: mean, 95th percentile, largest, and where."""
    own = MOTION_BACKENDS.options("lam", model=settings.model, threads=settings.threads, **RAW)
    lips = MOTION_BACKENDS.make("lam", MotionSettings(backend="lam"), own=own)
    found, wanted = (np.pad(states, ((0, 0), (0, 1))) for states in (found, wanted))  # the level, which RAW leaves be
    error = np.abs(lips.weights(found) - lips.weights(wanted))
    return {"mean": round(float(error.mean()), 4), "p95": round(float(np.percentile(error, 95)), 4),
            "max": round(float(error.max()), 4), "worst": ARKIT_NAMES[int(error.max(axis=0).argmax())],
            "spread_of_whole": round(float(lips.weights(wanted).std(axis=0).mean()), 4)}  # fmt: skip


def first_frames(backend: str, settings: NeuralSettings, pcm: Pcm) -> dict[str, float]:
    """Sound that the first frames need, in chunks of 5 ms, and the CPU time until they are there."""
    encoder = _loaded(backend, settings)
    stream = encoder.open(RATE_HZ)
    size = RATE_HZ // 200
    begun_s = time.process_time()
    heard = 0
    while heard < len(pcm):
        chunk = SpeechChunk(first_sample=heard, sample_rate_hz=RATE_HZ, pcm=pcm[heard : heard + size])
        heard += len(chunk.pcm)
        if len(stream.push(chunk)):
            break
    encoder.close()
    return {"sound_needed_s": round(heard / RATE_HZ, 3), "cpu_ms": round(1000 * (time.process_time() - begun_s), 1)}
