"""Whisper (OpenAI, MIT) by CTranslate2: any words, of English with the packaged weights, of 99 languages with others.

It is known to invent words where nobody speaks. They come with a high probability of no speech and little probability
of their own, so that their confidence, the product of both, is low and they are rejected.
"""

from __future__ import annotations

import ctranslate2

from ..core.arrays import Pcm
from ..core.clock import Clock, SteadyClock
from ..core.errors import ConfigError
from ..core.loading import boundary
from .base import AsrSettings
from .decode_budget import DecodeBudget
from .piecewise import PiecewiseStream
from .rich_tags import locale_of
from .utterance_decoder import UtteranceDecoder
from .whisper_folder import whisper_folder
from .whisper_model import WINDOW_S, WhisperModel
from .whisper_settings import WhisperSettings
from .whisper_vocabulary import read_vocabulary


class WhisperRecogniser:
    """A Recogniser. One model serves all utterances, one after the other."""

    def __init__(self, settings: AsrSettings, own: WhisperSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._own = own
        self._clock = clock or SteadyClock()
        self._budget = DecodeBudget(own.partial_share, window_s=WINDOW_S)
        self._device = _device(own.device)
        self._language = "" if own.language == "auto" else own.language
        self._model: WhisperModel | None = None

    def load(self) -> None:
        """Load the model and decode a second of silence. Raises ConfigError naming the folder and what it lacks."""
        folder = whisper_folder(self._own.model)
        vocabulary = read_vocabulary(folder)
        with boundary(folder, ConfigError, "asr_model_damaged", "it is no model that can be used: fetch it again"):
            self._model = WhisperModel(folder, vocabulary, self._device, self._own.threads)
        self._check_language(vocabulary.languages)
        self._budget.warm_up(self._decode, self._clock)

    @property
    def hears(self) -> tuple[str, ...]:
        """One language where the model or the settings know no other; () for any."""
        english = self._model is not None and not self._model.is_multilingual
        return ("en",) if english else (self._language,) if self._language else ()

    def start(self) -> PiecewiseStream:
        """Begin an utterance."""
        return PiecewiseStream(self._piece)

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _piece(self) -> UtteranceDecoder:
        locale = locale_of(self._language, self._language or "en-US")
        confidence = self._settings.min_confidence
        return UtteranceDecoder(self._decode, self._budget, self._clock, locale, confidence, stable=True)

    def _decode(self, pcm: Pcm) -> tuple[str, float]:
        assert self._model is not None
        found = self._model.decode(pcm, self._language)
        return (f"<|{found.language}|>" if found.language else "") + found.text, found.confidence

    def _check_language(self, known: frozenset[str]) -> None:
        assert self._model is not None
        spoken = known if self._model.is_multilingual else frozenset({"en"})
        if self._language and self._language not in spoken:
            raise ConfigError(
                "asr_language",
                f"whisper.language is '{self._language}', and this model hears {', '.join(sorted(spoken))}; for other "
                "languages: ./avatar fetch whisper_base, and whisper.model: whisper_base",
            )


def _device(wanted: str) -> str:
    """CTranslate2 would name a device that is not there, but not the option."""
    gpu = ctranslate2.get_cuda_device_count() > 0
    if wanted == "cuda" and not gpu:
        raise ConfigError("asr_device", "device is 'cuda', and CTranslate2 finds no GPU; set `device` to auto or cpu")
    return "cuda" if gpu and wanted != "cpu" else "cpu"
