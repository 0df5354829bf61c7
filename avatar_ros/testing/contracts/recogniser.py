"""What every recogniser must do in the asr stage, whatever words it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ...asr.base import AsrSettings, Recogniser
from ...asr.stage import AsrStage
from ...core.arrays import Pcm
from ...core.rates import LISTENING_RATE_HZ
from ...core.stage import Stage
from ...core.types import AudioFrame, Transcript
from .common import buzz, run, silence

_BLOCK = 512
_LONG_S = 2.0


def hear(stage: Stage, pcm: Pcm, utterance: int = 1, *, ends: bool = True) -> list[Transcript]:
    """The transcripts of one utterance, int16 mono at LISTENING_RATE_HZ. ends: False for one that is cut off."""
    out: list[Transcript] = []
    for first in range(0, max(len(pcm), 1), _BLOCK):
        last = ends and first + _BLOCK >= len(pcm)
        frame = AudioFrame(utterance=utterance, first_sample=first, pcm=pcm[first : first + _BLOCK], last=last)
        said = stage.push("mic/utterance", frame, first / LISTENING_RATE_HZ)
        out += [item.message for item in said if isinstance(item.message, Transcript)]
    return out


def _stage(recogniser: Recogniser) -> AsrStage:
    return AsrStage(recogniser, AsrSettings(max_utterance_s=_LONG_S))


def _check_final(said: list[Transcript], utterance: int) -> Transcript:
    finals = [transcript.final for transcript in said]
    assert finals == [False] * (len(said) - 1) + [True], f"one final transcript at the end is wanted: {finals}"
    final = said[-1]
    assert final.utterance == utterance and 0.0 <= final.confidence <= 1.0, f"{final}"
    assert not (final.rejected and final.text.strip()), f"rejected, and yet there is a text: {final}"
    return final


def silence_is_rejected_without_words(recogniser: Recogniser) -> None:
    """No sound at all, a click, two seconds of a quiet room."""
    stage = _stage(recogniser)
    for utterance, seconds in enumerate((0.0, 0.01, 1.9), 1):
        final = _check_final(hear(stage, silence(seconds), utterance), utterance)
        assert final.rejected and not final.text, f"heard in {seconds} s of silence: {final}"


def every_utterance_gets_one_final(recogniser: Recogniser) -> None:
    """Sounds that are no words, one after another."""
    stage = _stage(recogniser)
    for utterance, sound in enumerate((buzz(1.0), silence(1.0), buzz(0.05)), 1):
        _check_final(hear(stage, sound, utterance), utterance)


def one_that_breaks_off_costs_nothing(recogniser: Recogniser) -> None:
    """The next utterance begins before the last one ended."""
    stage = _stage(recogniser)
    assert not any(transcript.final for transcript in hear(stage, buzz(0.5), 1, ends=False))
    _check_final(hear(stage, buzz(0.5), 2), 2)
    assert stage.status()["abandoned"] == "1"


def one_that_is_too_long_is_rejected(recogniser: Recogniser) -> None:
    """And the next is heard."""
    stage = _stage(recogniser)
    assert _check_final(hear(stage, buzz(_LONG_S + 1.0), 1), 1).rejected
    _check_final(hear(stage, buzz(0.5), 2), 2)


RECOGNISER: tuple[Callable[[Recogniser], None], ...] = (
    silence_is_rejected_without_words,
    every_utterance_gets_one_final,
    one_that_breaks_off_costs_nothing,
    one_that_is_too_long_is_rejected,
)


def check_recogniser(recogniser: Recogniser, spoken: Mapping[str, Pcm] | None = None) -> None:
    """All that the asr stage relies on. recogniser: not loaded yet.

    spoken: sentences that it must understand, and how somebody says them, int16 mono at 16 kHz.
    """

    def understands(loaded: Recogniser) -> None:
        stage = AsrStage(loaded, AsrSettings())
        for utterance, (text, pcm) in enumerate((spoken or {}).items(), 1):
            padded = np.concatenate([silence(0.3), pcm, silence(0.5)])
            final = _check_final(hear(stage, padded, utterance), utterance)
            assert _words(final.text) == _words(text), f"'{text}' was said, '{final.text}' was understood"

    run(recogniser, (*RECOGNISER, understands))


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.lower()).split()
