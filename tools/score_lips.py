#!/usr/bin/env python3
"""Score lips from sound alone on recorded people: PocketSphinx's model, our network, and both, on the same recordings.

`./avatar exec python tools/score_lips.py --data DATA` (DATA: speech/transcripts.json, avatars/, acoustics/; the judge
lipsync_score.py beside it in tools/). Prints JSON: scores with 95 % bootstrap intervals, losses in noise and rooms, and
CPU time per second of sound.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from avatar_ros.encoder.base import ENCODER_BACKENDS, Encoder, EncoderSettings  # noqa: E402
from avatar_ros.encoder.encode import (  # noqa: E402
    encode,
    load_encoder,
)
from benchmarks.lib.noise_and_reverb import noisy, read_wav, roomy  # noqa: E402
from benchmarks.lips.scores import LABELS_FIT, Judge  # noqa: E402

WAYS = ("acoustic", "network", "both")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with speech/, avatars/, acoustics/")
    parser.add_argument("--speech", type=Path, help="other recordings with a transcripts.json (default: DATA/speech)")
    parser.add_argument("--model", default="", help="the network (default: models/lips.onnx)")
    parser.add_argument("--avatar", default="james.zip")
    parser.add_argument("--mixes", type=int, default=0, help="random mixes with noise and with rooms")
    parser.add_argument("--ways", default=",".join(WAYS), help="of acoustic, network, both")
    options = parser.parse_args(arguments)
    out: dict[str, Any] = {}
    for way in options.ways.split(","):
        encoder = _encoder(way, options.model)
        out[way] = Scores(Judge(None, options.data, options.avatar, encoder, options.speech)).all(options.mixes)
        out[way]["cpu_share"] = _cpu_share(encoder)
    print(json.dumps(out, indent=1))
    return 0


def _encoder(way: str, model: str) -> Encoder:
    own = ENCODER_BACKENDS.options("phones", sound_by=way, use_text=False, use_marks=False, model=model)
    return load_encoder(EncoderSettings(), own)


class Scores:
    """Scores of one encoder from sound alone, with what Judge has for it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def all(self, mixes: int) -> dict[str, Any]:
        """All recordings, those whose labels fit their sound, and losses in `mixes` random mixes of each kind."""
        judge = self._judge
        gaps = {name: judge._gap(name, "sound") for name in judge._entries}
        fitting = [name for name in gaps if judge._label_fit(name) <= LABELS_FIT]
        good = {name: gaps[name] for name in fitting}
        out = {
            "all": {**judge._score(gaps), "interval_95": judge._interval(gaps)},
            "where labels fit": {**judge._score(good), "interval_95": judge._interval(good), "recordings": fitting},
        }
        if mixes:
            out["losses"] = {kind: self._loss(kind, mixes, fitting) for kind in ("noise 10 dB", "room")}
        return out

    def _loss(self, kind: str, mixes: int, names: list[str]) -> dict[str, float]:
        """Mean loss of closure AUC where labels fit, with its 95 % bootstrap interval over the mixes."""
        judge, rng = self._judge, np.random.default_rng(0)
        clean = judge._score({name: judge._gap(name, "sound") for name in names})["closure_auc"]
        losses = []
        for _ in range(mixes):
            files = ("noise2", "noise3") if kind.startswith("noise") else ("rir1", "rir2")
            other, _rate = read_wav(judge._data / "acoustics" / f"{files[rng.integers(2)]}.wav")
            change = noisy(other, 10.0, rng) if kind.startswith("noise") else roomy(other)
            losses.append(clean - judge._score({n: judge._gap(n, "sound", change) for n in names})["closure_auc"])
        means = [float(np.mean(rng.choice(losses, len(losses)))) for _ in range(2000)]
        low, high = np.quantile(means, (0.025, 0.975))
        return {"mean": round(float(np.mean(losses)), 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def _cpu_share(encoder: Encoder, seconds: float = 10.0) -> float:
    """CPU seconds of this thread per second of sound at 24 kHz in chunks of 40 ms."""
    pcm = (3000 * np.random.default_rng(0).normal(size=round(24000 * seconds))).clip(-32768, 32767).astype(np.int16)
    start_s = time.thread_time()
    encode(pcm, 24000, encoder=encoder)
    return round((time.thread_time() - start_s) / seconds, 4)


if __name__ == "__main__":
    sys.exit(main())
