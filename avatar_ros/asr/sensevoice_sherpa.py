"""SenseVoice by sherpa-onnx (Apache-2.0): no torch, the lightest way on a Jetson or a small computer.

A folder as sherpa-onnx publishes them (https://k2-fsa.github.io/sherpa/onnx/sense-voice/): model.int8.onnx or
model.onnx, and tokens.txt. It gives no probabilities, so its confidence is always 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx

from ..core.arrays import Pcm
from ..core.clock import Clock, SteadyClock
from ..core.errors import ConfigError
from ..core.levels import FULL_SCALE
from ..core.loading import boundary
from ..core.rates import LISTENING_RATE_HZ
from .base import AsrSettings
from .decode_budget import DecodeBudget
from .model_folder import model_folder, read_metadata, sherpa_files
from .rich_tags import locale_of
from .sensevoice_settings import SenseVoiceSettings
from .utterance_decoder import UtteranceDecoder

#: What sherpa-onnx reads from the model (offline-sense-voice-model.cc).
_METADATA = frozenset(
    "vocab_size lfr_window_size lfr_window_shift normalize_samples with_itn without_itn neg_mean inv_stddev "
    "lang_auto lang_zh lang_en lang_ja lang_ko lang_yue".split()
)


class SherpaRecogniser:
    """A Recogniser. One model serves all utterances, one after the other."""

    def __init__(self, settings: AsrSettings, own: SenseVoiceSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._own = own
        self._clock = clock or SteadyClock()
        self._budget = DecodeBudget(own.partial_share)
        self._provider = _provider(own.device)
        self._model: Any = None

    def load(self) -> None:
        """Load the model and decode a second of silence. Raises ConfigError naming the folder and what it lacks."""
        folder = model_folder(self._own.model, "sensevoice_sherpa")
        path, tokens = sherpa_files(folder)
        _check(path, tokens)
        files = f"{path} with {tokens.name}"
        with boundary(files, ConfigError, "asr_model_damaged", "it is no model that can be used: fetch it again"):
            self._model = self._loaded(path, tokens)
            self._budget.warm_up(self._decode, self._clock)

    def start(self) -> UtteranceDecoder:
        """Begin an utterance."""
        locale = locale_of(self._own.language, self._settings.locale)
        return UtteranceDecoder(self._decode, self._budget, self._clock, locale, self._settings.min_confidence)

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _loaded(self, path: Path, tokens: Path) -> Any:
        return sherpa_onnx.OfflineRecognizer.from_sense_voice(
            model=str(path),
            tokens=str(tokens),
            num_threads=self._own.threads,
            provider=self._provider,
            language=self._own.language,
            use_itn=self._own.use_itn,
        )

    def _decode(self, pcm: Pcm) -> tuple[str, float]:
        stream = self._model.create_stream()
        stream.accept_waveform(LISTENING_RATE_HZ, pcm.astype(np.float32) / FULL_SCALE)
        self._model.decode_stream(stream)
        found = stream.result
        # The first tokens go to these fields by their place; where one was not written they hold the next one's text.
        return " ".join((found.lang, found.emotion, found.event, found.text)), 1.0


def _check(path: Path, tokens: Path) -> None:
    """sherpa-onnx ends the process where metadata is missing, and finds no word for a token that is not in the list
    until somebody says it; an exception can be explained.
    """
    with boundary(path, ConfigError, "asr_model_damaged", "fetch the model again"):
        metadata = read_metadata(path)
        absent = _METADATA - metadata.keys()
        wanted = int(metadata.get("vocab_size", "0"))
    if absent:
        raise ConfigError(
            "asr_model_damaged",
            f"{path} is no SenseVoice for sherpa-onnx: its metadata lacks {', '.join(sorted(absent))}",
        )
    with boundary(tokens, ConfigError, "asr_model_damaged", "fetch the model again"):
        listed = sum(bool(line.strip(b"\r")) for line in tokens.read_bytes().split(b"\n"))
    if listed < wanted:
        raise ConfigError(
            "asr_model_damaged",
            f"{tokens} lists {listed} tokens, and {path.name} writes {wanted}; fetch the model again",
        )


def _provider(device: str) -> str:
    """Name of the device for onnxruntime. sherpa-onnx would fall back to the CPU in silence."""
    library = Path(sherpa_onnx.__file__).with_name("lib")
    gpu = any(library.glob("*onnxruntime_providers_cuda*"))
    if device == "cuda" and not gpu:
        raise ConfigError(
            "asr_device",
            "device is 'cuda', and this sherpa-onnx is made for the CPU; install its CUDA wheel "
            "(https://k2-fsa.github.io/sherpa/onnx/cuda.html), or set `device` to auto or cpu",
        )
    return "cuda" if gpu and device != "cpu" else "cpu"
