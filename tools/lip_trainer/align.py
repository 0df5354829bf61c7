"""Phone times of speech whose synthesizer gives none: PocketSphinx's acoustic model, through our own aligner."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from avatar_ros.core.errors import ConfigError
from avatar_ros.encoder.aligner import AcousticModels
from avatar_ros.encoder.sources import LEAD_S, FrameGrid
from avatar_ros.speech.pocketsphinx_acoustic import installed_model

from .speech import F32, RATE_HZ, Spoken, to_16k

#: Sound heard before a frame is decided: not live, so there is time.
_DELAY_S = 0.3


@lru_cache(maxsize=1)
def _models() -> AcousticModels:
    folder = installed_model()
    if folder is None:
        raise ConfigError("pocketsphinx_missing", "PocketSphinx is not installed; install it: pip install pocketsphinx")
    return AcousticModels.load(folder)


def aligned(sound: F32, rate_hz: int, text: str) -> Spoken:
    """The utterance with the phones of its English text where the aligner hears them."""
    models = _models()
    models.forget_voice()
    sound = to_16k(sound, rate_hz)
    pcm = np.clip(sound * 32767, -32768, 32767).astype(np.int16)
    source = models.listen(FrameGrid(0, RATE_HZ), text, "en", _DELAY_S)
    phones = np.concatenate([source.push(pcm), source.finish()])
    late = round(LEAD_S * 100)  # the aligner leads on purpose; times are wanted here
    return Spoken(sound, np.concatenate([phones[:1].repeat(late, axis=0), phones[: len(phones) - late]]))
