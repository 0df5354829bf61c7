"""SenseVoice (https://github.com/FunAudioLLM/SenseVoice) by FunASR (MIT): words, language, emotion and sounds.

FunASR's own __init__ imports every module it has, with whatever those ask for: seconds and hundreds of megabytes.
Here the package is entered without it, and only what SenseVoice needs is imported.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core.arrays import Pcm
from ..core.clock import Clock, SteadyClock
from ..core.errors import ConfigError
from ..core.levels import FULL_SCALE
from ..core.loading import boundary
from .base import AsrSettings
from .decode_budget import DecodeBudget
from .model_folder import check_funasr, model_folder
from .rich_tags import locale_of
from .sensevoice_settings import SenseVoiceSettings
from .utterance_decoder import UtteranceDecoder

#: Makes FunASR's features where torchaudio is not installed; it would be missed only at the first sound.
_FBANK = "kaldi_native_fbank"
_PARTS = (
    "funasr.frontends.wav_frontend",
    "funasr.models.sense_voice.model",
    "funasr.tokenizer.sentencepiece_tokenizer",
)
#: Printed, not raised, when the weights do not fit the configuration.
_KEY_MISSING = "Warning, miss key in ckpt"
#: Language, emotion, sound and style are the first four outputs; the words follow.
_TAGS = 4


def _import_auto_model() -> Any:
    spec = importlib.util.find_spec("funasr")
    if spec is None:
        raise ImportError("No module named 'funasr'", name="funasr")
    sys.modules.setdefault("funasr", importlib.util.module_from_spec(spec))
    # Clustering of speakers, which nobody asks for here, would bring scikit-learn; AutoModel does without it.
    sys.modules.setdefault("funasr.models.campplus", None)  # type: ignore[arg-type]
    if importlib.util.find_spec("torchaudio") is None:
        importlib.import_module(_FBANK)
    with _captured_stdout():
        for name in _PARTS:
            importlib.import_module(name)
        return importlib.import_module("funasr.auto.auto_model").AutoModel


@contextlib.contextmanager
def _captured_stdout() -> Iterator[io.StringIO]:
    """FunASR prints: its lines are kept from the log."""
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines):
        yield lines


_AutoModel = _import_auto_model()


class SenseVoiceRecogniser:
    """A Recogniser. One model serves all utterances, one after the other."""

    def __init__(self, settings: AsrSettings, own: SenseVoiceSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._own = own
        self._clock = clock or SteadyClock()
        self._budget = DecodeBudget(own.partial_share)
        self._device = _device(own.device)
        self._model: Any = None
        self._logits: torch.Tensor | None = None  # [1, 4 + frames, vocabulary] of the last decode

    def load(self) -> None:
        """Load the model and decode a second of silence. Raises ConfigError naming the folder and what it lacks."""
        folder = model_folder(self._own.model, "sensevoice")
        check_funasr(folder)
        self._model = self._loaded(folder)
        self._model.model.ctc.ctc_lo.register_forward_hook(self._keep_logits)
        self._budget.warm_up(self._decode, self._clock)

    def start(self) -> UtteranceDecoder:
        """Begin an utterance."""
        locale = locale_of(self._own.language, self._settings.locale)
        return UtteranceDecoder(self._decode, self._budget, self._clock, locale, self._settings.min_confidence)

    def close(self) -> None:
        """Free the model."""
        self._model = self._logits = None

    def _loaded(self, folder: Path) -> Any:
        options = {
            "device": self._device,
            "ncpu": self._own.threads,
            "disable_update": True,
            "disable_pbar": True,
            "check_latest": False,
            "ignore_init_mismatch": False,
            "log_level": "ERROR",
        }
        with boundary(folder, ConfigError, "asr_model_damaged", "fetch the model again"), _captured_stdout() as lines:
            model = _AutoModel(model=str(folder), **options)
        if _KEY_MISSING in lines.getvalue():
            raise ConfigError("asr_model_damaged", f"{folder / 'model.pt'} lacks weights; fetch the model again")
        return model

    def _decode(self, pcm: Pcm) -> tuple[str, float]:
        sound = pcm.astype(np.float32) / FULL_SCALE
        options = {"language": self._own.language, "use_itn": self._own.use_itn}
        with _captured_stdout():
            found = self._model.generate(input=sound, **options)
        return found[0]["text"], self._confidence()

    def _keep_logits(self, module: Any, inputs: Any, output: torch.Tensor) -> None:
        self._logits = output

    def _confidence(self) -> float:
        """Mean probability of the words' tokens, where one was written; 0 where none was."""
        assert self._logits is not None
        words, self._logits = self._logits[0, _TAGS:].float(), None
        best = words.max(-1)
        sure = (best.values - words.logsumexp(-1)).exp()[best.indices != self._model.model.blank_id]
        return float(sure.mean().clamp(max=1.0)) if len(sure) else 0.0


def _device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("asr_device", "device is 'cuda', and torch finds no GPU; set `device` to auto or cpu")
    return "cuda" if wanted == "cuda" or (wanted == "auto" and torch.cuda.is_available()) else "cpu"
