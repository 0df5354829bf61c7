"""A decoder of one word finds the mean that the decoders which search would find."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pocketsphinx")

import pocketsphinx

from avatar_ros.asr.cepstral_mean import HeadCepstrum, mean_text


def hum(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    at_s = np.arange(12800) / 16000
    buzz = sum(np.sin(2 * np.pi * rng.uniform(90, 200) * k * at_s) * rng.uniform(0, 1) for k in range(1, 20))
    return (rng.uniform(10, 700) * buzz + rng.normal(0, 50, len(at_s))).astype(np.int16).tobytes()


def test_the_same_mean_as_of_a_decoder_of_any_words():
    quick, slow = HeadCepstrum(), pocketsphinx.Decoder(loglevel="FATAL")
    found = [quick.text(hum(seed)) for seed in range(4)]
    assert found == [mean_text(slow, hum(seed)) for seed in range(4)]
    assert len({*found}) == 4 and quick.text(hum(0)) == found[0]
