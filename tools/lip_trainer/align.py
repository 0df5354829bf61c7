"""Phone times of speech whose synthesizer gives none: PocketSphinx's acoustic model, through our own aligner."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from avatar_ros.core.errors import ConfigError
from avatar_ros.encoder.aligner import LEAD_S, AcousticModels
from avatar_ros.encoder.sources import FrameGrid
from avatar_ros.speech.pocketsphinx_acoustic import installed_model, read_definition
from avatar_ros.speech.pocketsphinx_bigram import phone_bigram

from .speech import F32, RATE_HZ, Spoken, to_16k

#: Sound heard before a frame is decided: not live, so there is time.
_DELAY_S = 0.3


@lru_cache(maxsize=1)
def _ears() -> AcousticModels:
    folder = installed_model()
    if folder is None:
        raise ConfigError("pocketsphinx_missing", "PocketSphinx is not installed; install it: pip install pocketsphinx")
    names = tuple(name for name in read_definition(folder / "en-us" / "mdef").phones if not name.startswith("+"))
    return AcousticModels(folder, phone_bigram(folder / "en-us-phone.lm.bin", names), names)


def aligned(sound: F32, rate_hz: int, text: str) -> Spoken:
    """The utterance with the phones of its English text where the aligner hears them."""
    ears = _ears()
    ears.forget_voice()
    sound = to_16k(sound, rate_hz)
    pcm = np.clip(sound * 32767, -32768, 32767).astype(np.int16)
    source = ears.listen(FrameGrid(0, RATE_HZ), text, "en", _DELAY_S)
    phones = np.concatenate([source.push(pcm), source.finish()])
    late = round(LEAD_S * 100)  # the aligner leads on purpose; times are wanted here
    return Spoken(sound, np.concatenate([phones[:1].repeat(late, axis=0), phones[: len(phones) - late]]))
