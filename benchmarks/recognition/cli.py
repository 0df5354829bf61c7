"""Measures the ears: `./avatar bench hearing vad|asr|words [--set held-out] [--share 0.5] [--json FILE]`.

vad: recorded sentences in recorded noise, in windows of 32 ms (vad.py). asr: sentences of the answers file and
questions that it does not answer, by synthetic voices, and people who talk of something else (asr.py); `--fit` finds
new weights on the development set and writes them to asr/confidence_weights.py. It needs Debian packages for the voices
and recordings of people: apt install flite asterisk-core-sounds-en-g722 pocketsphinx-testdata.
words: any words of recorded people, by a recogniser of any words (words.py): word errors, processor time, and words
invented where nobody speaks. `--backend whisper --model FOLDER` chooses which.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avatar_ros.core.outputs import write_whole

from ..lib.data_folder import HOW_TO_GET, default_data
from . import asr as hearing_asr
from . import fit_confidence as hearing_fit
from . import vad as hearing_vad
from . import words as hearing_words
from .recordings import PACKAGES, PROMPTS, READINGS


def main(argv: list[str]) -> int:
    """Print the table that was asked for; 2 where what it needs is missing."""
    options = _parser().parse_args(argv)
    if not (options.data / "speech").is_dir():
        print(
            f"{options.data}: no speech/ in it; name the folder of recordings with --data, or {HOW_TO_GET}",
            file=sys.stderr,
        )
        return 2
    for folder in options.speech:
        if not (folder / "transcripts.json").is_file():
            print(f"{folder}: no transcripts.json in it, which --speech needs", file=sys.stderr)
            return 2
    if options.fit and not (PROMPTS.is_dir() and READINGS.is_dir()):
        print(f"--fit needs recordings of people that are not installed: {PACKAGES}", file=sys.stderr)
        return 2
    table = _MEASURES[options.what](options)
    if options.json is not None:
        write_whole(options.json, json.dumps(table, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hearing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("vad", "asr", "words"))
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with speech/ and acoustics/")
    parser.add_argument("--speech", type=Path, nargs="+", default=[], help="vad: other recordings")
    parser.add_argument("--set", choices=(*hearing_asr.SETS, "both"), default="held-out", help="asr: what is heard")
    parser.add_argument("--share", type=float, default=1.0, help="asr: share of the set, 0 to 1")
    parser.add_argument("--backend", default="whisper", help="words: the recogniser")
    parser.add_argument("--model", default="", help="words: its model")
    parser.add_argument("--quiet-minutes", type=float, default=10.0, help="words: how long nobody speaks")
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--fit", action="store_true", help="asr: fit and write weights on the development set first")
    return parser


def _asr(options: argparse.Namespace) -> dict[str, Any]:
    if options.fit:
        heard = hearing_asr.measure(options.data, "development", options.share, thorough=True)
        path = hearing_fit.write(hearing_fit.fit(hearing_asr.evidence(heard)))
        print(f"{path} written, from {len(heard)} utterances; run again without --fit to measure with it")
        return {}
    sets = hearing_asr.SETS if options.set == "both" else (options.set,)
    return {which: hearing_asr.report(which, hearing_asr.measure(options.data, which, options.share)) for which in sets}


_MEASURES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "vad": lambda options: hearing_vad.measure(options.data, options.speech),
    "asr": _asr,
    "words": lambda options: hearing_words.measure(
        options.data, options.backend, options.model, 60.0 * options.quiet_minutes
    ),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
