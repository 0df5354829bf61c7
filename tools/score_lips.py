#!/usr/bin/env python3
"""Score lips from sound alone on recorded people: PocketSphinx's model, our network, and both, on the same recordings.

`./avatar exec python tools/score_lips.py --mixes 10` (recordings: models/README.md). Prints JSON: scores with 95 %
bootstrap intervals, losses in noise and rooms, CPU time per second of sound, and the last way less each other one,
paired over closures and vowels.
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
from avatar_ros.encoder.encode import encode, load_encoder  # noqa: E402
from benchmarks.lib.data_folder import default_data  # noqa: E402
from benchmarks.lips.scorer import measure, paired_difference  # noqa: E402
from benchmarks.lips.scores import CLEAN, ROOMS, RecordedPeople  # noqa: E402

WAYS = ("acoustic", "network", "both")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    people, out = {}, {}
    for way in options.ways.split(","):
        encoder = _encoder(way, options.model)
        people[way] = each = RecordedPeople(options.data, options.avatar, encoder, options.speech)
        out[way] = each.pooled("sound", each.names)
        if options.mixes:
            out[way]["losses"] = each.losses("sound", options.mixes)
        out[way]["cpu_share"] = _cpu_share(encoder)
    *others, last = people
    conditions = (CLEAN, "noise 0", *ROOMS) if options.mixes else (CLEAN,)
    for other in others:
        out[f"{last} less {other}"] = {each: _paired(people[last], people[other], each) for each in conditions}
    print(json.dumps(out, indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with speech/, avatars/, acoustics/")
    parser.add_argument("--speech", type=Path, nargs="+", default=[], help="other recordings (default: DATA/speech)")
    parser.add_argument("--model", default="", help="the network (default: models/lips.onnx)")
    parser.add_argument("--avatar", default="james.zip")
    parser.add_argument("--mixes", type=int, default=0, help="random mixes with noise and with rooms")
    parser.add_argument("--ways", default=",".join(WAYS), help="of acoustic, network, both")
    return parser


def _encoder(way: str, model: str) -> Encoder:
    own = ENCODER_BACKENDS.options("phones", sound_by=way, use_text=False, use_marks=False, model=model)
    return load_encoder(EncoderSettings(), own)


def _paired(ours: RecordedPeople, theirs: RecordedPeople, condition: str) -> dict[str, Any]:
    mine, other = (measure(people.tracks("sound", condition).values()) for people in (ours, theirs))
    return dict(paired_difference(mine, other))


def _cpu_share(encoder: Encoder, seconds: float = 10.0) -> float:
    """CPU seconds of this thread per second of sound at 24 kHz in chunks of 40 ms."""
    pcm = (3000 * np.random.default_rng(0).normal(size=round(24000 * seconds))).clip(-32768, 32767).astype(np.int16)
    start_s = time.thread_time()
    encode(pcm, 24000, encoder=encoder)
    return round((time.thread_time() - start_s) / seconds, 4)


if __name__ == "__main__":
    sys.exit(main())
