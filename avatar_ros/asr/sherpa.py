"""Whatever sherpa-onnx (Apache-2.0) loads: streaming transducers and CTC, which write words down while they are spoken;
Moonshine, Parakeet and other transducers, Whisper in ONNX, Paraformer, CTC, which take whole utterances.

Which of them a folder holds is told by its files (sherpa_folder.py). Those that give no probabilities have a confidence
of 1.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sherpa_onnx

from ..core.arrays import Pcm
from ..core.clock import Clock, SteadyClock
from ..core.errors import ConfigError
from ..core.levels import FULL_SCALE
from ..core.loading import boundary
from ..core.rates import LISTENING_RATE_HZ
from .base import AsrSettings, Hypothesis, RecognitionStream
from .decode_budget import DecodeBudget
from .piecewise import PiecewiseStream
from .sherpa_folder import SherpaFolder, recognise
from .sherpa_settings import SherpaSettings
from .utterance_decoder import UtteranceDecoder

#: Silence behind an utterance, so that a streaming model gives its last words.
_TAIL = np.zeros(round(0.6 * LISTENING_RATE_HZ), np.float32)


class SherpaModelRecogniser:
    """A Recogniser. One model serves all utterances."""

    def __init__(self, settings: AsrSettings, own: SherpaSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._own = own
        self._locale = own.locale or settings.locale
        self._clock = clock or SteadyClock()
        self._budget = DecodeBudget(own.partial_share)
        self._model: Any = None
        self._streams = False

    def load(self) -> None:
        """Load the model and decode a second of silence. Raises ConfigError naming the folder and what it lacks."""
        found = recognise(self._own.model)
        self._streams = found.kind.startswith("streaming")
        files = f"{next(iter(found.files.values()))} with {found.tokens.name}"
        with boundary(files, ConfigError, "asr_model_damaged", "it is no model that can be used: fetch it again"):
            self._model = self._loaded(found)
            warm = self.start()
            warm.accept(np.zeros(LISTENING_RATE_HZ, np.int16))
            warm.finish()
            if not self._streams:
                self._budget.warm_up(self._decode, self._clock)

    def start(self) -> RecognitionStream:
        """Begin an utterance."""
        locale, confidence = self._locale, self._settings.min_confidence
        if self._streams:
            return OnlineStream(self._model, locale, confidence)
        piece = partial(UtteranceDecoder, self._decode, self._budget, self._clock, locale, confidence, stable=True)
        return PiecewiseStream(piece)

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _loaded(self, found: SherpaFolder) -> Any:
        given: dict[str, Any] = {name: str(path) for name, path in found.files.items()}
        given |= {"tokens": str(found.tokens), "num_threads": self._own.threads}
        online, offline = sherpa_onnx.OnlineRecognizer, sherpa_onnx.OfflineRecognizer
        match found.kind:
            case "streaming_transducer":
                return online.from_transducer(**given)
            case "streaming_ctc":
                return online.from_zipformer2_ctc(**given)
            case "transducer" | "nemo_transducer":
                return offline.from_transducer(**given, model_type=found.kind)
            case "moonshine":
                names = ("preprocessor", "encoder", "uncached_decoder", "cached_decoder")
                parts = dict(zip(names, found.files.values(), strict=True))
                return offline.from_moonshine(**given_without(given, found), **{k: str(p) for k, p in parts.items()})
            case "whisper":
                return offline.from_whisper(**given, language=self._locale.split("-")[0])
            case "paraformer":
                return offline.from_paraformer(**given_without(given, found), paraformer=str(found.files["model"]))
            case kind:
                return getattr(offline, f"from_{kind}")(**given)

    def _decode(self, pcm: Pcm) -> tuple[str, float]:
        stream = self._model.create_stream()
        stream.accept_waveform(LISTENING_RATE_HZ, pcm.astype(np.float32) / FULL_SCALE)
        self._model.decode_stream(stream)
        found = stream.result
        return found.text, _confidence(getattr(found, "ys_log_probs", ()))


class OnlineStream:
    """A RecognitionStream over a model that hears while somebody speaks."""

    def __init__(self, model: Any, locale: str, min_confidence: float) -> None:
        self._model = model
        self._stream = model.create_stream()
        self._locale = locale
        self._min_confidence = min_confidence

    def accept(self, pcm: Pcm) -> None:
        """Take the next sound and decode what can be decoded."""
        self._push(pcm.astype(np.float32) / FULL_SCALE)

    def partial(self) -> Hypothesis:
        """The words so far."""
        text, confidence = self._words()
        return Hypothesis(text, confidence, locale=self._locale)

    def finish(self) -> Hypothesis:
        """All words; rejected where there are none, or too unsure ones."""
        self._stream.accept_waveform(LISTENING_RATE_HZ, _TAIL)
        self._stream.input_finished()
        self._run()
        text, confidence = self._words()
        rejected = not text or confidence < self._min_confidence
        return Hypothesis("" if rejected else text, confidence, rejected, complete=not rejected, locale=self._locale)

    def abandon(self) -> None:
        """Nothing is kept outside."""

    def _push(self, sound: Any) -> None:
        self._stream.accept_waveform(LISTENING_RATE_HZ, sound)
        self._run()

    def _run(self) -> None:
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)

    def _words(self) -> tuple[str, float]:
        text = self._model.get_result(self._stream).strip()
        return text, _confidence(self._model.ys_probs(self._stream)) if text else 0.0


def given_without(given: dict[str, Any], found: SherpaFolder) -> dict[str, Any]:
    """Arguments without those named after the folder's files, for makers that call them otherwise."""
    return {name: value for name, value in given.items() if name not in found.files}


def _confidence(log_probabilities: Any) -> float:
    """Geometric mean of the tokens' probabilities, 0–1; 1 where there are none."""
    values = np.asarray(list(log_probabilities or ()), float)
    return float(np.exp(np.minimum(values, 0.0).mean())) if len(values) else 1.0
