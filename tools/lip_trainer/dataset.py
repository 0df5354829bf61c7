"""Speech to features and targets, in changed copies: what the network is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_ros.speech.mel_features import BANDS, WINDOW, VoiceLevel, log_bands, mel_matrix
from avatar_ros.speech.mel_filterbank import SHIFT

from .augment import Odds, recording
from .speech import F32, Spoken, seed_of

_SENTENCES_AT_ONCE = 3
PLAIN = Odds(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Example:
    """features [T, BANDS], phones [T, PHONE_COUNT]; half precision, there are many."""

    features: NDArray[np.float16]
    phones: NDArray[np.float16]


def logs_of(sound: F32, mel: F32 | None = None) -> F32:
    """Log bands [ceil(N / 160), BANDS] of a whole recording, the frames of a BandStream that begins with it."""
    frames = -(-len(sound) // SHIFT)
    padded = np.pad(sound * 32767, (WINDOW // 2, frames * SHIFT - len(sound) + WINDOW // 2)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::SHIFT][:frames]
    return log_bands(windows) if mel is None else log_bands(windows, mel)


def colour_of(speech: Mapping[str, Sequence[Spoken]]) -> F32:
    """The mean colour of all voices' loud frames [BANDS]: what the network assumes until it knows the voice."""
    means = []
    for utterances in speech.values():
        logs = np.concatenate([logs_of(one.sound) for one in list(utterances)[:8]])
        levels = np.log(np.exp(logs).mean(axis=1))
        loud = levels > np.quantile(levels, 0.5)
        means.append((logs[loud] - np.quantile(levels, 0.98)).mean(axis=0))
    return np.mean(means, axis=0).astype(np.float32)


def examples(
    speech: Mapping[str, Sequence[Spoken]], colour: F32, seed: int, copy: int, odds: Odds | None = None
) -> list[Example]:
    """One changed copy of all speech; copy: its number. odds: Odds() if None."""
    odds = odds or Odds()
    out = []
    for name, utterances in speech.items():
        rng = np.random.default_rng(seed_of(name, seed, copy))
        order = rng.permutation(len(utterances))
        for start in range(0, len(order), _SENTENCES_AT_ONCE):
            parts = [utterances[i] for i in order[start : start + _SENTENCES_AT_ONCE]]
            out.append(_example(recording(parts, rng, odds), colour, rng, odds))
    return out


def _example(one: Spoken, colour: F32, rng: np.random.Generator, odds: Odds) -> Example:
    mel = mel_matrix(float(rng.uniform(0.87, 1.15))) if rng.random() < odds.warp else None
    features = VoiceLevel(colour).normalise(logs_of(one.sound, mel))
    count = min(len(features), len(one.phones))
    return Example(features[:count].astype(np.float16), one.phones[:count].astype(np.float16))


def crops(data: Sequence[Example], frames: int, batch: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """A batch of stretches [batch, frames, BANDS] and [batch, frames, PHONE_COUNT], from anywhere in the data."""
    lengths = np.array([len(one.features) for one in data])
    x = np.zeros((batch, frames, BANDS), np.float32)
    y = np.zeros((batch, frames, data[0].phones.shape[1]), np.float32)
    y[:, :, 0] = 1.0
    for row, which in enumerate(rng.choice(len(data), batch, p=lengths / lengths.sum())):
        one = data[int(which)]
        start = int(rng.integers(max(1, len(one.features) - frames // 2)))
        count = min(frames, len(one.features) - start)
        x[row, :count] = one.features[start : start + count]
        y[row, :count] = one.phones[start : start + count]
    return x, y
