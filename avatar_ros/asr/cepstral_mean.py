"""The mean cepstrum of an utterance's first sound, which PocketSphinx begins with.

Its own running mean would reach a new voice or microphone after ten seconds only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pocketsphinx

_HOP_SAMPLES, _FRAME_SAMPLES = 160, 410
#: PocketSphinx begins with this mean, which counts as this many frames (CMN_WIN of cmn.h).
_FIRST_MEAN = np.array([40.0, 3.0, -1.0] + [0.0] * 10)
_FIRST_MEAN_FRAMES = 500
_WORD = "word"


class HeadCepstrum:
    """Finds means. The end of an utterance is searched, wanted or not: so there is a decoder that knows one word only,
    which costs 2 to 4 ms for 0.8 s, where the search among any words takes 50.
    """

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, dict=None, loglevel="FATAL")
        self._decoder.add_word(_WORD, "AH", False)
        self._decoder.add_fsg(_WORD, self._decoder.create_fsg(_WORD, 0, 1, [(0, 1, 1.0, _WORD)]))
        self._decoder.activate_search(_WORD)

    def text(self, head: bytes) -> str:
        """Mean of `head`, int16 at 16 kHz, for Decoder.set_cmn; the same whatever decoder is asked."""
        return mean_text(self._decoder, head)


def mean_text(decoder: Any, head: bytes) -> str:
    """Mean cepstrum of `head`: what PocketSphinx makes of it without searching, less what it began with."""
    decoder.reinit_feat()  # else some of it is of the utterance before
    decoder.set_cmn(_text(_FIRST_MEAN))
    decoder.start_utt()
    decoder.process_raw(head, True, False)
    mixed = np.array([float(value) for value in decoder.get_cmn(True).split(",")])
    decoder.end_utt()
    frames = max((len(head) // 2 - _FRAME_SAMPLES) // _HOP_SAMPLES + 1, 1)
    return _text(mixed + (mixed - _FIRST_MEAN) * _FIRST_MEAN_FRAMES / frames)


def _text(mean: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    return ",".join(f"{value:.4f}" for value in mean)
