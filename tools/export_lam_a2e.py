#!/usr/bin/env python3
"""Export LAM Audio2Expression: `python tools/export_lam_a2e.py CHECKPOINT OUT`.

CHECKPOINT: pretrained_models/lam_audio2exp_streaming.tar out of the archive that `./avatar fetch lam_audio2exp` brings
(a file of torch.save; loaded strictly, keys named that do not fit). OUT: a folder for the parameter `model` of the
backends `lam` of the audio encoder and of the expression node. Prints the parity of ONNX with torch.
`--random` makes a network of the published shape that knows nothing, to measure what it costs.

The weights are CC BY-NC 4.0: not for commercial use. Needs: pip install torch transformers onnx
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Export LAM Audio2Expression to ONNX for avatar_ros.")
    parser.add_argument("checkpoint", nargs="?", default="", help="file of torch.save")
    parser.add_argument("out", help="folder to write")
    parser.add_argument("--copies", default="int8,fp16", help="copies beside FP32 (default: %(default)s)")
    parser.add_argument("--random", action="store_true", help="random weights instead of a checkpoint")
    options = parser.parse_args(arguments)

    import torch
    from neural_export.folder import COPIES, report
    from neural_export.lam_checkpoint import CheckpointError, load_lam
    from neural_export.lam_folder import write_lam
    from neural_export.lam_network import LamAudio2Expression

    torch.manual_seed(0)
    model = LamAudio2Expression()
    if not options.random:
        try:
            load_lam(Path(options.checkpoint), model)
        except CheckpointError as error:
            raise SystemExit(str(error)) from error
    source = "random weights" if options.random else f"{Path(options.checkpoint).name} (CC BY-NC 4.0)"
    copies = tuple(copy for copy in COPIES if copy in options.copies.split(","))
    manifest = write_lam(model, Path(options.out), source=source, copies=copies)
    report(manifest, Path(options.out))
    for precision, row in manifest["weights_parity"].items():
        print(f"  weights, {precision}: max abs {row['max_abs']:.2e}, cosine min {row['cosine_min']:.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
