#!/usr/bin/env python3
"""Train our own network from sound to phones: `./avatar exec python tools/train_lips.py --out models/lips.onnx`.

Speech is synthesized by the voices in tools/lip_trainer/roster.py (those that are missing are named with the command
that installs them), changed (noise, rooms, other vocal tracts, speeds, levels) and learnt from. Deterministic: the same
voices, versions, machine and seed give the same weights. The speech stays in the work folder and can be deleted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from lip_trainer import corpus, dataset, export  # noqa: E402
from lip_trainer.network import LipNet, Shape  # noqa: E402
from lip_trainer.roster import ROSTER  # noqa: E402
from lip_trainer.speech import F32, RATE_HZ, Spoken  # noqa: E402
from lip_trainer.train import Plan, report, train  # noqa: E402

from avatar_ros.core.errors import ConfigError  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """The command; 2 where voices are missing."""
    options = _parser().parse_args(arguments)
    parts = [part for part in ROSTER if not options.voices or part.voice.name in options.voices.split(",")]
    try:
        speech = corpus.make(parts, options.work, options.seed, options.share)
    except ConfigError as error:
        print(f"train_lips: {error}", file=sys.stderr)
        return 2
    held_out = {part.voice.name for part in parts if part.held_out}
    known = {name: spoken for name, spoken in speech.items() if name not in held_out}
    began_s = time.process_time()
    colour = dataset.colour_of(known)
    data = [one for copy in range(options.copies) for one in dataset.examples(known, colour, options.seed, copy)]
    shape = Shape(channels=options.channels)
    plan = Plan(steps=options.steps, seed=options.seed, threads=options.threads)
    net = train(data, shape, plan, lambda text: print(text, flush=True))
    spent_s = time.process_time() - began_s
    export.export(net, colour, options.out)
    result = {
        "minutes": {n: round(sum(len(s.sound) for s in spoken) / RATE_HZ / 60, 1) for n, spoken in speech.items()},
        "frames": sum(len(one.features) for one in data), "cpu_s": round(spent_s),
        "parameters": sum(p.numel() for p in net.parameters()), "parity": export.parity(net, options.out),
        "held_out": {n: _held_out(net, {n: speech[n]}, colour, options.seed) for n in sorted(held_out)},
    }  # fmt: skip
    text = json.dumps(result, indent=1)
    print(text)
    if options.report:
        options.report.write_text(text + "\n", encoding="utf-8")
    return 0


def _held_out(net: LipNet, speech: dict[str, list[Spoken]], colour: F32, seed: int) -> dict[str, dict[str, float]]:
    """Scores on a voice that was not learnt from, as it is and changed."""
    plain = dataset.examples(speech, colour, seed, 0, dataset.PLAIN)
    changed = dataset.examples(speech, colour, seed, 0)
    return {"plain": report(net, plain), "changed": report(net, changed)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train models/lips.onnx from synthesized speech.")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "lips.onnx", help="the ONNX file")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "lip_speech", help="where speech is kept")
    parser.add_argument("--report", type=Path, help="write what came out to this JSON file too")
    parser.add_argument("--voices", default="", help="only these of the roster, separated by commas")
    parser.add_argument("--share", type=float, default=1.0, help="share of the roster's sentences")
    parser.add_argument("--copies", type=int, default=6, help="changed copies of the speech")
    parser.add_argument("--steps", type=int, default=10000, help="steps of training")
    parser.add_argument("--channels", type=int, default=128, help="width of the network")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
