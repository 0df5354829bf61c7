#!/usr/bin/env python3
"""Export a wav2vec2 or HuBERT checkpoint for the audio encoder: `python tools/export_encoder.py CHECKPOINT OUT`.

CHECKPOINT: a folder as Hugging Face's from_pretrained reads it (config.json, model.safetensors, and
preprocessor_config.json where there is one). OUT: a folder for the encoder's parameter `model`. Writes ONNX in FP32,
INT8 (transformer's MatMul and Gemm, for the CPU) and FP16 (for CUDA) with a parity report in encoder.json.
`--random wav2vec2|hubert` makes a model of the base size that knows nothing, to measure what one costs.

Needs: pip install torch transformers onnx
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

KINDS = ("wav2vec2", "hubert")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    from neural_export.folder import COPIES, report, write_encoder
    from neural_export.parts import keep_layers
    from neural_export.random_models import random_model

    if options.random:
        kind, model, normalise = options.random, random_model(options.random, options.size, options.seed), False
        source = f"random weights, seed {options.seed}"
    else:
        kind, model, normalise = read_checkpoint(Path(options.checkpoint))
        source = Path(options.checkpoint).name
    if options.layer:
        keep_layers(model, options.layer)
    copies = tuple(copy for copy in COPIES if copy in options.copies.split(","))
    manifest = write_encoder(model, Path(options.out), kind, normalise=normalise, source=source, copies=copies)
    report(manifest, Path(options.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Export a wav2vec2 or HuBERT checkpoint to ONNX for avatar_ros.")
    parser.add_argument("checkpoint", nargs="?", default="", help="folder with config.json and weights")
    parser.add_argument("out", help="folder to write")
    parser.add_argument("--layer", type=int, default=0, help="take hidden states of this layer, from 1 (default: last)")
    parser.add_argument("--copies", default="int8,fp16", help="copies beside FP32 (default: %(default)s)")
    parser.add_argument("--random", choices=KINDS, help="random weights instead of a checkpoint")
    parser.add_argument("--size", choices=("base", "tiny"), default="base", help="of the random model")
    parser.add_argument("--seed", type=int, default=0, help="of the random model")
    return parser


def read_checkpoint(folder: Path) -> tuple[str, Any, bool]:
    """Kind, model and whether its sound is normalised. Exits with a line where it is no such checkpoint."""
    if not (folder / "config.json").is_file():
        raise SystemExit(f"{folder}: no config.json; give a checkpoint folder, or --random wav2vec2")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = config.get("model_type", "")
    if kind not in KINDS or config.get("add_adapter"):
        raise SystemExit(f"{folder}: model_type '{kind}' (adapter: {bool(config.get('add_adapter'))}); "
                         f"{' and '.join(KINDS)} without an adapter can be exported")  # fmt: skip
    from safetensors import SafetensorError
    from transformers import HubertModel, Wav2Vec2Model

    model_type: Any = Wav2Vec2Model if kind == "wav2vec2" else HubertModel
    try:
        model, notes = model_type.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:  # none, damaged, or of another shape
        raise SystemExit(f"{folder}: its weights cannot be used: {' '.join(str(error).split())[:400]}") from error
    _check_keys(folder, notes)
    processor = folder / "preprocessor_config.json"
    normalise = processor.is_file() and bool(json.loads(processor.read_text(encoding="utf-8")).get("do_normalize"))
    return kind, model.float(), normalise


def _check_keys(folder: Path, notes: dict[str, Any]) -> None:
    """Exits where keys are missing; names those that are not the network's (a head for recognition has some)."""
    missing = sorted(key for key in notes["missing_keys"] if key != "masked_spec_embed")
    if missing:
        raise SystemExit(f"{folder}: the weights lack {len(missing)} of the network's keys: {', '.join(missing[:6])}")
    if extra := sorted(notes["unexpected_keys"]):
        sys.stderr.write(f"{folder}: {len(extra)} keys are not the encoder's, left out: {', '.join(extra[:6])}\n")


if __name__ == "__main__":
    sys.exit(main())
