"""A scripted voice: a tone for each word, a click for each word "click". Exact to the sample.

Clicks measure picture against sound: the mouth is open for one frame around each click and closed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..core.arrays import Pcm
from ..core.enums import MarkKind
from .base import Part, TtsSettings, VoiceMark
from .cancel_token import CancelToken

RATE_HZ = 24000
#: The n-th word's slot begins at n * WORD_S; a click's first sample lies CLICK_AT_S into its slot.
WORD_S, CLICK_SLOT_S, CLICK_AT_S = 0.3, 0.5, 0.25
#: One frame at 30 frames a second.
OPEN_S = 1 / 30
_TONE_S = 0.2


class FakeVoice:
    """Says anything, at once."""

    blocking = False

    def __init__(self, settings: TtsSettings) -> None:
        self._settings = settings

    def load(self) -> None:
        """Nothing to load."""

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """One part a word, its marks with it."""
        at_s = 0.0
        for word in text.split():
            click = word.strip(".,!?;:\"'").lower() == "click"
            pcm, open_s = _click() if click else _tone()
            slot_s = len(pcm) / RATE_HZ
            yield Part(pcm, RATE_HZ, _marks(word, at_s, at_s + slot_s, at_s + open_s[0], at_s + open_s[1]))
            at_s += slot_s

    def expect(self) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """That this is no real voice."""
        return {"voice": "fake"}

    def close(self) -> None:
        """Nothing to free."""


def _marks(word: str, start_s: float, end_s: float, open_s: float, close_s: float) -> tuple[VoiceMark, ...]:
    phones = (("SIL", start_s, open_s), ("AA", open_s, close_s), ("SIL", close_s, end_s))
    spoken = (VoiceMark(MarkKind.PHONE, name, begin, end) for name, begin, end in phones if end > begin)
    return (VoiceMark(MarkKind.WORD, word, start_s, end_s), *spoken)


def _tone() -> tuple[Pcm, tuple[float, float]]:
    pcm = np.zeros(round(WORD_S * RATE_HZ), np.int16)
    t = np.arange(round(_TONE_S * RATE_HZ)) / RATE_HZ
    fade = np.minimum(1, np.minimum(t, _TONE_S - t) / 0.01)
    pcm[: len(t)] = np.round(12000 * fade * np.sin(2 * np.pi * 220 * t))
    return pcm, (0.0, _TONE_S)


def _click() -> tuple[Pcm, tuple[float, float]]:
    """2 ms of 3 kHz at full strength: its first sample is the loud edge."""
    pcm = np.zeros(round(CLICK_SLOT_S * RATE_HZ), np.int16)
    first = round(CLICK_AT_S * RATE_HZ)
    t = np.arange(48) / RATE_HZ
    pcm[first : first + 48] = np.round(24000 * np.cos(2 * np.pi * 3000 * t))
    return pcm, (CLICK_AT_S - OPEN_S / 2, CLICK_AT_S + OPEN_S / 2)
