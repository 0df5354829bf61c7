"""`./avatar express in.wav out.json`: sound in, 52 ARKit weights a frame out, by any of the paths to lips."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..audio.wav import read_wav
from ..core.errors import ConfigError
from ..core.outputs import check_output
from ..core.rates import LISTENING_RATE_HZ
from ..core.terminal import printable
from ..core.types import SpeechChunk
from ..encoder.base import ENCODER_BACKENDS, EncoderSettings
from ..encoder.encode import load_encoder
from ..motion.base import MOTION_BACKENDS, MotionSettings
from ..motion.offline import express_phones
from .expression_file import write_expression
from .render import checked_fps

CHUNK_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("sound", metavar="IN.wav", help="speech: any rate, mono or stereo")
    parser.add_argument("out", metavar="OUT.json", help="weights, as `render` reads them")
    parser.add_argument("--text", default="", help="what is said, which makes the lips better")
    parser.add_argument("--locale", default="en-US", help="language of the text (default: %(default)s)")
    parser.add_argument("--fps", type=float, default=30.0, help="frames a second (default: %(default)s)")
    parser.add_argument(
        "--encoder", default="phones", help=f"{', '.join(ENCODER_BACKENDS.names)} (default: %(default)s)"
    )
    parser.add_argument(
        "--backend", default="visemes", help=f"{', '.join(MOTION_BACKENDS.names)} (default: %(default)s)"
    )
    parser.add_argument("--encoder-model", default="", help="folder of the exported model, for wav2vec2, hubert, lam")
    parser.add_argument("--backend-model", default="", help="file or folder of the network, for lam and policy")


def run(options: argparse.Namespace) -> int:
    """Encode, express, write; 0 when done."""
    fps = checked_fps(options.fps)
    options.encoder = EncoderSettings(backend=options.encoder).backend
    check_output("OUT.json", options.out, [options.sound])
    sound = read_wav(Path(options.sound))
    if sound.warning:
        print(printable(sound.warning))
    features, rate_hz = encode(sound.pcm, options)
    if not len(features):
        raise ConfigError("sound_file", f"sound file {options.sound} is too short for a frame of lips")
    own = MOTION_BACKENDS.options(options.backend, model=options.backend_model)
    kind = ENCODER_BACKENDS.load(options.encoder).kind
    weights = express_phones(features, rate_hz, fps, MotionSettings(backend=options.backend), kind, own)
    write_expression(options.out, weights, fps, encoder=options.encoder, backend=options.backend)
    print(f"{printable(options.out)}: {len(weights)} frames at {fps:g} a second")
    return 0


def encode(pcm: NDArray[np.int16], options: argparse.Namespace) -> tuple[NDArray[np.float32], float]:
    """Features [T, dim] of a whole recording and their rate, through the same stream as in a conversation."""
    own = ENCODER_BACKENDS.options(options.encoder, model=options.encoder_model)
    encoder = load_encoder(EncoderSettings(backend=options.encoder), own)
    stream = encoder.open(LISTENING_RATE_HZ)
    step = int(CHUNK_S * LISTENING_RATE_HZ)
    starts = range(0, max(len(pcm), 1), step)
    pieces = [
        stream.push(
            SpeechChunk(
                first_sample=start,
                sample_rate_hz=LISTENING_RATE_HZ,
                pcm=pcm[start : start + step],
                text=options.text if start == 0 else "",
                locale=options.locale if start == 0 else "",
                sentence_end=start + step >= len(pcm),
                turn_end=start + step >= len(pcm),
            )
        )
        for start in tqdm(starts, "listening", disable=None)
    ]
    pieces.append(stream.finish())
    encoder.close()
    return np.concatenate(pieces), encoder.rate_hz
