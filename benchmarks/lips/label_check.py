"""Do phone labels belong to their sound? Compared with labels whose times are drawn at random.

The acoustic model says how well each frame fits the phone that the labels give it. Times that were measured fit far
better than sorted random numbers; labels that do not are useless for scoring lips, whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avatar_ros.speech.mfcc import CENTRE_S, Cepstra, with_deltas
from avatar_ros.speech.phones import PHONE_RATE_HZ
from avatar_ros.speech.pocketsphinx_acoustic import STATES, AcousticModel, installed_model
from avatar_ros.speech.resample import Resampler

DRAWS = 500
#: A frame cannot fit worse than this much log likelihood below the best phone.
_WORST = -60.0
_DITHER_RMS = 4.0


def random_times_that_fit_better(
    pcm: NDArray[np.int16],
    sample_rate_hz: int,
    phones: Sequence[str],
    ends_s: NDArray[np.float64],
    *,
    draws: int = DRAWS,
) -> float:
    """Share of random draws of times, 0-1, under which the same phones in the same order fit the sound better.

    phones: ARPABET or TIMIT labels; ends_s: when each ends. NaN where the acoustic model is not installed.
    """
    folder = installed_model()
    if folder is None:
        return float("nan")
    rng = np.random.default_rng(0)
    model = AcousticModel(folder / "en-us")
    fits = _fits(model, pcm, sample_rate_hz, rng)
    columns = _columns(phones, model.definition.phones)
    given = _fit(fits, columns, ends_s)
    length_s = len(pcm) / sample_rate_hz
    others = [_fit(fits, columns, np.sort(rng.uniform(0, length_s, len(columns)))) for _ in range(draws)]
    return round(float(np.mean(np.array(others) > given)), 3)


def _fits(
    model: AcousticModel, pcm: NDArray[np.int16], sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """[T, base phones]: log likelihood of the phone's best state, relative to the best phone's."""
    resampler = Resampler(sample_rate_hz)
    sound = np.concatenate([resampler.push(pcm), resampler.finish()])
    cepstra = Cepstra().push(sound + rng.normal(0, _DITHER_RMS, len(sound)))
    frames = with_deltas(np.pad(cepstra, ((3, 3), (0, 0)), mode="edge"))
    loud = cepstra[:, 0] > np.median(cepstra[:, 0])
    frames[:, : cepstra.shape[1]] -= cepstra[loud].mean(axis=0)
    phones = len(model.definition.phones)
    scorer = model.scorer(model.definition.senones[:phones].reshape(-1))
    scores = scorer.scores(model.likelihoods(frames)).reshape(len(frames), phones, STATES).max(axis=2)
    return np.maximum(scores - scores.max(axis=1, keepdims=True), _WORST)


def _columns(labels: Sequence[str], known: Sequence[str]) -> NDArray[np.int64]:
    """The model's phone of each label; a closure is its stop's, what the model does not know is silence."""
    out = []
    for i, label in enumerate(labels):
        name = label.upper().rstrip("012")
        if name in ("CL", "VCL"):
            name = labels[i + 1].upper() if i + 1 < len(labels) else "SIL"
        name = {"AX": "AH", "IX": "IH", "AXR": "ER", "DX": "T"}.get(name, name)
        out.append(known.index(name if name in known else "SIL"))
    return np.array(out)


def _fit(fits: NDArray[np.float32], columns: NDArray[np.int64], ends_s: NDArray[np.float64]) -> float:
    at = np.searchsorted(ends_s, np.arange(len(fits)) / PHONE_RATE_HZ + CENTRE_S, "right")
    inside = np.flatnonzero(at < len(columns))
    return float(fits[inside, columns[at[inside]]].mean()) if len(inside) else _WORST
